/* RDATA on the wire: every function walks the layout of the type's row. */
#include "dns/rdata.h"

#include <assert.h>
#include <string.h>

#include "dns/rdata_forms.h"
#include "dns/rrtype.h"

/* What RDATA may grow by: no layout with compressible names has more than two. */
#define DECOMPRESSED_MORE (2 * NAME_MAX_LEN)
#define DECOMPRESSED_USUAL 1024u /* longer RDATA is put together in the arena: SIG and NXT only */

const char *rdata_layout(uint16_t type, uint16_t class)
{
    const struct rrtype_info *info = rrtype_info(type);
    if (!info || !info->layout[0] || (info->in_only && class != CLASS_IN))
        return NULL;
    return info->layout;
}

static size_t string_len(const uint8_t *p, size_t max)
{
    return max >= 1 && max >= 1u + p[0] ? 1u + p[0] : FIELD_BAD;
}

static size_t strings_len(const uint8_t *p, size_t max)
{
    size_t pos = 0;
    do {
        size_t n = string_len(p + pos, max - pos);
        if (n == FIELD_BAD)
            return FIELD_BAD;
        pos += n;
    } while (pos < max);
    return max;
}

/* Letters and digits, at least one: RFC 8659 4.1. */
static size_t caa_tag_len(const uint8_t *p, size_t max)
{
    size_t n = string_len(p, max);
    if (n == FIELD_BAD || n == 1)
        return FIELD_BAD;
    for (size_t i = 1; i < n; i++) {
        uint8_t lower = p[i] | 0x20;
        if (!(p[i] >= '0' && p[i] <= '9') && !(lower >= 'a' && lower <= 'z'))
            return FIELD_BAD;
    }
    return n;
}

static size_t fixed_len(size_t n, size_t max)
{
    return n <= max ? n : FIELD_BAD;
}

size_t field_len(char letter, const uint8_t *p, size_t max)
{
    size_t n;
    switch (letter) {
    case 'B':
    case 'a':
        return fixed_len(1, max);
    case 'H':
    case 't':
        return fixed_len(2, max);
    case '4':
    case 'W':
    case 'T':
    case 'D':
        return fixed_len(4, max);
    case '6':
        return fixed_len(16, max);
    case 'n':
        n = max ? name_check(p, max) : 0;
        return n ? n : FIELD_BAD;
    case 'O':
        n = max ? name_check(p, max) : 0;
        return n || !max ? n : FIELD_BAD;
    case 's':
    case 'x':
        return string_len(p, max);
    case 'h':
        n = string_len(p, max);
        return n > 1 ? n : FIELD_BAD;
    case 'S':
        return strings_len(p, max);
    case 'c':
        return caa_tag_len(p, max);
    case 'X':
    case 'Z':
    case 'Q':
        return max ? max : FIELD_BAD;
    case 'q':
    case 'Y':
    case 'z':
        return max;
    case 'M':
        return max && typemap_check(p, max) ? max : FIELD_BAD;
    case 'm':
        return typemap_check(p, max) ? max : FIELD_BAD;
    case 'V':
        return svcb_check(p, max) ? max : FIELD_BAD;
    case 'L':
        return loc_check(p, max) ? max : FIELD_BAD;
    }
    const struct rdata_form *form = rdata_form(letter);
    assert(form); /* else a letter of rrtype.def without a reader */
    return form->len(p, max);
}

enum err rdata_check(uint16_t type, uint16_t class, const uint8_t *data, size_t len)
{
    if (len > RDATA_MAX_LEN)
        return ERR_FORMAT;
    const char *layout = rdata_layout(type, class);
    if (!layout)
        return ERR_OK;
    size_t pos = 0;
    for (; *layout; layout++) {
        size_t n = field_len(*layout, data + pos, len - pos);
        if (n == FIELD_BAD)
            return ERR_FORMAT;
        pos += n;
    }
    return pos == len ? ERR_OK : ERR_FORMAT;
}

/* r ends where the RDATA ends, so that no field but a pointer's target lies outside. */
static enum err decompress(struct reader *r, const char *layout, struct arena *a, struct rdata *out)
{
    uint8_t buf[DECOMPRESSED_USUAL + DECOMPRESSED_MORE];
    size_t left = r->len - r->pos;
    struct writer w = writer_of(buf, sizeof buf);
    if (left > DECOMPRESSED_USUAL)
        w = writer_of(arena_alloc(a, left + DECOMPRESSED_MORE), left + DECOMPRESSED_MORE);
    for (; *layout; layout++) {
        if (*layout == 'n') {
            name_t name[NAME_MAX_LEN];
            size_t n = name_read(r, true, name);
            if (!n)
                return ERR_FORMAT;
            write_octets(&w, name, n);
            continue;
        }
        size_t n = field_len(*layout, r->data + r->pos, r->len - r->pos);
        if (n == FIELD_BAD)
            return ERR_FORMAT;
        write_octets(&w, read_octets(r, n), n);
    }
    if (r->pos != r->len || w.bad || w.pos > RDATA_MAX_LEN)
        return ERR_FORMAT;
    *out = (struct rdata){.data = arena_copy(a, w.data, w.pos), .len = (uint16_t)w.pos};
    return ERR_OK;
}

enum err rdata_read(
    struct reader *r, uint16_t type, uint16_t class, uint16_t rdlen, struct arena *a, struct rdata *out)
{
    size_t start = r->pos;
    const uint8_t *data = read_octets(r, rdlen);
    if (!data)
        return ERR_FORMAT;
    const char *layout = rdata_layout(type, class);
    if (layout && rrtype_info(type)->names >= NAMES_DECOMPRESS) {
        struct reader inner = {.data = r->data, .len = start + rdlen, .pos = start};
        return decompress(&inner, layout, a, out);
    }
    if (rdata_check(type, class, data, rdlen) != ERR_OK)
        return ERR_FORMAT;
    *out = (struct rdata){.data = arena_copy(a, data, rdlen), .len = rdlen};
    return ERR_OK;
}

/* Where the names of RDATA lie. Stops at the first field that does not fit
 * (RDATA that is opaque in its class). */
struct name_walk {
    const char *layout;
    const struct rdata *rd;
    size_t pos;
};

static struct name_walk walk_names(uint16_t type, enum rdata_names least, const struct rdata *rd)
{
    const struct rrtype_info *info = rrtype_info(type);
    return (struct name_walk){.layout = info && info->names >= least ? info->layout : "", .rd = rd};
}

static const uint8_t *next_name(struct name_walk *w, size_t *len)
{
    while (*w->layout) {
        char letter = *w->layout++;
        const uint8_t *p = w->rd->data + w->pos;
        size_t n = field_len(letter, p, w->rd->len - w->pos);
        if (n == FIELD_BAD)
            break;
        w->pos += n;
        if (letter == 'n' || (letter == 'O' && n)) {
            *len = n;
            return p;
        }
        if (!strpbrk(w->layout, "nO"))
            break;
    }
    w->layout = "";
    return NULL;
}

void rdata_canonical(uint8_t *out, uint16_t type, const struct rdata *rd)
{
    if (!rd->len)
        return;
    memcpy(out, rd->data, rd->len);
    struct name_walk w = walk_names(type, NAMES_LOWER, rd);
    const uint8_t *name;
    size_t len;
    while ((name = next_name(&w, &len)))
        name_lower(out + (name - rd->data));
}

int rdata_compare(const struct rdata *a, const struct rdata *b)
{
    size_t least = a->len < b->len ? a->len : b->len;
    int c = least ? memcmp(a->data, b->data, least) : 0;
    return c ? c : (a->len > b->len) - (a->len < b->len);
}

void rdata_pieces(uint16_t type, const struct rdata *rd, rdata_piece_fn *fn, void *ctx)
{
    if (!rd->len)
        return;
    struct name_walk w = walk_names(type, NAMES_COMPRESS, rd);
    const uint8_t *name, *done = rd->data, *end = rd->data + rd->len;
    size_t len;
    while ((name = next_name(&w, &len))) {
        if (name > done)
            fn(ctx, done, (size_t)(name - done), false);
        fn(ctx, name, len, true);
        done = name + len;
    }
    if (end > done)
        fn(ctx, done, (size_t)(end - done), false);
}

const name_t *rdata_target(uint16_t type, const struct rdata *rd)
{
    size_t at;
    switch (type) {
    case TYPE_NS:
    case TYPE_CNAME:
    case TYPE_DNAME:
    case TYPE_PTR:
        at = 0;
        break;
    case TYPE_MX:
        at = 2;
        break;
    case TYPE_SRV:
        at = 6;
        break;
    default:
        return NULL;
    }
    return rd->len > at ? rd->data + at : NULL;
}

uint16_t rdata_key_tag(const struct rdata *rd)
{
    uint32_t sum = 0; /* of at most 32,768 words: no overflow */
    size_t i = 0;
    for (; i + 1 < rd->len; i += 2)
        sum += get_u16(rd->data + i);
    if (i < rd->len)
        sum += (uint32_t)rd->data[i] << 8;
    return (uint16_t)(sum + (sum >> 16));
}
