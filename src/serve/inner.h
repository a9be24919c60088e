/* Inside the layer: what its files share. */
#ifndef HARK_SERVE_INNER_H
#define HARK_SERVE_INNER_H

#include "serve/local.h"
#include "serve/serve.h"

struct serve {
    struct serve_settings settings;
    struct cache *cache;
    struct serve_counters counters;
    struct arena lasting; /* local zones */
    struct arena scratch; /* of one question; keeps a chunk, so that the usual question costs no malloc */
    const struct local_zones *local;
    uint32_t rotation;         /* answers so far whose records were rotated */
    uint8_t wire[MSG_MAX_LEN]; /* where an answer is composed */
};

/* A question on its way through the steps. */
struct visit {
    struct serve *s;
    struct request *rq;
    enum request_form form;
    bool sent_cookie; /* the client sent a server's part too */
    const uint8_t *wire;
    size_t len;
    struct reply *reply;
    now_t now;
};

enum step_end { STEP_NEXT, STEP_REPLIED, STEP_SILENT };

/* Steps; what each does is said in the list in serve.c. */
enum step_end step_cookie(struct visit *v);
enum step_end step_access(struct visit *v);
enum step_end step_form(struct visit *v);
enum step_end step_proof(struct visit *v);
enum step_end step_chaos(struct visit *v);
enum step_end step_snoop(struct visit *v);

static inline enum step_end step_refuse(struct visit *v, uint16_t rcode, int ede, const char *text)
{
    serve_refuse(v->s, v->rq, rcode, ede, text, v->reply);
    return STEP_REPLIED;
}

/** The client's reply from a finished message in reply->data[reply->len] that has the flags, rcode, question
 * and records, but neither the client's ID, flags, letter case nor an OPT (as cache_answer_get gives it).
 * What does not fit is truncated. */
void reply_finish(struct serve *s, const struct request *rq, struct reply *reply);
/** Header, question and OPT. aa_tc: further header flags. */
void reply_bare(struct serve *s, const struct request *rq, uint16_t rcode, struct reply *reply);
/** The outcome as a finished message (see reply_finish), in reply; stored in the answers cache if `store`.
 * flags: AA or 0. */
void compose_answer(struct serve *s, struct request *rq, const struct outcome *outcome, uint16_t flags,
    bool store, struct reply *reply, now_t now);

/** May the outcome's data go to this client, as far as DNSSEC goes? Without CD none that is known to be
 * false, nor any that nobody has looked at where validation is on (RFC 4035 4.7, 5.5). */
static inline bool may_see(const struct serve *s, const struct request *rq, const struct outcome *o)
{
    if (rq->flags & FLAG_CD)
        return true;
    return o->verdict != VERDICT_BOGUS && (o->verdict != VERDICT_UNCHECKED || !s->settings.validates);
}

/** sentinel.c: does the question ask which keys of the root are trusted here (RFC 8509), and is the answer to
 * be SERVFAIL? *is_sentinel: its answer follows the keys and is not to be kept. */
bool sentinel_refuses(
    const struct serve *s, const struct request *rq, const struct outcome *o, bool *is_sentinel);

static inline uint8_t answer_variant(const struct request *rq)
{
    return (uint8_t)((rq->dnssec_ok ? ANSWER_VARIANT_DO : 0) | (rq->flags & FLAG_CD ? ANSWER_VARIANT_CD : 0) |
                     (rq->dnssec_ok && rq->compact_ok ? ANSWER_VARIANT_CO : 0));
}

#endif
