#include "lib/walk.h"

#include <stdio.h>
#include <string.h>

#include "dns/record.h"
#include "lib/drive.h"

static void take_texts(struct walk_said *s, const struct rrset *set)
{
    for (unsigned i = 0; i < set->count; i++)
        rdata_texts_add(&s->data, set->type, &set->rdata[i]);
    record_bare_name(set->owner, s->canonical);
}

static void take_set(struct walk_said *s, const struct rrset *set)
{
    for (unsigned i = 0; i < set->count; i++) {
        const uint8_t *data = set->rdata[i].data;
        if (set->type == TYPE_PTR)
            record_bare_name(data, s->canonical);
        else if (s->count < WALK_ADDRESSES_MAX)
            s->addresses[s->count++] = set->type == TYPE_A ? addr_v4(data) : addr_v6(data);
    }
    if (set->type != TYPE_PTR)
        record_bare_name(set->owner, s->canonical);
}

/* The worst verdict and the worst rcode stay. */
static void take_outcome(struct walk_said *s, const struct outcome *o, uint16_t type, bool as_text)
{
    bool failed = o->rcode != RCODE_NOERROR && o->rcode != RCODE_NXDOMAIN;
    s->messages += o->messages;
    if (o->verdict == VERDICT_BOGUS || s->verdict != VERDICT_BOGUS)
        s->verdict = o->verdict;
    if (failed || s->rcode == RCODE_NOERROR)
        s->rcode = o->rcode;
    if (failed || s->reason[0] == 0) {
        s->ede = o->reason.ede;
        snprintf(s->reason, sizeof s->reason, "%s", o->reason.text ? o->reason.text : "");
    }
    for (size_t i = 0; o->rcode == RCODE_NOERROR && i < o->answer.count; i++)
        if (as_text && (o->answer.items[i]->type == type || type == TYPE_ANY))
            take_texts(s, o->answer.items[i]);
        else if (o->answer.items[i]->type == type)
            take_set(s, o->answer.items[i]);
}

static void walk_type(
    struct walk_said *s, struct drive *d, const struct walk_ask *ask, const name_t *name, uint16_t type)
{
    struct question q = {.name = name, .type = type, .class = CLASS_IN, .deadline_ms = ask->patience_ms};
    const struct outcome *o = drive_ask(d, &q);
    if (o)
        take_outcome(s, o, type, ask->type != TYPE_NONE);
}

static void run_errand(void *argument, struct text *out)
{
    const struct walk_ask *ask = argument;
    struct walk_said *s = mem_alloc(sizeof *s);
    name_t name[NAME_MAX_LEN];
    int64_t began_us = child_now_us();
    struct drive *d = drive_new(ask->config);
    s->ede = EDE_NONE;
    s->rcode = RCODE_SERVFAIL;
    if (d && name_from_text(name, ask->name, strlen(ask->name), NULL) == ERR_OK) {
        s->rcode = RCODE_NOERROR;
        bool addresses = !ask->reverse && ask->type == TYPE_NONE;
        if (!addresses)
            walk_type(s, d, ask, name, ask->reverse ? TYPE_PTR : ask->type);
        if (addresses && ask->v4)
            walk_type(s, d, ask, name, TYPE_A);
        if (addresses && ask->v6)
            walk_type(s, d, ask, name, TYPE_AAAA);
    }
    s->time_us = (uint32_t)(child_now_us() - began_us);
    text_add_n(out, (const char *)s, sizeof *s);
}

void walk_begin(struct child *c, const struct walk_ask *ask)
{
    child_begin(c, run_errand, (void *)(uintptr_t)ask);
}

bool walk_read(struct walk_said *out, const struct child *c)
{
    if (c->end != CHILD_DONE || c->out.len != sizeof *out)
        return false;
    memcpy(out, c->out.data, sizeof *out);
    return true;
}
