/* Names: from wire, from text, escapes and back; and the quick comparisons against slow and simple ones. */
#include <assert.h>
#include <string.h>

#include "dns/name.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static uint8_t slow_lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c;
}

static bool slow_equal(const name_t *a, const name_t *b)
{
    for (size_t i = 0;; i++) {
        if (slow_lower(a[i]) != slow_lower(b[i]))
            return false;
        if (name_len(a) == i + 1)
            return true;
    }
}

/* Decompression by the book: a label or a pointer at a time, without a thought of speed. 0: not a name. */
static size_t slow_read(const uint8_t *data, size_t len, size_t pos, name_t out[NAME_MAX_LEN])
{
    size_t n = 0, limit = pos;
    for (unsigned hops = 0; pos < len;) {
        unsigned c = data[pos];
        if (c >= 0xc0) {
            if (pos + 2 > len || ++hops > NAME_MAX_HOPS)
                return 0;
            size_t target = (c & 0x3fu) << 8 | data[pos + 1];
            if (target >= limit)
                return 0;
            pos = limit = target;
            continue;
        }
        if (c > LABEL_MAX_LEN || pos + 1 + c > len || n + 1 + c > NAME_MAX_LEN)
            return 0;
        for (unsigned i = 0; i <= c; i++)
            out[n++] = data[pos++];
        if (c == 0)
            return n;
    }
    return 0;
}

static void one_name(const name_t *n)
{
    char buf[NAME_TEXT_LEN];
    name_t again[NAME_MAX_LEN], low[NAME_MAX_LEN];
    assert(name_check(n, NAME_MAX_LEN) == name_len(n));
    assert(name_labels(n) <= NAME_MAX_LABELS);
    name_text(n, buf);
    size_t len = strlen(buf);
    for (size_t i = 0; i < len; i++)
        assert(buf[i] > 0x20 && buf[i] < 0x7f);
    assert(name_from_text(again, buf, len, NULL) == ERR_OK);
    assert(name_same_case(n, again));
    assert(name_lower_copy(low, n) == name_len(n));
    for (size_t i = 0; i < name_len(n); i++)
        assert(low[i] == slow_lower(n[i]));
    assert(name_equal(n, low) && name_compare(n, low) == 0);
    name_lower(again);
    assert(name_same_case(again, low));
}

static void two_names(const name_t *a, const name_t *b)
{
    name_t out[NAME_MAX_LEN];
    assert(name_equal(a, b) == slow_equal(a, b));
    int d = name_compare(a, b), e = name_compare(b, a);
    assert((d < 0) == (e > 0) && (d == 0) == name_equal(a, b));
    unsigned common = name_common_labels(a, b);
    assert(common == name_common_labels(b, a));
    assert(name_equal(name_parent(a, name_labels(a) - common), name_parent(b, name_labels(b) - common)));
    assert(name_is_within(a, b) == (common == name_labels(b)));
    if (!name_is_within(a, b))
        return;
    assert(d >= 0); /* canonical order puts a zone before what is below it */
    if (name_replace_suffix(out, a, b, NAME_ROOT) == ERR_OK)
        assert(name_labels(out) == name_labels(a) - common);
    if (name_replace_suffix(out, a, b, a) == ERR_OK)
        assert(name_len(out) == 2 * name_len(a) - name_len(b) && name_is_within(out, a));
    else
        assert(2 * name_len(a) - name_len(b) > NAME_MAX_LEN);
}

/* The first octet says where in the rest a name starts. */
static bool from_wire(const uint8_t *data, size_t len, name_t out[NAME_MAX_LEN])
{
    name_t slow[NAME_MAX_LEN];
    struct reader r = reader_of(data + 1, len - 1);
    r.pos = data[0] < r.len ? data[0] : r.len;
    size_t start = r.pos, n = name_read(&r, true, out);
    assert(n == slow_read(data + 1, len - 1, start, slow));
    assert((n == 0) == r.bad);
    if (n == 0)
        return false;
    assert(memcmp(out, slow, n) == 0);
    assert(r.pos > start && r.pos <= r.len);
    size_t plain = name_check(data + 1 + start, len - 1 - start);
    struct reader flat = reader_of(data + 1, len - 1);
    flat.pos = start;
    assert(name_read(&flat, false, slow) == plain);
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    if (len == 0)
        return 0;
    name_t wire[NAME_MAX_LEN], text[NAME_MAX_LEN], relative[NAME_MAX_LEN];
    bool has_wire = from_wire(data, len, wire);
    bool has_text = name_from_text(text, (const char *)data, len, NULL) == ERR_OK;
    if (has_wire)
        one_name(wire);
    if (has_text)
        one_name(text);
    if (has_wire && name_from_text(relative, (const char *)data, len, wire) == ERR_OK) {
        one_name(relative);
        two_names(relative, wire);
    }
    if (has_wire && has_text) {
        two_names(wire, text);
        two_names(text, wire);
    }
    /* Two names that stand one after the other. */
    size_t first = name_check(data, len), second = first ? name_check(data + first, len - first) : 0;
    if (second) {
        two_names(data, data + first);
        two_names(data + first, data);
    }
    return 0;
}
