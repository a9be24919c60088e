/* A message from a server, as far as it counts (scrub.c). */
#ifndef HARK_RESOLVE_REPLY_H
#define HARK_RESOLVE_REPLY_H

#include "resolve/job.h"

enum reply_kind {
    REPLY_REFERRAL,   /* a deeper zone: cut */
    REPLY_FOUND,      /* an answer, an alias or a denial: found */
    REPLY_LAME,       /* not a server of this zone */
    REPLY_FAILED,     /* SERVFAIL, NOTIMP … */
    REPLY_NO_EDNS,    /* objects to EDNS */
    REPLY_NO_COOKIE,  /* objects to an option: the cookie */
    REPLY_BAD_COOKIE, /* wants the cookie that it gives */
    REPLY_TRUNCATED,
};

/* A reply after scrubbing: only what its server may speak for. In the job's arena;
 * outlives the send it answers. */
struct reply {
    enum reply_kind kind;
    /* of the send, which is dropped by now */
    send_id id;
    unsigned candidate;
    enum transport transport;
    bool minimised, with_edns, with_cookie;
    bool cookie_given, cookie_stale; /* stale: its question's cookie was flushed meanwhile */
    const name_t *asked;
    uint16_t type;
    uint32_t rtt_ms;
    unsigned lost; /* messages to the same server before it that are lost, it seems */
    bool unspoilt; /* over UDP, and nothing else came at its port */
    /* of the message */
    uint16_t rcode;
    size_t octets;
    bool authoritative, had_opt;
    uint8_t rank;                                    /* of its answer section */
    struct rrset_list answer, authority, additional; /* grouped, not scrubbed: only scrub.c reads them */
    const struct msg *msg;
    struct rrset *ns; /* the deepest NS set on the way to the name */
    /* what is left */
    struct found found;     /* FOUND; its target is right of every reply */
    struct cut *cut;        /* REFERRAL */
    struct rrset *child_ns; /* the zone's own NS set in an authoritative reply: names for the last resort */
    const char *tag, *text; /* LAME, FAILED: why */
};

/** Reads, scrubs and classifies a matched message in one go. */
struct reply *reply_read(struct job *j, const struct send *s, const struct msg *m, bool cookie_given);
/** The delegation in a message's NS set `ns` and additional section;
 * with glue hardening, only glue inside `bailiwick`. */
struct cut *reply_cut(struct job *j, const struct msg *m, const struct rrset *ns, const name_t *bailiwick);

#endif
