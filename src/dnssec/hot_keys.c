#include "dnssec/hot_keys.h"

#include <stddef.h>
#include <string.h>

void hot_keys_fini(struct hot_keys *h)
{
    while (h->count)
        hot_key_fini(h, h->keys[h->count - 1]);
    p256_room_free(h->room);
}

void hot_key_fini(struct hot_keys *h, struct hot_key *k)
{
    for (unsigned i = 0; i < h->count; i++) {
        if (h->keys[i] != k)
            continue;
        h->keys[i] = h->keys[--h->count];
        break;
    }
    p256_key_free(k->ready);
    *k = (struct hot_key){0};
}

bool hot_key_is_good(struct hot_keys *h, struct hot_key *k, const uint8_t digest[P256_DIGEST_LEN],
    const uint8_t signature[P256_POINT_LEN])
{
    k->used = ++h->uses;
    if (!h->room)
        h->room = p256_room_new();
    return p256_is_good(h->room, k->ready, digest, signature);
}

/* The one that was not used for longest begins anew: whoever has many keys pays its signatures for each. */
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
    if (k->ready || ++k->good < HOT_KEY_AFTER)
        return;
    k->good = HOT_KEY_AFTER;
    if (h->wished)
        return;
    h->wished = true;
    memcpy(h->wish, point, P256_POINT_LEN);
}

void hot_key_is_made(struct hot_keys *h, struct hot_key *k, struct p256_key *ready)
{
    if (h->count == HOT_KEYS_MAX)
        make_room(h);
    k->ready = ready;
    k->used = ++h->uses;
    h->keys[h->count++] = k;
}
