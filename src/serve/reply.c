#include <assert.h>
#include <string.h>

#include "serve/inner.h"

#define RCODE_LOW 0x000fu
#define OPCODE_BITS 0x7800u

/* RFC 6891 6.2.3 and 6.2.5: less than 512 counts as 512; never more than we want to send. */
static size_t size_limit(const struct serve *s, const struct request *rq)
{
    if (rq->transport == TRANSPORT_TCP)
        return MSG_MAX_LEN;
    if (!rq->edns || rq->udp_size < UDP_SIZE_PLAIN)
        return UDP_SIZE_PLAIN;
    return rq->udp_size < s->settings.udp_size ? rq->udp_size : s->settings.udp_size;
}

static void opt_of(const struct serve *s, const struct request *rq, uint16_t rcode, struct edns *e)
{
    *e = (struct edns){.present = true,
        .dnssec_ok = rq->dnssec_ok,
        .compact_ok = rq->compact_ok, /* RFC 9824 5.1 */
        .udp_size = s->settings.udp_size,
        .ext_rcode = (uint8_t)(rcode >> 4)};
    if (rq->keepalive && s->settings.keepalive_100ms) {
        e->keepalive_present = true;
        e->keepalive_100ms = s->settings.keepalive_100ms;
    }
    if (rq->cookie_len && s->settings.cookies) {
        e->cookie_len = COOKIE_LEN;
        memcpy(e->cookie, rq->cookie, COOKIE_LEN);
    }
    if (rq->nsid && s->settings.identity)
        e->nsid = (struct edns_option){
            .len = (uint16_t)strlen(s->settings.identity), .data = (const uint8_t *)s->settings.identity};
    if (rq->ede != EDE_NONE) {
        e->ede_count = 1;
        e->ede[0] = (struct ede){.code = (uint16_t)rq->ede, .text = rq->ede_text};
    }
}

#define OPT_FIXED_LEN 11u /* root, type, size, TTL field, RDLENGTH: RFC 6891 6.1.2 */
#define OPT_FLAG_DO 0x8000u
#define OPT_FLAG_CO 0x4000u

/* The OPT of nearly all replies: it has no option, or a cookie alone. */
static size_t write_usual_opt(const struct serve *s, const struct request *rq, uint16_t rcode, uint8_t *p)
{
    bool cookie = rq->cookie_len && s->settings.cookies;
    p[0] = 0;
    put_u16(p + 1, TYPE_OPT);
    put_u16(p + 3, s->settings.udp_size);
    p[5] = (uint8_t)(rcode >> 4);
    p[6] = 0;
    put_u16(p + 7, (uint16_t)((rq->dnssec_ok ? OPT_FLAG_DO : 0) | (rq->compact_ok ? OPT_FLAG_CO : 0)));
    put_u16(p + 9, cookie ? EDNS_OPTION_HEADER_LEN + COOKIE_LEN : 0);
    if (!cookie)
        return OPT_FIXED_LEN;
    put_u16(p + OPT_FIXED_LEN, EDNS_COOKIE);
    put_u16(p + OPT_FIXED_LEN + 2, COOKIE_LEN);
    memcpy(p + OPT_FIXED_LEN + EDNS_OPTION_HEADER_LEN, rq->cookie, COOKIE_LEN);
    return OPT_FIXED_LEN + EDNS_OPTION_HEADER_LEN + COOKIE_LEN;
}

/* 0: it does not fit. Apart, lest the usual reply pays for room that it does not need. */
__attribute__((noinline)) static size_t write_any_opt(
    const struct serve *s, const struct request *rq, uint16_t rcode, uint8_t *p, size_t room)
{
    struct edns e;
    struct writer w = writer_of(p, room);
    opt_of(s, rq, rcode, &e);
    if (edns_size(&e) > room) { /* RFC 8914 3: what explains gives way to what is explained */
        e.nsid = (struct edns_option){0};
        e.ede_count = 0;
    }
    edns_write(&w, &e);
    return w.bad ? 0 : w.pos;
}

/* Puts the OPT behind the message if there is room for it up to `limit`. */
static bool append_opt(
    struct serve *s, const struct request *rq, uint16_t rcode, size_t limit, struct reply *reply)
{
    size_t room = limit > reply->len ? limit - reply->len : 0, len;
    bool usual = !rq->nsid && !rq->keepalive && rq->ede == EDE_NONE &&
                 room >= OPT_FIXED_LEN + EDNS_OPTION_HEADER_LEN + COOKIE_LEN;
    if (usual)
        len = write_usual_opt(s, rq, rcode, reply->data + reply->len);
    else
        len = write_any_opt(s, rq, rcode, reply->data + reply->len, room);
    reply->len += len;
    put_u16(reply->data + 10, (uint16_t)(get_u16(reply->data + 10) + (len > 0)));
    return len > 0;
}

static void note_rcode(struct serve *s, uint16_t rcode, struct reply *reply)
{
    reply->rcode = rcode;
    if (rcode < SERVE_RCODES)
        serve_count(&s->counters.rcodes[rcode]);
}

/* Nothing but header and question: as short as can be,
 * for a client that comes again over TCP and for an address that may be forged. */
static void truncate_to_question(struct serve *s, const struct request *rq, struct reply *reply)
{
    serve_count(&s->counters.truncated);
    reply->len = MSG_HEADER_LEN + rq->name_len + 4u;
    memset(reply->data + 6, 0, 6);
    reply->data[2] |= FLAG_TC >> 8;
}

#define RECORD_LEN 12u     /* of a record before its RDATA, owned by a pointer */
#define ROTATED_BY_MAX 64u /* places that a record moves at most; among so many, chance is fair enough */

/* Numbers whose multiples by 2^32 / golden ratio are spread evenly are spread evenly themselves, and so are
 * every second, third … of them: clients that always ask A and then AAAA see both rotate. */
static unsigned next_start(struct serve *s, unsigned count)
{
    uint32_t fraction = ++s->rotation * 0x9e3779b1u;
    return (unsigned)((uint64_t)fraction * (count < ROTATED_BY_MAX ? count : ROTATED_BY_MAX) >> 32);
}

/* The RDATA of `count` records, of n octets each, begins with that of record `start`. Inlined, so that n is a
 * constant. */
__attribute__((always_inline)) static inline void rotate(
    uint8_t *rdata, size_t n, unsigned count, unsigned start)
{
    uint8_t kept[ROTATED_BY_MAX * 16];
    size_t stride = RECORD_LEN + n;
    for (unsigned i = 0; i < start; i++)
        memcpy(kept + n * i, rdata + stride * i, n);
    for (unsigned i = 0; i < count - start; i++)
        memcpy(rdata + stride * i, rdata + stride * (i + start), n);
    for (unsigned i = 0; i < start; i++)
        memcpy(rdata + stride * (count - start + i), kept + n * i, n);
}

static bool same_record_head(const uint8_t *a, const uint8_t *b)
{
    uint64_t x, y;
    uint32_t u, v;
    memcpy(&x, a, 8);
    memcpy(&y, b, 8);
    memcpy(&u, a + 8, 4);
    memcpy(&v, b + 8, 4);
    return x == y && u == v;
}
_Static_assert(RECORD_LEN == 12, "as same_record_head compares");

/* Records of one address RRset stand together, and all but their RDATA is equal: so the RDATA is what moves,
 * in place. Owners are pointers (the usual name was met before: in the question, as an alias's target). */
static void rotate_addresses(struct serve *s, uint8_t *p, size_t at, size_t len, unsigned answers)
{
    while (answers >= 2 && len - at >= RECORD_LEN && p[at] >= 0xc0) {
        uint16_t type = get_u16(p + at + 2), rdlen = get_u16(p + at + 10);
        size_t stride = RECORD_LEN + rdlen;
        unsigned count = 1;
        if ((type == TYPE_A && rdlen == 4) || (type == TYPE_AAAA && rdlen == 16))
            while (count < answers && len - at >= stride * (count + 1) &&
                   same_record_head(p + at, p + at + stride * count))
                count++;
        if (len - at < stride * count)
            return;
        if (count >= 2 && rdlen == 4)
            rotate(p + at + RECORD_LEN, 4, count, next_start(s, count));
        else if (count >= 2)
            rotate(p + at + RECORD_LEN, 16, count, next_start(s, count));
        at += stride * count;
        answers -= count;
    }
}

void reply_finish(
    struct serve *s, const struct request *rq, const struct answer_head *head, struct reply *reply)
{
    uint8_t *p = reply->data;
    size_t limit = size_limit(s, rq), first = MSG_HEADER_LEN + rq->name_len + 4u;
    assert(reply->cap >= UDP_SIZE_PLAIN);
    if (limit > reply->cap)
        limit = reply->cap;
    uint16_t flags = head->flags, rcode = flags & RCODE_LOW;
    flags = (uint16_t)(flags | FLAG_QR | FLAG_RA | (rq->flags & (FLAG_RD | FLAG_CD)));
    /* RFC 6840 5.7 and 5.8: AD is for those who ask for it. */
    if (!rq->dnssec_ok && !(rq->flags & FLAG_AD))
        flags = (uint16_t)(flags & ~FLAG_AD);
    put_u16(p, rq->id);
    put_u16(p + 2, flags);
    put_u16(p + 4, 1);
    for (unsigned i = 0; i < 3; i++)
        put_u16(p + 6 + 2 * i, head->counts[i]);
    memcpy(p + MSG_HEADER_LEN, rq->name, rq->name_len);
    put_u16(p + first - 4, rq->type);
    put_u16(p + first - 2, rq->class);
    reply->len = first + head->len;
    if (reply->len > limit)
        truncate_to_question(s, rq, reply);
    else if (s->settings.rotate && head->counts[0] >= 2)
        rotate_addresses(s, p, first, reply->len, head->counts[0]);
    if (rq->edns && !append_opt(s, rq, rcode, limit, reply)) {
        truncate_to_question(s, rq, reply);
        append_opt(s, rq, rcode, limit, reply);
    }
    note_rcode(s, rcode, reply);
}

void reply_bare(struct serve *s, const struct request *rq, uint16_t rcode, struct reply *reply)
{
    uint8_t *p = reply->data;
    assert(reply->cap >= UDP_SIZE_PLAIN);
    memset(p, 0, MSG_HEADER_LEN);
    put_u16(p, rq->id);
    put_u16(p + 2, (uint16_t)(FLAG_QR | FLAG_RA | (rq->flags & (OPCODE_BITS | FLAG_RD | FLAG_CD)) |
                              (rcode & RCODE_LOW)));
    reply->len = MSG_HEADER_LEN;
    if (rq->question) {
        memcpy(p + reply->len, rq->name, rq->name_len);
        reply->len += rq->name_len;
        put_u16(p + reply->len, rq->type);
        put_u16(p + reply->len + 2, rq->class);
        reply->len += 4;
        put_u16(p + 4, 1);
    }
    if (rq->edns)
        append_opt(s, rq, rcode, UDP_SIZE_PLAIN, reply);
    note_rcode(s, rcode, reply);
}

void serve_truncate(struct serve *s, struct request *rq, struct reply *reply)
{
    /* No more octets than came in: a cookie in exchange for one that is shorter would be some. */
    if (rq->cookie_len < COOKIE_LEN)
        rq->cookie_len = 0;
    rq->nsid = rq->keepalive = false;
    rq->ede = EDE_NONE;
    reply_bare(s, rq, RCODE_NOERROR, reply);
    reply->data[2] |= FLAG_TC >> 8;
    serve_count(&s->counters.truncated);
}
