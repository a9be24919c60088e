/* A configuration file: read, or refused with one line that names the place. */
#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    char path[64];
    struct config config;
    struct arena a;
    struct text complaint;
    int fd = memfd_create("settings", MFD_CLOEXEC);
    if (fd < 0 || write(fd, data, len) != (ssize_t)len)
        return 0;
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    arena_init(&a);
    text_init(&complaint);
    if (config_load(&config, &a, path, &complaint) == ERR_OK) {
        assert(config.listen_count > 0 && config.cache.ttl_min <= config.cache.ttl_max);
        assert(config.resolve.udp_size >= UDP_SIZE_PLAIN && config.client_udp_size >= UDP_SIZE_PLAIN);
    } else {
        assert(strncmp(complaint.data, path, strlen(path)) == 0);
    }
    text_fini(&complaint);
    arena_fini(&a);
    close(fd);
    return 0;
}
