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

/* Files that are wrong: where, and what the complaint names. */
static const struct {
    const char *yaml, *at, *says;
} wrong[] = {
    {"listen:\n  - 127.0.0.1\n  - 127.0.0.256\n", "3:5:", "\"127.0.0.256\""},
    {"listen: localhost\n", "1:9:", "ADDRESS@PORT"},
    {"listen: 127.0.0.1@0\n", "1:9:", "ADDRESS@PORT"},
    {"listen: 127.0.0.1@65536\n", "1:9:", "127.0.0.1@65536"},
    {"listen: 127.0.0.1:53\n", "1:9:", "ADDRESS@PORT"},
    {"listen: []\n", "1:9:", "at least one"},
    {"listen: [127.0.0.1, 127.0.0.1@53]\n", "1:21:", "once"},
    {"listen: {address: 127.0.0.1}\n", "1:9:", "a mapping where a list"},
    {"listen: [[127.0.0.1]]\n", "1:10:", "a list where text"},
    {"listen:\n", "1:8:", "no value"},
    {"access: [10.0.0.0/33]\n", "1:10:", "10.0.0.0/33"},
    {"access: [10.0.0.0/x]\n", "1:10:", "prefix"},
    {"workers: -1\n", "1:10:", "from 0 to 256"},
    {"workers: many\n", "1:10:", "\"many\""},
    {"workers: 257\n", "1:10:", "from 0 to 256"},
    {"workers: 2.5\n", "1:10:", "a number"},
    {"workers: [2]\n", "1:10:", "a list where a value"},
    {"workers: 99999999999999999999\n", "1:10:", "from 0 to 256"},
    {"foreground: maybe\n", "1:13:", "yes or no"},
    {"log:\n  level: loud\n", "2:10:", "error, warning, notice, info or debug"},
    {"control:\n  socket: hark.sock\n", "2:11:", "begins with /"},
    {"cache:\n  size: 16 MB\n", "2:9:", "KiB"},
    {"cache:\n  size: 1023K\n", "2:9:", "from 1048576"},
    {"cache:\n  size: 9999999999G\n", "2:9:", "octets"},
    {"cache:\n  clock: sundial\n", "2:10:", "boottime or wall"},
    {"cache:\n  ttl-max: 0\n", "2:12:", "from 1 to 604800"},
    {"cache:\n  ttl-min: 100\n  ttl-max: 50\n", "2:3:", "greater than cache.ttl-max"},
    {"edns:\n  size: 511\n", "2:9:", "from 512 to 4096"},
    {"edns:\n  client-size: 4097\n", "2:16:", "from 512 to 4096"},
    {"upstream:\n  ipv4: no\n  ipv6: no\n", "3:3:", "no server could be asked"},
    {"upstream:\n  port: 0\n", "2:9:", "from 1 to 65535"},
    {"upstream:\n  source: [eth0]\n", "2:12:", "address of this host"},
    {"upstream:\n  root-hints: [a.root-servers.net]\n", "2:16:", "NAME ADDRESS"},
    {"upstream:\n  root-hints: [a..net 192.0.2.1]\n", "2:16:", "NAME ADDRESS"},
    {"upstream:\n  root-hints: /nowhere/named.root\n", "2:15:", "No such file"},
    {"upstream: yes\n", "1:11:", "a value where settings"},
    {"lisen: 127.0.0.1\n", "1:1:", "did you mean listen?"},
    {"cache:\n  sise: 16M\n", "2:3:", "did you mean cache.size?"},
    {"cahce:\n  size: 16M\n", "1:1:", "did you mean cache?"},
    {"minimise: yes\n", "1:1:", "upstream.minimise"},
    {"nothing-like-it: 1\n", "1:1:", "no setting nothing-like-it"},
    {"? [a, b]\n: 1\n", "1:3:", "a list"},
    {"workers: 1\nworkers: 2\n", "2:1:", "twice, first in line 1"},
    {"cache:\n  size: 16M\ncache:\n  size: 32M\n", "3:1:", "twice, first in line 1"},
    {"- listen\n", "1:1:", "a list"},
    {"just text\n", "1:1:", "a value"},
    {"listen: [127.0.0.1\n", "2:1:", "not YAML"},
    {"listen:\n\t- 127.0.0.1\n", "2:1:", "not YAML"},
    {"a: *b\n", "1:4:", "not YAML"},
    {"workers: 1\n---\nworkers: 2\n", "3:1:", "a second document"},
};

static void wrong_file_is_named_with_place_value_and_what_was_expected(void **state)
{
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        char start[128];
        enum err err = load(f, wrong[i].yaml);
        snprintf(start, sizeof start, "%s:%s", f->path, wrong[i].at);
        if (err == ERR_OK || strncmp(f->complaint.data, start, strlen(start)) != 0 ||
            !strstr(f->complaint.data, wrong[i].says))
            print_error("%s\n  expected at %s: %s\n  got %s\n", wrong[i].yaml, wrong[i].at, wrong[i].says,
                f->complaint.data);
        assert_int_not_equal(err, ERR_OK);
        assert_true(strncmp(f->complaint.data, start, strlen(start)) == 0);
        assert_non_null(strstr(f->complaint.data, wrong[i].says));
        assert_null(strchr(f->complaint.data, '\n'));
    }
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
    assert_string_equal(f->complaint.data, "/nowhere/hark.yaml: No such file or directory");
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
                "workers: 4\nforeground: true\ndrop-privileges: off\nlocal-zones: No\n"
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
    assert_true(c->foreground && c->cache_clock_wall && c->resolve.use_v4 && c->resolve.loopback_servers);
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
        TEST(wrong_file_is_named_with_place_value_and_what_was_expected),
        TEST(octets_that_are_no_text_are_an_error),
        TEST(file_that_is_not_there_is_an_error_when_it_was_named),
        TEST(environment_names_the_file),
        TEST(empty_files_give_the_defaults),
        TEST(defaults_are_those_of_the_resolver),
        TEST(every_setting_is_read),
        TEST(root_hints_come_from_a_file_too),
        TEST(every_option_has_help_and_a_default_that_reads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
