/* What the C library's stub resolver (RFC 9499) hears from the servers of resolv.conf, asked again by
 * ourselves: which server, which name of the search list, which reply, how long it took. */
#ifndef HARK_LIB_STUB_H
#define HARK_LIB_STUB_H

#include "lib/ask.h"
#include "lib/child.h"
#include "lib/rdata_texts.h"
#include "lib/resolvconf.h"

#define STUB_ADDRESSES_MAX 64u
#define STUB_REASON_LEN 160u

/* What one server says of a name. Invariant: strings end. */
struct stub_said {
    struct endpoint server;
    unsigned line;                       /* of resolv.conf; 0: its default */
    enum ask_end end;                    /* of the last message */
    int system_error;                    /* errno of what failed, 0 if nothing did */
    uint16_t rcode;                      /* of the last reply about that name */
    int ede;                             /* enum ede_code; EDE_NONE */
    char reason[STUB_REASON_LEN];        /* the EDE's text */
    char name[RESOLVCONF_CANDIDATE_LEN]; /* that has data here, else as typed, else the last one */
    char domain[RESOLVCONF_DOMAIN_LEN];  /* of the search list; "": the name was asked for as it is */
    char canonical[NAME_TEXT_LEN];       /* at the end of aliases; of an address its name; "": none */
    char alias_of[NAME_TEXT_LEN];        /* where aliases lead, be there data or not; "": no alias */
    uint32_t names_asked;                /* candidates */
    uint32_t ttl_s;                      /* the least of the data's */
    uint32_t denial_ttl_s; /* how long the server remembers that there is none; 0: it does not tell */
    uint32_t time_us;      /* all messages together */
    uint32_t count;        /* addresses */
    struct addr addresses[STUB_ADDRESSES_MAX];
    struct rdata_texts data; /* of another type */
    bool has_data;
    bool was_truncated; /* the last UDP reply did not fit, and `end` is what came of TCP */
};

struct stub_ask {
    const struct resolvconf *conf;
    const char *name; /* as given to the system; with reverse: that of the pointer, with a final dot */
    uint16_t type;    /* TYPE_NONE: addresses, or with reverse the name that belongs to one */
    bool reverse;
    bool v4, v6; /* which addresses are wanted */
    unsigned tries;
    uint32_t timeout_ms;
};

/** One server after the other until one answers, as the C library does. Returns how many were asked. */
unsigned stub_ask_in_turn(struct stub_said out[RESOLVCONF_SERVERS_MAX], const struct stub_ask *ask);
/** Did it reply with something that the C library takes for an answer, or does that go on with the next
 * server? */
bool stub_is_answer(const struct stub_said *s);
/** The same in a process of its own: one server, or (server STUB_IN_TURN) one after the other. `ask` is
 * needed no longer. */
#define STUB_IN_TURN UINT32_MAX
void stub_begin(struct child *c, const struct stub_ask *ask, unsigned server);
/** What such a process wrote: how many servers were asked. 0 if it did not get to its end. */
unsigned stub_read(struct stub_said out[RESOLVCONF_SERVERS_MAX], const struct child *c);

#endif
