/* The printed forms: master-file text, dig-like message text, and JSON (RFC 8427). One printer for all. */
#ifndef HARK_DNS_PRESENT_H
#define HARK_DNS_PRESENT_H

#include <jansson.h>

#include "dns/msg.h"

/* Which parts of messages and records are printed, and how. PRESENT_USUAL is what is printed unless asked
 * otherwise. */
struct present {
    bool comments; /* header, OPT, titles of sections */
    bool question, sections[SECTION_COUNT];
    bool ttl, class;
    bool ttl_units;   /* 1h30m */
    bool multiline;   /* long records on several lines, in parentheses, with what their fields mean */
    bool key_tags;    /* behind DNSKEYs, as a comment */
    bool omit_crypto; /* keys, signatures and digests */
    bool generic;     /* type, class and RDATA as of unknown ones (RFC 3597 5) */
    /* Is called with the place in t from where on there are names, and may spell them otherwise. */
    void (*respell)(struct text *t, size_t from);
};
extern const struct present PRESENT_USUAL;

/** "name TTL class type rdata" with columns, one line, with line end. */
void rr_to_text(struct text *t, const struct rr *rr);
void rr_to_text_as(struct text *t, const struct rr *rr, const struct present *p);
/** Its RDATA alone, without line end. */
void rr_data_to_text(struct text *t, const struct rr *rr, const struct present *p);
/** One record from a master-file line: "owner [TTL] [class] type rdata" (TTL and class in either order, both
 * optional: default_ttl, IN). TTL units (1h30m) accepted. Comments and parentheses allowed; owner relative to
 * origin. ERR_FORMAT, ERR_UNKNOWN, ERR_RANGE. */
enum err rr_from_text(struct rr *out, const char *line, size_t len, const name_t *origin,
    uint32_t default_ttl, struct arena *a);
/** Like dig's: header, flags, OPT, sections. */
void msg_to_text(struct text *t, const struct msg *m);
void msg_to_text_as(struct text *t, const struct msg *m, const struct present *p);
/** RFC 8427 message object (ID, QR, Opcode, AA … QNAME, QTYPE, QTYPEname, answerRRs …, rdataXXX as text and
 * RDATAHEX for opaque ones). New reference. */
json_t *msg_to_json(const struct msg *m);
/** The other way: an RFC 8427 object to a message in the arena. ERR_FORMAT, ERR_UNKNOWN, ERR_RANGE. */
enum err msg_from_json(struct msg *out, const json_t *j, struct arena *a);
json_t *rr_to_json(const struct rr *rr);
/** ERR_FORMAT, ERR_UNKNOWN, ERR_RANGE. The record is the arena's. */
enum err rr_from_json(struct rr *out, const json_t *j, struct arena *a);

#endif
