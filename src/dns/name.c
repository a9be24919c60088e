#include "dns/name.h"

#include <assert.h>
#include <string.h>

/* Length octets are at most 63 and letters start at 65:
 * so lower-casing or comparing may treat a name as plain octets. */
#define L16(x)                                                                                               \
    (x), (x) + 1, (x) + 2, (x) + 3, (x) + 4, (x) + 5, (x) + 6, (x) + 7, (x) + 8, (x) + 9, (x) + 10,          \
        (x) + 11, (x) + 12, (x) + 13, (x) + 14, (x) + 15
static const uint8_t lower[256] = {L16(0), L16(16), L16(32), L16(48), '@', 'a', 'b', 'c', 'd', 'e', 'f', 'g',
    'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o', 'p', 'q', 'r', 's', 't', 'u', 'v', 'w', 'x', 'y', 'z', '[', '\\',
    ']', '^', '_', L16(96), L16(112), L16(128), L16(144), L16(160), L16(176), L16(192), L16(208), L16(224),
    L16(240)};
#undef L16

#define EACH_OCTET 0x0101010101010101u

/* Eight octets at once: 0x20 is set in those that are 'A'…'Z'. The sums cannot carry into a neighbour, as
 * both addends are at most 0x7f. */
static inline uint64_t lower_word(uint64_t w)
{
    uint64_t low7 = w & 0x7f * EACH_OCTET;
    uint64_t from_a = low7 + (0x80 - 'A') * EACH_OCTET;
    uint64_t after_z = low7 + (0x7f - 'Z') * EACH_OCTET;
    uint64_t upper = (from_a ^ after_z) & ~w & 0x80 * EACH_OCTET;
    return w | upper >> 2;
}

static inline uint64_t load_word(const uint8_t *p)
{
    uint64_t w;
    memcpy(&w, p, sizeof w);
    return w;
}

/* n octets equal but for ASCII letter case. */
static bool same_octets(const uint8_t *a, const uint8_t *b, size_t n)
{
    if (n < 8) {
        for (size_t i = 0; i < n; i++)
            if (lower[a[i]] != lower[b[i]])
                return false;
        return true;
    }
    /* The last word overlaps the one before it, so no tail is left over. */
    size_t last = n - 8;
    for (size_t i = 0; i < last; i += 8)
        if (lower_word(load_word(a + i)) != lower_word(load_word(b + i)))
            return false;
    return lower_word(load_word(a + last)) == lower_word(load_word(b + last));
}

size_t name_len(const name_t *n)
{
    size_t i = 0;
    while (n[i])
        i += n[i] + 1u;
    return i + 1;
}

unsigned name_labels(const name_t *n)
{
    unsigned count = 0;
    for (; *n; n += *n + 1u)
        count++;
    return count;
}

bool name_equal(const name_t *a, const name_t *b)
{
    if (a == b)
        return true;
    size_t n = name_len(a);
    return n == name_len(b) && same_octets(a, b, n);
}

bool name_same_case(const name_t *a, const name_t *b)
{
    size_t n = name_len(a);
    return n == name_len(b) && memcmp(a, b, n) == 0;
}

bool name_is_within(const name_t *n, const name_t *zone)
{
    size_t len = name_len(n), zone_len = name_len(zone);
    if (zone_len > len)
        return false;
    /* The suffix must begin at a label. */
    size_t start = len - zone_len, i = 0;
    while (i < start)
        i += n[i] + 1u;
    return i == start && same_octets(n + start, zone, zone_len);
}

const name_t *name_parent(const name_t *n, unsigned count)
{
    for (; count > 0; count--) {
        assert(*n);
        n += *n + 1u;
    }
    return n;
}

/* Where each label starts; returns their number. */
static unsigned label_starts(const name_t *n, uint8_t starts[NAME_MAX_LABELS])
{
    unsigned count = 0;
    for (size_t i = 0; n[i]; i += n[i] + 1u)
        starts[count++] = (uint8_t)i;
    return count;
}

unsigned name_common_labels(const name_t *a, const name_t *b)
{
    uint8_t at_a[NAME_MAX_LABELS], at_b[NAME_MAX_LABELS];
    unsigned na = label_starts(a, at_a), nb = label_starts(b, at_b), common = 0;
    while (common < na && common < nb) {
        const name_t *x = a + at_a[na - 1 - common], *y = b + at_b[nb - 1 - common];
        if (*x != *y || !same_octets(x + 1, y + 1, *x))
            break;
        common++;
    }
    return common;
}

/* Octets in lower case, left-justified, absence before zero. */
static int compare_labels(const uint8_t *x, const uint8_t *y)
{
    unsigned n = *x < *y ? *x : *y;
    for (unsigned i = 1; i <= n; i++) {
        int d = lower[x[i]] - lower[y[i]];
        if (d)
            return d;
    }
    return *x - *y;
}

int name_compare(const name_t *a, const name_t *b)
{
    uint8_t at_a[NAME_MAX_LABELS], at_b[NAME_MAX_LABELS];
    unsigned na = label_starts(a, at_a), nb = label_starts(b, at_b);
    for (; na > 0 && nb > 0; na--, nb--) {
        int d = compare_labels(a + at_a[na - 1], b + at_b[nb - 1]);
        if (d)
            return d;
    }
    return (int)na - (int)nb;
}

size_t name_copy(name_t *out, const name_t *n)
{
    size_t len = name_len(n);
    memcpy(out, n, len);
    return len;
}

name_t *name_dup(const name_t *n, struct arena *a)
{
    return arena_copy(a, n, name_len(n));
}

size_t name_lower_copy(name_t *out, const name_t *n)
{
    size_t len = name_len(n);
    name_lower_octets(out, n, len);
    return len;
}

/* Sixteen octets at once, in a register of any processor that has such. */
typedef uint8_t sixteen __attribute__((vector_size(16)));

static inline void lower_sixteen(uint8_t *out, const uint8_t *from)
{
    sixteen v;
    memcpy(&v, from, sizeof v);
    v |= (sixteen)(v - 'A' < 26) & 0x20;
    memcpy(out, &v, sizeof v);
}

static inline void lower_eight(uint8_t *out, const uint8_t *from)
{
    uint64_t w = lower_word(load_word(from));
    memcpy(out, &w, sizeof w);
}

/* The last piece overlaps the one before it, so no tail is left over; in place, what is lower stays so. */
void name_lower_octets(uint8_t *out, const uint8_t *from, size_t n)
{
    if (n >= 16) {
        for (size_t i = 0; i < n - 16; i += 16)
            lower_sixteen(out + i, from + i);
        lower_sixteen(out + n - 16, from + n - 16);
    } else if (n >= 8) {
        lower_eight(out, from);
        lower_eight(out + n - 8, from + n - 8);
    } else {
        for (size_t i = 0; i < n; i++)
            out[i] = lower[from[i]];
    }
}

void name_lower(name_t *n)
{
    name_lower_copy(n, n);
}

enum err name_replace_suffix(
    name_t out[NAME_MAX_LEN], const name_t *n, const name_t *old_suffix, const name_t *new_suffix)
{
    size_t prefix = name_len(n) - name_len(old_suffix), len = name_len(new_suffix);
    assert(name_is_within(n, old_suffix));
    if (prefix + len > NAME_MAX_LEN)
        return ERR_RANGE;
    memmove(out, n, prefix);
    memmove(out + prefix, new_suffix, len);
    return ERR_OK;
}

/* ---- wire ---- */

static size_t read_failed(struct reader *r)
{
    r->bad = true;
    return 0;
}

size_t name_read(struct reader *r, bool compression, name_t out[NAME_MAX_LEN])
{
    if (r->bad)
        return 0;
    size_t pos = r->pos, len = 0;
    size_t segment = pos; /* where the labels being read start: a pointer must lead to before it */
    size_t after = 0;     /* first octet after the name as it stands; 0 until a pointer is met */
    unsigned hops = 0;
    for (;;) {
        if (pos >= r->len)
            return read_failed(r);
        uint8_t c = r->data[pos];
        if (c == 0)
            break;
        if (c <= LABEL_MAX_LEN) {
            /* Room for the root's octet is kept: 255 with it. */
            if (r->len - pos <= c || len + c + 2u > NAME_MAX_LEN)
                return read_failed(r);
            memcpy(out + len, r->data + pos, c + 1u);
            len += c + 1u;
            pos += c + 1u;
            continue;
        }
        if ((c & 0xc0) != 0xc0 || !compression || r->len - pos < 2 || ++hops > NAME_MAX_HOPS)
            return read_failed(r); /* 01 and 10 are reserved, RFC 6891 5 */
        size_t target = get_u16(r->data + pos) & 0x3fffu;
        if (target >= segment)
            return read_failed(r);
        if (!after)
            after = pos + 2;
        pos = segment = target;
    }
    out[len] = 0;
    r->pos = after ? after : pos + 1;
    return len + 1;
}

size_t name_check(const uint8_t *p, size_t max)
{
    size_t last;
    return name_check_last(p, max, &last);
}

/* ---- text ---- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* One octet of a label at text[*i], escapes undone; *i is moved past it. -1 for a bad escape. */
static int read_octet(const char *text, size_t len, size_t *i)
{
    char c = text[(*i)++];
    if (c != '\\')
        return (uint8_t)c;
    if (*i == len)
        return -1;
    c = text[(*i)++];
    if (!is_digit(c))
        return (uint8_t)c;
    if (len - *i < 2 || !is_digit(text[*i]) || !is_digit(text[*i + 1]))
        return -1;
    int v = (c - '0') * 100 + (text[*i] - '0') * 10 + (text[*i + 1] - '0');
    *i += 2;
    return v <= 255 ? v : -1;
}

enum err name_from_text(name_t out[NAME_MAX_LEN], const char *text, size_t len, const name_t *origin)
{
    if (!origin)
        origin = NAME_ROOT;
    if (len == 1 && (text[0] == '@' || text[0] == '.')) {
        name_copy(out, text[0] == '@' ? origin : NAME_ROOT);
        return ERR_OK;
    }
    size_t start = 0, pos = 1; /* of the label's length octet; of the next octet */
    for (size_t i = 0; i < len;) {
        if (text[i] == '.') {
            if (pos == start + 1)
                return ERR_FORMAT;
            out[start] = (uint8_t)(pos - start - 1);
            start = pos++;
            i++;
            continue;
        }
        int c = read_octet(text, len, &i);
        if (c < 0)
            return ERR_FORMAT;
        /* The root's octet needs room after it. */
        if (pos - start > LABEL_MAX_LEN || pos + 2 > NAME_MAX_LEN)
            return ERR_RANGE;
        out[pos++] = (uint8_t)c;
    }
    if (pos == 1 && start == 0)
        return ERR_FORMAT;
    if (pos == start + 1) { /* the final dot was there */
        out[start] = 0;
        return ERR_OK;
    }
    out[start] = (uint8_t)(pos - start - 1);
    size_t rest = name_len(origin);
    if (pos + rest > NAME_MAX_LEN)
        return ERR_RANGE;
    memcpy(out + pos, origin, rest);
    return ERR_OK;
}

/* What master files give a meaning to, RFC 1035 5.1. */
static bool is_special(uint8_t c)
{
    return c == '.' || c == '\\' || c == '"' || c == '(' || c == ')' || c == ';' || c == '@' || c == '$';
}

void name_to_text(struct text *t, const name_t *n)
{
    char buf[NAME_TEXT_LEN];
    size_t len = 0;
    if (name_is_root(n))
        buf[len++] = '.';
    for (; *n; n += *n + 1u) {
        for (unsigned i = 1; i <= *n; i++) {
            uint8_t c = n[i];
            bool plain = c > 0x20 && c < 0x7f;
            if (plain && !is_special(c)) {
                buf[len++] = (char)c;
                continue;
            }
            buf[len++] = '\\';
            if (!plain) {
                buf[len++] = (char)('0' + c / 100);
                buf[len++] = (char)('0' + c / 10 % 10);
                c = (uint8_t)('0' + c % 10);
            }
            buf[len++] = (char)c;
        }
        buf[len++] = '.';
    }
    text_add_n(t, buf, len);
}

const char *name_text(const name_t *n, char buf[NAME_TEXT_LEN])
{
    struct text t;
    text_init_fixed(&t, buf, NAME_TEXT_LEN);
    name_to_text(&t, n);
    return buf;
}
