#include <string.h>

#include "serve/inner.h"

#define HINFO_TTL 3600u /* RFC 8482 4.2 leaves it open: an hour of quiet */

/* Proofs are for those who ask for them (RFC 4035 3.2.1), unless they are what was asked. */
static bool is_left_out(const struct request *rq, enum section section, const struct rrset *rs)
{
    bool proof = rs->type == TYPE_RRSIG || rs->type == TYPE_NSEC || rs->type == TYPE_NSEC3;
    return proof && !rq->dnssec_ok && !(section == SECTION_ANSWER && rs->type == rq->type);
}

static bool add_section(
    struct msg_builder *b, const struct request *rq, enum section section, const struct rrset_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        const struct rrset *rs = list->items[i];
        if (is_left_out(rq, section, rs))
            continue;
        if (!msg_add_rrset(b, section, rs, rq->dnssec_ok, 0))
            return false;
    }
    return true;
}

/* Two links of a chain may be made of one wildcard's zone. */
static bool is_of_earlier(const struct outcome *o, size_t answer, const struct rrset *proof)
{
    for (size_t i = 0; i < answer; i++)
        if (o->answer.items[i]->proofs &&
            rrset_list_find(o->answer.items[i]->proofs, proof->owner, proof->type))
            return true;
    return false;
}

/* What was made of a wildcard comes with the proof that it might be (RFC 4035 3.1.3.3). */
static bool add_wildcard_proofs(struct msg_builder *b, const struct request *rq, const struct outcome *o)
{
    for (size_t i = 0; i < o->answer.count && rq->dnssec_ok; i++) {
        const struct rrset_list *proofs = o->answer.items[i]->proofs;
        for (size_t k = 0; proofs && k < proofs->count; k++) {
            const struct rrset *rs = proofs->items[k];
            bool there = rrset_list_find(&o->authority, rs->owner, rs->type) || is_of_earlier(o, i, rs);
            if (!there && !msg_add_rrset(b, SECTION_AUTHORITY, rs, true, 0))
                return false;
        }
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
    if (!add_wildcard_proofs(b, rq, o))
        return false;
    add_section(b, rq, SECTION_ADDITIONAL, &o->additional);
    return true;
}

/* RFC 9824 5: compact denial says NODATA where there is no such name, which only who reads its proof, and is
 * not told otherwise, sees. */
static uint16_t rcode_of(const struct request *rq, const struct outcome *o)
{
    bool restored = o->no_name && o->rcode == RCODE_NOERROR && (!rq->dnssec_ok || rq->compact_ok);
    return restored ? RCODE_NXDOMAIN : o->rcode;
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
           !o->clock_unknown && o->verdict != VERDICT_INDETERMINATE && ttl_count < ANSWER_TTLS_MAX;
}

void compose_answer(struct serve *s, struct request *rq, const struct outcome *outcome, uint16_t flags,
    bool store, struct reply *reply, now_t now)
{
    struct msg_builder b;
    uint16_t ttl_offsets[ANSWER_TTLS_MAX];
    if (outcome->verdict == VERDICT_SECURE && !outcome->clock_unknown)
        flags |= FLAG_AD;
    msg_build(&b, s->wire, sizeof s->wire, 0, (uint16_t)(flags | FLAG_QR | FLAG_RA), rcode_of(rq, outcome));
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
        cache_answer_put(s->cache, rq->name, rq->type, rq->class, answer_variant(rq),
            &(struct answer){.wire = s->wire,
                .len = len,
                .ttl_offsets = ttl_offsets,
                .ttl_count = b.ttl_count,
                .life_s = least_ttl(s->wire, ttl_offsets, b.ttl_count),
                .ede = rq->ede,
                .ede_text = rq->ede_text},
            now.cache_s);
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
    bool is_sentinel;
    serve_count(&s->counters.composed);
    reply->from = outcome->from_cache ? REPLY_FROM_CACHE : REPLY_FROM_SERVERS;
    rq->ede = outcome->reason.ede;
    rq->ede_text = outcome->reason.text ? outcome->reason.text : "";
    if (outcome->rcode == RCODE_SERVFAIL)
        reply_bare(s, rq, RCODE_SERVFAIL, reply);
    else if (!may_see(s, rq, outcome)) /* the resolver does not hand such out: the last lock on the door */
        serve_refuse(s, rq, RCODE_SERVFAIL, rq->ede == EDE_NONE ? EDE_DNSSEC_BOGUS : rq->ede,
            rq->ede == EDE_NONE ? "the answer was not validated" : rq->ede_text, reply);
    else if (sentinel_refuses(s, rq, outcome, &is_sentinel))
        serve_refuse(s, rq, RCODE_SERVFAIL, EDE_NONE, "", reply); /* RFC 8509 3.2 */
    else if (rq->type == TYPE_ANY && outcome->rcode == RCODE_NOERROR && outcome->answer.count == 0 &&
             !outcome->no_name)
        compose_hinfo(s, rq, reply, now);
    else
        compose_answer(s, rq, outcome, 0, !is_sentinel, reply, now);
}
