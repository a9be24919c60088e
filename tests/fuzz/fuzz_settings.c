/* A configuration file: read, and then printed so that it reads back equal; or refused with lines that name
 * the place, in printable ASCII. What follows a first line "HINTS" is a file of root servers that the
 * settings name. */
#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/config.h"
#include "lib/option.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define LINES_MAX 11u /* ten mistakes, and how many more */

static int file_of(const void *data, size_t len)
{
    int fd = memfd_create("settings", MFD_CLOEXEC);
    assert(fd >= 0 && write(fd, data, len) == (ssize_t)len);
    return fd;
}

static enum err load(
    struct config *config, struct arena *a, const void *data, size_t len, struct text *complaint)
{
    char path[64];
    int fd = file_of(data, len);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    enum err err = config_load(config, a, path, complaint);
    assert(!err == (complaint->len == 0));
    assert(!err || strncmp(complaint->data, path, strlen(path)) == 0);
    close(fd);
    return err;
}

static void check_complaint(const struct text *complaint)
{
    unsigned lines = 1;
    for (size_t i = 0; i < complaint->len; i++) {
        lines += complaint->data[i] == '\n';
        assert(complaint->data[i] == '\n' || (complaint->data[i] >= 0x20 && complaint->data[i] < 0x7f));
    }
    assert(lines <= LINES_MAX);
}

static void check_printed(const struct config *config, struct arena *a)
{
    struct config again;
    struct text printed, complaint;
    char path[64];
    text_init(&printed);
    text_init(&complaint);
    config_print(config, &printed);
    enum err err = load(&again, a, printed.data, printed.len, &complaint);
    assert(!err);
    for (size_t i = 0; i < OPTION_COUNT; i++)
        assert(option_equal(&OPTIONS[i], config, &again));
    config_keep_restart(&again, config);
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        option_take(&OPTIONS[i], &again, config);
        assert(option_equal(&OPTIONS[i], config, &again));
    }
    (void)config_control_path(config, path, sizeof path);
    text_fini(&printed);
    text_fini(&complaint);
}

static void check(const void *data, size_t len)
{
    struct config config;
    struct arena a;
    struct text complaint;
    arena_init(&a);
    text_init(&complaint);
    if (load(&config, &a, data, len, &complaint) == ERR_OK) {
        assert(config.listen_count > 0 && config.cache.ttl_min <= config.cache.ttl_max);
        assert(config.resolve.udp_size >= UDP_SIZE_PLAIN && config.client_udp_size >= UDP_SIZE_PLAIN);
        check_printed(&config, &a);
    } else {
        check_complaint(&complaint);
    }
    text_fini(&complaint);
    arena_fini(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static const char mark[] = "HINTS\n";
    size_t n = sizeof mark - 1;
    if (len < n || memcmp(data, mark, n) != 0) {
        check(data, len);
        return 0;
    }
    char yaml[128];
    int fd = file_of(data + n, len - n);
    int yaml_len = snprintf(yaml, sizeof yaml, "upstream:\n  root-hints: /proc/self/fd/%d\n", fd);
    check(yaml, (size_t)yaml_len);
    close(fd);
    return 0;
}
