#include "vector.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "dns/present.h"
#include "dns/rdata.h"
#include "dns/rrtype.h"

#define RRS_MAX 8u

static struct rrset *read_set(const char *text, uint16_t type, struct arena *a)
{
    struct rr rrs[RRS_MAX];
    struct rrset_list list = {0};
    size_t count = 0;
    bool overflow;
    for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n') {
        assert_true(count < RRS_MAX);
        assert_int_equal(rr_from_text(&rrs[count++], line, strcspn(line, "\n"), NAME_ROOT, 0, a), ERR_OK);
    }
    rrset_group(&list, rrs, count, a, &overflow);
    assert_int_equal(list.count, 1);
    if (type)
        assert_int_equal(list.items[0]->type, type);
    return list.items[0];
}

static void policy_of_all(struct dnssec_policy *p)
{
    dnssec_policy_default(p);
    p->algorithms |= 1u << ALGORITHM_RSASHA1 | 1u << ALGORITHM_RSASHA1_NSEC3_SHA1;
    p->rsa_bits_min = 512; /* RFC 5702 has such keys in its examples */
}

static void check_ds(const struct vector *v, const struct rrset *keys, struct arena *a)
{
    struct rrset *set = read_set(v->ds, TYPE_DS, a);
    struct dnssec_policy policy;
    policy_of_all(&policy);
    for (unsigned i = 0; i < set->count; i++) {
        struct rrset one = *set;
        struct ds ds;
        struct ds_result result;
        struct rdata made;
        bool found = false;
        one.rdata = &set->rdata[i];
        one.count = 1;
        assert_int_equal(ds_match(&one, keys, &policy, a, &result), DS_MATCHED);
        assert_true(ds_read(&set->rdata[i], &ds));
        for (unsigned k = 0; k < keys->count && !found; k++)
            found = ds_make(keys->owner, &keys->rdata[k], ds.digest_type, a, &made) &&
                    rdata_compare(&made, &set->rdata[i]) == 0;
        assert_true(found);
    }
}

static struct rrset_check verify(const struct vector *v, const struct rrset *keys, const struct rrset *data)
{
    static const struct hash_key hash = {1, 2};
    struct verifier *verifier = verifier_new(2, 2, &hash);
    struct dnssec_policy policy;
    struct budget budget = {0};
    struct rrset_check c;
    unsigned slice = 100;
    policy_of_all(&policy);
    rrset_check_init(&c, data, keys->owner, keys, &policy, (now_t){.wall_s = v->wall_s, .wall_known = true});
    assert_true(rrset_check_run(&c, verifier, &budget, &slice));
    verifier_free(verifier);
    return c;
}

/* An octet other in each: no other RRset, and no other signature, verifies. */
static void check_spoilt(
    const struct vector *v, const struct rrset *keys, struct rrset *data, struct rdata *part)
{
    uint8_t octets[1024];
    struct rdata right = *part;
    assert_true(right.len <= sizeof octets);
    part->data = octets;
    for (unsigned i = 0; i < right.len; i++) {
        memcpy(octets, right.data, right.len);
        octets[i] ^= 0x40; /* changes no letter's case alone: bit 5 does */
        assert_int_equal(verify(v, keys, data).verdict, VERDICT_BOGUS);
    }
    *part = right;
}

void vector_check(const struct vector *v)
{
    struct arena a;
    arena_init(&a);
    struct rrset *keys = read_set(v->keys, TYPE_DNSKEY, &a);
    if (v->ds)
        check_ds(v, keys, &a);
    if (v->data) {
        struct rrset *data = read_set(v->data, 0, &a);
        struct rrset_check c = verify(v, keys, data);
        assert_string_equal(fault_tag(c.fault.kind), fault_tag(v->fault));
        assert_int_equal(c.verdict, v->fault ? VERDICT_BOGUS : VERDICT_SECURE);
        if (!v->fault) {
            check_spoilt(v, keys, data, &data->rdata[0]);
            check_spoilt(v, keys, data, &data->sigs[0]);
        }
    }
    arena_fini(&a);
}
