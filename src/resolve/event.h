/* What happens to a question, once, as typed events:
 * trace, log, "why" and tests are readers of the same stream. */
#ifndef HARK_RESOLVE_EVENT_H
#define HARK_RESOLVE_EVENT_H

#include "base/addr.h"
#include "base/now.h"
#include "base/transport.h"
#include "dns/rr.h"

enum event_kind {
#define EVENT(name, tag, text) EVENT_##name,
#include "defs/events.def"
#undef EVENT
    EVENT_COUNT
};

struct rrsig; /* dnssec/verify.h */

/* Fields that an event does not speak of are zero. All pointers are valid during the call only. */
struct event {
    enum event_kind kind;
    now_t now;
    unsigned depth; /* 0: the question; 1…: sub-questions (a name server's address, an alias's target) */
    const name_t *qname; /* the (sub-)question it belongs to */
    uint16_t qtype;
    const name_t *because; /* QUESTION of a sub-question: the name whose look-up needs it */
    const char *purpose;   /* likewise: "address of a name server", "alias target", "priming" */
    const name_t *zone;    /* the zone cut in use */
    const name_t *server;  /* the name server's name, if known */
    const struct endpoint *to;
    enum transport transport;
    const name_t *sent_name; /* with `send`: the name asked, which may be minimised */
    uint16_t sent_type;
    uint64_t send; /* pairs SENT with what became of it; FALLBACK: it is not waited for any more */
    uint32_t rtt_ms;
    uint16_t rcode;
    bool aa;
    size_t octets;  /* REPLY: length */
    unsigned count; /* CUT, REFERRAL: servers; SCRUBBED: records */
    unsigned glue;  /* CUT, REFERRAL: addresses that came along */
    bool from_cache, from_hints;
    const name_t *child;       /* REFERRAL: the deeper zone; ALIAS: the target */
    const struct rrset *rrset; /* ANSWER, ALIAS, CACHE_HIT: the data; REFERRAL: NS */
    const struct rrset *ds;    /* REFERRAL: DS if there was one */
    const char *tag, *text; /* USELESS, FALLBACK, FAILED, SCRUBBED: why; CHAIN, VALIDATED: why not secure */
    int ede;
    /* CHAIN: zone, ds (of the parent or the anchor), rrset (the DNSKEYs). VALIDATED: rrset, or a denial. */
    uint8_t verdict;         /* enum verdict; DONE: of the outcome */
    bool anchor;             /* ds is a trust anchor */
    const struct rrsig *sig; /* the signature that was good, if one was */
    /* for resolve_watch() alone: the question that began it all */
    const name_t *root_name;
    uint16_t root_type;
};

#define EVENT_BIT(kind) (UINT32_C(1) << (kind))
_Static_assert(EVENT_COUNT <= 32, "a bit for each kind");

struct observer {
    void (*event)(void *ctx, const struct event *e);
    void *ctx;
    uint32_t kinds; /* EVENT_BITs of what it wants to see; 0: all */
};

/** "referral" and the like, static. */
const char *event_tag(enum event_kind kind);

#endif
