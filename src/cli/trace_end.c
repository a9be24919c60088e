#include "cli/trace_end.h"

#include <string.h>

#include "cli/status.h"
#include "dns/present.h"
#include "dns/rdata.h"
#include "dns/record.h"
#include "dnssec/fault.h"

static void print_record(void *ctx, const struct rr *rr)
{
    struct text t;
    text_init(&t);
    rr_to_text(&t, rr);
    out_put(ctx, STYLE_PLAIN, t.data);
    text_fini(&t);
}

static void print_list(struct out *o, const struct rrset_list *l, bool with_sigs)
{
    for (size_t i = 0; i < l->count; i++) {
        bool proof = l->items[i]->type == TYPE_NSEC || l->items[i]->type == TYPE_NSEC3;
        if (with_sigs || !proof)
            record_each(l->items[i], with_sigs, print_record, o);
    }
}

static void add_failure(struct text *t, const struct outcome *o)
{
    const char *reason = o->reason.text ? o->reason.text : "the look-up failed";
    struct text rcode;
    text_init(&rcode);
    rcode_to_text(&rcode, o->rcode);
    text_printf(t, "No answer: %s", reason);
    if (!strstr(reason, rcode.data))
        text_printf(t, " (%s)", rcode.data);
    if (o->reason.ede >= 0) {
        text_add(t, "; ");
        record_add_ede(t, o->reason.ede, NULL);
    }
    text_fini(&rcode);
}

/* ", secure", ", insecure (why)" */
static void add_verdict(struct text *t, const struct outcome *o)
{
    const char *verdict = verdict_text(o->verdict);
    if (!verdict)
        return;
    text_printf(t, ", %s", verdict);
    if (o->verdict != VERDICT_SECURE)
        text_printf(t, " (%s)",
            o->reason.text                          ? o->reason.text
            : o->fault == FAULT_DELEGATION_UNSIGNED ? "the zone above has no DS"
                                                    : "nothing vouches for it");
}

static void add_denial(struct text *t, const struct question *q, const struct outcome *o)
{
    text_add(t, "Answer: ");
    record_add_question(t, q->name, q->type);
    text_add(t, o->rcode == RCODE_NXDOMAIN ? ": no such name (NXDOMAIN)" : ": no data of that type (NODATA)");
}

enum out_style trace_end_headline(struct text *t, const struct question *q, const struct outcome *o)
{
    enum status status = status_of_outcome(o, q->type);
    if (status == STATUS_ANSWER)
        text_add(t, "Answer");
    else if (status == STATUS_NO_DATA)
        add_denial(t, q, o);
    else
        add_failure(t, o);
    if (status == STATUS_ANSWER || status == STATUS_NO_DATA)
        add_verdict(t, o);
    return status == STATUS_ANSWER ? STYLE_GOOD : status == STATUS_NO_DATA ? STYLE_WARN : STYLE_BAD;
}

void trace_end_outcome(struct out *out, const struct question *q, const struct outcome *o, bool with_sigs)
{
    struct text t;
    text_init(&t);
    enum out_style style = trace_end_headline(&t, q, o);
    out_wrapped(out, style, 0, t.data);
    text_fini(&t);
    print_list(out, &o->answer, with_sigs);
    if (status_of_outcome(o, q->type) != STATUS_ANSWER)
        print_list(out, &o->authority, with_sigs);
}

/* The RDATA alone. */
static void print_short(void *ctx, const struct rr *rr)
{
    struct text t;
    text_init(&t);
    rdata_to_text(&t, rr->type, rr->class, &rr->rdata);
    out_line(ctx, STYLE_PLAIN, "%s", t.data);
    text_fini(&t);
}

void trace_end_short(struct out *out, const struct outcome *o)
{
    for (size_t i = 0; i < o->answer.count; i++)
        record_each(o->answer.items[i], false, print_short, out);
}
