/* What we tell of ourselves: CH TXT (RFC 4892), by settings. */
#include <string.h>

#include "serve/inner.h"

enum tells { TELLS_IDENTITY, TELLS_VERSION };

static const struct {
    const char *name; /* wire form */
    enum tells tells;
} NAMES[] = {
    {"\2id\6server", TELLS_IDENTITY},
    {"\10hostname\4bind", TELLS_IDENTITY},
    {"\7version\6server", TELLS_VERSION},
    {"\7version\4bind", TELLS_VERSION},
};

static const char *text_of(const struct visit *v)
{
    for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++)
        if (name_equal(v->rq->name, (const name_t *)NAMES[i].name))
            return NAMES[i].tells == TELLS_IDENTITY ? v->s->settings.identity : v->s->settings.version;
    return NULL;
}

/* TTL 0 (RFC 4892 2.1 by example): the next question may reach another server. */
static void answer(struct visit *v, const char *text)
{
    uint8_t data[256];
    size_t len = strlen(text);
    if (len > sizeof data - 1)
        len = sizeof data - 1;
    data[0] = (uint8_t)len;
    memcpy(data + 1, text, len);
    struct rdata rd = {.data = data, .len = (uint16_t)(len + 1)};
    struct rrset rs = {.owner = v->rq->name, .type = TYPE_TXT, .class = CLASS_CH, .count = 1, .rdata = &rd};
    struct rrset *items[1] = {&rs};
    struct outcome out = {.reason.ede = EDE_NONE, .answer = {.items = items, .count = 1, .cap = 1}};
    compose_answer(v->s, v->rq, &out, FLAG_AA, false, v->reply, v->now);
}

enum step_end step_chaos(struct visit *v)
{
    const struct request *rq = v->rq;
    if (rq->class != CLASS_CH)
        return STEP_NEXT;
    const char *text = rq->type == TYPE_TXT || rq->type == TYPE_ANY ? text_of(v) : NULL;
    if (!text)
        return step_refuse(v, RCODE_REFUSED, EDE_NOT_SUPPORTED, "of class CH nothing else is told here");
    serve_count(&v->s->counters.local);
    v->reply->from = REPLY_FROM_LOCAL;
    answer(v, text);
    return STEP_REPLIED;
}
