#include "cache/flat.h"

static size_t rdatas_len(const struct rdata *rd, unsigned count)
{
    size_t n = 0;
    for (unsigned i = 0; i < count; i++)
        n += 2u + rd[i].len;
    return n;
}

static unsigned proof_count(const struct rrset *rs)
{
    return rs->proofs ? (unsigned)(rs->proofs->count < UINT8_MAX ? rs->proofs->count : UINT8_MAX) : 0;
}

#define BODY_FIXED_LEN 11u
#define HEAD_FIXED_LEN 6u /* from the type to the verdict */
_Static_assert(HEAD_FIXED_LEN + BODY_FIXED_LEN == FLAT_RRSET_FIXED_LEN, "told to readers of one record");

static size_t own_len(const struct rrset *rs)
{
    return BODY_FIXED_LEN + rdatas_len(rs->rdata, rs->count) + rdatas_len(rs->sigs, rs->sig_count);
}

static size_t head_len(const struct rrset *rs)
{
    return name_len(rs->owner) + HEAD_FIXED_LEN;
}

size_t flat_body_len(const struct rrset *rs)
{
    size_t n = own_len(rs);
    for (unsigned i = 0; i < proof_count(rs); i++)
        n += head_len(rs->proofs->items[i]) + own_len(rs->proofs->items[i]);
    return n;
}

size_t flat_rrset_len(const struct rrset *rs)
{
    return head_len(rs) + flat_body_len(rs);
}

static void write_rdatas(struct writer *w, const struct rdata *rd, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        write_u16(w, rd[i].len);
        write_octets(w, rd[i].data, rd[i].len);
    }
}

static void write_head(struct writer *w, const struct rrset *rs)
{
    write_octets(w, rs->owner, name_len(rs->owner));
    write_u16(w, rs->type);
    write_u16(w, rs->class);
    write_u8(w, rs->rank);
    write_u8(w, rs->verdict);
}

static void write_own(struct writer *w, const struct rrset *rs, uint32_t ttl, unsigned proofs)
{
    write_u32(w, ttl);
    write_u8(w, rs->fault);
    write_u8(w, rs->zone_labels);
    write_u8(w, (uint8_t)proofs);
    write_u16(w, rs->count);
    write_u16(w, rs->sig_count);
    write_rdatas(w, rs->rdata, rs->count);
    write_rdatas(w, rs->sigs, rs->sig_count);
}

void flat_write_body(struct writer *w, const struct rrset *rs, uint32_t ttl)
{
    write_own(w, rs, ttl, proof_count(rs));
    for (unsigned i = 0; i < proof_count(rs); i++) {
        const struct rrset *proof = rs->proofs->items[i];
        write_head(w, proof);
        write_own(w, proof, proof->ttl < ttl ? proof->ttl : ttl, 0);
    }
}

void flat_write_rrset(struct writer *w, const struct rrset *rs, uint32_t ttl)
{
    write_head(w, rs);
    flat_write_body(w, rs, ttl);
}

const name_t *flat_read_name(struct reader *r)
{
    const name_t *name = r->data + r->pos;
    size_t n = r->bad ? 0 : name_check(name, reader_left(r));
    if (n == 0) {
        r->bad = true;
        return NULL;
    }
    return read_octets(r, n);
}

static struct rdata *read_rdatas(struct reader *r, unsigned count, struct arena *a)
{
    /* Each takes two octets at least: a wild count cannot ask for wild memory. */
    if (count > reader_left(r) / 2) {
        r->bad = true;
        return NULL;
    }
    struct rdata *rd = ARENA_ARRAY(a, struct rdata, count);
    for (unsigned i = 0; i < count; i++) {
        rd[i].len = read_u16(r);
        rd[i].data = read_octets(r, rd[i].len);
    }
    return rd;
}

static struct rrset *read_head(struct reader *r, struct arena *a)
{
    const name_t *owner = flat_read_name(r);
    if (!owner)
        return NULL;
    struct rrset *rs = ARENA_NEW(a, struct rrset);
    rs->owner = owner;
    rs->type = read_u16(r);
    rs->class = read_u16(r);
    rs->rank = read_u8(r);
    rs->verdict = read_u8(r);
    return rs;
}

static unsigned read_own(struct reader *r, struct rrset *rs, struct arena *a)
{
    rs->ttl = read_u32(r);
    rs->fault = read_u8(r);
    rs->zone_labels = read_u8(r);
    unsigned proofs = read_u8(r);
    rs->count = read_u16(r);
    rs->sig_count = read_u16(r);
    rs->rdata = read_rdatas(r, rs->count, a);
    rs->sigs = read_rdatas(r, rs->sig_count, a);
    return r->bad ? 0 : proofs;
}

bool flat_read_body(struct reader *r, struct rrset *rs, struct arena *a)
{
    unsigned proofs = read_own(r, rs, a);
    struct rrset_list *list = proofs ? ARENA_NEW(a, struct rrset_list) : NULL;
    for (unsigned i = 0; i < proofs && !r->bad; i++) {
        struct rrset *proof = read_head(r, a);
        if (!proof)
            break;
        read_own(r, proof, a);
        rrset_list_add(list, proof, a);
    }
    rs->proofs = list;
    return !r->bad;
}

struct rrset *flat_read_rrset(struct reader *r, struct arena *a)
{
    struct rrset *rs = read_head(r, a);
    return rs && flat_read_body(r, rs, a) ? rs : NULL;
}

size_t flat_list_len(const struct rrset_list *l)
{
    size_t n = 2;
    for (size_t i = 0; i < l->count; i++)
        n += flat_rrset_len(l->items[i]);
    return n;
}

bool flat_read_list(struct reader *r, struct rrset_list *out, struct arena *a)
{
    unsigned count = read_u16(r);
    for (unsigned i = 0; i < count && !r->bad; i++) {
        struct rrset *rs = flat_read_rrset(r, a);
        if (rs)
            rrset_list_add(out, rs, a);
    }
    return !r->bad;
}

struct writer flat_room_init(struct flat_room *room, size_t len)
{
    room->big = len > sizeof room->small ? mem_alloc(len) : NULL;
    return writer_of(room->big ? room->big : room->small, len);
}

void flat_room_fini(struct flat_room *room)
{
    mem_free(room->big);
}
