/* Server cookies for clients: RFC 7873 in the interoperable form of RFC 9018 4, version 1.
 *
 *   client's part 8 | version 1 | reserved 3 | timestamp 4 | hash 8
 *
 * The hash is SipHash-2-4 over all before it and the client's address, keyed by the secret. */
#ifndef HARK_SERVE_COOKIE_H
#define HARK_SERVE_COOKIE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"

#define COOKIE_CLIENT_LEN 8u
#define COOKIE_LEN 24u
#define COOKIE_SECRET_LEN 16u
#define COOKIE_SECRETS_MAX 2u /* RFC 9018 5: the one in use, and the one before or after it */

struct cookie_secrets {
    uint8_t octets[COOKIE_SECRETS_MAX][COOKIE_SECRET_LEN]; /* the first makes cookies, all are believed */
    unsigned count;
    /* Of each secret a new one is made every day: for those that no other server needs to know
     * (RFC 7873 7.1: not to be kept in use for more than 26 hours if it can be helped). */
    bool daily;
    uint32_t day; /* kept by cookie_take(): 1 + the day that of_day is the first secret's for */
    uint8_t of_day[COOKIE_SECRET_LEN];
};

/** What a client sent (cookie[len], len 8 or 16…40; room for COOKIE_LEN) becomes what the reply carries, of
 * COOKIE_LEN octets. True: the server's part was ours, for this address, and no older than an hour.
 * wall_s: Unix time, the low 32 bits. */
bool cookie_take(
    struct cookie_secrets *secrets, const struct addr *client, uint8_t *cookie, size_t len, uint32_t wall_s);

#endif
