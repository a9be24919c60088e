/* The resolver core. It never touches a socket, a clock or a file: it is told what happened and says what it
 * wants.
 *
 * The life of a question:
 *
 *   resolve_ask()      a waiter joins the job of an equal question in flight, or starts one
 *     known?           cache: answer, alias, denial, recent failure                 (job_known.c)
 *     cut              the deepest delegation known at or above the name, else the
 *                      root hints                                                   (job_cut.c)
 *     pick             a server of it: RTT, family, lameness; an address it lacks
 *                      is a sub-question                                            (pick.c, job_pick.c)
 *     SEND             one label more than the zone (RFC 9156), random ID, letter
 *                      case                                                         (job_send.c)
 *     resolve_heard()  match → parse → scrub → classify → referral | alias | answer
 *                      | denial | useless                                           (scrub.c, job_reply.c)
 *     store            what the server may speak for, with its rank
 *   ANSWER             every waiter of the job, exactly once
 *
 * The caller's loop:
 *
 *   id = resolve_ask(r, &question, now);
 *   for (;;) {
 *       struct action act;
 *       while (resolve_next(r, &act, now))
 *           switch (act.kind) { … }     put SEND on the wire, close on DROP, hand out ANSWER,
 *                                       set the timer on WAKE
 *       wait for a reply        → resolve_heard(r, send_id, wire, len, now)
 *               a broken wait   → resolve_failed(r, send_id, why, now)
 *               the timer       → nothing to call: resolve_next() looks at the time
 *   }
 *
 * What an action points to is valid until the next call into the resolver other than resolve_next().
 */
#ifndef HARK_RESOLVE_RESOLVE_H
#define HARK_RESOLVE_RESOLVE_H

#include "base/addr.h"
#include "base/now.h"
#include "base/random.h"
#include "base/transport.h"
#include "cache/cache.h"
#include "dns/edns.h"
#include "dns/rr.h"
#include "dnssec/anchors.h"
#include "dnssec/verify.h"
#include "resolve/event.h"

typedef uint64_t ask_id;  /* one waiter; 0 is none */
typedef uint64_t send_id; /* one message to a server; never reused; 0 is none */

/* One root server. */
struct root_hint {
    const name_t *name;
    unsigned addr_count;
    struct addr addrs[DELEGATION_ADDRS_PER_NAME];
};

/* Which NXDOMAIN denies the names below it too (RFC 8020). */
enum nxdomain_cut { NXDOMAIN_CUT_VALIDATED, NXDOMAIN_CUT_ALL, NXDOMAIN_CUT_OFF };

struct resolve_settings {
    const struct root_hint *hints; /* NULL: those compiled in */
    size_t hint_count;
    uint16_t port;          /* of name servers: 53 */
    bool prime;             /* ask a hint for the root's servers first (RFC 9609) */
    bool minimise;          /* RFC 9156 */
    uint16_t minimise_type; /* of minimised questions: A (RFC 9156 2.1), or NS as in RFC 7816 */
    bool case_random;       /* 0x20 */
    bool cookies;           /* RFC 7873 */
    bool use_v4, use_v6;
    uint16_t udp_size;     /* announced to servers; longer UDP answers are asked again over TCP */
    bool loopback_servers; /* servers at loopback addresses may be asked (a configured hint always may) */
    bool glue_hardening;   /* glue outside of the referring server's zone is not used */
    bool extra_addresses;  /* look up further addresses of name servers in the background */
    bool explore;          /* now and then ask a server that is not the best known */
    bool minimal_answers;  /* false: outcomes carry NS and addresses of the zone beside positive answers */
    /* Where chains of trust begin; borrowed. NULL: nothing is validated, as if every question had CD. */
    const struct anchors *anchors;
    struct dnssec_policy policy; /* what is verified */
    enum nxdomain_cut nxdomain_cut;
    bool tell_keys;     /* which keys are trusted, to the servers of zones with an anchor (RFC 8145) */
    bool tell_failures; /* what of a zone fails, to its agent (RFC 9567) */
    /* Serve-stale (RFC 8767), for questions that say stale_ok. */
    uint32_t stale_max_s;       /* what expired so long ago at most; 0: never */
    uint32_t stale_ttl_s;       /* the TTL that it is given with */
    unsigned stale_wait_ms;     /* patience before it is given; 0: at once */
    bool prefetch;              /* refresh what is asked for in the last tenth of its TTL */
    bool aggressive;            /* proven denials answer what else they deny (RFC 8198) */
    const struct endpoint *own; /* endpoints that we listen on: never asked (threat P14) */
    size_t own_count;
};

/** The settings of a harkd without configuration. */
void resolve_settings_default(struct resolve_settings *s);
/** The root servers compiled in. */
const struct root_hint *root_hints(size_t *count);
/** The date of the compiled-in hints, "2026-11-23"-like. */
extern const char ROOT_HINTS_DATE[];

struct question {
    const name_t *name; /* copied */
    uint16_t type, class;
    bool checking_disabled; /* CD */
    bool dnssec_ok; /* DO: the waiter wants signatures and proofs; if not, the server layer drops them */
    bool no_read, no_write;          /* this question's own answer is not taken from (put into) the cache */
    bool stale_ok;                   /* what expired is better than nothing (settings.stale_max_s) */
    bool background;                 /* pays from a small budget of its own */
    bool no_aliases;                 /* stop at the first CNAME */
    struct addr client;              /* who asks, for fairness (policy/clients.h); zeroed: nobody */
    uint32_t deadline_ms;            /* patience of the waiter from now; 0: ANSWER_MS_MAX */
    const struct observer *observer; /* NULL: nobody watches; must live until the ANSWER */
};

/* A failure's reason, recorded where it is known. tag is unique and grep-able; text is our own words. */
struct reason {
    int ede;         /* enum ede_code, EDE_NONE if there is nothing to say */
    const char *tag; /* "silent-servers" */
    const char *text;
};

/* What became of a question. Points into the resolver. TTLs are what is left now. */
struct outcome {
    uint16_t rcode;               /* SERVFAIL: reason says why */
    uint8_t verdict;              /* the least of the parts' verdicts */
    uint8_t fault;                /* INSECURE: enum fault_kind, 0: nothing to say */
    bool from_cache;              /* no message was sent for it */
    struct rrset_list answer;     /* CNAME and DNAME links in order, then the data */
    struct rrset_list authority;  /* negative: SOA and proofs (which carry their signatures) */
    struct rrset_list additional; /* only without minimal_answers */
    bool stale;                   /* parts of it expired (EDE 3, 19): not to be kept by anybody */
    bool no_name;       /* NODATA, but compact denial (RFC 9824) says that the name does not exist */
    bool clock_unknown; /* signatures are good, but whether they are of today is not known: never AD */
    /* SERVFAIL: why. Else, of insecure data, why it is (EDE 1, 2, 27 …); ede EDE_NONE: nothing to say. */
    struct reason reason;
    uint32_t messages; /* sent upstream on behalf of this question */
};

enum action_kind { ACTION_SEND, ACTION_DROP, ACTION_ANSWER, ACTION_WAKE, ACTION_WORK };

struct action {
    enum action_kind kind;
    union {
        struct {
            send_id id;
            struct endpoint to;
            enum transport transport;
            bool reuse;
            const uint8_t *wire;
            size_t len;
            int64_t deadline_ms; /* now_t.mono_ms; for streams */
            /* UDP: a send dropped since resolve_next() last gave false, whose port may serve this one too; 0:
             * none. Its server is of a zone above the one asked now, and gave the referral to it. */
            send_id port_of;
        } send;
        struct {
            send_id id;
        } drop;
        struct {
            ask_id id;
            const struct outcome *outcome;
        } answer;
        struct {
            int64_t at_ms; /* now_t.mono_ms */
        } wake;
    };
};

enum heard { HEARD_MATCHED, HEARD_NEAR_MISS, HEARD_IGNORED };

/* Gauges and counters; all gauges are 0 when nothing is asked. */
struct resolve_counters {
    unsigned jobs, waiters, sends, waiting; /* waiting: jobs, for their turn to send */
    uint64_t asked, joined, cache_answers, answered, failed;
    uint64_t stale_answers, stale_nxdomains; /* waiters that got what expired */
    uint64_t refreshes;                      /* jobs in the background for what was about to expire */
    uint64_t synthesised;                    /* jobs that records of other questions answered (RFC 8198) */
    uint64_t secure, insecure, bogus;        /* what servers and delegations said, as it was judged */
    struct verifier_counters verifier;
    uint64_t messages, tcp_messages, retries, near_misses, ignored, late_answers, edns_fallbacks;
    uint64_t turns_waited, turned_away,
        evicted; /* questions: that waited, for which too many waited, given up */
};

struct resolver;

/** cache is shared and borrowed; rng is borrowed; settings are copied (what they point to is borrowed). */
struct resolver *resolve_new(
    const struct resolve_settings *settings, struct cache *cache, struct random *rng);
/** Other settings, at once; jobs in flight go on. What the earlier ones pointed to may go. */
void resolve_settings_set(struct resolver *r, const struct resolve_settings *settings);
/** Unanswered waiters are forgotten without an ANSWER. */
void resolve_free(struct resolver *r);
/** Never answers from within: the ANSWER is an action, at the earliest with the next resolve_next(). */
ask_id resolve_ask(struct resolver *r, const struct question *q, now_t now);
/** A client was given a finished answer of which little of its life is left: what of it is near its end is
 * asked anew in the background, with a budget of its own. Cheap where that is being done already. */
void resolve_refresh(struct resolver *r, const struct question *q, now_t now);
/** A packet from the endpoint that `id` went to. */
enum heard resolve_heard(struct resolver *r, send_id id, const uint8_t *wire, size_t len, now_t now);
void resolve_failed(struct resolver *r, send_id id, enum net_fail why, now_t now);
/** This waiter leaves, without an ANSWER (one that lies ready is taken back); the others stay and the work
 * goes on for them; with nobody left it ends. */
void resolve_cancel(struct resolver *r, ask_id id, now_t now);
/** Does up to so many signature checks of those that wait, a few of each question in turn. Call it after an
 * ACTION_WORK, and between calls look after what else there is: a check takes up to half a millisecond. */
void resolve_work(struct resolver *r, unsigned checks, now_t now);
/** For counters, and for fuzzers that replace the mathematics. Lives as long as the resolver. */
struct verifier *resolve_verifier(struct resolver *r);
/** Sees what happens to every question, background work included, once each; NULL: nobody does (any more).
 * Borrowed. */
void resolve_watch(struct resolver *r, const struct observer *o);

/* A question in flight; pointers are valid during the call only. */
struct in_flight {
    const name_t *name;
    uint16_t type;
    unsigned waiters; /* clients; 0: it is asked in the background */
    uint32_t age_ms;
    uint32_t messages; /* that its work has paid */
    const char *state; /* what it waits for, in words */
    const name_t
        *for_name; /* the look-up that it waits for, at the end of the chain of these; NULL: its own */
    uint16_t for_type;
    const name_t *zone;   /* being asked; NULL: none yet */
    const name_t *server; /* whom it waits for; NULL: nobody */
    const struct endpoint *to;
    uint32_t waited_ms; /* for that server */
};
/** Calls fn for each question of clients and of the background, not for what is looked up for them. */
void resolve_each_question(
    struct resolver *r, now_t now, void (*fn)(void *ctx, const struct in_flight *q), void *ctx);
/** Calls fn for each message that a server did not answer, where it is not known yet whether the server or
 * our link is to blame: until another one that left later is answered, nothing is learnt of that server. */
void resolve_each_silence(const struct resolver *r, now_t now,
    void (*fn)(void *ctx, const struct endpoint *at, uint32_t age_ms), void *ctx);
/** Interfaces, addresses or routes of this machine changed: what failed for want of a link is tried again at
 * once. */
void resolve_network_changed(struct resolver *r, now_t now);
/** The next thing to do. False: nothing now. A WAKE is given once for each change of the earliest time. */
bool resolve_next(struct resolver *r, struct action *out, now_t now);
const struct resolve_counters *resolve_counters(struct resolver *r);

#endif
