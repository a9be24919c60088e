/* EDNS(0) (RFC 6891) and its options. */
#ifndef HARK_DNS_EDNS_H
#define HARK_DNS_EDNS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/cursor.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/text.h"
#include "dns/name.h"

enum edns_option_code {
    EDNS_NSID = 3,           /* RFC 5001 */
    EDNS_CLIENT_SUBNET = 8,  /* RFC 7871 */
    EDNS_COOKIE = 10,        /* RFC 7873 */
    EDNS_KEEPALIVE = 11,     /* RFC 7828 */
    EDNS_PADDING = 12,       /* RFC 7830 */
    EDNS_KEY_TAG = 14,       /* RFC 8145 */
    EDNS_EDE = 15,           /* RFC 8914 */
    EDNS_REPORT_CHANNEL = 18 /* RFC 9567 */
};

struct edns_option {
    uint16_t code, len;
    const uint8_t *data;
};

/* Extended DNS errors: codes from defs/ede.def as EDE_<NAME>. */
enum ede_code {
#define EDE(name, code, text) EDE_##name = code,
#include "defs/ede.def"
#undef EDE
    EDE_NONE = -1,
};
/** The registry's purpose text, or NULL. */
const char *ede_text(int code);
/** Does it say that validation failed (RFC 8914 4.6 to 4.13, 4.26)? */
bool ede_is_dnssec(int code);

struct ede {
    uint16_t code;
    const char *text; /* UTF-8 as sent, may hold anything; "" if none. */
};

#define EDNS_EDES_MAX 4u
#define EDNS_COOKIE_MAX 40u
#define EDNS_OPTION_HEADER_LEN 4u

/** RFC 7873 4: 8 octets of the client's, or those and 8 to 32 of the server's. */
static inline bool edns_cookie_len_right(size_t len)
{
    return len == 8 || (len >= 16 && len <= EDNS_COOKIE_MAX);
}

/* An OPT record, read or to be written. Zeroed = absent. */
struct edns {
    bool present;
    bool dnssec_ok;
    bool compact_ok; /* CO flag, RFC 9824 */
    uint8_t version;
    uint8_t ext_rcode; /* upper 8 bits of the rcode */
    uint16_t udp_size;
    uint16_t flags_raw; /* the whole flags field as read */
    /* options, each once; others are kept in `options` */
    bool nsid_asked; /* present with any length */
    struct edns_option nsid;
    uint8_t cookie_len; /* 0 none, 8, or 16…40 */
    uint8_t cookie[EDNS_COOKIE_MAX];
    bool subnet_present;
    struct addr subnet;
    uint8_t subnet_source, subnet_scope;
    bool keepalive_present;
    uint16_t keepalive_100ms;    /* units of 100 ms; 0xffff when the option was empty (a query) */
    struct edns_option key_tags; /* two octets each; len 0: none */
    bool padding_present;
    uint16_t padding_len;
    unsigned ede_count;
    struct ede ede[EDNS_EDES_MAX];
    const name_t *report_agent;  /* NULL if none */
    struct edns_option *options; /* all as read, in order */
    unsigned option_count;
};

/** Reads an OPT's fields. class, ttl and rdata are those of the record. Options point into the arena.
 * ERR_FORMAT for malformed RDATA, malformed known options (cookie lengths, ECS form) or a known option given
 * twice where its RFC forbids; ERR_LIMIT for more than EDNS_OPTIONS_MAX options. */
enum err edns_read(
    struct edns *out, uint16_t class, uint32_t ttl, const uint8_t *rdata, size_t len, struct arena *a);
/** Writes the whole OPT record (owner root … RDATA): size, version, flags, ext_rcode, and the options that
 * are set: nsid (if nsid.len or nsid_asked), cookie, subnet, keepalive, key_tags, ede[], report_agent,
 * padding (padding_len octets of zero) last. */
void edns_write(struct writer *w, const struct edns *e);
/** Octets that edns_write needs. */
size_t edns_size(const struct edns *e);
/** dig-like lines ("; EDNS: version: 0, flags: do; udp: 1232", "; EDE: 22 (No Reachable Authority): text" …).
 * Text of strangers is escaped. */
void edns_to_text(struct text *t, const struct edns *e);

#endif
