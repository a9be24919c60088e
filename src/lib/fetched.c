#include "lib/fetched.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "lib/file.h"
#include "lib/trust.h"

#define SEAL "; sha256 "
#define SEAL_LEN (sizeof SEAL - 1 + 64 + 1) /* with its line end */

const char *fetched_folder(void)
{
    const char *named = secure_getenv("HARK_STATE");
    return named && named[0] ? named : TRUST_FOLDER;
}

void fetched_path(struct text *out, const char *file)
{
    text_printf(out, "%s/%s", fetched_folder(), file);
}

/* ---- writing ---- */

static bool write_all(int fd, const char *data, size_t n)
{
    while (n) {
        ssize_t k = write(fd, data, n);
        if (k < 0 && errno != EINTR)
            return false;
        data += k > 0 ? k : 0;
        n -= k > 0 ? (size_t)k : 0;
    }
    return fsync(fd) == 0;
}

enum err fetched_write(const char *path, const char *data, size_t n)
{
    struct text beside;
    text_init(&beside);
    text_printf(&beside, "%s.new", path);
    unlink(beside.data); /* of one that was interrupted, or what somebody put there */
    int fd = open(beside.data, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
    bool good = fd >= 0 && write_all(fd, data, n);
    int kept = errno;
    if (fd >= 0)
        close(fd);
    if (good && rename(beside.data, path) < 0) {
        kept = errno;
        good = false;
    }
    if (!good && fd >= 0)
        unlink(beside.data);
    text_fini(&beside);
    errno = kept;
    return good ? ERR_OK : ERR_SYSTEM;
}

static void add_seal(struct text *t, const char *data, size_t n)
{
    uint8_t sum[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    if (!EVP_Digest(data, n, sum, &len, EVP_sha256(), NULL))
        len = 0; /* the reader will refuse it */
    text_add(t, SEAL);
    text_hex(t, sum, len);
    text_char(t, '\n');
}

void fetched_seal(struct text *t)
{
    struct text seal;
    if (t->len == 0 || t->data[t->len - 1] != '\n')
        text_char(t, '\n');
    text_init(&seal);
    add_seal(&seal, t->data, t->len);
    text_add(t, seal.data);
    text_fini(&seal);
}

/* ---- reading ---- */

static bool is_whole(const char *data, size_t n)
{
    struct text seal;
    if (n <= SEAL_LEN)
        return false;
    text_init(&seal);
    add_seal(&seal, data, n - SEAL_LEN);
    bool good = seal.len == SEAL_LEN && memcmp(seal.data, data + n - SEAL_LEN, SEAL_LEN) == 0;
    text_fini(&seal);
    return good;
}

enum err fetched_read(char **out, size_t *len, const char *path, size_t max, struct text *why)
{
    struct text said;
    enum err err = ERR_OK;
    *out = NULL;
    /* EACCES: the folder is not for this user, as that of a service with a user of its own (systemd's
     * DynamicUser) is not: nobody else's errors. */
    if (access(path, F_OK) < 0 && (errno == ENOENT || errno == ENOTDIR || errno == EACCES))
        return ERR_NOTFOUND;
    text_init(&said);
    char *data = file_read(path, max, len, &said);
    if (!data) {
        text_printf(why, "%s cannot be read: %s", path, said.data);
        err = ERR_SYSTEM;
    } else if (!is_whole(data, *len)) {
        text_printf(why, "%s is damaged: its checksum is wrong", path);
        err = ERR_FORMAT;
    }
    text_fini(&said);
    if (err) {
        mem_free(data);
        return err;
    }
    *len -= SEAL_LEN;
    data[*len] = 0;
    *out = data;
    return ERR_OK;
}
