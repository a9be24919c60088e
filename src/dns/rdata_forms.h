/* Fields of RDATA that one or two types alone have, each with a form of its own. */
#ifndef HARK_DNS_RDATA_FORMS_H
#define HARK_DNS_RDATA_FORMS_H

#include "dns/rdata_layout.h"

/* The letter of defs/rrtype.def and the prefix of the three functions of struct rdata_form. */
#define RDATA_FORMS(FORM)                                                                                    \
    FORM('A', atma)       /* ATMA: format and address (ATM Forum AF-DANS-0152.000) */                        \
    FORM('b', nxt_map)    /* NXT: types 0 to 127 (RFC 2535 5.2) */                                           \
    FORM('C', cert_type)  /* CERT: kind of certificate (RFC 4398 2.1) */                                     \
    FORM('e', scheme)     /* DSYNC: scheme (RFC 9859 2) */                                                   \
    FORM('E', eui48)      /* RFC 7043 3 */                                                                   \
    FORM('F', eui64)      /* RFC 7043 4 */                                                                   \
    FORM('g', locator)    /* NID, L64: 64 bits in four groups (RFC 6742) */                                  \
    FORM('G', gateway)    /* IPSECKEY: gateway type, algorithm, gateway (RFC 4025 2) */                      \
    FORM('i', host_id)    /* HIP: all of it (RFC 8005 5) */                                                  \
    FORM('I', a6)         /* A6: prefix length and address suffix (RFC 2874 3.1) */                          \
    FORM('N', nsap)       /* NSAP: hexadecimal after "0x", with dots (RFC 1706 7) */                         \
    FORM('o', opt_string) /* ISDN: a character-string or nothing (RFC 1183 3.2) */                           \
    FORM('P', apl)        /* APL: prefixes (RFC 3123 4) */                                                   \
    FORM('R', relay)      /* AMTRELAY: D bit and type, relay (RFC 8777 4.2) */                               \
    FORM('u', node)       /* IPN: 64 bits (draft-johnson-dns-ipn-cla-07 3.1) */                              \
    FORM('w', wks)        /* WKS: protocol and ports (RFC 1035 3.4.2) */

struct rdata_form {
    /** As field_len(). */
    size_t (*len)(const uint8_t *p, size_t max);
    /** False if text cannot say it; then what was written before is no use. */
    bool (*to_text)(struct text *t, const uint8_t *p, size_t n);
    /** Takes the tokens that it needs. Need not look at w->bad. */
    enum err (*from_text)(struct writer *w, struct lexer *l, const name_t *origin);
};

/** NULL for a letter that is not in the list. */
const struct rdata_form *rdata_form(char letter);

#define RDATA_FORM_FUNCTIONS(letter, name)                                                                   \
    size_t name##_len(const uint8_t *p, size_t max);                                                         \
    bool name##_to_text(struct text *t, const uint8_t *p, size_t n);                                         \
    enum err name##_from_text(struct writer *w, struct lexer *l, const name_t *origin);
RDATA_FORMS(RDATA_FORM_FUNCTIONS)
#undef RDATA_FORM_FUNCTIONS

/** The next token, unquoted. ERR_FORMAT if there is none. */
enum err form_word(struct lexer *l, struct token *out);
/** The next token as a decimal number of at most max. */
enum err form_number(struct lexer *l, uint32_t max, uint32_t *out);
/** An address of that family in text[len]. */
enum err form_address(struct writer *w, const char *text, size_t len, uint8_t family);
void form_address_to_text(struct text *t, const uint8_t *p, uint8_t family);

#endif
