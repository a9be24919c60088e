/* hark NAME… TYPE… [@SERVER]: as DNS does. */
#include <string.h>

#include "base/now.h"
#include "base/random.h"
#include "cli/address.h"
#include "cli/ask_view.h"
#include "cli/command.h"
#include "cli/record.h"
#include "cli/servers.h"

struct asking {
    const struct args *args;
    struct out *out;
    struct arena *arena;
    struct random *rng;
    struct ask_settings settings;
    bool from_resolvconf;
};

static void apply_options(struct asking *q)
{
    const struct args *a = q->args;
    struct ask_settings *s = &q->settings;
    if (a->given[OPTION_TIME])
        s->timeout_ms = a->number[OPTION_TIME] * 1000;
    if (a->given[OPTION_TRIES])
        s->tries = a->number[OPTION_TRIES];
    if (a->given[OPTION_TCP])
        s->tcp = a->on[OPTION_TCP];
    s->edns = a->on[OPTION_EDNS];
    s->udp_size = a->given[OPTION_BUFSIZE] ? (uint16_t)a->number[OPTION_BUFSIZE] : UDP_SIZE_DEFAULT;
    s->dnssec_ok = a->on[OPTION_DNSSEC];
    s->nsid = a->on[OPTION_NSID];
    s->cookie = a->on[OPTION_COOKIE];
    s->source = a->source;
    s->subnet = a->subnet;
    s->recursion = a->on[OPTION_REC];
    s->checking_disabled = a->on[OPTION_CD];
}

static void complain_no_reply(const struct asking *q, const struct ask_reply *r)
{
    char at[ENDPOINT_TEXT_LEN];
    const char *hint = r->end == ASK_LOCAL  ? ""
                       : q->from_resolvconf ? "; is it running? Another one: @ADDRESS"
                                            : "; is that the address and port of a name server?";
    endpoint_text(&r->server, at);
    if (q->settings.server_count > 1)
        out_complain("none of %zu servers replied; the last, %s, %s%s", q->settings.server_count, at,
            ask_end_text(r), hint);
    else
        out_complain("%s %s%s", at, ask_end_text(r), hint);
}

/* In short form a failure would look like an empty answer. */
static void complain_failure(
    const struct msg_question *question, const struct ask_reply *r, enum status status)
{
    if (status != STATUS_FAILURE && status != STATUS_BOGUS)
        return;
    struct text t;
    text_init(&t);
    record_add_question(&t, question->name, question->type);
    text_add(&t, ": ");
    rcode_to_text(&t, r->msg.rcode);
    for (unsigned i = 0; i < r->msg.edns.ede_count; i++) {
        const char *purpose = ede_text(r->msg.edns.ede[i].code);
        const char *own = r->msg.edns.ede[i].text;
        text_printf(&t, "; EDE %u%s%s", r->msg.edns.ede[i].code, purpose ? ", " : "", purpose ? purpose : "");
        if (own && own[0])
            text_printf(&t, ": %s", own);
    }
    out_complain("%s", t.data);
    text_fini(&t);
}

static enum status ask_one(struct asking *q, const struct msg_question *question)
{
    struct arena arena;
    struct ask_reply r;
    arena_init(&arena);
    ask(&r, &q->settings, question, q->rng, &arena);
    if (r.end != ASK_REPLY)
        complain_no_reply(q, &r);
    struct security security;
    bool wanted = q->args->on[OPTION_DNSSEC];
    security_read(&security, &r, q->args->on[OPTION_CD]);
    ask_view(q->out, &r, question, now_read(false).wall_s, wanted ? &security : NULL);
    enum status status = status_of_ask(&r, question->type);
    if (wanted && security.kind == SECURITY_BOGUS)
        status = status_worst(status, STATUS_BOGUS); /* data that came all the same: +cd */
    if (r.end == ASK_REPLY && q->out->format == OUT_SHORT)
        complain_failure(question, &r, status);
    arena_fini(&arena);
    return status;
}

static enum status read_name(const struct args *a, const char *word, name_t out[NAME_MAX_LEN])
{
    struct text why;
    text_init(&why);
    enum err err = address_question(out, word, a->on[OPTION_REVERSE], &why);
    if (err)
        out_complain("'%s' is not a domain name: %s", word, why.data);
    text_fini(&why);
    return err ? STATUS_USAGE : STATUS_ANSWER;
}

static enum status ask_all(struct asking *q)
{
    const struct args *a = q->args;
    const uint16_t usual = a->on[OPTION_REVERSE] ? TYPE_PTR : TYPE_A;
    const uint16_t *types = a->type_count ? a->types : &usual;
    size_t type_count = a->type_count ? a->type_count : 1;
    enum status worst = STATUS_ANSWER;
    for (size_t i = 0; i < a->name_count; i++) {
        struct msg_question question = {.class = a->class};
        enum status status = read_name(a, a->names[i], question.name);
        for (size_t t = 0; status != STATUS_USAGE && t < type_count && !q->out->error; t++) {
            question.type = types[t];
            status = status_worst(status, ask_one(q, &question));
        }
        worst = status_worst(worst, status);
    }
    return worst;
}

enum status cmd_ask(const struct args *args, struct out *out)
{
    struct arena arena;
    arena_init(&arena);
    struct asking q = {.args = args, .out = out, .arena = &arena};
    enum status status = servers_choose(&q.settings, args, &q.from_resolvconf, &arena);
    if (status == STATUS_ANSWER) {
        apply_options(&q);
        q.rng = random_new(NULL);
        status = ask_all(&q);
        random_free(q.rng);
    }
    arena_fini(&arena);
    return status;
}
