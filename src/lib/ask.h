/* One question asked of name servers as any DNS client does: blocking, a server at a time, UDP first and TCP
 * for what does not fit.
 *
 *   for each server, in order
 *     UDP, up to `tries` times, `timeout_ms` each; an answer to an earlier try still counts
 *       not a reply to this question, or not readable    counted, and the wait goes on
 *       BADVERS and a lower version of EDNS              once more with that (RFC 6891 6.1.3)
 *       FORMERR (or NOTIMP) without an OPT               once more without EDNS (RFC 6891 7)
 *       BADCOOKIE with a cookie of the server's          once more with it (RFC 7873 5.3)
 *       TC                                               the same over TCP
 *     AXFR, IXFR: over TCP, a message after the other as long as `follow` wants more
 *     a reply ends it, whatever its rcode; silence or a refusal goes on with the next server
 */
#ifndef HARK_LIB_ASK_H
#define HARK_LIB_ASK_H

#include "base/addr.h"
#include "base/mem.h"
#include "base/random.h"
#include "base/transport.h"
#include "dns/msg.h"

struct ask_reply;

struct ask_settings {
    const struct endpoint *servers;
    size_t server_count; /* at least 1 */
    bool rotate;         /* begin with a server chosen at random */
    unsigned tries;      /* UDP messages to a server, at least 1 */
    uint32_t timeout_ms; /* patience with each; over TCP that of all tries together */
    bool tcp;            /* TCP from the start */
    bool edns;
    uint16_t udp_size; /* announced */
    bool dnssec_ok;    /* these two need EDNS */
    bool nsid;
    bool cookie;            /* send a client cookie (RFC 7873); these two need EDNS too */
    struct prefix subnet;   /* send it (RFC 7871); FAMILY_NONE: nothing of the kind */
    struct addr source;     /* to ask from; FAMILY_NONE: the system chooses */
    uint16_t source_port;   /* 0: the system chooses */
    bool recursion;         /* RD */
    bool checking_disabled; /* CD */
    /* What only who tests name servers wants; zeroed is the usual. */
    uint16_t more_flags; /* of the header, beside RD and CD */
    uint16_t opcode;     /* enum opcode */
    uint8_t edns_version;
    uint16_t edns_flags;               /* beside DO */
    const struct edns_option *options; /* further ones, sent as they are */
    unsigned option_count;
    const uint8_t *cookie_octets; /* instead of a client cookie at random */
    size_t cookie_len;            /* at most EDNS_COOKIE_MAX */
    uint16_t padding;             /* to a multiple of so many octets (RFC 8467); 0: none */
    bool keepalive;               /* ask for it, over TCP (RFC 7828) */
    bool keep_truncated;          /* TC is the answer */
    bool keep_refused_edns;       /* so is an error that a question without EDNS might avoid */
    bool keep_refused_cookie;     /* and BADCOOKIE */
    /* A reply of many messages (AXFR, IXFR), over TCP: called with each; true: the next one is waited for,
     * and the patience begins anew. What it is given is gone when it returns. NULL: a reply is one message.
     */
    bool (*follow)(void *of, const struct ask_reply *r);
    void *follow_of;
    bool serial_held; /* IXFR: the zone's serial, which goes into the authority section (RFC 1995 3) */
    uint32_t serial;
};

enum ask_end {
    ASK_REPLY,       /* msg is the reply */
    ASK_TIMEOUT,     /* silence */
    ASK_UNREACHABLE, /* nobody listens there, or there is no way to it */
    ASK_MALFORMED,   /* TCP: what came cannot be read, or answers something else */
    ASK_LOCAL,       /* our own trouble; system_error says which */
};

struct ask_reply {
    enum ask_end end;
    struct endpoint server; /* the one that replied, or the last that did not */
    enum transport transport;
    uint32_t time_ms; /* from the message to its reply */
    size_t octets;
    int system_error;     /* errno of what failed, 0 if nothing did */
    unsigned strays;      /* packets of that server that were no reply to this question */
    bool without_edns;    /* the server knows no EDNS and was asked again without */
    bool with_less_edns;  /* the server knows an earlier version of it, and was asked again with that */
    bool was_truncated;   /* the UDP reply did not fit */
    bool with_new_cookie; /* the server refused the cookie, and was asked again with its own */
    const uint8_t *query; /* the last message sent, in the arena; NULL: none was made */
    size_t query_len;
    const uint8_t *wire; /* the reply as it came, in the arena */
    struct msg msg;
};

/** Asks and waits. Everything of the reply lives in the arena. */
void ask(struct ask_reply *out, const struct ask_settings *settings, const struct msg_question *question,
    struct random *rng, struct arena *arena);
/** Is this a reply to that query: ID, QR, opcode, question in any letter case (RFC 5452 9.1)? A reply without
 * question counts if it is an error. */
bool ask_is_reply(const struct msg *m, uint16_t id, uint16_t opcode, const struct msg_question *q);
/** "timed out", "refused the connection" and the like. */
const char *ask_end_text(const struct ask_reply *r);

#endif
