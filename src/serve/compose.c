#include <string.h>

#include "serve/inner.h"

#define HINFO_TTL 3600u /* RFC 8482 4.2 leaves it open: an hour of quiet */

/* Proofs are for those who ask for them (RFC 4035 3.2.1), unless they are what was asked. */
static bool is_left_out(const struct request *rq, const struct rrset *rs)
{
    bool proof = rs->type == TYPE_RRSIG || rs->type == TYPE_NSEC || rs->type == TYPE_NSEC3;
    return proof && !rq->dnssec_ok && rs->type != rq->type;
}

static bool add_section(
    struct msg_builder *b, const struct request *rq, enum section section, const struct rrset_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        const struct rrset *rs = list->items[i];
        if (is_left_out(rq, rs))
            continue;
        if (!msg_add_rrset(b, section, rs, rq->dnssec_ok, 0))
            return false;
    }
    return true;
}

/* Of a positive answer the other sections are a courtesy:
 * what does not fit is left out without a word (RFC 2181 9). */
static bool add_records(struct msg_builder *b, const struct request *rq, const struct outcome *o)
{
    bool positive = o->answer.count > 0 && o->rcode == RCODE_NOERROR;
    if (!add_section(b, rq, SECTION_ANSWER, &o->answer))
        return false;
    if (!add_section(b, rq, SECTION_AUTHORITY, &o->authority) && !positive)
        return false;
    add_section(b, rq, SECTION_ADDITIONAL, &o->additional);
    return true;
}

static uint32_t least_ttl(const uint8_t *wire, const uint16_t *offsets, unsigned count)
{
    uint32_t least = TTL_WIRE_MAX;
    for (unsigned i = 0; i < count; i++) {
        uint32_t ttl = get_u32(wire + offsets[i]);
        if (ttl < least)
            least = ttl;
    }
    return count ? least : 0;
}

static bool may_be_kept(const struct outcome *o, unsigned ttl_count)
{
    return (o->rcode == RCODE_NOERROR || o->rcode == RCODE_NXDOMAIN) && o->verdict != VERDICT_BOGUS &&
           ttl_count < ANSWER_TTLS_MAX;
}

void compose_answer(struct serve *s, struct request *rq, const struct outcome *outcome, uint16_t flags,
    bool store, struct reply *reply, now_t now)
{
    struct msg_builder b;
    uint16_t ttl_offsets[ANSWER_TTLS_MAX];
    if (outcome->verdict == VERDICT_SECURE)
        flags |= FLAG_AD;
    msg_build(&b, s->wire, sizeof s->wire, 0, (uint16_t)(flags | FLAG_QR | FLAG_RA), outcome->rcode);
    b.ttl_offsets = ttl_offsets;
    b.ttl_cap = ANSWER_TTLS_MAX;
    msg_add_question(&b, rq->name, rq->type, rq->class);
    bool fits = add_records(&b, rq, outcome);
    size_t len = msg_finish(&b, false);
    if (!fits) {
        serve_refuse(s, rq, RCODE_SERVFAIL, EDE_OTHER, "the answer is longer than a message can be", reply);
        return;
    }
    if (store && len <= ANSWER_OCTETS_MAX && may_be_kept(outcome, b.ttl_count))
        cache_answer_put(s->cache, rq->name, rq->type, rq->class, answer_variant(rq), s->wire, len,
            ttl_offsets, b.ttl_count, least_ttl(s->wire, ttl_offsets, b.ttl_count), now.cache_s);
    /* Longer than the room given is longer than the client takes,
     * so header and question are all that will be sent. */
    reply->len = len;
    memcpy(reply->data, s->wire, len < reply->cap ? len : reply->cap);
    reply_finish(s, rq, reply);
}

/* RFC 8482 4.2: the name exists and has no A, and what else it has is nobody's business. */
static void compose_hinfo(struct serve *s, struct request *rq, struct reply *reply, now_t now)
{
    static const uint8_t hinfo[] = "\x07RFC8482"; /* CPU; OS is the empty string that the ending zero makes */
    struct rdata rd = {.data = hinfo, .len = sizeof hinfo};
    struct rrset rs = {
        .owner = rq->name, .type = TYPE_HINFO, .class = CLASS_IN, .ttl = HINFO_TTL, .count = 1, .rdata = &rd};
    struct rrset *items[1] = {&rs};
    struct outcome out = {.reason.ede = EDE_NONE, .answer = {.items = items, .count = 1, .cap = 1}};
    compose_answer(s, rq, &out, 0, true, reply, now);
}

void serve_compose(
    struct serve *s, struct request *rq, const struct outcome *outcome, struct reply *reply, now_t now)
{
    serve_count(&s->counters.composed);
    reply->from = outcome->from_cache ? REPLY_FROM_CACHE : REPLY_FROM_SERVERS;
    rq->ede = outcome->reason.ede;
    rq->ede_text = outcome->reason.text ? outcome->reason.text : "";
    if (outcome->rcode == RCODE_SERVFAIL)
        reply_bare(s, rq, RCODE_SERVFAIL, reply);
    else if (rq->type == TYPE_ANY && outcome->rcode == RCODE_NOERROR && outcome->answer.count == 0)
        compose_hinfo(s, rq, reply, now);
    else
        compose_answer(s, rq, outcome, 0, true, reply, now);
}
