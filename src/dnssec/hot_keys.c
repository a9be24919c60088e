#include "dnssec/hot_keys.h"

#include <stddef.h>

void hot_keys_fini(struct hot_keys *h)
{
    while (h->count)
        hot_key_fini(h, h->keys[h->count - 1]);
    p256_multiples_free(h->base);
}

void hot_key_fini(struct hot_keys *h, struct hot_key *k)
{
    for (unsigned i = 0; i < h->count; i++) {
        if (h->keys[i] != k)
            continue;
        h->keys[i] = h->keys[--h->count];
        break;
    }
    p256_multiples_free(k->multiples);
    *k = (struct hot_key){0};
}

bool hot_key_is_ready(const struct hot_keys *h, const struct hot_key *k)
{
    return p256_multiples_are_made(h->base) && p256_multiples_are_made(k->multiples);
}

bool hot_key_is_good(struct hot_keys *h, struct hot_key *k, const uint8_t digest[P256_DIGEST_LEN],
    const uint8_t signature[P256_POINT_LEN])
{
    k->used = ++h->uses;
    return p256_is_good(h->base, k->multiples, digest, signature);
}

/* The one that was not used for longest begins anew: whoever has many keys pays its verifications for each.
 */
static void make_room(struct hot_keys *h)
{
    struct hot_key *oldest = h->keys[0];
    for (unsigned i = 1; i < h->count; i++)
        if (h->keys[i]->used < oldest->used)
            oldest = h->keys[i];
    hot_key_fini(h, oldest);
}

void hot_key_signed(struct hot_keys *h, struct hot_key *k, const uint8_t point[P256_POINT_LEN])
{
    if (k->good < HOT_KEY_AFTER) {
        k->good++;
        return;
    }
    if (!h->base)
        h->base = p256_multiples_of_base();
    if (!k->multiples) {
        if (h->count == HOT_KEYS_MAX)
            make_room(h);
        k->multiples = p256_multiples_new(point);
        h->keys[h->count++] = k;
    }
    k->used = ++h->uses;
    p256_multiples_step(p256_multiples_are_made(h->base) ? k->multiples : h->base);
}
