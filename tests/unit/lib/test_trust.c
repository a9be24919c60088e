/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
/* clang-format on */

#include "lib/trust.h"

#define ROOT_A ". DS 1 8 2 6F8512D1E82EECBD684FC4A76F39F8C5B411AF385494873BDEAD663DDB78A88B"
#define ROOT_B ". DS 2 8 2 6F8512D1E82EECBD684FC4A76F39F8C5B411AF385494873BDEAD663DDB78A88B"
#define ZONE "example. DS 3 8 2 6F8512D1E82EECBD684FC4A76F39F8C5B411AF385494873BDEAD663DDB78A88B"

struct fixture {
    struct arena arena;
    struct config config;
    struct dnssec_policy policy;
    struct text warnings;
    struct anchors *anchors;
    char paths[2][32]; /* of settings, of anchors */
};

static void write_file(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

static int setup(void **state)
{
    struct fixture *f = mem_alloc(sizeof *f);
    arena_init(&f->arena);
    text_init(&f->warnings);
    dnssec_policy_default(&f->policy);
    for (unsigned i = 0; i < 2; i++) {
        snprintf(f->paths[i], sizeof f->paths[i], "/tmp/test_trust.XXXXXX");
        int fd = mkstemp(f->paths[i]);
        assert_true(fd >= 0);
        close(fd);
    }
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    anchors_free(f->anchors);
    text_fini(&f->warnings);
    arena_fini(&f->arena);
    for (unsigned i = 0; i < 2; i++)
        unlink(f->paths[i]);
    mem_free(f);
    return 0;
}

/* The anchors of these settings; %s is the path of the file of anchors. */
static void assemble(struct fixture *f, const char *before, const char *after)
{
    char yaml[2048];
    struct text complaint;
    text_init(&complaint);
    snprintf(yaml, sizeof yaml, "%s%s", before, after);
    write_file(f->paths[0], yaml);
    if (config_load(&f->config, &f->arena, f->paths[0], &complaint))
        fail_msg("%s", complaint.data);
    text_fini(&complaint);
    text_clear(&f->warnings);
    anchors_free(f->anchors);
    f->anchors = trust_anchors(&f->config, &f->policy, NULL, &f->warnings);
}

/* Tags of the root's DS, in order; ends with 0. */
static void root_is(const struct fixture *f, const uint16_t *tags)
{
    const struct anchor *root = NULL;
    unsigned n = 0;
    for (size_t i = 0; i < f->anchors->count; i++)
        if (name_is_root(f->anchors->items[i].zone))
            root = &f->anchors->items[i];
    for (; tags[n]; n++) {
        uint16_t tag = root && n < root->ds.count ? get_u16(root->ds.rdata[n].data) : 0;
        assert_int_equal(tag, tags[n]);
    }
    assert_int_equal(root ? root->ds.count : 0, n);
}

static void the_root_is_trusted_by_what_is_compiled_in(void **state)
{
    struct fixture *f = *state;
    assemble(f, "dnssec: {root-data: none}\n", "");
    root_is(f, (uint16_t[]){20326, 38696, 0});
    assert_int_equal(f->anchors->negative_count, 0);
    assert_string_equal(f->warnings.data, "");
}

static void the_systems_file_adds_to_it(void **state)
{
    struct fixture *f = *state;
    write_file(f->paths[1], "; from IANA\n" ROOT_A "\n" ZONE "\n");
    assemble(f, "dnssec:\n  root-data: ", f->paths[1]);
    root_is(f, (uint16_t[]){20326, 38696, 1, 0});
    assert_int_equal(f->anchors->count, 1); /* what it says of other zones is not taken */
    assert_string_equal(f->warnings.data, "");
}

static void a_wrong_file_of_the_system_is_said_and_left_out(void **state)
{
    struct fixture *f = *state;
    write_file(f->paths[1], "nonsense");
    assemble(f, "dnssec:\n  root-data: ", f->paths[1]);
    root_is(f, (uint16_t[]){20326, 38696, 0});
    assert_non_null(strstr(f->warnings.data, "is neither a DS nor a DNSKEY record (dnssec.root-data)"));
    unlink(f->paths[1]);
    assemble(f, "dnssec:\n  root-data: ", f->paths[1]);
    root_is(f, (uint16_t[]){20326, 38696, 0});
    assert_non_null(strstr(f->warnings.data, "cannot be read: No such file"));
}

static void an_anchor_of_the_root_in_the_settings_replaces_both(void **state)
{
    struct fixture *f = *state;
    write_file(f->paths[1], ROOT_A "\n");
    assemble(f, "dnssec:\n  trust-anchors: [\"" ROOT_B "\"]\n  root-data: ", f->paths[1]);
    root_is(f, (uint16_t[]){2, 0});
}

static void files_of_the_settings_count_like_the_settings(void **state)
{
    struct fixture *f = *state;
    write_file(f->paths[1], ROOT_A "\n" ZONE "\n");
    assemble(f, "dnssec:\n  trust-anchors: \"" ROOT_B "\"\n  trust-anchor-files: ", f->paths[1]);
    root_is(f, (uint16_t[]){2, 1, 0});
    assert_int_equal(f->anchors->count, 2);
}

static void anchors_of_other_zones_leave_the_root_as_it_is(void **state)
{
    struct fixture *f = *state;
    assemble(f, "dnssec: {root-data: no, trust-anchors: [\"" ZONE "\"]}\n", "");
    root_is(f, (uint16_t[]){20326, 38696, 0});
    assert_int_equal(f->anchors->count, 2);
}

static void each_source_can_be_switched_off(void **state)
{
    struct fixture *f = *state;
    write_file(f->paths[1], ROOT_A "\n");
    assemble(f, "dnssec: {builtin-anchors: no, root-data: no}\n", "");
    assert_int_equal(f->anchors->count, 0);
    assemble(f, "dnssec:\n  builtin-anchors: no\n  root-data: ", f->paths[1]);
    root_is(f, (uint16_t[]){1, 0});
}

static void negative_anchors_have_a_time(void **state)
{
    struct fixture *f = *state;
    assemble(f,
        "dnssec:\n  negative-anchors: [a.example, b.example 2027-01-31, \"c.example. "
        "2027-01-31T12:00:01Z\"]\n",
        "");
    assert_int_equal(f->anchors->negative_count, 3);
    assert_true(f->anchors->negatives[0].until_s == INT64_MAX);
    assert_int_equal(f->anchors->negatives[1].until_s, 1801353600);
    assert_int_equal(f->anchors->negatives[2].until_s, 1801353600 + 43201);
}

static void an_anchor_that_cannot_be_used_is_said(void **state)
{
    struct fixture *f = *state;
    f->policy.algorithms &= ~(1u << ALGORITHM_RSASHA256);
    assemble(f, "dnssec: {root-data: no}\n", "");
    assert_non_null(strstr(f->warnings.data, "the trust anchor of . counts as none"));
    assert_int_equal(anchors_closest(f->anchors, NAME_ROOT, 0, NULL, NULL), TRUST_NONE);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_root_is_trusted_by_what_is_compiled_in),
        TEST(the_systems_file_adds_to_it),
        TEST(a_wrong_file_of_the_system_is_said_and_left_out),
        TEST(an_anchor_of_the_root_in_the_settings_replaces_both),
        TEST(files_of_the_settings_count_like_the_settings),
        TEST(anchors_of_other_zones_leave_the_root_as_it_is),
        TEST(each_source_can_be_switched_off),
        TEST(negative_anchors_have_a_time),
        TEST(an_anchor_that_cannot_be_used_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
