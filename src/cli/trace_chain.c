#include "cli/trace_chain.h"

#include <time.h>

#include "dns/record.h"
#include "dns/rrtype.h"
#include "dnssec/verify.h"
#include "resolve/event_json.h"

/* Signatures that live no longer are told with the time of day. */
#define SHORT_LIFE_S (3u * 86400u)

enum out_style trace_verdict_style(uint8_t verdict)
{
    return verdict == VERDICT_SECURE ? STYLE_GOOD : verdict == VERDICT_BOGUS ? STYLE_BAD : STYLE_WARN;
}

/* ---- pieces ---- */

static void add_algorithm(struct text *t, uint8_t number)
{
    const char *name = algorithm_text(number);
    if (name)
        text_add(t, name);
    else
        text_printf(t, "algorithm %u", number);
}

static void add_digest(struct text *t, uint8_t number)
{
    const char *name = digest_text(number);
    if (name)
        text_add(t, name);
    else
        text_printf(t, "digest %u", number);
}

static void add_time(struct text *t, uint32_t stamp, int64_t now_s, bool whole)
{
    char buf[32];
    struct tm tm;
    time_t at = (time_t)rrsig_time(stamp, now_s);
    if (gmtime_r(&at, &tm))
        text_add_n(t, buf, strftime(buf, sizeof buf, whole ? "%Y-%m-%dT%H:%MZ" : "%Y-%m-%d", &tm));
}

/* The DS that names the key which signed; else the first. False: the RDATA is none. */
static bool choose_ds(const struct event *e, struct ds *out)
{
    bool any = false;
    for (unsigned i = 0; e->ds && i < e->ds->count; i++) {
        struct ds ds;
        if (e->ds->type != TYPE_DS || !ds_read(&e->ds->rdata[i], &ds))
            continue;
        bool names = e->sig && ds.tag == e->sig->tag && ds.algorithm == e->sig->algorithm;
        if (!any || names)
            *out = ds;
        any = true;
        if (names)
            break;
    }
    return any;
}

static void add_signature(struct text *t, const struct event *e, bool with_signer)
{
    const struct rrsig *sig = e->sig;
    char signer[NAME_TEXT_LEN];
    bool brief = sig->expiration - sig->inception < SHORT_LIFE_S;
    text_printf(t, "key %u ", sig->tag);
    add_algorithm(t, sig->algorithm);
    if (with_signer)
        text_printf(
            t, " of %s", name_is_root(sig->signer) ? "the root" : record_bare_name(sig->signer, signer));
    text_add(t, ", ");
    add_time(t, sig->inception, e->now.wall_s, brief);
    text_add(t, " to ");
    add_time(t, sig->expiration, e->now.wall_s, brief);
}

/* ---- sentences ---- */

static void add_subject(struct text *t, const struct event *e)
{
    char name[NAME_TEXT_LEN];
    if (e->kind == EVENT_CHAIN)
        text_add(t, name_is_root(e->zone) ? "the root" : record_bare_name(e->zone, name));
    else if (e->rrset)
        record_add_question(t, e->rrset->owner, e->rrset->type);
    else
        text_add(t, "the denial");
}

static void add_secure(struct text *t, const struct event *e)
{
    struct ds ds;
    bool chain = e->kind == EVENT_CHAIN;
    if (chain && choose_ds(e, &ds)) {
        text_printf(t, "%s %u ", e->anchor ? "trust anchor" : "DS", ds.tag);
        add_digest(t, ds.digest_type);
        text_add(t, e->sig ? ", " : "");
    } else if (chain && e->anchor) {
        text_add(t, e->sig ? "trust anchor, " : "trust anchor");
    }
    if (e->sig) {
        text_add(t, chain ? "keys signed by " : "signed by ");
        add_signature(t, e, !chain);
    }
}

void trace_chain_add(struct text *t, const struct event *e)
{
    const char *verdict = verdict_text(e->verdict);
    add_subject(t, e);
    text_printf(t, " is %s", verdict ? verdict : "not judged");
    if (e->verdict != VERDICT_SECURE) {
        text_printf(t, "%s%s", e->text ? ": " : "", e->text ? e->text : "");
    } else if (e->sig || e->kind == EVENT_CHAIN) {
        text_add(t, ": ");
        add_secure(t, e);
    }
}
