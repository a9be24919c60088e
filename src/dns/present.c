/* Records from text. */
#include "dns/present.h"

#include "dns/rdata.h"
#include "dns/rdata_layout.h"
#include "dns/token.h"

/* TTL and class in either order, then the type. */
static enum err read_head(struct rr *out, struct lexer *l)
{
    bool ttl_seen = false, class_seen = false;
    struct token k;
    while (lexer_next(l, &k)) {
        if (k.quoted)
            return ERR_FORMAT;
        if (!ttl_seen && k.text[0] >= '0' && k.text[0] <= '9') {
            enum err e = token_ttl(&k, &out->ttl);
            if (e)
                return e;
            ttl_seen = true;
        } else if (!class_seen && rrclass_from_text(&out->class, k.text, k.len) == ERR_OK) {
            class_seen = true;
        } else {
            return rrtype_from_text(&out->type, k.text, k.len);
        }
    }
    return ERR_FORMAT;
}

enum err rr_from_text(
    struct rr *out, const char *line, size_t len, const name_t *origin, uint32_t default_ttl, struct arena *a)
{
    struct lexer l = lexer_of(line, len);
    struct token k;
    name_t owner[NAME_MAX_LEN];
    if (!lexer_next(&l, &k) || k.quoted)
        return ERR_FORMAT;
    enum err e = name_from_text(owner, k.text, k.len, origin);
    if (e)
        return e;
    struct rr rr = {.class = CLASS_IN, .ttl = default_ttl};
    e = read_head(&rr, &l);
    if (e)
        return e;
    struct rdata_kind kind = {.type = rr.type, .class = rr.class, .origin = origin};
    e = rdata_from_lexer(&rr.rdata, &kind, &l, a);
    if (e)
        return e;
    rr.owner = name_dup(owner, a);
    *out = rr;
    return ERR_OK;
}
