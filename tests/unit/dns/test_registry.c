/* The registry of record types, walked: each has its row, and its forms as the vectors have them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "dns/msg.h"
#include "dns/present.h"
#include "dns/rdata.h"
#include "dns/rdata_layout.h"
#include "vectors.h"

static const struct registered {
    uint16_t code;
    const char *mnemonic, *reference;
} registry[] = {
#define REGISTERED(code, mnemonic, reference) {code, mnemonic, reference},
#define OPAQUE(type, why)
#include "registry.def"
#undef REGISTERED
#undef OPAQUE
};
#define REGISTRY_COUNT (sizeof registry / sizeof registry[0])

static const struct opaque {
    uint16_t type;
    const char *why;
} opaques[] = {
#define REGISTERED(code, mnemonic, reference)
#define OPAQUE(type, why) {type, why},
#include "registry.def"
#undef REGISTERED
#undef OPAQUE
};
#define OPAQUE_COUNT (sizeof opaques / sizeof opaques[0])

static const name_t origin[] = "\7example";

static struct rdata unhex(const char *hex, struct arena *a)
{
    size_t len = strlen(hex);
    uint8_t *data = arena_alloc(a, len / 2);
    long n = text_unhex(hex, len, data, len / 2);
    assert_true(n >= 0);
    return (struct rdata){.data = data, .len = (uint16_t)n};
}

static bool has_vector(uint16_t type)
{
    for (size_t i = 0; i < VECTOR_COUNT; i++)
        if (vectors[i].type == type)
            return true;
    return false;
}

static const char *reason_to_be_opaque(uint16_t type)
{
    for (size_t i = 0; i < OPAQUE_COUNT; i++)
        if (opaques[i].type == type)
            return opaques[i].why;
    return NULL;
}

static void the_table_has_the_types_of_the_registry_and_no_others(void **state)
{
    size_t next = 0;
    for (unsigned code = 0; code <= 0xffff; code++) {
        const char *name = rrtype_name((uint16_t)code);
        bool listed = next < REGISTRY_COUNT && registry[next].code == code;
        if (!listed && name)
            fail_msg("%s is not in the registry", name);
        if (!listed)
            continue;
        const struct registered *r = &registry[next++];
        if (!name || strcmp(name, r->mnemonic) != 0)
            fail_msg("TYPE%u is %s, %s", code, r->mnemonic, r->reference);
        uint16_t back = 0;
        assert_int_equal(rrtype_from_text(&back, r->mnemonic, strlen(r->mnemonic)), ERR_OK);
        assert_int_equal(back, code);
        assert_true(r->reference[0]);
    }
    assert_int_equal(next, REGISTRY_COUNT);
    assert_int_equal(next, 99);
}

static void every_type_has_a_vector_or_a_reason_to_be_opaque(void **state)
{
    for (size_t i = 0; i < REGISTRY_COUNT; i++) {
        uint16_t type = registry[i].code;
        bool read = rdata_layout(type, CLASS_IN) != NULL;
        if (read && !has_vector(type))
            fail_msg("no vector for %s", registry[i].mnemonic);
        if (read == (reason_to_be_opaque(type) != NULL))
            fail_msg("%s: a layout, or a reason why there is none", registry[i].mnemonic);
    }
}

/* RFC 3597 5 */
static void opaque_types_have_the_generic_form(void **state)
{
    struct arena a;
    arena_init(&a);
    for (size_t i = 0; i < OPAQUE_COUNT; i++) {
        static const char text[] = "\\# 4 C0000201";
        struct rdata rd;
        struct text t;
        text_init(&t);
        assert_int_equal(
            rdata_from_text(&rd, opaques[i].type, CLASS_IN, text, sizeof text - 1, NULL, &a), ERR_OK);
        rdata_to_text(&t, opaques[i].type, CLASS_IN, &rd);
        assert_string_equal(t.data, text);
        assert_int_equal(
            rdata_from_text(&rd, opaques[i].type, CLASS_IN, "192.0.2.1", 9, NULL, &a), ERR_FORMAT);
        text_fini(&t);
    }
    arena_fini(&a);
}

/* RFC 8427: the member "rdata" and the mnemonic has the text; RDATAHEX where there is none. */
static void every_vector_has_its_json_and_comes_back_from_it(void **state)
{
    for (size_t i = 0; i < VECTOR_COUNT; i++) {
        const struct vector *v = &vectors[i];
        struct arena a;
        arena_init(&a);
        struct rr rr = {.owner = origin, .type = v->type, .class = CLASS_IN, .ttl = 60};
        rr.rdata = unhex(v->wire, &a);
        json_t *j = rr_to_json(&rr);
        const char *member = "RDATAHEX", *want = v->wire;
        char key[32] = "rdata";
        if (rdata_layout(v->type, CLASS_IN)) {
            snprintf(key, sizeof key, "rdata%s", rrtype_name(v->type));
            member = key;
            want = v->canonical ? v->canonical : v->text;
        }
        assert_string_equal(json_string_value(json_object_get(j, member)), want);
        assert_int_equal(json_integer_value(json_object_get(j, "TYPE")), v->type);
        assert_int_equal(json_integer_value(json_object_get(j, "RDLENGTH")), rr.rdata.len);

        json_t *m = json_object(), *list = json_array();
        struct msg back;
        json_array_append_new(list, j);
        json_object_set_new(m, "answerRRs", list);
        if (v->type != TYPE_OPT) {
            assert_int_equal(msg_from_json(&back, m, &a), ERR_OK);
            assert_int_equal(back.rrs[SECTION_ANSWER][0].type, v->type);
            assert_int_equal(rdata_compare(&back.rrs[SECTION_ANSWER][0].rdata, &rr.rdata), 0);
        }
        json_decref(m);
        arena_fini(&a);
    }
}

/* Names in RDATA are the owner's, so that they could be compressed wherever that is allowed: RFC 3597 4. */
static void every_vector_survives_a_message(void **state)
{
    for (size_t i = 0; i < VECTOR_COUNT; i++) {
        const struct vector *v = &vectors[i];
        if (v->type == TYPE_OPT)
            continue;
        struct arena a;
        arena_init(&a);
        struct rr rr = {.owner = (const name_t *)"\4HOST\7Example\3com", .type = v->type, .class = CLASS_IN};
        rr.rdata = unhex(v->wire, &a);
        uint8_t *wire = arena_alloc(&a, MSG_MAX_LEN);
        struct msg_builder b;
        struct msg m;
        msg_build(&b, wire, MSG_MAX_LEN, 1, FLAG_QR, 0);
        msg_add_question(&b, rr.owner, v->type, CLASS_IN);
        assert_true(msg_add_rr(&b, SECTION_ANSWER, &rr));
        size_t len = msg_finish(&b, false);
        assert_int_equal(msg_parse(&m, wire, len, &a), MSG_OK);
        assert_int_equal(m.counts[SECTION_ANSWER], 1);
        struct rdata *back = &m.rrs[SECTION_ANSWER][0].rdata;
        if (rrtype_info(v->type) && rrtype_info(v->type)->names == NAMES_COMPRESS)
            assert_int_equal(back->len, rr.rdata.len);
        else if (rdata_compare(back, &rr.rdata) != 0)
            fail_msg("%s: other octets after a message", v->text);
        arena_fini(&a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_table_has_the_types_of_the_registry_and_no_others),
        cmocka_unit_test(every_type_has_a_vector_or_a_reason_to_be_opaque),
        cmocka_unit_test(opaque_types_have_the_generic_form),
        cmocka_unit_test(every_vector_has_its_json_and_comes_back_from_it),
        cmocka_unit_test(every_vector_survives_a_message),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
