#include "cli/ask_transfer.h"

#include "dns/record.h"

static void add_counts(json_t *j, const struct transfer *t)
{
    json_t *counts = json_object();
    json_object_set_new(counts, "serial", json_integer(t->serial));
    json_object_set_new(counts, "records", json_integer((json_int_t)t->records));
    json_object_set_new(counts, "messages", json_integer((json_int_t)t->messages));
    json_object_set_new(counts, "octets", json_integer((json_int_t)t->octets));
    json_object_set_new(j, "transfer", counts);
}

static bool take_message(void *of, const struct ask_reply *r)
{
    struct ask_transfer *t = of;
    if (!transfer_is_under_way(&t->transfer)) /* the server is asked again, without EDNS or the like */
        transfer_init(&t->transfer, t->question->name, t->question->type, t->view->args->serial);
    size_t n = transfer_take(&t->transfer, &r->msg, r->octets);
    bool more = transfer_is_under_way(&t->transfer);
    if (t->view->out->format == OUT_JSON && (more || transfer_is_complete(&t->transfer))) {
        json_t *j = ask_view_json(t->view, r, t->question);
        if (!more)
            add_counts(j, &t->transfer);
        out_json(t->view->out, j);
    } else if (n) {
        ask_view_records(t->view, r, n, !t->begun);
        t->begun = true;
    }
    return more && !t->view->out->error;
}

void ask_transfer_begin(struct ask_transfer *t, struct ask_settings *s, const struct ask_view *view,
    const struct msg_question *question)
{
    *t = (struct ask_transfer){.view = view, .question = question};
    transfer_init(&t->transfer, question->name, question->type, view->args->serial);
    s->tcp = true;
    /* They mean nothing here, and are better zero (RFC 5936 2.1.1). */
    s->recursion = s->recursion && view->args->given[OPTION_REC];
    if (!view->args->given[OPTION_AD])
        s->more_flags &= (uint16_t)~FLAG_AD;
    s->follow = take_message;
    s->follow_of = t;
    s->serial_held = question->type == TYPE_IXFR;
    s->serial = view->args->serial;
}

static void add_why(struct text *why, const struct ask_transfer *t, const struct ask_reply *r)
{
    if (!transfer_is_under_way(&t->transfer))
        transfer_fault_text(why, &t->transfer);
    else if (r->end == ASK_TIMEOUT)
        text_add(why, "the server did not send the rest in time");
    else if (r->end == ASK_MALFORMED)
        text_add(why, "the server sent something that is no part of it");
    else
        text_add(why, "the server closed the connection before the end");
    if (t->transfer.records)
        text_printf(why, " (after %llu record%s)", (unsigned long long)t->transfer.records,
            t->transfer.records == 1 ? "" : "s");
}

/* Behind the objects of the messages: one that is an end. */
static void tell_failure(const struct ask_transfer *t, const struct ask_reply *r, const char *why)
{
    struct ask_reply end = *r;
    if (t->transfer.messages > 1 || transfer_is_under_way(&t->transfer))
        end.end = ASK_MALFORMED; /* what came has been told */
    json_t *j = ask_view_json(t->view, &end, t->question);
    record_set_text(j, "error", why);
    add_counts(j, &t->transfer);
    out_json(t->view->out, j);
}

enum status ask_transfer_end(struct ask_transfer *t, const struct ask_reply *r, struct text *why)
{
    bool complete = transfer_is_complete(&t->transfer);
    if (t->view->out->error)
        return STATUS_ANSWER; /* whoever reads has seen enough */
    if (t->transfer.messages == 0) {
        ask_view_reply(t->view, r, t->question);
        return status_of_ask(r, t->question->type);
    }
    if (!complete)
        add_why(why, t, r);
    if (t->view->out->format == OUT_TEXT && (complete || t->begun))
        ask_view_transfer(t->view, r, &t->transfer, !t->begun);
    else if (t->view->out->format == OUT_JSON && !complete)
        tell_failure(t, r, why->data);
    return complete ? STATUS_ANSWER : t->transfer.rcode == RCODE_NXDOMAIN ? STATUS_NO_DATA : STATUS_FAILURE;
}
