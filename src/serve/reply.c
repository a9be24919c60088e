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
