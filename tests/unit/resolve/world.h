/* A scripted Internet in virtual time for tests of the core:
 * what each address answers, after how long, how often. */
#ifndef HARK_TEST_WORLD_H
#define HARK_TEST_WORLD_H

#include "dns/msg.h"
#include "resolve/resolve.h"
#include "sign_zone.h"

enum world_how {
    HOW_ANSWER,
    HOW_SILENT,
    HOW_REFUSE_PORT, /* ICMP port unreachable */
    HOW_UNREACHABLE,
    HOW_TRUNCATE_UDP,    /* TC over UDP, the sections over TCP */
    HOW_LOWER_CASE,      /* spoils letter case */
    HOW_NO_EDNS,         /* FORMERR to EDNS */
    HOW_GARBAGE_FIRST,   /* something with the right ID that is no answer, 10 ms before the answer */
    HOW_BARE_FORMERR,    /* a bare header to EDNS */
    HOW_TCP_CLOSES,      /* TC over UDP, TCP closes at once */
    HOW_DAMAGED_ONCE,    /* the first answer is damaged; no TCP */
    HOW_TCP_SILENT,      /* TC over UDP, TCP runs into its deadline */
    HOW_TCP_GARBAGE,     /* TC over UDP, then hundreds of broken messages over TCP before the answer */
    HOW_MALFORMED_FIRST, /* over UDP, half of the delay before the answer: malformation number `damage` */
};

/* What a server makes of cookies (RFC 7873). */
enum world_cookie {
    COOKIE_IGNORES,
    COOKIE_GIVES,   /* echoes ours, gives its own */
    COOKIE_WANTS,   /* likewise; BADCOOKIE over UDP to who does not come with its own */
    COOKIE_REFUSES, /* likewise, to everybody, always */
    COOKIE_FORGES,  /* over UDP another client's part comes back */
    COOKIE_MANGLES, /* nine octets */
    COOKIE_OBJECTS, /* FORMERR, with OPT */
    COOKIE_DROPS,   /* no answer to who sends one */
};

/* First match wins. Sections are master-file lines; NULL: none. flags: FLAG_AA and the like; type 0: any;
 * name NULL: any, "*.x." at or below. */
struct world_rule {
    const char *addr, *name;
    uint16_t type;
    enum world_how how;
    uint16_t flags, rcode;
    const char *answer, *authority, *additional;
    unsigned delay_ms, lose_first; /* lose_first: so many messages get no answer */
    unsigned tcp_delay_ms;         /* 0: as delay_ms */
    enum world_cookie cookie;
    unsigned damage;       /* HOW_MALFORMED_FIRST: below WORLD_DAMAGES */
    unsigned lose_percent; /* of the messages, by chance */
    const char *agent;     /* Report-Channel (RFC 9567) */
    /* Not NULL: fills in the sections for this question, in the arena. */
    void (*make)(struct world_rule *rule, const char *name, struct arena *a);
    const char *why;
};

#define WORLD_DAMAGES 16u
#define WORLD_ZONES_MAX 16u /* of one address */

struct world;

struct world *world_new(
    const struct world_rule *rules, size_t count, void (*settings)(struct resolve_settings *));
/** Likewise; other seeds make other IDs, choices and losses. */
struct world *world_new_seeded(
    const struct world_rule *rules, size_t count, void (*settings)(struct resolve_settings *), uint32_t seed);
/** Likewise, with another cache. */
struct world *world_new_cached(const struct world_rule *rules, size_t count,
    void (*settings)(struct resolve_settings *), uint32_t seed, const struct cache_settings *cs);
void world_free(struct world *w);
/** What no rule foresees is answered from this zone, borrowed, and the others served at that address. */
void world_serve(struct world *w, const char *addr, struct sign_zone *zone);
/** Somebody on the way: changes what zones answer, at will. */
typedef void world_spoil_fn(
    void *ctx, const struct msg_question *q, struct sign_reply *reply, struct arena *a);
void world_spoil(struct world *w, world_spoil_fn *fn, void *ctx);
/** Asks and runs virtual time until the answer (at most 20 s). The outcome is valid until the next call.
 * NULL: no answer came. */
const struct outcome *world_ask(struct world *w, const char *name, uint16_t type);
/** Begins a question; its answer is told by world_wait. */
ask_id world_begin(struct world *w, const char *name, uint16_t type);
/** Likewise, with the question's own flags (CD, DO). */
ask_id world_begin_question(struct world *w, const struct question *q);
/** A client was given a finished answer to it that is near its end. */
void world_hit(struct world *w, const struct question *q);
/** As somebody; NULL: nobody. */
ask_id world_begin_as(struct world *w, const char *name, uint16_t type, const struct addr *client);
/** What became of it; NULL: nothing yet. */
const struct outcome *world_answer(const struct world *w, ask_id id);
/** Its asker leaves. */
void world_cancel(struct world *w, ask_id id);
/** Runs until this question is answered. */
const struct outcome *world_wait(struct world *w, ask_id id);
/** Runs until nothing is in flight (at most 20 s). */
void world_drain(struct world *w);
void world_pass(struct world *w, uint32_t seconds);
/** The machine's own link: messages are lost, or find no route. */
enum world_link { LINK_UP, LINK_SILENT, LINK_NO_ROUTE };
void world_link(struct world *w, enum world_link link);
/** What the kernel would tell. */
void world_network_changed(struct world *w);
/** What the cache knows of the server at addr, port 53. */
struct server_facts world_facts(struct world *w, const char *addr);
/** Runs so many milliseconds of virtual time. */
void world_run(struct world *w, int64_t ms);
/** Messages so far: all, or those to addr (NULL: any) for name (NULL: any), type (0: any). */
unsigned world_sent(const struct world *w, const char *addr, const char *name, uint16_t type);
unsigned world_sent_tcp(const struct world *w);
/** The address whose message's port the last message to addr for that name may leave from (outbound.h), NULL:
 * none's. */
const char *world_sent_port_of(const struct world *w, const char *addr, const char *name);
/** Messages to addr that carried a cookie, and how many of them the server's part; `client`: of the last one.
 */
unsigned world_sent_cookies(const struct world *w, const char *addr, unsigned *with_server, uint64_t *client);
/** The key tags (RFC 8145) that the last message to addr for that name and type carried, in octets; how many.
 */
unsigned world_sent_key_tags(
    const struct world *w, const char *addr, const char *name, uint16_t type, uint8_t tags[64]);
int64_t world_now_ms(const struct world *w);
struct resolver *world_resolver(struct world *w);
struct cache *world_cache(struct world *w);
/** "rcode name TTL type rdata; …" of the answer section. */
const char *world_text(struct world *w, const struct outcome *o);

#endif
