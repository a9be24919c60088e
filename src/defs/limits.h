/* Every limit of the resolver, with the reason beside the number. Includable by all, includes nothing. */
#ifndef HARK_DEFS_LIMITS_H
#define HARK_DEFS_LIMITS_H

/* ---- names and messages ---- */
#define NAME_MAX_LEN 255u         /* octets of a name in wire form, RFC 1035 2.3.4 */
#define NAME_MAX_LABELS 127u      /* labels without the root, follows from 255 octets */
#define LABEL_MAX_LEN 63u         /* RFC 1035 2.3.4 */
#define NAME_MAX_HOPS 126u        /* compression pointers followed in a name, each strictly backwards */
#define MSG_MAX_LEN 65535u        /* RFC 1035 4.2.2: two octets of length */
#define MSG_HEADER_LEN 12u        /* RFC 1035 4.1.1 */
#define MSG_MAX_RRS 8192u         /* records read from one message (of 11 octets, 5,956 would fit) */
#define EDNS_OPTIONS_MAX 24u      /* options read from one OPT, else FORMERR (CVE-2026-41292 family) */
#define COMPRESS_TARGETS_MAX 120u /* names remembered for compression on output (CVE-2024-8508) */
#define UDP_SIZE_DEFAULT 1232u    /* EDNS size by default: never fragmented (DNS flag day 2020) */
#define UDP_SIZE_PLAIN 512u       /* without EDNS, RFC 1035 4.2.1 */

/* ---- one client question: the work it may cause; counted once, sub-questions inherit, never reset ---- */
#define WORK_MESSAGES_MAX 100u       /* upstream messages (NXNSAttack, CAMP; docs/threats.md) */
#define WORK_MESSAGES_BACKGROUND 20u /* what background work may cause, while no client waits for it */
#define WORK_OCTETS_MAX 100000u      /* upstream octets received */
#define WORK_TARGET_FAILURES_MAX 16u /* failed name-server address look-ups */
/* … less two for each link of aliases after the second: chain times failures is the product that CAMP makes
 * (M13) */
#define WORK_TARGET_FAILURES_AFTER_ALIASES(links) ((links) > 2 ? 2u * ((links)-2) : 0u)
#define ANSWER_MS_MAX 5000            /* a client has its answer or SERVFAIL by then */
#define WORK_MS_MAX 8000              /* the work goes on for the cache until then */
#define DELEGATION_NAMES_MAX 13u      /* name-server names used of one delegation (root and TLD practice) */
#define DELEGATION_NAMES_SEEN_MAX 64u /* names looked at before the 13 are chosen */
#define DELEGATION_ADDRS_PER_NAME 4u  /* addresses used of one name-server name */
#define DELEGATION_ADDRS_MAX 26u      /* addresses used of one delegation */
#define ZONE_MESSAGES_MAX 26u         /* to one zone in vain: 13 servers over UDP and TCP (threats M6, M10) */
#define DELEGATION_BIG_FAILURES_MAX 5u /* names tried of a referral with over 13 (CVE-2020-8616) */
#define DEPENDENCY_DEPTH_MAX 5u        /* a name server's name whose name server's name … (CVE-2014-8500) */
/* Silent messages of such a referral, and of each zone that is asked for it (threat M3). */
#define DELEGATION_BIG_SILENCES_MAX 9u
/* Messages after which no further of its names is looked up (threats M1, M2). */
#define DELEGATION_BIG_MESSAGES_MAX 4u
#define ALIAS_MAX 10u         /* CNAME and DNAME links of one question (threat M11; as PowerDNS) */
#define MINIMISE_STEPS_MAX 8u /* single-label steps, then the whole name (RFC 9156 2.3) */

/* ---- messages in flight, in all workers together (threats A15, A16; BIND's fetches-per-zone and
 * fetches-per-server are off by default) ---- */
#define INFLIGHT_SLOTS 8192u     /* of 12 octets, for zones and as many for addresses: 192 KiB */
#define INFLIGHT_ZONE_START 200u /* towards the servers of a zone, to begin with */
#define INFLIGHT_SERVER_START 100u
#define INFLIGHT_ZONE_FLOOR 16u   /* not below: at 50 ms a message they see a zone recover within 1 s */
#define INFLIGHT_SERVER_FLOOR 32u /* more than one silent zone may take of a server that has others */
#define INFLIGHT_CAP_MAX 5000u    /* half of all questions of clients; 100,000 messages a second at 50 ms */
/* A question waits so long until it may send: a cap that begins at 100 doubles twice in it at a server that
 * takes a second, and what is sent then still has time to be answered within ANSWER_MS_MAX. */
#define TURN_MS_MAX 3000
#define TURN_POLL_MS 10       /* other workers free places without a word: looked for so often */
#define TURN_WAITING_FREE 16u /* questions for a zone that may wait however full it is */
#define EVICTIONS_MAX 4u      /* questions that one new question may push out */

/* ---- validation of one client question, sub-questions included (CVE-2023-50387 KeyTrap, CVE-2023-50868;
 * threats A4 to A7) ---- */
#define VALIDATION_CHECKS_MAX 96u        /* signatures verified: a cold chain of 6 aliases takes about 60 */
#define VALIDATION_FAILURES_MAX 8u       /* of these, bad */
#define VALIDATION_RRSET_FAILURES_MAX 2u /* bad ones of one RRset */
#define VALIDATION_KEYS_OF_TAG_MAX 2u /* keys of one tag and algorithm tried: tags collide by chance once */
/* Signatures of one reply in another section than what they sign, for each of which all RRsets are looked
 * through: thousands of both would cost 30 ms. */
#define STRAY_RRSIGS_MAX 16u
#define VALIDATION_RRSIGS_MAX 4u  /* signatures of one RRset that are looked at */
#define VALIDATION_DS_MAX 8u      /* DS of one zone */
#define VALIDATION_HASHES_MAX 96u /* NSEC3 chains of SHA-1 */
#define VALIDATION_DENIALS_MAX 8u /* NSEC and NSEC3 records of one answer (CVE-2026-11605) */
#define RSA_BITS_MAX 4096u        /* RFC 3110 2 */
/* A long exponent makes a verification as dear as a signature; 17 is usual, 33 is seen (as BIND). */
#define RSA_EXPONENT_BITS_MAX 35u
#define NSEC3_ITERATIONS_MAX 50u /* more: insecure (RFC 9276 3.2) */
#define VERIFIER_KEYS 1024u      /* parsed keys kept by a worker */
#define VERIFIER_RESULTS 16384u  /* good signatures that it remembers */
/* A key of P-256 by which so many signatures were good is made ready for more: that costs as much as it saves
 * in the next 650. A zone would have to sign as much anew to make us do it for nothing. */
#define HOT_KEY_AFTER 512u
#define HOT_KEYS_MAX 16u               /* ready at a time in a worker: 160 KiB each */
#define CHECKS_A_TURN 4u               /* of a worker: 0.2 ms of P-256, 2 ms of P-384 */
#define VALIDATION_RETRIES 1u          /* fresh attempts after a signature that is wrong */
#define VALIDATION_RETRIES_UNSIGNED 5u /* after servers that send none: finding that out costs no checks */
#define BOGUS_TTL 60u                  /* what is bogus is not asked again for so long */

/* ---- questions of our own that tell somebody something ---- */
#define ANCHOR_TAGS_MAX 12u /* key tags told of a zone: as many as one label of _ta- holds (RFC 8145 5.1) */
#define REPORTS_REMEMBERED 256u /* error reports (RFC 9567) of a worker that are not sent again */
#define REPORT_AGAIN_MS 3600000 /* for so long, whatever the agent's answer says of its TTL */
#define REPORT_SPACING_MS 1000  /* one a second and worker: whoever has a zone chooses whom it is sent to */
#define REPORT_BURST_MS 10000   /* ten at once */

#define NTA_LIFETIME_S 3600u       /* of a negative anchor that the operator sets (RFC 7646 2) … */
#define NTA_LIFETIME_MAX_S 604800u /* … a week at most (RFC 7646 2) */
#define NTA_MAX 1000u              /* at a time: each is a look at every question */

/* ---- clients ---- */
/* Questions of clients pending, in all workers together: 5 s of 2,000 a second that nobody answers. Beyond, a
 * new one takes the place of one of the zone that has most (threat A16). */
#define CLIENT_QUESTIONS_MAX 10000u
#define CLIENT_QUESTIONS_SLACK 1024u /* that come in before the places are free */
/* Of one client, IPv4 address or IPv6 /56 (Unbound's wait-limit: 1000 and 10000): a busy office, but a 40th
 * of all. One that has proven its address by cookie, TCP or being on this host may have more. */
#define CLIENT_PENDING_MAX 256u
#define CLIENT_PROVEN_FACTOR 8u
#define CLIENTS_SLOTS 131072u /* of 24 octets: 3 MiB, 13 times as many as can have questions pending */
/* Full answers to one question that one client may wait for at a time over UDP; each further asker behind its
 * address is sent to TCP (CVE-2024-33655, threat A17). */
#define CLIENT_TWINS_MAX 2u
/* Answers that waited so long for servers, for a client that may be forged, are paced: whoever lets them pile
 * up can choose the moment at which all of them leave (CVE-2024-33655). A message takes so many microseconds
 * of the client's wire, or so many an octet; 40 ms may be taken ahead. So 57 messages leave in any 50 ms and
 * 70 kB in any 100 ms at most; late timers on a busy machine may make 64 and 80 kB of it. */
#define CLIENT_PACE_AFTER_MS 50
#define CLIENT_PACE_MESSAGE_US 1563
#define CLIENT_PACE_OCTET_US 2
#define CLIENT_PACE_BURST_US 40000
/* Older answers help nobody that asks so much at once: dropped over UDP if the client may be forged and has
 * more pending than this. */
#define CLIENT_AGED_MS 1900 /* as Unbound's discard-timeout */
#define CLIENT_AGED_PENDING 16u
/* Refusals that a /24 or /56 outside of the access list is sent over UDP: as response rate limiting of
 * authoritative servers does it (5 errors a second); who asks by mistake is told, who is spoofed is not
 * flooded. */
#define STRANGER_REFUSALS_PER_S 5u
#define STRANGER_REFUSALS_BURST 10u
#define STRANGERS_SLOTS 4096u /* a power of two; 32 KiB: 20,480 refusals a second at most, whoever asks */

/* ---- what is remembered of questions, in memory alone (RFC 8932 5.2; `hark ctl recent`, `hark why`) ---- */
#define RECENT_AGE_S 900u          /* a question is asked about while it is fresh */
#define RECENT_RECORDS_MAX 10000u  /* in all workers together, and … */
#define RECENT_OCTETS_MAX 4194304u /* … of so many octets: 400 each; one of two messages takes about 200 */
#define RECENT_RECORD_MAX 2048u    /* octets of one; what does not fit is counted */
#define RECENT_MESSAGES_MAX 16u    /* told of one question: nine of ten take fewer */
#define RECENT_UNDER_WAY_MAX 512u  /* of a worker; beyond, in a flood, questions leave no record: 1 MiB */
#define RECENT_SHOWN_MAX 100u      /* of one reply on the control socket */
#define REQUESTS_SHOWN_MAX 200u    /* questions in flight that a worker tells, likewise */

/* ---- what is told while it happens, on the control socket ---- */
#define WALK_LINES_MAX 2000u      /* events of a walk: 100 messages and what is made of them are some 600 */
#define EVENTS_A_SECOND_MAX 1000u /* of a worker, to readers of events; more than anybody reads */
#define STREAM_QUEUE_MAX 262144u  /* octets that a slow reader of the control socket has still to take */

/* ---- records kept ---- */
#define RRSET_RECORDS_MAX 256u   /* CVE-2024-1737 */
#define RRSET_OCTETS_MAX 32768u  /* one RRset item in the cache */
#define ANSWER_OCTETS_MAX 16384u /* one finished answer in the cache */
#define TTL_MAX_DEFAULT 86400u
#define TTL_NEGATIVE_MAX 3600u   /* RFC 2308 5 suggests one to three hours */
#define TTL_WIRE_MAX 0x7fffffffu /* greater counts as 0, RFC 2181 8 */
#define FAILURE_TTL_MIN 1u       /* RFC 9520 3.2: at least 1 s, back-off, at most 5 minutes */
#define FAILURE_TTL_MAX 300u
/* What is asked for in the last tenth of its TTL is asked anew in the background (as Unbound's prefetch): at
 * most a tenth more messages. Not what lives for less than 10 s (as BIND, 9 s): its tenth is no time. */
#define REFRESH_LIFE_PART 10u
#define REFRESH_LIFE_MIN 10u
#define REFRESH_JOBS_MAX 64u /* at a time, of a worker: 1,000 a second at 60 ms */
#define REFRESH_JOBS_EASY 8u /* fewer do not need to be spread: */
#define REFRESH_CHANCE 4u    /* one ask of so many begins one in the first half of the last tenth */
#define REFRESH_BEGUN 1024u  /* those remembered, so that one that changes nothing is not repeated at once */
#define REFRESH_LOOKED 256u  /* questions of which is remembered that they were looked after this second */
/* RFC 8767 5 and 6: no more attempts than one in 30 s while what is stale will do. */
#define STALE_RECHECK_S 30u
#define LAME_TTL 60u          /* a server's lameness for a zone is remembered so long */
#define SERVER_FACTS_TTL 900u /* RTT, EDNS and case facts of an address */

/* ---- retransmission ---- */
#define RTO_UNKNOWN_MS 300 /* first patience with a server never heard */
#define RTO_MIN_MS 60
#define RTO_MAX_MS 2400
/* A second message says whether the first was lost. Where nothing else speaks for loss, a third waits until a
 * slow server has had its time: who makes many ask a server that answers after a second must not have it
 * asked often (threats M20, P2). */
#define SLOW_ANSWER_MS 1450
#define RETRY_SPACING_MS 600   /* and from then on, so often */
#define RETRY_LOSSY_MAX_MS 480 /* where messages are known to be lost, the timeout doubles up to this */
/* UDP tries of one question at one address: as many as the spacing gives room for in the 5 s of a client. */
#define TRIES_PER_ADDRESS_MAX 8u
#define TRIES_LOSSY_MAX 14u /* loss of 40 % must resolve: 0.4^13 is one question of 150,000 */
#define LOSS_MIN 20u        /* of 255; one loss is 64 and counts so for the next eight answers */
#define NEAR_MISSES_MAX 3u  /* wrong packets for one message after which nothing more is read for it */

/* ---- what this machine reaches (resolve/reach.h) ---- */
#define REACH_HELD_MAX 64u        /* silences of which it is not known yet whose they are */
#define REACH_HELD_MS 5000        /* older ones say nothing any more: a question's time */
#define REACH_FRESH_MS 200        /* something heard within this: the link works; less than most timeouts */
#define REACH_DOWN_MS 1000        /* nothing heard for so long, and … */
#define REACH_ZONES_DOWN 3u       /* … known servers of so many zones silent: our link */
#define REACH_PROBE_MS 1000       /* all that waits is asked again at most so often, however a link flaps */
#define REACH_FAMILY_SILENCES 3u  /* silent addresses after which a family that worked comes last */
#define REACH_FAMILY_OFF_MS 60000 /* it comes last for so long (threat F7) */
#define REACH_TRIAL_MS 50         /* then the patience with it, where another can be asked */

/* ---- mail (lib/mx.c) ---- */
#define MX_HOSTS_MAX 32u        /* looked at, best first; the largest domains have about ten */
#define MX_ADDRESSES_MAX 16u    /* of one host */
#define MX_TIME_MS_MAX 30000    /* of one plan: a dead server takes seconds, and there may be a hundred */
#define LOOKUPS_SIDE_BY_SIDE 8u /* threads that ask for one command */
#define LOOKUPS_AHEAD_MAX 2048u /* of one plan: MX_HOSTS_MAX hosts with addresses, their names, TLSA */
#define MX_TLSA_MAX 16u         /* records read of one host; in practice one or two */
#define STS_POLICY_MAX 65536u   /* octets, RFC 8461 3.2 suggests 64 kB */
#define STS_PATTERNS_MAX 64u
#define STS_MAX_AGE_S 31557600u /* RFC 8461 3.2 */

/* ---- a zone as a whole (lib/transfer.c, lib/ask.c) ---- */
#define TRANSFER_OCTETS_MAX                                                                                  \
    8589934592ull /* of one zone; the largest that anybody may fetch (se., ch.) have 1 to 2 GB */
#define TRANSFER_TIME_MS_MAX                                                                                 \
    3600000 /* of one zone: those in 2 MB/s; the usual patience is that with a message */

/* ---- registration data (lib/rdap.c, lib/whois.c; threat S13) ---- */
#define WHOIS_OCTETS_MAX 262144u       /* of one reply */
#define WHOIS_TIME_MS_MAX 10000        /* of one look-up, referrals and redirects included */
#define WHOIS_REFERRALS_MAX 3u         /* from server to server, redirects included */
#define BOOTSTRAP_OCTETS_MAX 1048576u  /* of one list of registries; the longest, of names, has 50 kB */
#define ROOTS_OCTETS_MAX 65536u        /* of named.root; it has 3.3 kB */
#define ROOT_ANCHORS_OCTETS_MAX 65536u /* of root-anchors.xml and of its signature; they have 2 kB each */
#define ROOT_ANCHORS_MAX 16u           /* keys in it; three in fifteen years */
#define BOOTSTRAP_ENTRIES_MAX 16384u   /* read of one list; that of AS numbers has about 2,300 */
#define BOOTSTRAP_TAG_MAX 64u          /* octets of a tag; the longest has seven */
#define BOOTSTRAP_URL_MAX 512u         /* octets of a server's URL */
#define CARD_LIST_MAX 64u  /* name servers, status words and the like that are kept of one registration */
#define CARD_TEXT_MAX 512u /* octets kept of one value */

/* ---- name servers of links, told over D-Bus (lib/links.h) ---- */
#define LINKS_MAX 32u        /* with name servers: interfaces and VPNs of one machine; containers have none */
#define LINK_SERVERS_MAX 8u  /* of one link; people write one to three */
#define LINK_DOMAINS_MAX 32u /* of one link, as of a search list */
#define LINKS_BUS_MS_MAX 1000 /* for all that is asked of the bus: 10 ms usually, 100 on a busy machine */
#define LINK_QUESTIONS_MAX 8u /* servers of links that one `hark why` asks */

#endif
