#include "serve/serve.h"

#include <string.h>

#include "dns/rdata.h"
#include "dnssec/fault.h"
#include "policy/access.h"
#include "policy/clients.h"
#include "serve/inner.h"

/* ---- the steps, in the order of the list below; those not here are in admit.c and chaos.c ---- */

static enum step_end step_read(struct visit *v)
{
    struct request_name known = v->rq->near ? v->s->near[v->rq->near - 1].name : (struct request_name){0};
    v->form = request_read(v->rq, v->wire, v->len, known, &v->s->scratch);
    return v->form == REQUEST_SILENT ? STEP_SILENT : STEP_NEXT;
}

static enum step_end step_class(struct visit *v)
{
    switch (v->rq->class) {
    case CLASS_IN:
        return STEP_NEXT;
    case 0:          /* reserved, RFC 6895 3.2 */
    case CLASS_NONE: /* of UPDATE alone, RFC 2136 2.4 */
        return step_refuse(v, RCODE_FORMERR, EDE_NONE, "");
    default:
        return step_refuse(v, RCODE_REFUSED, EDE_NOT_SUPPORTED, "only class IN is served");
    }
}

/* Types that are no data (RFC 6895 3.1). */
static enum step_end step_type(struct visit *v)
{
    uint16_t type = v->rq->type;
    if (type == TYPE_AXFR || type == TYPE_IXFR)
        return step_refuse(v, RCODE_REFUSED, EDE_NOT_SUPPORTED, "no zone is transferred from here");
    if (type == TYPE_MAILA || type == TYPE_MAILB)
        return step_refuse(v, RCODE_NOTIMP, EDE_INVALID_QUERY_TYPE, "");
    if (type != TYPE_ANY)
        return step_refuse(v, RCODE_FORMERR, EDE_INVALID_QUERY_TYPE, ""); /* RFC 9824 3.5 for NXNAME, 128 */
    return STEP_NEXT;
}

static bool is_stranger(const struct visit *v)
{
    const struct serve_settings *settings = &v->s->settings;
    return !access_allows(&settings->access, &settings->access_deny, &v->rq->client);
}

static bool may_be_local(const struct visit *v)
{
    return v->s->local && local_may_be(v->rq->name + v->rq->last_label);
}

static enum step_end step_local(struct visit *v)
{
    struct outcome out;
    if (!local_answer(v->s->local, v->rq->name, v->rq->type, &v->s->scratch, &out))
        return STEP_NEXT;
    serve_count(&v->s->counters.local);
    v->reply->from = REPLY_FROM_LOCAL;
    compose_answer(v->s, v->rq, &out, FLAG_AA, false, v->reply,
        v->now); /* RFC 6303 3: an authoritative zone like others */
    return STEP_REPLIED;
}

static enum step_end step_answers(struct visit *v)
{
    struct request *rq = v->rq;
    struct answer_question q = answer_question(rq);
    if (rq->near && v->s->near[rq->near - 1].key.len)
        q.key = &v->s->near[rq->near - 1].key;
    size_t first = MSG_HEADER_LEN + rq->name_len + 4u;
    struct answer_room room = {
        .records = v->reply->data + first, .cap = v->reply->cap - first, .ede_text = v->s->reason};
    if (!cache_answer_get(v->s->cache, &q, v->now.cache_s, &room))
        return STEP_NEXT;
    serve_count(&v->s->counters.hits);
    v->reply->due = room.due && (rq->flags & FLAG_RD); /* threat A18 */
    v->reply->from = REPLY_FROM_CACHE;
    rq->ede = room.ede;
    rq->ede_text = v->s->reason;
    reply_finish(v->s, rq, &room.head, v->reply);
    rq->ede_text = "";
    return STEP_REPLIED;
}

/* What the cache knows of exactly this name and type, without work:
 * data that may be given as an answer (RFC 2181 5.4.1), a denial, or the alias that stands there. */
static bool known(struct visit *v, struct outcome *out)
{
    struct arena *a = &v->s->scratch;
    const struct request *rq = v->rq;
    struct cache *cache = v->s->cache;
    uint32_t now_s = v->now.cache_s;
    struct negative negative;
    struct rrset *rs = cache_rrset_get(cache, rq->name, rq->type, rq->class, now_s, a);
    if (!rs)
        rs = cache_rrset_get(cache, rq->name, TYPE_CNAME, rq->class, now_s, a);
    if (rs && rs->rank >= RANK_ANSWER_NONAUTH) {
        out->verdict = rs->verdict;
        out->fault = rs->fault;
        rrset_list_add(&out->answer, rs, a);
    } else if (cache_negative_get(cache, rq->name, rq->type, rq->class, now_s, a, &negative)) {
        out->rcode = negative.nxdomain ? RCODE_NXDOMAIN : RCODE_NOERROR;
        out->verdict = negative.verdict;
        out->authority = negative.authority;
        out->no_name = negative.no_name;
        out->fault = negative.fault;
    } else {
        return false;
    }
    return may_see(v->s, rq, out);
}

/* Why what the cache knows is insecure, where that is not simply for want of a DS. */
static void tell_fault(struct visit *v, const struct outcome *o)
{
    struct request *rq = v->rq;
    struct text text;
    if (o->fault == FAULT_NONE || o->fault == FAULT_DELEGATION_UNSIGNED || o->fault == FAULT_OPT_OUT)
        return;
    char *room = arena_alloc(&v->s->scratch, ANSWER_REASON_MAX);
    text_init_fixed(&text, room, ANSWER_REASON_MAX);
    fault_text(&text, &(struct fault){.kind = o->fault, .owner = rq->name, .type = rq->type});
    rq->ede = fault_ede(o->fault);
    rq->ede_text = room;
}

/* Of a failure that is remembered (RFC 9520), of the name or of where its aliases lead, whoever may look into
 * the cache hears the same. */
static bool failed(struct visit *v)
{
    const struct request *rq = v->rq;
    const name_t *name = rq->name;
    struct failure f = {0};
    for (unsigned links = 0; links <= ALIAS_MAX && name; links++) {
        if (cache_failure_get(v->s->cache, name, rq->type, rq->class, v->now.cache_s, &f))
            break;
        const struct rrset *cname =
            cache_rrset_get(v->s->cache, name, TYPE_CNAME, rq->class, v->now.cache_s, &v->s->scratch);
        name = cname && cname->count ? rdata_target(TYPE_CNAME, &cname->rdata[0]) : NULL;
    }
    if (f.retry_s == 0 || (f.bogus && (rq->flags & FLAG_CD)))
        return false;
    v->reply->from = REPLY_FROM_CACHE;
    serve_refuse(v->s, v->rq, RCODE_SERVFAIL, f.ede, f.text, v->reply);
    v->rq->ede_text = "";
    return true;
}

/* Asked without RD: nobody is asked on behalf of it, so that two resolvers that take each other for
 * authoritative cannot send each other round (threat A18). */
static enum step_end step_recursion(struct visit *v)
{
    struct outcome out = {.rcode = RCODE_NOERROR, .reason.ede = EDE_NONE};
    bool is_sentinel;
    if (v->rq->flags & FLAG_RD)
        return STEP_NEXT;
    if (failed(v))
        return STEP_REPLIED;
    if (!known(v, &out))
        return step_refuse(v, RCODE_REFUSED, EDE_NOT_AUTHORITATIVE,
            "recursion was not asked for and the cache does not know");
    if (sentinel_refuses(v->s, v->rq, &out, &is_sentinel))
        return step_refuse(v, RCODE_SERVFAIL, EDE_NONE, "");
    tell_fault(v, &out);
    v->reply->from = REPLY_FROM_CACHE;
    compose_answer(v->s, v->rq, &out, 0, false, v->reply, v->now);
    v->rq->ede_text = "";
    return STEP_REPLIED;
}

/* clang-format off */
/* The server, in order: a step, and which questions meet it. Who gets past the last is asked for upstream. */
#define STEPS(STEP)                                                                                    \
    STEP(read, true)                         /* header, one question, OPT; silence */                  \
    STEP(cookie, rq->cookie_len)             /* is the client where it says it is? */                  \
    STEP(access, is_stranger(v))             /* REFUSED, or silence */                                 \
    STEP(form, v->form || rq->edns_version)  /* NOTIMP, FORMERR, BADVERS; a cookie was all it wanted */ \
    STEP(proof, s->settings.cookies_require) /* BADCOOKIE or TC, where cookies are required */         \
    STEP(chaos, rq->class == CLASS_CH)       /* CH TXT: who and what we are */                         \
    STEP(class, rq->class != CLASS_IN)       /* IN only */                                             \
    STEP(type, !rq->type || rrtype_is_meta(rq->type)) /* no transfers, no meta types */                \
    STEP(local, may_be_local(v))             /* names that are answered here */                        \
    STEP(snoop, !(rq->flags & FLAG_RD))      /* RD=0: who may look into the cache */                   \
    STEP(answers, true)                      /* finished answers from the cache */                     \
    STEP(recursion, !(rq->flags & FLAG_RD))  /* RD=0: from the cache or not at all */
/* clang-format on */

static enum step_end walk(struct visit *v)
{
    const struct serve *s = v->s;
    const struct request *rq = v->rq;
    enum step_end end;
#define STEP(name, meets)                                                                                    \
    if ((meets) && (end = step_##name(v)) != STEP_NEXT)                                                      \
        return end;
    STEPS(STEP)
#undef STEP
    return STEP_NEXT;
}

enum served serve_query(
    struct serve *s, struct request *rq, const uint8_t *wire, size_t len, struct reply *reply, now_t now)
{
    struct visit v = {.s = s, .rq = rq, .wire = wire, .len = len, .reply = reply, .now = now};
    serve_count(&s->counters.queries);
    serve_count(rq->transport == TRANSPORT_TCP ? &s->counters.tcp : &s->counters.udp);
    reply->len = 0;
    enum step_end end = walk(&v);
    if (s->scratch.used)
        arena_reset(&s->scratch);
    if (end == STEP_REPLIED)
        return SERVE_DONE;
    serve_count(end == STEP_SILENT ? &s->counters.silent : &s->counters.pending);
    return end == STEP_SILENT ? SERVE_SILENT : SERVE_PENDING;
}

void serve_near(struct serve *s, unsigned near, const uint8_t *wire, size_t len)
{
    struct near_query *query = &s->near[near - 1];
    const uint8_t *name = wire + MSG_HEADER_LEN;
    size_t last = 0, n = len > MSG_HEADER_LEN ? name_check_last(name, len - MSG_HEADER_LEN, &last) : 0;
    query->name = (struct request_name){.octets = (uint16_t)n, .last_label = (uint8_t)last};
    query->key.len = 0;
    if (n == 0 || len - MSG_HEADER_LEN - n < 4)
        return;
    cache_answer_key(s->cache, name, n, &query->key);
}

void serve_nearer(struct serve *s, unsigned near)
{
    struct answer_key *key = &s->near[near - 1].key;
    if (key->len)
        cache_answer_nearer(s->cache, key);
}

bool serve_local(
    const struct serve *s, const name_t *name, uint16_t type, struct arena *a, struct outcome *out)
{
    *out = (struct outcome){.reason = {.ede = EDE_NONE}};
    return s->local && local_answer(s->local, name, type, a, out);
}

struct question serve_question(const struct request *rq)
{
    /* ANY gets one RRset that the name has (RFC 8482 4.1); A is the likeliest. */
    bool any = rq->type == TYPE_ANY;
    return (struct question){
        .name = rq->name,
        .type = any ? TYPE_A : rq->type,
        .class = rq->class,
        .no_aliases = any,
        .checking_disabled = rq->flags & FLAG_CD,
        .dnssec_ok = rq->dnssec_ok,
        .stale_ok = true,
        .client = client_of(&rq->client),
    };
}

void serve_refuse(
    struct serve *s, struct request *rq, uint16_t rcode, int ede, const char *text, struct reply *reply)
{
    rq->ede = ede;
    rq->ede_text = text;
    reply_bare(s, rq, rcode, reply);
}

struct serve *serve_new(const struct serve_settings *settings, struct cache *cache)
{
    struct serve *s = mem_alloc(sizeof *s);
    s->cache = cache;
    arena_init(&s->lasting);
    arena_init(&s->scratch);
    serve_settings_set(s, settings);
    return s;
}

void serve_settings_set(struct serve *s, const struct serve_settings *settings)
{
    s->settings = *settings;
    arena_reset(&s->lasting);
    s->local = settings->local_zones
                   ? local_zones_new(settings->local_off, settings->local_off_count, &s->lasting)
                   : NULL;
}

void serve_free(struct serve *s)
{
    if (!s)
        return;
    arena_fini(&s->scratch);
    arena_fini(&s->lasting);
    mem_free(s);
}

const struct serve_counters *serve_counters(const struct serve *s)
{
    return &s->counters;
}
