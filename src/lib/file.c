#include "lib/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

static const char *not_a_file(mode_t mode)
{
    return S_ISDIR(mode) ? "a folder, not a file" : S_ISREG(mode) ? NULL : "not a file";
}

static char *read_open(int fd, size_t max, size_t *len, struct text *why)
{
    struct stat st;
    if (fstat(fd, &st) < 0) {
        text_add(why, strerror(errno));
        return NULL;
    }
    if (not_a_file(st.st_mode)) {
        text_add(why, not_a_file(st.st_mode));
        return NULL;
    }
    char *text = mem_alloc(max + 2);
    ssize_t n = 1;
    for (*len = 0; n > 0 && *len <= max; *len += n > 0 ? (size_t)n : 0)
        n = read(fd, text + *len, max + 1 - *len);
    if (n >= 0 && *len <= max)
        return text;
    if (n < 0)
        text_add(why, strerror(errno));
    else
        text_printf(why, "longer than %zu KiB", max >> 10);
    mem_free(text);
    return NULL;
}

char *file_read(const char *path, size_t max, size_t *len, struct text *why)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0) {
        text_add(why, strerror(errno));
        return NULL;
    }
    char *text = read_open(fd, max, len, why);
    close(fd);
    return text;
}
