#include "serve/cookie.h"

#include <assert.h>
#include <string.h>

#include "base/cursor.h"
#include "base/hash.h"

#define VERSION 1u
#define OLDEST_S 3600  /* RFC 9018 4.3 */
#define NEWEST_S 300   /* into the future: clocks of an anycast set differ, RFC 9018 4.3 */
#define RENEWED_S 1800 /* older ones are good, but the reply has a new one, RFC 9018 4.3 */
#define DAY_S 86400u

enum { AT_VERSION = 8, AT_TIMESTAMP = 12, AT_HASH = 16 };

/* Cookies of a day are made with the secret of that day, so the two that may be met around midnight are
 * known from their timestamps alone. */
static const uint8_t *secret_of(struct cookie_secrets *secrets, unsigned i, uint32_t timestamp)
{
    uint8_t input[5];
    if (!secrets->daily || i > 0)
        return secrets->octets[i];
    if (secrets->day != timestamp / DAY_S + 1) {
        secrets->day = timestamp / DAY_S + 1;
        put_u32(input, secrets->day);
        for (uint8_t half = 0; half < 2; half++) {
            input[4] = half;
            hash_mac(secrets->of_day + 8u * half, secrets->octets[i], input, sizeof input);
        }
    }
    return secrets->of_day;
}

static void hash_of(struct cookie_secrets *secrets, unsigned i, const struct addr *client,
    const uint8_t cookie[COOKIE_LEN], uint8_t out[8])
{
    uint8_t input[AT_HASH + sizeof client->ip]; /* of an IPv4 address four octets count */
    memcpy(input, cookie, AT_HASH);
    memcpy(input + AT_HASH, client->ip, sizeof client->ip);
    hash_mac(out, secret_of(secrets, i, get_u32(cookie + AT_TIMESTAMP)), input, AT_HASH + addr_len(client));
}

/* In a time that does not tell how much is right. */
static bool equal(const uint8_t a[8], const uint8_t b[8])
{
    uint64_t x, y;
    memcpy(&x, a, 8);
    memcpy(&y, b, 8);
    return (x ^ y) == 0;
}

static void make(
    struct cookie_secrets *secrets, const struct addr *client, uint8_t cookie[COOKIE_LEN], uint32_t wall_s)
{
    memset(cookie + AT_VERSION, 0, AT_TIMESTAMP - AT_VERSION);
    cookie[AT_VERSION] = VERSION;
    put_u32(cookie + AT_TIMESTAMP, wall_s);
    hash_of(secrets, 0, client, cookie, cookie + AT_HASH);
}

bool cookie_take(
    struct cookie_secrets *secrets, const struct addr *client, uint8_t *cookie, size_t len, uint32_t wall_s)
{
    uint8_t hash[8];
    bool good = false, stays = false;
    assert(secrets->count >= 1 && secrets->count <= COOKIE_SECRETS_MAX);
    if (len == COOKIE_LEN && cookie[AT_VERSION] == VERSION) {
        int32_t age = (int32_t)(wall_s - get_u32(cookie + AT_TIMESTAMP)); /* serial numbers, RFC 1982 */
        for (unsigned i = 0; i < secrets->count && age <= OLDEST_S && age >= -NEWEST_S && !good; i++) {
            hash_of(secrets, i, client, cookie, hash);
            good = equal(hash, cookie + AT_HASH);
            stays = good && i == 0 && age <= RENEWED_S;
        }
    }
    if (!stays)
        make(secrets, client, cookie, wall_s);
    return good;
}
