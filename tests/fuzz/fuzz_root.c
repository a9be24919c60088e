/* What hark update fetches of the root, and what harkd reads of it: named.root, root-anchors.xml, a signature
 * over it. Each input is taken for each of them: refused with a reason, or what it says keeps its bounds, and
 * what is written of it reads back. */
#include <assert.h>
#include <string.h>

#include "dnssec/anchors.h"
#include "lib/root_anchors.h"
#include "lib/roots.h"

#define THEN 1735689600 /* 2025-01-01 */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void read_hints(const char *data, size_t len, struct arena *a, struct text *why)
{
    struct roots r;
    if (roots_read(&r, data, len, a, why)) {
        assert(why->len);
        return;
    }
    assert(r.count == ROOTS_COUNT && strlen(r.date) == CONFIG_DATE_LEN - 1);
    for (size_t i = 0; i < r.count; i++) {
        assert(r.hints[i].addr_count >= 2 && r.hints[i].addr_count <= DELEGATION_ADDRS_PER_NAME);
        for (unsigned k = 0; k < r.hints[i].addr_count; k++)
            assert(!addr_is_private(&r.hints[i].addrs[k]));
    }
}

static void read_anchors(const char *data, size_t len, struct arena *a, struct text *why)
{
    struct root_anchors r;
    struct text written;
    if (root_anchors_read(&r, data, len, a, why)) {
        assert(why->len);
        return;
    }
    assert(r.count > 0 && r.count <= ROOT_ANCHORS_MAX);
    text_init(&written);
    unsigned valid = root_anchors_write(&r, THEN, THEN, &written), read = 0;
    struct anchors *again = anchors_new();
    enum err err = anchors_add_text(again, written.data, written.len, NULL);
    assert(valid == 0 || err == ERR_OK);
    for (size_t i = 0; i < again->count; i++)
        read += again->items[i].ds.count;
    assert(read <= valid && (read > 0) == (valid > 0)); /* equal ones are one */
    anchors_free(again);
    text_fini(&written);
}

/* What a fuzzer makes cannot be signed: only the genuine signature, over nothing but its document, could
 * count. */
static void read_signature(const char *data, size_t len, struct text *why)
{
    struct root_signature s = {
        .document = "x", .document_len = 1, .signature = data, .signature_len = len, .now_s = THEN};
    int64_t signed_s;
    assert(root_anchors_verify(&s, &signed_s, why) != ERR_OK && why->len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct arena a;
    struct text why;
    arena_init(&a);
    text_init(&why);
    char *copy = arena_alloc(&a, len + 1);
    memcpy(copy, data, len);
    read_hints(copy, len, &a, &why);
    text_clear(&why);
    read_anchors(copy, len, &a, &why);
    text_clear(&why);
    read_signature(copy, len, &why);
    text_fini(&why);
    arena_fini(&a);
    return 0;
}
