/* Inside the layer: what its files share. */
#ifndef HARK_SERVE_INNER_H
#define HARK_SERVE_INNER_H

#include "serve/local.h"
#include "serve/serve.h"

/* What is known of a query of a batch before it is handed in. */
struct near_query {
    struct answer_key key;
    struct request_name name;
};

struct serve {
    struct serve_settings settings;
    struct cache *cache;
    struct serve_counters counters;
    struct arena lasting; /* local zones */
    struct arena scratch; /* of one question; keeps a chunk, so that the usual question costs no malloc */
    const struct local_zones *local;
    struct near_query near[SERVE_NEAR_MAX];
    uint32_t rotation;              /* answers so far whose records were rotated */
    char reason[ANSWER_REASON_MAX]; /* of a finished answer, while its reply is made */
    uint8_t wire[MSG_MAX_LEN];      /* where an answer is composed */
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

/** The client's reply, from the records that stand in reply->data behind the room for header and question (as
 * many as fit into its cap), and what the head says of them. What does not fit is truncated. */
void reply_finish(
    struct serve *s, const struct request *rq, const struct answer_head *head, struct reply *reply);
/** Header, question and OPT. aa_tc: further header flags. */
void reply_bare(struct serve *s, const struct request *rq, uint16_t rcode, struct reply *reply);
/** The reply of the outcome. If `store`, and nobody had to be asked for it, the message is kept for who asks
 * next. flags: AA or 0. */
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

static inline struct answer_question answer_question(const struct request *rq)
{
    return (struct answer_question){.name = rq->name,
        .name_len = rq->name_len,
        .type = rq->type,
        .class = rq->class,
        .dnssec_ok = rq->dnssec_ok,
        .compact_ok = rq->compact_ok,
        .unchecked = rq->flags & FLAG_CD};
}

#endif
