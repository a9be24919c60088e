/* Messages (RFC 1035 4): one parser, one builder. */
#ifndef HARK_DNS_MSG_H
#define HARK_DNS_MSG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/cursor.h"
#include "base/err.h"
#include "base/mem.h"
#include "dns/edns.h"
#include "dns/name.h"
#include "dns/rr.h"
#include "dns/rrtype.h"

enum opcode {
    OPCODE_QUERY = 0,
    OPCODE_IQUERY = 1,
    OPCODE_STATUS = 2,
    OPCODE_NOTIFY = 4,
    OPCODE_UPDATE = 5,
    OPCODE_DSO = 6
};

/* RCODE_NOERROR = 0 …, BADVERS 16, BADCOOKIE 23: from defs/rcode.def. */
enum rcode {
#define RCODE(name, code) RCODE_##name = code,
#include "defs/rcode.def"
#undef RCODE
};

enum msg_flag {
    FLAG_QR = 0x8000,
    FLAG_AA = 0x0400,
    FLAG_TC = 0x0200,
    FLAG_RD = 0x0100,
    FLAG_RA = 0x0080,
    FLAG_Z = 0x0040,
    FLAG_AD = 0x0020,
    FLAG_CD = 0x0010,
};

enum section { SECTION_ANSWER, SECTION_AUTHORITY, SECTION_ADDITIONAL, SECTION_COUNT };

/* The first question as it stands: octets point into the message, so the asker's letter case is kept. */
struct msg_question {
    name_t name[NAME_MAX_LEN];
    uint16_t type, class;
};

struct msg {
    uint16_t id;
    uint16_t flags; /* as on the wire, with opcode and low rcode bits */
    uint16_t opcode;
    uint16_t rcode; /* 12 bits, OPT's upper bits included */
    uint16_t qdcount;
    struct msg_question question; /* valid if qdcount > 0 */
    struct rr *rrs[SECTION_COUNT];
    size_t counts[SECTION_COUNT]; /* OPT is taken out of the additional section, TSIG stays */
    struct edns edns;
    bool tsig;       /* last record is a TSIG */
    size_t trailing; /* octets after the last record (allowed, not read) */
};

/* What went wrong, for the caller to choose FORMERR or silence. */
enum msg_fault {
    MSG_OK,
    MSG_NO_HEADER,
    MSG_BAD_QUESTION,
    MSG_BAD_RECORD,
    MSG_BAD_OPT,
    MSG_OPT_TWICE,
    MSG_TOO_MANY
};

/** Reads a whole message. Everything lives in the arena or in `wire`. With a fault other than NO_HEADER the
 * header (and the question, unless BAD_QUESTION) is filled in. Counts that promise more than is there are
 * MSG_BAD_RECORD. qdcount > 1: only the first question is kept, the others are passed over. A record of a
 * known type whose RDATA does not fit its layout is MSG_BAD_RECORD. */
enum msg_fault msg_parse(struct msg *out, const uint8_t *wire, size_t len, struct arena *a);

#define COMPRESS_SLOTS 256u /* a power of two, at least twice COMPRESS_TARGETS_MAX */

/* Builds a message into the caller's storage with name compression (RFC 1035 4.1.4; at most
 * COMPRESS_TARGETS_MAX targets, linear time). */
struct msg_builder {
    struct writer w;
    uint16_t counts[4];
    uint16_t rcode; /* 12 bits; the upper 8 go into the OPT */
    /* Suffixes already written: a tree of labels, found through an open-addressed table. Target i is the
     * label at targets[i] before the suffix that is target parents[i] (0xff: before the root). */
    unsigned target_count;
    uint16_t targets[COMPRESS_TARGETS_MAX];
    uint8_t parents[COMPRESS_TARGETS_MAX];
    uint8_t slots[COMPRESS_SLOTS]; /* 1 + index of a target; 0: free */
    bool truncated;                /* a record did not fit; nothing of it was written */
    unsigned ttl_count;
    /* If the caller set it: where TTLs were written; ttl_count == ttl_cap: perhaps not all. */
    uint16_t *ttl_offsets;
    unsigned ttl_cap;
};

/** Starts with a header. flags: whole 16 bits but the rcode's low 4 bits, which are taken from rcode. */
void msg_build(struct msg_builder *b, uint8_t *buf, size_t cap, uint16_t id, uint16_t flags, uint16_t rcode);
void msg_add_question(struct msg_builder *b, const name_t *name, uint16_t type, uint16_t class);
/** All records of an RRset, with its RRSIGs if with_sigs; all or nothing: if not all fit, nothing is written,
 * truncated is set and false returned. Sections must be filled in order. `first` rotates: record (first + i)
 * mod count. */
bool msg_add_rrset(
    struct msg_builder *b, enum section s, const struct rrset *rs, bool with_sigs, unsigned first);
/** Only the RRSIGs of an RRset; likewise all or nothing. */
bool msg_add_sigs(struct msg_builder *b, enum section s, const struct rrset *rs);
bool msg_add_rr(struct msg_builder *b, enum section s, const struct rr *rr);
/** Writes the OPT record, with the upper bits of the rcode given to msg_build (or e->ext_rcode). If it does
 * not fit, nothing of it is written and truncated is set. Reserve its room beforehand by shrinking w.cap and
 * giving it back. */
void msg_add_edns(struct msg_builder *b, const struct edns *e);
/** Sets TC if truncated and the caller wants it (set_tc), counts and returns the length. */
size_t msg_finish(struct msg_builder *b, bool set_tc);

/** A query: header RD as given, one question, OPT if e is present. Returns the length (0: does not fit). */
size_t msg_query(uint8_t *buf, size_t cap, uint16_t id, uint16_t flags, const struct msg_question *q,
    const struct edns *e);

const char *rcode_name(uint16_t rcode);             /* "NXDOMAIN" or NULL */
void rcode_to_text(struct text *t, uint16_t rcode); /* "RCODE3841" for unknown ones */
/** What rcode_to_text() writes, in any letter case. ERR_UNKNOWN. */
enum err rcode_from_text(uint16_t *out, const char *text);
const char *opcode_name(uint16_t opcode); /* "QUERY" or NULL */

#endif
