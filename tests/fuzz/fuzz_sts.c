/* A policy of MTA-STS: taken only with all that RFC 8461 3.2 wants; and whatever it is, hosts are compared
 * with it. */
#include <assert.h>
#include <string.h>

#include "defs/limits.h"
#include "lib/sts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct hark_sts sts = {0};
    struct arena a;
    arena_init(&a);
    if (sts_policy(&sts, (const char *)data, len, &a)) {
        assert(!sts.why && sts.mode != HARK_STS_UNKNOWN && sts.max_age_s <= STS_MAX_AGE_S);
        assert(sts.mode == HARK_STS_NONE || sts.pattern_count > 0);
    } else {
        assert(sts.why && sts.mode == HARK_STS_UNKNOWN);
    }
    assert(sts.pattern_count <= STS_PATTERNS_MAX);
    for (size_t i = 0; i < sts.pattern_count; i++)
        for (const char *c = sts.patterns[i]; *c; c++)
            assert(*c > 0x20 && *c < 0x7f);
    (void)sts_names_host(&sts, "mail.example.org");
    struct hark_rdata txt = {.data = data, .length = len};
    struct hark_answer answer = {.found = HARK_FOUND, .records = &txt, .count = 1};
    const char *record = sts_record(&answer, "STSv1", &a, NULL);
    const char *id = record ? sts_field(record, "id", &a) : NULL;
    assert(!id || strlen(id) <= len);
    (void)(id && sts_id_is_good(id));
    arena_fini(&a);
    return 0;
}
