#include "daemon/trust_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "lib/trust.h"

#define TRUST_FILE_NEW "root-keys.new"
#define FILE_MODE 0644 /* public keys; `hark trace` begins at them, too */

static enum err write_all(int fd, const char *p, size_t len)
{
    while (len) {
        ssize_t n = write(fd, p, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return ERR_SYSTEM;
        p += n;
        len -= (size_t)n;
    }
    return fsync(fd) < 0 ? ERR_SYSTEM : ERR_OK;
}

static enum err write_new(int folder, const struct rfc5011 *state)
{
    struct text t;
    int fd = openat(folder, TRUST_FILE_NEW, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, FILE_MODE);
    if (fd < 0)
        return ERR_SYSTEM;
    text_init(&t);
    rfc5011_write(state, &t);
    enum err err = write_all(fd, t.data, t.len);
    text_fini(&t);
    if (close(fd) < 0)
        err = ERR_SYSTEM;
    return err;
}

/* The new one is on the disk before it takes the name; the one before stays, for the day that a disk spoils
 * the new one. */
static enum err replace(int folder)
{
    if (unlinkat(folder, TRUST_FILE_OLD, 0) < 0 && errno != ENOENT)
        return ERR_SYSTEM;
    if (linkat(folder, TRUST_FILE, folder, TRUST_FILE_OLD, 0) < 0 && errno != ENOENT && errno != EPERM)
        return ERR_SYSTEM;
    if (renameat(folder, TRUST_FILE_NEW, folder, TRUST_FILE) < 0)
        return ERR_SYSTEM;
    return fsync(folder) < 0 ? ERR_SYSTEM : ERR_OK;
}

enum err trust_file_write(const char *folder, const struct rfc5011 *state)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return ERR_SYSTEM;
    enum err err = write_new(fd, state);
    if (!err)
        err = replace(fd);
    int problem = errno;
    close(fd);
    errno = problem;
    return err;
}
