#include "cache/nsecs_key.h"

#include <string.h>

#include "base/cursor.h"
#include "base/text.h"
#include "dns/rrtype.h"

#define NSEC3_SHA1 1u      /* RFC 5155 11 */
#define HASH_LABEL_LEN 32u /* 20 octets in base32hex */
/* A span of fewer hashes than this has, by chance, no name in it (RFC 7129 B: it was made around one). */
#define TAIL_LEN 2u

int nsecs_key_compare(const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len)
{
    int d = memcmp(a, b, a_len < b_len ? a_len : b_len);
    return d ? d : (a_len > b_len) - (a_len < b_len);
}

static void begin(struct nsecs_key *k, const name_t *zone, enum nsecs_section section)
{
    k->section = section;
    k->zone_len = name_lower_copy(k->octets, zone);
    k->octets[k->zone_len] = (uint8_t)section;
    k->len = k->group_len = k->zone_len + 1;
}

void nsecs_key_soa(struct nsecs_key *k, const name_t *zone)
{
    begin(k, zone, NSECS_SOA);
}

/* ---- NSEC ---- */

/* An end (0) is less than every octet of a label, so that a label sorts before those that it begins (RFC 4034
 * 6.1): 0 and 1 themselves are 1 1 and 1 2. */
static void add_label(struct nsecs_key *k, const uint8_t *label)
{
    for (unsigned i = 1; i <= *label; i++) {
        if (label[i] <= 1) {
            k->octets[k->len++] = 1;
            k->octets[k->len++] = (uint8_t)(label[i] + 1);
        } else {
            k->octets[k->len++] = label[i];
        }
    }
    k->octets[k->len++] = 0;
}

/* name, which is within the zone, after what the group has in common. */
static void add_name(struct nsecs_key *k, const name_t *zone, const name_t *name)
{
    name_t low[NAME_MAX_LEN];
    const uint8_t *labels[NAME_MAX_LABELS];
    name_lower_copy(low, name);
    unsigned count = name_labels(low) - name_labels(zone);
    const uint8_t *p = low;
    for (unsigned i = 0; i < count; i++, p += *p + 1u)
        labels[i] = p;
    while (count-- > 0)
        add_label(k, labels[count]);
}

bool nsecs_key_nsec(struct nsecs_key *k, const name_t *zone, const name_t *name)
{
    if (!name_is_within(name, zone))
        return false;
    begin(k, zone, NSECS_NSEC);
    add_name(k, zone, name);
    return true;
}

/* ---- NSEC3 ---- */

void nsecs_key_chains(struct nsecs_key *k, const name_t *zone)
{
    begin(k, zone, NSECS_NSEC3);
}

void nsecs_key_nsec3(struct nsecs_key *k, const name_t *zone, const struct nsec3_chain *chain,
    const uint8_t hash[NSECS_HASH_LEN])
{
    begin(k, zone, NSECS_NSEC3);
    uint8_t *p = k->octets + k->len;
    put_u16(p, chain->iterations);
    p[2] = chain->salt_len;
    memcpy(p + 3, chain->salt, chain->salt_len);
    k->group_len = k->len + 3u + chain->salt_len;
    memcpy(k->octets + k->group_len, hash, NSECS_HASH_LEN);
    k->len = k->group_len + NSECS_HASH_LEN;
}

void nsecs_key_chain_read(struct nsec3_chain *out, const uint8_t *octets)
{
    out->iterations = get_u16(octets);
    out->salt_len = octets[2];
    memcpy(out->salt, octets + 3, out->salt_len);
}

/* The next hash of NSEC3 RDATA. NULL: not SHA-1, or of another length. */
static const uint8_t *next_hash(const struct rdata *rd, struct nsec3_chain *chain)
{
    struct reader r = reader_of(rd->data, rd->len);
    uint8_t algorithm = read_u8(&r);
    read_u8(&r);
    chain->iterations = read_u16(&r);
    chain->salt_len = read_u8(&r);
    const uint8_t *salt = read_octets(&r, chain->salt_len);
    uint8_t len = read_u8(&r);
    const uint8_t *next = read_octets(&r, len);
    if (r.bad || algorithm != NSEC3_SHA1 || len != NSECS_HASH_LEN)
        return NULL;
    memcpy(chain->salt, salt, chain->salt_len);
    return next;
}

/* ---- of records ---- */

static bool key_of_nsec(struct nsecs_key *k, const name_t *zone, const struct rrset *rs)
{
    const struct rdata *rd = &rs->rdata[0];
    size_t next_len = name_check(rd->data, rd->len);
    const name_t *next = rd->data;
    if (next_len == 0 || !name_is_within(next, zone))
        return false;
    /* The successor of one name, \000 before it: made for that name's answer (RFC 4470, RFC 9824). */
    if (next[0] == 1 && next[1] == 0)
        return false;
    return nsecs_key_nsec(k, zone, rs->owner);
}

static bool key_of_nsec3(struct nsecs_key *k, const name_t *zone, const struct rrset *rs)
{
    struct nsec3_chain chain;
    const uint8_t *next = next_hash(&rs->rdata[0], &chain);
    uint8_t hash[NSECS_HASH_LEN];
    const name_t *owner = rs->owner;
    if (!next || owner[0] != HASH_LABEL_LEN || !name_equal(name_parent(owner, 1), zone) ||
        text_unbase32hex((const char *)owner + 1, HASH_LABEL_LEN, hash, sizeof hash) != NSECS_HASH_LEN)
        return false;
    if (memcmp(hash, next, NSECS_HASH_LEN - TAIL_LEN) == 0 && memcmp(hash, next, NSECS_HASH_LEN) < 0)
        return false;
    nsecs_key_nsec3(k, zone, &chain, hash);
    return true;
}

bool nsecs_key_of(struct nsecs_key *k, const name_t *zone, const struct rrset *rs)
{
    if (rs->count != 1 || rs->sig_count == 0)
        return false;
    if (rs->type == TYPE_NSEC)
        return key_of_nsec(k, zone, rs);
    if (rs->type == TYPE_NSEC3)
        return key_of_nsec3(k, zone, rs);
    if (rs->type != TYPE_SOA || !name_equal(rs->owner, zone))
        return false;
    nsecs_key_soa(k, zone);
    return true;
}

bool nsecs_key_of_next(struct nsecs_key *next, const struct nsecs_key *k, const struct rdata *rd)
{
    const name_t *zone = k->octets;
    if (k->section == NSECS_NSEC)
        return name_check(rd->data, rd->len) != 0 && nsecs_key_nsec(next, zone, rd->data);
    struct nsec3_chain chain;
    const uint8_t *hash = next_hash(rd, &chain);
    if (!hash)
        return false;
    nsecs_key_nsec3(next, zone, &chain, hash);
    return true;
}
