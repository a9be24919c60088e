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

#include "lib/config.h"
#include "lib/option.h"

struct fixture {
    struct config c;
    struct arena a;
    struct text complaint;
    char path[64];
};

static int setup(void **state)
{
    struct fixture *f = mem_alloc(sizeof *f);
    arena_init(&f->a);
    text_init(&f->complaint);
    snprintf(f->path, sizeof f->path, "/tmp/test_config.XXXXXX");
    int fd = mkstemp(f->path);
    assert_true(fd >= 0);
    close(fd);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    unlink(f->path);
    text_fini(&f->complaint);
    arena_fini(&f->a);
    mem_free(f);
    return 0;
}

static enum err load_octets(struct fixture *f, const void *octets, size_t len)
{
    FILE *out = fopen(f->path, "w");
    assert_non_null(out);
    assert_int_equal(fwrite(octets, 1, len, out), len);
    fclose(out);
    text_clear(&f->complaint);
    return config_load(&f->c, &f->a, f->path, &f->complaint);
}

static enum err load(struct fixture *f, const char *yaml)
{
    return load_octets(f, yaml, strlen(yaml));
}

static void octets_that_are_no_text_are_an_error(void **state)
{
    struct fixture *f = *state;
    assert_int_not_equal(load_octets(f, "workers: \xff\xfe\n", 12), ERR_OK);
    assert_int_not_equal(load_octets(f, "control: {socket: \"/a\\0b\"}\n", 26), ERR_OK);
    assert_int_not_equal(load_octets(f, "\0\0\0\0", 4), ERR_OK);
}

static void file_that_is_not_there_is_an_error_when_it_was_named(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(config_load(&f->c, &f->a, "/nowhere/hark.yaml", &f->complaint), ERR_SYSTEM);
    assert_string_equal(f->complaint.data, "/nowhere/hark.yaml: cannot be read: No such file or directory");
}

static void what_is_no_file_of_settings_is_refused(void **state)
{
    struct fixture *f = *state;
    char folder[] = "/tmp/test_config_folder.XXXXXX", says[128];
    assert_non_null(mkdtemp(folder));
    assert_int_equal(config_load(&f->c, &f->a, folder, &f->complaint), ERR_SYSTEM);
    snprintf(says, sizeof says, "%s: cannot be read: a folder, not a file", folder);
    assert_string_equal(f->complaint.data, says);
    rmdir(folder);
    assert_int_equal(config_load(&f->c, &f->a, "/dev/zero", &f->complaint), ERR_SYSTEM);
    assert_string_equal(f->complaint.data, "/dev/zero: cannot be read: not a file");
    size_t len = (size_t)2 << 20;
    char *long_file = mem_alloc(len);
    memset(long_file, '#', len);
    assert_int_equal(load_octets(f, long_file, len), ERR_SYSTEM);
    assert_non_null(strstr(f->complaint.data, ": cannot be read: longer than 1024 KiB"));
    mem_free(long_file);
}

static void mistakes_beyond_the_tenth_are_counted(void **state)
{
    struct fixture *f = *state;
    struct text yaml;
    text_init(&yaml);
    for (int i = 0; i < 40; i++)
        text_printf(&yaml, "no-such-thing-%d: 1\n", i);
    assert_int_equal(load(f, yaml.data), ERR_FORMAT);
    text_fini(&yaml);
    unsigned lines = 1;
    for (const char *p = f->complaint.data; *p; p++)
        lines += *p == '\n';
    assert_int_equal(lines, 11);
    assert_non_null(strstr(f->complaint.data, "\nand 30 more"));
}

static void what_is_printed_reads_back_equal(void **state)
{
    struct fixture *f = *state;
    static const char *const files[] = {"",
        "listen: [192.0.2.1@5300, \"2001:db8::1\"]\naccess: []\n"
        "access-deny: [10.0.0.1/8, 2001:db8::/32]\nworkers: 4\nuser: hark\nlocal-zones: no\n"
        "local-zones-off: [10.in-addr.arpa, home.arpa]\n"
        "log: {level: debug, format: json, queries: \"/tmp/a b\\x01\\\"\\\\ \\u00e9\", clients: none}\n"
        "control: {socket: none}\ncache: {size: 2000001, ttl-min: 5, ttl-max: 1h, clock: wall}\n"
        "answers: {identity: \"two words: # and more\", version: none}\n"
        "cookies: {secret: [000102030405060708090A0b0c0d0e0f]}\nedns: {client-size: 4096, size: 1400}\n"
        "dnssec: {validate: no, trust-anchors: [\"a. DS 1 15 1 6f4973ab543aa0ef73c9ff5e3160288ef672c9b2 ; "
        "b\", "
        "\"\\ta. DNSKEY 257 3 (8\\n AwEAAQ==)\"], root-data: none, negative-anchors: [a.b, c.d 2027-01-31], "
        "state: /a/b, algorithms-off: [5, ed448], digests-off: [SHA-1], all-algorithms: yes, rsa-bits-min: "
        "2048}\n"
        "upstream:\n  root-hints: ['a\\032b.root. 192.0.2.53 2001:db8::53', b.root. 192.0.2.54]\n"
        "  source: [192.0.2.9, \"2001:db8::9\", 192.0.2.10]\n  port: 5353\n"};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        struct config first;
        struct text printed, again;
        enum err err;
        text_init(&printed);
        text_init(&again);
        err = load(f, files[i]);
        if (err)
            print_error("%s\n", f->complaint.data);
        assert_int_equal(err, ERR_OK);
        first = f->c;
        config_print(&first, &printed);
        err = load(f, printed.data);
        if (err)
            print_error("%s\n", f->complaint.data);
        assert_int_equal(err, ERR_OK);
        for (size_t k = 0; k < OPTION_COUNT; k++) {
            if (!option_equal(&OPTIONS[k], &first, &f->c))
                print_error("%s does not read back equal:\n%s\n", OPTIONS[k].path, printed.data);
            assert_true(option_equal(&OPTIONS[k], &first, &f->c));
        }
        config_print(&f->c, &again);
        assert_string_equal(again.data, printed.data);
        text_fini(&printed);
        text_fini(&again);
    }
}

static void what_is_printed_marks_defaults_and_explains(void **state)
{
    struct fixture *f = *state;
    struct text printed;
    text_init(&printed);
    assert_int_equal(load(f, "workers: 3\n"), ERR_OK);
    config_print(&f->c, &printed);
    assert_non_null(strstr(printed.data, "\nworkers: 3\n"));
    assert_non_null(strstr(printed.data, "\nlocal-zones: yes  # default\n"));
    assert_non_null(strstr(printed.data, "\ncache:\n  # octets of cache;"));
    text_fini(&printed);
}

static void dnssec_defaults_are_those_of_the_layer(void **state)
{
    struct fixture *f = *state;
    struct dnssec_policy policy;
    dnssec_policy_default(&policy);
    assert_int_equal(load(f, "workers: 3\n"), ERR_OK);
    assert_int_equal(f->c.resolve.policy.algorithms, policy.algorithms);
    assert_int_equal(f->c.resolve.policy.digests, policy.digests);
    assert_int_equal(f->c.resolve.policy.rsa_bits_min, policy.rsa_bits_min);
    assert_int_equal(f->c.resolve.policy.nsec3_iterations_max, policy.nsec3_iterations_max);
    assert_false(f->c.resolve.policy.all_algorithms);
    assert_false(policy_verifies(&policy, ALGORITHM_RSASHA1));
    assert_true(policy_verifies(&policy, ALGORITHM_ED448));

    assert_int_equal(load(f, "dnssec: {algorithms-off: [], digests-off: [1]}\n"), ERR_OK);
    assert_true(policy_verifies(&f->c.resolve.policy, ALGORITHM_RSASHA1));
    assert_true(policy_verifies(&f->c.resolve.policy, ALGORITHM_RSASHA1_NSEC3_SHA1));
    assert_false(policy_digests(&f->c.resolve.policy, DIGEST_SHA1));
    assert_true(policy_digests(&f->c.resolve.policy, DIGEST_SHA384));
}

static void only_a_restart_changes_what_needs_one(void **state)
{
    struct fixture *f = *state;
    struct config running;
    assert_int_equal(load(f, "workers: 3\nlisten: 192.0.2.1\naccess: 192.0.2.0/24\n"), ERR_OK);
    running = f->c;
    assert_int_equal(load(f, "workers: 5\nlisten: 192.0.2.2\naccess: [192.0.2.0/24, 10.0.0.0/8]\n"), ERR_OK);
    config_keep_restart(&f->c, &running);
    assert_int_equal(f->c.workers, 3);
    assert_ptr_equal(f->c.listen, running.listen);
    assert_int_equal(f->c.access.count, 2);
}

static void environment_names_the_file(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(load(f, "workers: 3\n"), ERR_OK);
    setenv("HARK_CONFIG", f->path, 1);
    assert_int_equal(config_load(&f->c, &f->a, NULL, &f->complaint), ERR_OK);
    unsetenv("HARK_CONFIG");
    assert_int_equal(f->c.workers, 3);
    assert_string_equal(f->c.file, f->path);
}

static void empty_files_give_the_defaults(void **state)
{
    struct fixture *f = *state;
    static const char *const empty[] = {
        "", "\n\n", "# nothing\n", "---\n", "cache:\nupstream:\n", "~\n", "{}\n"};
    for (size_t i = 0; i < sizeof empty / sizeof empty[0]; i++) {
        assert_int_equal(load(f, empty[i]), ERR_OK);
        assert_int_equal(f->c.listen_count, 2);
        assert_int_equal(f->c.listen[1].port, 53);
        assert_true(addr_is_loopback(&f->c.listen[0].addr) && addr_is_loopback(&f->c.listen[1].addr));
        assert_int_equal(f->c.access.count, 2);
        assert_int_equal(f->c.access.items[0].bits, 8);
        assert_true(f->c.cache.size >= 16 << 20 && f->c.cache.size <= 512 << 20);
        assert_int_equal(f->c.client_udp_size, UDP_SIZE_DEFAULT);
        assert_null(f->c.control);
        assert_true(
            f->c.minimal_answers && f->c.resolve.minimal_answers && f->c.local_zones && f->c.drop_privileges);
    }
}

static void defaults_are_those_of_the_resolver(void **state)
{
    struct fixture *f = *state;
    struct resolve_settings own;
    resolve_settings_default(&own);
    config_default(&f->c, &f->a);
    const struct resolve_settings *c = &f->c.resolve;
    assert_int_equal(own.port, c->port);
    assert_int_equal(own.prime, c->prime);
    assert_int_equal(own.minimise, c->minimise);
    assert_int_equal(own.minimise_type, c->minimise_type);
    assert_int_equal(own.case_random, c->case_random);
    assert_int_equal(own.use_v4, c->use_v4);
    assert_int_equal(own.use_v6, c->use_v6);
    assert_int_equal(own.udp_size, c->udp_size);
    assert_int_equal(own.loopback_servers, c->loopback_servers);
    assert_int_equal(own.glue_hardening, c->glue_hardening);
    assert_int_equal(own.extra_addresses, c->extra_addresses);
    assert_int_equal(own.explore, c->explore);
    assert_int_equal(own.minimal_answers, c->minimal_answers);
    assert_ptr_equal(own.hints, c->hints);
}

static void every_setting_is_read(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(
        load(f, "listen: [192.0.2.1@5300, \"2001:db8::1\"]\n"
                "access: [192.0.2.0/24]\n"
                "workers: 4\ncore-dumps: true\ndrop-privileges: off\nlocal-zones: No\n"
                "log: {level: debug}\n"
                "control: {socket: none}\n"
                "cache: {size: 64MiB, ttl-min: 5, ttl-max: 1h, negative-ttl-max: 10m, clock: wall}\n"
                "answers: {minimal: no}\n"
                "edns: {client-size: 4096, size: 1400}\n"
                "upstream:\n"
                "  root-hints: [a.root. 192.0.2.53 2001:db8::53, b.root. 192.0.2.54]\n"
                "  prime: off\n  case-randomisation: off\n  minimise: off\n  ipv4: on\n  ipv6: off\n"
                "  source: [192.0.2.9, 2001:db8::9, 192.0.2.10]\n"
                "  loopback-servers: yes\n  glue-hardening: no\n  extra-addresses: no\n  explore: no\n  "
                "port: 5353\n"),
        ERR_OK);
    const struct config *c = &f->c;
    assert_int_equal(c->listen[0].port, 5300);
    assert_int_equal(c->listen[1].addr.family, FAMILY_V6);
    assert_int_equal(c->access.count, 1);
    assert_int_equal(c->workers, 4);
    assert_true(c->core_dumps && c->cache_clock_wall && c->resolve.use_v4 && c->resolve.loopback_servers);
    assert_false(c->drop_privileges || c->local_zones || c->minimal_answers || c->resolve.minimal_answers);
    assert_int_equal(c->log_level, LOG_LEVEL_DEBUG);
    assert_string_equal(c->control, "");
    assert_int_equal(c->cache.size, 64 << 20);
    assert_int_equal(c->cache.ttl_min, 5);
    assert_int_equal(c->cache.ttl_max, 3600);
    assert_int_equal(c->cache.negative_max, 600);
    assert_int_equal(c->client_udp_size, 4096);
    assert_int_equal(c->resolve.udp_size, 1400);
    assert_int_equal(c->resolve.port, 5353);
    assert_int_equal(c->resolve.hint_count, 2);
    assert_int_equal(c->resolve.hints[0].addr_count, 2);
    assert_int_equal(c->resolve.hints[1].addr_count, 1);
    assert_int_equal(c->source_v4_count, 2);
    assert_int_equal(c->source_v6_count, 1);
    assert_false(c->resolve.prime || c->resolve.case_random || c->resolve.minimise || c->resolve.use_v6);
    assert_false(c->resolve.glue_hardening || c->resolve.extra_addresses || c->resolve.explore);
}

static void root_hints_come_from_a_file_too(void **state)
{
    struct fixture *f = *state;
    char path[] = "/tmp/test_hints.XXXXXX", yaml[128];
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    dprintf(fd, "; root\n.  3600000  NS  A.ROOT-SERVERS.NET.\nA.ROOT-SERVERS.NET. 3600000 A 198.41.0.4\n"
                "A.ROOT-SERVERS.NET. 3600000 AAAA 2001:503:ba3e::2:30\n\n.  3600000 NS B.ROOT-SERVERS.NET.\n"
                "B.ROOT-SERVERS.NET. 3600000 A 170.247.170.2 ; the new one\n");
    snprintf(yaml, sizeof yaml, "upstream:\n  root-hints: %s\n", path);
    assert_int_equal(load(f, yaml), ERR_OK);
    assert_int_equal(f->c.resolve.hint_count, 2);
    assert_int_equal(f->c.resolve.hints[0].addr_count, 2);
    dprintf(fd, "this is no record\n");
    assert_int_not_equal(load(f, yaml), ERR_OK);
    assert_non_null(strstr(f->complaint.data, "line 8"));
    close(fd);
    unlink(path);
}

static void every_option_has_help_and_a_default_that_reads(void **state)
{
    struct fixture *f = *state;
    config_default(&f->c, &f->a);
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        assert_true(strlen(OPTIONS[i].help) > 10);
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(OPTIONS[i].path, OPTIONS[k].path);
    }
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(octets_that_are_no_text_are_an_error),
        TEST(file_that_is_not_there_is_an_error_when_it_was_named),
        TEST(what_is_no_file_of_settings_is_refused),
        TEST(mistakes_beyond_the_tenth_are_counted),
        TEST(what_is_printed_reads_back_equal),
        TEST(what_is_printed_marks_defaults_and_explains),
        TEST(dnssec_defaults_are_those_of_the_layer),
        TEST(only_a_restart_changes_what_needs_one),
        TEST(environment_names_the_file),
        TEST(empty_files_give_the_defaults),
        TEST(defaults_are_those_of_the_resolver),
        TEST(every_setting_is_read),
        TEST(root_hints_come_from_a_file_too),
        TEST(every_option_has_help_and_a_default_that_reads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
