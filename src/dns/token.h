/* Master-file text taken apart (RFC 1035 5.1): one entry, with parentheses, comments, quotes and escapes. */
#ifndef HARK_DNS_TOKEN_H
#define HARK_DNS_TOKEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/text.h"

/* Invariant: pos <= len. Errors stick: after bad, every token is an end. */
struct lexer {
    const char *text;
    size_t len, pos;
    unsigned depth; /* of parentheses */
    bool seen;      /* a token was given: a line end outside parentheses now ends the entry */
    bool ended, bad;
};

/* As it stands in the text, escapes not undone. A token that is quoted as a whole is without its quotes; one
 * with quotes further on (alpn="h2") keeps them. */
struct token {
    const char *text;
    size_t len;
    bool quoted;
};

struct lexer lexer_of(const char *text, size_t len);
/** False at the end of the entry or when the text is bad (l->bad: open quote or parenthesis,
 * something after the end). */
bool lexer_next(struct lexer *l, struct token *out);
/** ERR_OK if nothing is left. */
enum err lexer_end(struct lexer *l);

bool token_is(const struct token *k, const char *word); /* in any letter case, not quoted */
/** Decimal digits only, at most max. ERR_FORMAT, ERR_RANGE. */
enum err token_number(const struct token *k, uint32_t max, uint32_t *out);
/** Seconds, or with units: 1w2d3h4m5s. ERR_FORMAT, ERR_RANGE. */
enum err token_ttl(const struct token *k, uint32_t *out);
/** Text with \DDD and \X undone; returns the octets, or -1 (bad escape, bare quote, more than cap). */
long token_unescape(const char *text, size_t len, uint8_t *out, size_t cap);
/** n octets with what is special between quotes or not printable escaped, without quotes around. */
void token_escape(struct text *t, const uint8_t *p, size_t n);

#endif
