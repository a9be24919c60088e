#include <string.h>

#include "serve/inner.h"

#define HINFO_TTL 3600u /* RFC 8482 4.2 leaves it open: an hour of quiet */

/* A message on its way. What is for askers with DO alone (signatures, proofs) stands last in its section, so
 * that often the message without it is the beginning of the other: then one serves all askers. */
struct draft {
    struct serve *s;
    const struct request *rq;
    const struct outcome *o;
    const struct rrset_list *lists[SECTION_COUNT];
    enum section last; /* the last section with records for all askers */
    bool shares;       /* what is for all askers stands before all that is not */
    struct msg_builder b;
    bool fits;                /* all that must be there */
    struct answer_head plain; /* without what is for DO alone, if it shares */
    bool plain_fits;
    uint16_t ttl_offsets[ANSWER_RECORDS_MAX + 1];
};

/* Proofs are for those who ask for them (RFC 4035 3.2.1), unless they are what was asked. */
static bool is_proof(const struct request *rq, enum section section, const struct rrset *rs)
{
    bool proof = rs->type == TYPE_RRSIG || rs->type == TYPE_NSEC || rs->type == TYPE_NSEC3;
    return proof && !(section == SECTION_ANSWER && rs->type == rq->type);
}

static bool has_wildcard_proofs(const struct outcome *o)
{
    for (size_t i = 0; i < o->answer.count; i++)
        if (o->answer.items[i]->proofs)
            return true;
    return false;
}

/* Where the records are that all askers get, and whether any that not all get stand before them. */
static void draft_survey(struct draft *d)
{
    bool signs[SECTION_COUNT] = {false};
    d->last = SECTION_ANSWER;
    d->shares = true;
    signs[SECTION_AUTHORITY] = has_wildcard_proofs(d->o);
    for (enum section section = SECTION_ANSWER; section < SECTION_COUNT; section++)
        for (size_t i = 0; i < d->lists[section]->count; i++) {
            const struct rrset *rs = d->lists[section]->items[i];
            bool proof = is_proof(d->rq, section, rs);
            signs[section] |= proof || rs->sig_count;
            if (!proof)
                d->last = section;
        }
    for (enum section section = SECTION_ANSWER; section < d->last; section++)
        d->shares &= !signs[section];
}

static bool add_plain(struct draft *d, enum section section)
{
    const struct rrset_list *list = d->lists[section];
    for (size_t i = 0; i < list->count; i++)
        if (!is_proof(d->rq, section, list->items[i]) &&
            !msg_add_rrset(&d->b, section, list->items[i], false, 0))
            return false;
    return true;
}

static bool add_dnssec(struct draft *d, enum section section)
{
    const struct rrset_list *list = d->lists[section];
    for (size_t i = 0; i < list->count; i++) {
        const struct rrset *rs = list->items[i];
        if (!(is_proof(d->rq, section, rs) ? msg_add_rrset(&d->b, section, rs, true, 0)
                                           : msg_add_sigs(&d->b, section, rs)))
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
static bool add_wildcard_proofs(struct draft *d)
{
    const struct outcome *o = d->o;
    for (size_t i = 0; i < o->answer.count; i++) {
        const struct rrset_list *proofs = o->answer.items[i]->proofs;
        for (size_t k = 0; proofs && k < proofs->count; k++) {
            const struct rrset *rs = proofs->items[k];
            bool there = rrset_list_find(&o->authority, rs->owner, rs->type) || is_of_earlier(o, i, rs);
            if (!there && !msg_add_rrset(&d->b, SECTION_AUTHORITY, rs, true, 0))
                return false;
        }
    }
    return true;
}

static struct answer_head head_so_far(const struct draft *d)
{
    return (struct answer_head){.counts = {d->b.counts[1], d->b.counts[2], d->b.counts[3]},
        .len = d->b.w.pos - (MSG_HEADER_LEN + d->rq->name_len + 4u)};
}

/* Of a positive answer the other sections are a courtesy:
 * what does not fit is left out without a word (RFC 2181 9). */
static void add_records(struct draft *d, bool with_dnssec)
{
    bool positive = d->o->answer.count > 0 && d->o->rcode == RCODE_NOERROR;
    d->fits = d->plain_fits = true;
    for (enum section section = SECTION_ANSWER; section < SECTION_COUNT; section++) {
        bool must = section == SECTION_ANSWER || (section == SECTION_AUTHORITY && !positive);
        bool plain = add_plain(d, section) || !must;
        d->plain_fits &= plain;
        d->fits &= plain;
        if (section == d->last)
            d->plain = head_so_far(d);
        if (!with_dnssec)
            continue;
        d->fits &= add_dnssec(d, section) || !must;
        if (section == SECTION_AUTHORITY)
            d->fits &= add_wildcard_proofs(d);
    }
}

static void draft_make(
    struct draft *d, struct serve *s, const struct request *rq, const struct outcome *o, bool store)
{
    d->s = s;
    d->rq = rq;
    d->o = o;
    d->lists[SECTION_ANSWER] = &o->answer;
    d->lists[SECTION_AUTHORITY] = &o->authority;
    d->lists[SECTION_ADDITIONAL] = &o->additional;
    draft_survey(d);
    msg_build(&d->b, s->wire, sizeof s->wire, 0, 0, 0);
    d->b.ttl_offsets = d->ttl_offsets;
    d->b.ttl_cap = ANSWER_RECORDS_MAX + 1;
    msg_add_question(&d->b, rq->name, rq->type, rq->class);
    add_records(d, rq->dnssec_ok || (store && d->shares));
}

/* RFC 9824 5: compact denial says NODATA where there is no such name, which only who reads its proof, and is
 * not told otherwise, sees. */
static uint16_t rcode_of(const struct request *rq, const struct outcome *o)
{
    bool restored = o->no_name && o->rcode == RCODE_NOERROR && (!rq->dnssec_ok || rq->compact_ok);
    return restored ? RCODE_NXDOMAIN : o->rcode;
}

static unsigned records_of(const struct answer_head *head)
{
    return (unsigned)head->counts[0] + head->counts[1] + head->counts[2];
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

/* Only the second ask is answered from the cache: a name that is asked for once costs its RRsets alone. */
static bool may_be_kept(const struct outcome *o)
{
    return o->from_cache && o->messages == 0 && (o->rcode == RCODE_NOERROR || o->rcode == RCODE_NXDOMAIN) &&
           o->verdict != VERDICT_BOGUS && o->verdict != VERDICT_INDETERMINATE && !o->clock_unknown &&
           !o->stale;
}

static bool is_too_large(const struct answer_head *head)
{
    return head->len > ANSWER_OCTETS_MAX || records_of(head) > ANSWER_RECORDS_MAX;
}

/* Is it what an asker without CD would get too? Of parts of which one is false the least verdict may still be
 * INSECURE, so unless all are secure each part is looked at. */
static bool is_for_all(const struct serve *s, const struct request *rq, const struct outcome *o)
{
    if (!(rq->flags & FLAG_CD) || !s->settings.validates || o->verdict == VERDICT_SECURE)
        return true;
    bool judged = o->verdict == VERDICT_INSECURE && (o->answer.count == 0 || o->authority.count == 0);
    for (size_t i = 0; i < o->answer.count; i++)
        judged &=
            o->answer.items[i]->verdict == VERDICT_INSECURE || o->answer.items[i]->verdict == VERDICT_SECURE;
    return judged;
}

/* What of the draft is kept, and for whom: all of it for all askers, if the one begins the other and both may
 * be kept; else what was made for this one. */
static void draft_share(const struct draft *d, struct answer *a)
{
    bool whole = d->shares && d->fits && !is_too_large(&a->head);
    if (d->rq->dnssec_ok && !d->shares) {
        a->for_whom = ANSWER_FOR_DO;
        a->plain = (struct answer_head){0};
    } else if (d->rq->dnssec_ok || whole) {
        a->for_whom = ANSWER_FOR_DO | ANSWER_FOR_PLAIN;
    } else {
        a->for_whom = ANSWER_FOR_PLAIN;
        a->head = a->plain;
    }
    if (d->o->no_name && d->o->rcode == RCODE_NOERROR)
        a->for_whom |= ANSWER_NO_NAME;
}

static uint32_t due_of(const struct rrset_list *l, uint32_t now_s, uint32_t least)
{
    for (size_t i = 0; i < l->count; i++) {
        uint32_t due_s = cache_due_s(l->items[i], now_s);
        least = due_s < least ? due_s : least;
    }
    return least;
}

static void draft_keep(const struct draft *d, uint16_t flags, uint32_t now_s)
{
    const struct request *rq = d->rq;
    struct answer a = {.head = head_so_far(d), .plain = d->plain, .ede = rq->ede, .ede_text = rq->ede_text};
    draft_share(d, &a);
    if (is_too_large(&a.head))
        return;
    a.head.flags = (uint16_t)(flags | d->o->rcode);
    a.records = d->s->wire + MSG_HEADER_LEN + rq->name_len + 4u;
    a.ttl_offsets = d->ttl_offsets;
    a.life_s = least_ttl(d->s->wire, d->ttl_offsets, records_of(&a.head));
    a.due_s = due_of(&d->o->authority, now_s, due_of(&d->o->answer, now_s, UINT32_MAX));
    struct answer_question q = answer_question(rq);
    q.unchecked = !is_for_all(d->s, rq, d->o);
    cache_answer_put(d->s->cache, &q, &a, now_s);
}

void compose_answer(struct serve *s, struct request *rq, const struct outcome *outcome, uint16_t flags,
    bool store, struct reply *reply, now_t now)
{
    struct draft d;
    store = store && may_be_kept(outcome);
    draft_make(&d, s, rq, outcome, store);
    if (!(rq->dnssec_ok ? d.fits : d.plain_fits)) {
        serve_refuse(s, rq, RCODE_SERVFAIL, EDE_OTHER, "the answer is longer than a message can be", reply);
        return;
    }
    if (outcome->verdict == VERDICT_SECURE && !outcome->clock_unknown)
        flags |= FLAG_AD;
    if (store)
        draft_keep(&d, flags, now.cache_s);
    struct answer_head head = rq->dnssec_ok ? head_so_far(&d) : d.plain;
    head.flags = (uint16_t)(flags | rcode_of(rq, outcome));
    /* Longer than the room given is longer than the client takes,
     * so header and question are all that will be sent. */
    size_t first = MSG_HEADER_LEN + rq->name_len + 4u, room = reply->cap - first;
    memcpy(reply->data + first, s->wire + first, head.len < room ? head.len : room);
    reply_finish(s, rq, &head, reply);
}

/* RFC 8482 4.2: the name exists and has no A, and what else it has is nobody's business. */
static void compose_hinfo(
    struct serve *s, struct request *rq, const struct outcome *nodata, struct reply *reply, now_t now)
{
    static const uint8_t hinfo[] = "\x07RFC8482"; /* CPU; OS is the empty string that the ending zero makes */
    struct rdata rd = {.data = hinfo, .len = sizeof hinfo};
    struct rrset rs = {
        .owner = rq->name, .type = TYPE_HINFO, .class = CLASS_IN, .ttl = HINFO_TTL, .count = 1, .rdata = &rd};
    struct rrset *items[1] = {&rs};
    struct outcome out = {.reason.ede = EDE_NONE,
        .from_cache = nodata->from_cache,
        .messages = nodata->messages,
        .stale = nodata->stale,
        .answer = {.items = items, .count = 1, .cap = 1}};
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
        compose_hinfo(s, rq, outcome, reply, now);
    else
        compose_answer(s, rq, outcome, 0, !is_sentinel, reply, now);
}
