/* Names and records that the input of fuzz_resolver speaks of. */
#include "script.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "dnssec/denial.h"
#include "dnssec/verify.h"

void script_begin(struct script *x, const uint8_t *data, size_t len)
{
    x->octets = reader_of(data, len);
    x->octets.pos = x->begin;
    if (len == x->begin)
        x->rounds = 0;
}

uint8_t script_octet(struct script *x)
{
    if (reader_left(&x->octets) == 0 && x->rounds > 0) {
        x->rounds--;
        x->octets.pos = x->begin;
    }
    return read_u8(&x->octets);
}

bool script_is_over(const struct script *x)
{
    return reader_left(&x->octets) == 0 && x->rounds == 0;
}

/* ---- names and records that an op speaks of ---- */

const name_t *script_name(struct script *x, const char *text, const name_t *origin)
{
    name_t out[NAME_MAX_LEN];
    if (name_from_text(out, text, strlen(text), origin) != ERR_OK)
        return NAME_ROOT;
    return name_dup(out, x->arena);
}

const name_t *name_above(const name_t *n, unsigned labels)
{
    unsigned all = name_labels(n);
    return name_parent(n, labels < all ? labels : all);
}

/* 16 names around the one that was asked. */
static const name_t *name_by(struct script *x, unsigned which, const name_t *asked)
{
    char text[32];
    switch (which & 15) {
    case 0:
        return asked;
    case 1:
    case 2:
    case 3:
        return name_above(asked, which & 15);
    case 4:
        return NAME_ROOT;
    case 5:
        return script_name(x, "zz.", NULL);
    case 6:
        return script_name(x, "a.zz.", NULL);
    case 7:
        return script_name(x, "b.zz.", NULL);
    case 8:
        return script_name(x, "nn", asked);
    case 9: /* another one each time */
        snprintf(text, sizeof text, "u%u", x->serial++);
        return script_name(x, text, name_above(asked, 1));
    case 10:
        snprintf(text, sizeof text, "u%u", x->serial++);
        return script_name(x, text, asked);
    case 11:
        snprintf(text, sizeof text, "u%u.b.zz.", x->serial++);
        return script_name(x, text, NULL);
    case 12:
        return script_name(x, "www.b.zz.", NULL);
    case 13:
        return script_name(
            x, "w1", script_name(x, "long-label-long-label-long-label-long-label-long", asked));
    case 14:
        return script_name(x, "nn.a.zz.", NULL);
    default:
        return script_name(x, "other.", NULL);
    }
}

struct rdata rdata_of_name(const name_t *n)
{
    return (struct rdata){n, (uint16_t)name_len(n)};
}

struct rdata script_address(struct script *x, unsigned which, bool v6)
{
    uint8_t *p = arena_alloc(x->arena, 16);
    static const uint8_t bad[][4] = {{0, 0, 0, 0}, {127, 0, 0, 1}, {169, 254, 1, 1}, {224, 0, 0, 1}};
    if (v6) {
        put_u32(p, 0x20010db8);
        put_u16(p + 14, (uint16_t)(which < 14 ? which + 1 : x->serial++));
        return (struct rdata){p, 16};
    }
    if (which < 10)
        put_u32(p, 0x0a010001 + which);
    else if (which < 14)
        memcpy(p, bad[which - 10], 4);
    else
        put_u32(p, 0x0a020000 + x->serial++ % 60000);
    return (struct rdata){p, 4};
}

static struct rdata soa(uint8_t *p, const name_t *mname, uint32_t minimum)
{
    size_t n = name_copy(p, mname);
    put_u32(p + n + 17, minimum); /* behind a root RNAME and four fields that nobody reads */
    return (struct rdata){p, (uint16_t)(n + 21)};
}

/* ---- DNSSEC ---- */

enum { KEY_LEN = 4 + 32, SIG_LEN = 16 };

/* The key of all zones; other: of the same tag (two octets of one place in a sum change places). */
static struct rdata key_rdata(struct script *x, bool other)
{
    uint8_t *p = arena_alloc(x->arena, KEY_LEN);
    put_u16(p, DNSKEY_FLAG_ZONE | DNSKEY_FLAG_SEP);
    p[2] = 3;
    p[3] = ALGORITHM_ED25519;
    for (unsigned i = 4; i < KEY_LEN; i++)
        p[i] = (uint8_t)(i * 7);
    if (other) {
        uint8_t swap = p[10];
        p[10] = p[12];
        p[12] = swap;
    }
    return (struct rdata){p, KEY_LEN};
}

struct rdata script_key(struct script *x)
{
    return key_rdata(x, false);
}

static struct rdata ds_rdata(struct script *x, const name_t *owner)
{
    struct rdata key = key_rdata(x, false), ds = {0};
    bool made = ds_make(owner, &key, DIGEST_SHA256, x->arena, &ds);
    assert(made);
    (void)made;
    return ds;
}

/* The name as an NSEC3's owner, in the zone so many labels above; before: the hash before it. */
static const name_t *hashed(struct script *x, const name_t *name, unsigned above, bool before, uint8_t *hash)
{
    struct nsec3 param = {.hash_algorithm = 1};
    char label[64];
    struct text t;
    nsec3_hash(name, &param, hash);
    if (before)
        hash[NSEC3_HASH_LEN - 1]--;
    text_init_fixed(&t, label, sizeof label);
    text_base32hex(&t, hash, NSEC3_HASH_LEN);
    return script_name(x, label, name_above(name, above));
}

/* how: 0 1 how far above the name the zone is, 3 opt-out, 4 the only one of its chain; else it reaches to the
 * other half of all hashes, or with 2 a 64th of them. more: 0 1 the bitmap, 4 the hash before the
 * name's. */
static void make_nsec3(struct script *x, struct rr *rr, uint8_t how, const uint8_t *bitmap, uint8_t more)
{
    uint8_t hash[NSEC3_HASH_LEN], *p = arena_alloc(x->arena, 6 + NSEC3_HASH_LEN + 6);
    rr->owner = hashed(x, rr->owner, how & 3, more & 16, hash);
    p[0] = 1;
    p[1] = how & 8 ? NSEC3_FLAG_OPT_OUT : 0;
    put_u16(p + 2, 0);
    p[4] = 0;
    p[5] = NSEC3_HASH_LEN;
    memcpy(p + 6, hash, NSEC3_HASH_LEN);
    if (how & 4)
        p[6] += 4;
    else if (!(how & 16))
        p[6] ^= 0x80;
    memcpy(p + 6 + NSEC3_HASH_LEN, bitmap, 2u + bitmap[1]);
    rr->rdata = (struct rdata){p, (uint16_t)(6 + NSEC3_HASH_LEN + 2 + bitmap[1])};
}

/* how: 0 1 how far above the owner the signer is, 2 labels one less, 3 expired, 4 bad. */
static struct rdata rrsig_rdata(struct script *x, const name_t *owner, uint16_t covered, uint8_t how)
{
    struct rdata key = key_rdata(x, false);
    uint8_t *p = arena_alloc(x->arena, 18 + NAME_MAX_LEN + SIG_LEN);
    bool star = owner[0] == 1 && owner[1] == '*';
    unsigned labels = name_labels(owner) - star;
    uint32_t wall = x->wall_s;
    put_u16(p, covered);
    p[2] = ALGORITHM_ED25519;
    p[3] = (uint8_t)(how & 4 && labels ? labels - 1 : labels);
    put_u32(p + 4, 300);
    put_u32(p + 8, how & 8 ? wall - 1000 : wall + 1000);
    put_u32(p + 12, wall - 5000);
    put_u16(p + 16, dnskey_tag(&key));
    size_t n = 18 + name_copy(p + 18, name_above(owner, how & 3));
    memset(p + n, how & 16 ? 1 : 2, SIG_LEN);
    return (struct rdata){p, (uint16_t)(n + SIG_LEN)};
}

/* A record of DNSSEC in place of one of TXT, DS, NSEC, RRSIG, NSEC3. Of an RRSIG, more: 0 to 2 the type
 * covered, 3 it is an NSEC3 (and what its 4 says of the owner). */
static void make_dnssec(struct script *x, struct rr *rr, unsigned which, const name_t *to)
{
    static const uint16_t signed_types[] = {
        TYPE_A, TYPE_DNSKEY, TYPE_DS, TYPE_NSEC, TYPE_SOA, TYPE_CNAME, TYPE_NS, TYPE_DNAME};
    static const uint8_t bitmaps[][6] = {{0, 1, 0x40}, {0, 1, 0x20}, {0, 2, 0x22, 0x01}, {0, 1, 0x04}};
    uint8_t how = script_octet(x), more = script_octet(x);
    switch (which) {
    case 6:
        rr->rdata = ds_rdata(x, rr->owner);
        return;
    case 7: {
        uint8_t *p = arena_alloc(x->arena, NAME_MAX_LEN + 6);
        size_t n = name_copy(p, to), bits = how & 3;
        memcpy(p + n, bitmaps[bits], 2u + bitmaps[bits][1]);
        rr->rdata = (struct rdata){p, (uint16_t)(n + 2 + bitmaps[bits][1])};
        return;
    }
    case 15:
        make_nsec3(x, rr, how, bitmaps[more & 3], more);
        return;
    case 8:
    case 14:
        rr->type = TYPE_DNSKEY;
        rr->rdata = key_rdata(x, which == 14);
        return;
    default:
        if (more & 8) {
            uint8_t hash[NSEC3_HASH_LEN];
            rr->owner = hashed(x, rr->owner, how & 3, more & 16, hash);
            rr->rdata = rrsig_rdata(x, rr->owner, TYPE_NSEC3, (uint8_t)((how & ~3u) | 1));
            return;
        }
        rr->rdata = rrsig_rdata(x, rr->owner, signed_types[more & 7], how);
    }
}

void script_add_rr(struct script *x, struct msg_builder *b, enum section s, const name_t *asked)
{
    static const uint16_t of_kind[] = {TYPE_A, TYPE_AAAA, TYPE_NS, TYPE_CNAME, TYPE_DNAME, TYPE_SOA, TYPE_DS,
        TYPE_NSEC, TYPE_TXT, TYPE_NS, TYPE_A, TYPE_CNAME, TYPE_A, TYPE_RRSIG, TYPE_TXT, TYPE_NSEC3};
    static const uint32_t ttls[] = {300, 0, 5, 0xffffffff, 86400, 0x7fffffff, 1, 3600};
    uint8_t owner = script_octet(x), kind = script_octet(x);
    unsigned which = kind & 15, target = kind >> 4;
    struct rr rr = {.owner = name_by(x, owner, asked),
        .type = of_kind[which],
        .class = CLASS_IN,
        .ttl = ttls[owner >> 4 & 7]};
    unsigned copies = which == 9 ? 20 : which == 10 ? 300 : which == 11 ? 14 : 1;
    if (which == 12)
        rr.class = CLASS_CH;
    for (unsigned i = 0; i < copies; i++) {
        if (which == 11 && i > 0) /* a chain */
            rr.owner = rr.rdata.data;
        const name_t *to = name_by(x, target, asked);
        uint8_t *p = arena_alloc(x->arena, 600);
        rr.rdata = (struct rdata){p, 36};
        if (rr.type == TYPE_A || rr.type == TYPE_AAAA)
            rr.rdata = script_address(x, copies > 1 ? 15 : target, rr.type == TYPE_AAAA);
        else if (rr.type == TYPE_NS || rr.type == TYPE_CNAME || rr.type == TYPE_DNAME)
            rr.rdata = rdata_of_name(copies > 1 ? name_by(x, 9 + target % 3, asked) : to);
        else if (rr.type == TYPE_SOA)
            rr.rdata = soa(p, to, ttls[target & 7]);
        else if (rr.type == TYPE_NSEC)
            rr.rdata = rdata_of_name(to);
        else if (rr.type == TYPE_TXT)
            p[0] = 35;
        if (x->signs && (which == 6 || which == 7 || which == 8 || which == 13 || which == 14 || which == 15))
            make_dnssec(x, &rr, which, to);
        msg_add_rr(b, s, &rr);
    }
}
