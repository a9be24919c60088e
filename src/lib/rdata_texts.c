#include "lib/rdata_texts.h"

#include <string.h>
#include <strings.h>

#include "dns/rrtype.h"

const char *rdata_texts_next(const struct rdata_texts *l, const char *at)
{
    const char *next = at ? at + strlen(at) + 1 : l->text;
    return next < l->text + l->len ? next : NULL;
}

static const char *find(const struct rdata_texts *l, const char *text)
{
    for (const char *at = rdata_texts_next(l, NULL); at; at = rdata_texts_next(l, at))
        if (strcasecmp(at, text) == 0)
            return at;
    return NULL;
}

static void insert(struct rdata_texts *l, const char *text, size_t octets)
{
    const char *at = rdata_texts_next(l, NULL);
    while (at && strcmp(at, text) < 0)
        at = rdata_texts_next(l, at);
    size_t offset = at ? (size_t)(at - l->text) : l->len;
    memmove(l->text + offset + octets, l->text + offset, l->len - offset);
    memcpy(l->text + offset, text, octets);
    l->len += (uint32_t)octets;
    l->count++;
}

void rdata_texts_add(struct rdata_texts *l, uint16_t type, const struct rdata *rd)
{
    struct text t;
    text_init(&t);
    rdata_to_text(&t, type, CLASS_IN, rd);
    if (t.len + 1 > sizeof l->text - l->len)
        l->left_out++;
    else if (!find(l, t.data))
        insert(l, t.data, t.len + 1);
    text_fini(&t);
}

bool rdata_texts_overlap(const struct rdata_texts *a, const struct rdata_texts *b)
{
    for (const char *at = rdata_texts_next(a, NULL); at; at = rdata_texts_next(a, at))
        if (find(b, at))
            return true;
    return false;
}

bool rdata_texts_equal(const struct rdata_texts *a, const struct rdata_texts *b)
{
    for (const char *at = rdata_texts_next(a, NULL); at; at = rdata_texts_next(a, at))
        if (!find(b, at))
            return false;
    return a->count == b->count && a->left_out == b->left_out;
}
