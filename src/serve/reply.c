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

/* Puts the OPT behind the message if there is room for it up to `limit`. */
static bool append_opt(
    struct serve *s, const struct request *rq, uint16_t rcode, size_t limit, struct reply *reply)
{
    struct edns e;
    opt_of(s, rq, rcode, &e);
    struct writer w = writer_of(reply->data + reply->len, limit > reply->len ? limit - reply->len : 0);
    edns_write(&w, &e);
    if (w.bad)
        return false;
    reply->len += w.pos;
    put_u16(reply->data + 10, (uint16_t)(get_u16(reply->data + 10) + 1));
    return true;
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

/* The octets of the name at p[max], or 0. A pointer ends it. */
static size_t owner_len(const uint8_t *p, size_t max)
{
    size_t n = 0;
    while (n + 1 < max) {
        if (p[n] >= 0xc0)
            return n + 2;
        if (p[n] == 0)
            return n + 1;
        n += 1u + p[n];
    }
    return 0;
}

static void swap_octets(uint8_t *a, uint8_t *b, size_t n)
{
    uint8_t kept[16];
    memcpy(kept, a, n);
    memcpy(a, b, n);
    memcpy(b, kept, n);
}

/* RDATA of records `first` up to before `last` of an array of records, in reverse order. */
static void reverse(uint8_t *rdata, size_t stride, size_t n, unsigned first, unsigned last)
{
    for (; first + 1 < last; first++, last--)
        swap_octets(rdata + stride * first, rdata + stride * (last - 1), n);
}

/* Numbers whose multiples by 2^32 / golden ratio are spread evenly are spread evenly themselves, and so are
 * every second, third … of them: clients that always ask A and then AAAA see both rotate. */
static unsigned next_start(struct serve *s, unsigned count)
{
    uint32_t fraction = ++s->rotation * 0x9e3779b1u;
    return (unsigned)((uint64_t)fraction * count >> 32);
}

/* Records of one address RRset stand together and are of one length, with a pointer as owner: there all but
 * the RDATA is equal, so the RDATA is what moves: in place, by three reversals. */
static void rotate_addresses(struct serve *s, uint8_t *p, size_t at, size_t len, unsigned answers)
{
    while (answers >= 2) {
        size_t owner = owner_len(p + at, len - at);
        if (owner == 0 || len - at < owner + 10)
            return;
        uint16_t type = get_u16(p + at + owner), rdlen = get_u16(p + at + owner + 8);
        size_t stride = owner + 10u + rdlen;
        unsigned count = 1;
        bool address = (type == TYPE_A && rdlen == 4) || (type == TYPE_AAAA && rdlen == 16);
        while (address && count < answers && len - at >= stride * (count + 1) &&
               memcmp(p + at, p + at + stride * count, owner + 10) == 0)
            count++;
        if (count >= 2) {
            uint8_t *rdata = p + at + owner + 10;
            unsigned start = next_start(s, count);
            reverse(rdata, stride, rdlen, 0, start);
            reverse(rdata, stride, rdlen, start, count);
            reverse(rdata, stride, rdlen, 0, count);
        }
        if (len - at < stride * count)
            return;
        at += stride * count;
        answers -= count;
    }
}

void reply_finish(struct serve *s, const struct request *rq, struct reply *reply)
{
    uint8_t *p = reply->data;
    size_t limit = size_limit(s, rq);
    assert(reply->len >= MSG_HEADER_LEN + rq->name_len + 4u && reply->cap >= UDP_SIZE_PLAIN);
    if (limit > reply->cap)
        limit = reply->cap;
    uint16_t flags = get_u16(p + 2);
    uint16_t rcode = flags & RCODE_LOW;
    flags = (uint16_t)(flags | FLAG_QR | FLAG_RA | (rq->flags & (FLAG_RD | FLAG_CD)));
    /* RFC 6840 5.7 and 5.8: AD is for those who ask for it. */
    if (!rq->dnssec_ok && !(rq->flags & FLAG_AD))
        flags = (uint16_t)(flags & ~FLAG_AD);
    put_u16(p, rq->id);
    put_u16(p + 2, flags);
    memcpy(p + MSG_HEADER_LEN, rq->name, rq->name_len);
    if (reply->len > limit)
        truncate_to_question(s, rq, reply);
    else if (s->settings.rotate)
        rotate_addresses(s, p, MSG_HEADER_LEN + rq->name_len + 4u, reply->len, get_u16(p + 6));
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
