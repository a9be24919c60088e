/* Names, RRsets and caches for the tests of this folder. */
#ifndef HARK_TESTS_CACHE_SAMPLE_H
#define HARK_TESTS_CACHE_SAMPLE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cache/cache.h"
#include "dns/edns.h"
#include "dns/rrtype.h"

#define MIB ((size_t)1 << 20)

static const struct hash_key sample_key = {0x0123456789abcdefu, 0xfedcba9876543210u};

/* Each test gets a cache of 16 MiB and an arena. */
struct sample {
    struct cache *c;
    struct arena a;
};

static inline int sample_setup(void **state)
{
    struct sample *s = mem_alloc(sizeof *s);
    s->c = cache_new(&(struct cache_settings){.size = 16 * MIB}, &sample_key);
    arena_init(&s->a);
    *state = s;
    return s->c ? 0 : -1;
}

static inline int sample_teardown(void **state)
{
    struct sample *s = *state;
    cache_free(s->c);
    arena_fini(&s->a);
    mem_free(s);
    return 0;
}

static inline const name_t *sample_name(struct arena *a, const char *text)
{
    name_t *out = arena_alloc(a, NAME_MAX_LEN);
    assert_int_equal(name_from_text(out, text, strlen(text), NULL), ERR_OK);
    return out;
}

static inline struct rdata sample_rdata(struct arena *a, const char *octets)
{
    size_t n = strlen(octets);
    return (struct rdata){.data = arena_copy(a, octets, n), .len = (uint16_t)n};
}

/* One record with RDATA `octets`, no signature. */
static inline struct rrset *sample_rrset(
    struct arena *a, const char *owner, uint16_t type, uint32_t ttl, const char *octets)
{
    struct rrset *rs = ARENA_NEW(a, struct rrset);
    rs->owner = sample_name(a, owner);
    rs->type = type;
    rs->class = CLASS_IN;
    rs->ttl = ttl;
    rs->rank = RANK_ANSWER;
    rs->rdata = ARENA_ARRAY(a, struct rdata, 1);
    rs->rdata[0] = sample_rdata(a, octets);
    rs->count = 1;
    return rs;
}

static inline void assert_rdata(struct rdata rd, const char *octets)
{
    assert_int_equal(rd.len, strlen(octets));
    assert_memory_equal(rd.data, octets, rd.len);
}

#define SAMPLE_TEST(f) cmocka_unit_test_setup_teardown(f, sample_setup, sample_teardown)

#endif
