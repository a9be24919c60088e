#include "base/random.h"

#include <assert.h>
#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/mem.h"

/* Fast key erasure: the first 32 octets of each block become the next key, so a state seen later tells
 * nothing of octets handed out before. 1,024 octets are about 60 upstream queries. */
#define POOL_LEN 1024u
#define KEY_LEN 32u

struct random {
    EVP_CIPHER_CTX *cipher;
    size_t used;
    uint8_t pool[POOL_LEN];
};

static void refill(struct random *r, const uint8_t key[KEY_LEN])
{
    static const uint8_t zeros[POOL_LEN], iv[16];
    int n = 0;
    if (!r->cipher) {
        r->cipher = EVP_CIPHER_CTX_new();
        if (!r->cipher || EVP_EncryptInit_ex(r->cipher, EVP_chacha20(), NULL, NULL, NULL) != 1)
            abort();
    }
    if (EVP_EncryptInit_ex(r->cipher, NULL, NULL, key, iv) != 1 ||
        EVP_EncryptUpdate(r->cipher, r->pool, &n, zeros, (int)POOL_LEN) != 1 || n != (int)POOL_LEN)
        abort();
    r->used = KEY_LEN;
}

/* The first pool is the kernel's own octets: who needs few needs no cipher. */
static void fill_by_kernel(struct random *r)
{
    for (size_t have = 0; have < POOL_LEN;) { /* a signal may cut it short */
        ssize_t n = getrandom(r->pool + have, POOL_LEN - have, 0);
        if (n < 0 && errno != EINTR) {
            fprintf(stderr, "hark: the kernel gives no random numbers\n");
            abort();
        }
        have += n > 0 ? (size_t)n : 0;
    }
    r->used = KEY_LEN;
}

struct random *random_new(const uint8_t seed[KEY_LEN])
{
    struct random *r = mem_alloc(sizeof *r);
    r->cipher = NULL;
    if (seed)
        refill(r, seed);
    else
        fill_by_kernel(r);
    return r;
}

void random_free(struct random *r)
{
    if (!r)
        return;
    if (r->cipher)
        EVP_CIPHER_CTX_free(r->cipher);
    explicit_bzero(r, sizeof *r);
    mem_free(r);
}

void random_octets(struct random *r, void *out, size_t n)
{
    uint8_t *p = out;
    while (n > 0) {
        if (r->used == POOL_LEN) {
            uint8_t key[KEY_LEN];
            memcpy(key, r->pool, KEY_LEN);
            refill(r, key);
        }
        size_t k = POOL_LEN - r->used < n ? POOL_LEN - r->used : n;
        memcpy(p, r->pool + r->used, k);
        explicit_bzero(r->pool + r->used, k);
        r->used += k;
        p += k;
        n -= k;
    }
}

uint16_t random_u16(struct random *r)
{
    uint16_t v;
    random_octets(r, &v, sizeof v);
    return v;
}

uint64_t random_u64(struct random *r)
{
    uint64_t v;
    random_octets(r, &v, sizeof v);
    return v;
}

uint32_t random_below(struct random *r, uint32_t n)
{
    assert(n > 0);
    uint32_t limit = UINT32_MAX - UINT32_MAX % n, v;
    do
        random_octets(r, &v, sizeof v);
    while (v >= limit);
    return v % n;
}
