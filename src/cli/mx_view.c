#include "cli/mx_view.h"

#include "dns/record.h"
#include "lib/idn.h"

#define COLUMN_NAME 9u
#define COLUMN_ADDRESS 40u
#define COLUMN_VALUE 12u
#define SMTP_PORT 25
#define DAY_S 86400u
#define TLSA_HEX_SHOWN 8u /* octets of a digest: enough to tell it from others, and within 80 columns */

static const char *const verdict_words[] = {[HARK_MX_DELIVERABLE] = "deliverable",
    [HARK_MX_NO_MAIL] = "no_mail",
    [HARK_MX_TEMPORARY] = "temporary",
    [HARK_MX_NO_DOMAIN] = "no_domain",
    [HARK_MX_LOOP] = "loop"};
static const char *const state_words[] = {[HARK_MX_HOST_USED] = "used",
    [HARK_MX_HOST_NO_NAME] = "no_name",
    [HARK_MX_HOST_NO_ADDRESS] = "no_address",
    [HARK_MX_HOST_NOT_A_HOST] = "not_a_host",
    [HARK_MX_HOST_FAILED] = "failed",
    [HARK_MX_HOST_TLSA_FAILED] = "tlsa_failed",
    [HARK_MX_HOST_NOT_IN_POLICY] = "not_in_policy",
    [HARK_MX_HOST_SELF] = "self",
    [HARK_MX_HOST_BEYOND] = "beyond"};
static const char *const tls_words[] = {[HARK_TLS_OPPORTUNISTIC] = "opportunistic",
    [HARK_TLS_DANE] = "dane",
    [HARK_TLS_ENCRYPT] = "encrypt",
    [HARK_TLS_STS] = "mta-sts"};
static const char *const mode_words[] = {[HARK_STS_NONE] = "none",
    [HARK_STS_TESTING] = "testing",
    [HARK_STS_ENFORCE] = "enforce",
    [HARK_STS_UNKNOWN] = "unknown"};

static void tlsa_text(struct text *t, const struct hark_tlsa *tlsa, size_t octets)
{
    text_printf(t, "%u %u %u ", tlsa->usage, tlsa->selector, tlsa->matching);
    text_hex(t, tlsa->data.data, tlsa->data.length < octets ? tlsa->data.length : octets);
}

/* ---- for people ---- */

static void put_address_line(struct out *out, bool *begun, enum out_style style, const char *s)
{
    if (*begun)
        out_end(out);
    *begun = true;
    out_column(out, COLUMN_ADDRESS);
    out_put(out, style, s);
}

static void put_tls(struct out *out, const struct hark_mx_host *h, bool *begun)
{
    struct text t;
    if (h->tls == HARK_TLS_OPPORTUNISTIC)
        return;
    text_init(&t);
    text_printf(&t, "TLS: %s", hark_mx_tls_text(h->tls));
    put_address_line(out, begun, STYLE_GOOD, t.data);
    for (size_t i = 0; i < h->tlsa_count; i++) {
        text_clear(&t);
        text_add(&t, h->tlsa[i].usable ? "  " : "  of no use: ");
        tlsa_text(&t, &h->tlsa[i], TLSA_HEX_SHOWN);
        if (h->tlsa[i].data.length > TLSA_HEX_SHOWN)
            text_add(&t, "...");
        put_address_line(out, begun, STYLE_DIM, t.data);
    }
    text_fini(&t);
}

static void put_host(struct out *out, const struct hark_mx_plan *plan, const struct hark_mx_host *h)
{
    bool begun = false;
    if (plan->literal || plan->implicit)
        out_put(out, STYLE_DIM, "      -");
    else
        out_printf(out, STYLE_PLAIN, "  %5u", h->preference);
    out_column(out, COLUMN_NAME);
    out_put(out, h->state == HARK_MX_HOST_USED ? STYLE_STRONG : STYLE_DIM, h->name);
    if (h->state != HARK_MX_HOST_USED) {
        struct text t;
        text_init(&t);
        text_printf(&t, "skipped: %s%s%s", hark_mx_host_state_text(h->state), h->why ? ": " : "",
            h->why ? h->why : "");
        put_address_line(out, &begun, STYLE_WARN, t.data);
        text_fini(&t);
    } else {
        for (size_t i = 0; i < h->address_count; i++)
            put_address_line(out, &begun, STYLE_PLAIN, h->addresses[i]);
        put_tls(out, h, &begun);
    }
    out_end(out);
}

static void put_line(struct out *out, enum out_style style, const char *label, const char *value)
{
    out_label(out, label, COLUMN_VALUE);
    out_line(out, style, "%s", value);
}

static void put_sts(struct out *out, const struct hark_sts *sts)
{
    struct text t;
    if (!sts->id)
        return;
    text_init(&t);
    if (sts->mode == HARK_STS_UNKNOWN) {
        text_printf(&t, "announced (id %s), but its policy cannot be had", sts->id);
    } else {
        text_add(&t, mode_words[sts->mode]);
        for (size_t i = 0; i < sts->pattern_count; i++)
            text_printf(&t, "%s%s", i ? ", " : ": ", sts->patterns[i]);
        text_printf(&t, " (id %s, to be kept for ", sts->id);
        if (sts->max_age_s >= DAY_S)
            text_printf(&t, "%u day%s)", sts->max_age_s / DAY_S, sts->max_age_s / DAY_S == 1 ? "" : "s");
        else
            text_printf(&t, "%u s)", sts->max_age_s);
    }
    put_line(out, STYLE_PLAIN, "MTA-STS", t.data);
    text_fini(&t);
}

/* A domain that is written in its own script is shown so, too. */
static void put_domain(struct out *out, const char *domain)
{
    struct text t;
    out_put(out, STYLE_STRONG, domain);
    text_init(&t);
    text_printf(&t, "%s.", domain);
    if (out->utf8)
        idn_respell(&t, 0);
    t.data[t.len - 1] = 0;
    if (strcmp(t.data, domain) != 0) {
        out_put(out, STYLE_DIM, " (");
        out_words(out, STYLE_DIM, t.data);
        out_put(out, STYLE_DIM, ")");
    }
    text_fini(&t);
}

static void view_text(struct out *out, const char *target, const struct hark_mx_plan *plan, const char *note)
{
    enum out_style style = plan->verdict == HARK_MX_DELIVERABLE ? STYLE_GOOD
                           : plan->verdict == HARK_MX_TEMPORARY ? STYLE_WARN
                                                                : STYLE_BAD;
    if (plan->literal)
        out_put(out, STYLE_STRONG, target);
    else
        put_domain(out, plan->domain);
    out_put(out, STYLE_STRONG, ": ");
    out_put(out, style, hark_mx_verdict_text(plan->verdict));
    if (plan->why)
        out_printf(out, STYLE_PLAIN, " (%s)", plan->why);
    out_end(out);
    for (size_t i = 0; i < plan->host_count; i++)
        put_host(out, plan, &plan->hosts[i]);
    if (plan->implicit)
        put_line(out, STYLE_DIM, "implicit",
            "there is no MX record: the domain is its own mail host (RFC 5321 5.1)");
    if (plan->canonical)
        put_line(out, STYLE_PLAIN, "alias of", plan->canonical);
    if (plan->needs_utf8)
        put_line(
            out, STYLE_PLAIN, "SMTPUTF8", "the host must offer it (RFC 6531): the local part is not ASCII");
    put_sts(out, &plan->sts);
    if (plan->reports)
        put_line(out, STYLE_PLAIN, "reports", plan->reports);
    for (size_t i = 0; i < plan->warning_count; i++)
        put_line(out, STYLE_WARN, "warning", plan->warnings[i]);
    if (note)
        put_line(out, STYLE_DIM, "note", note);
}

/* ---- JSON ---- */

static json_t *json_tlsa(const struct hark_mx_host *h)
{
    json_t *list = json_array();
    for (size_t i = 0; i < h->tlsa_count; i++) {
        struct text t;
        json_t *j = json_object();
        text_init(&t);
        tlsa_text(&t, &h->tlsa[i], h->tlsa[i].data.length);
        record_set_text(j, "data", t.data);
        json_object_set_new(j, "usable", json_boolean(h->tlsa[i].usable));
        json_array_append_new(list, j);
        text_fini(&t);
    }
    return list;
}

static json_t *json_host(const struct hark_mx_host *h)
{
    json_t *j = json_object();
    json_object_set_new(j, "preference", json_integer(h->preference));
    record_set_text(j, "name", h->name);
    json_object_set_new(j, "state", json_string(state_words[h->state]));
    record_set_text(j, "canonical", h->canonical);
    record_set_text(j, "why", h->why);
    json_object_set_new(j, "addresses", record_texts(h->addresses, h->address_count));
    json_object_set_new(j, "secure", json_boolean(h->secure));
    json_object_set_new(j, "tls", json_string(tls_words[h->tls]));
    if (h->tlsa_count) {
        record_set_text(j, "tlsa_name", h->tlsa_name);
        json_object_set_new(j, "tlsa", json_tlsa(h));
    }
    return j;
}

static json_t *json_sts(const struct hark_sts *sts)
{
    json_t *j = json_object();
    json_object_set_new(j, "mode", json_string(mode_words[sts->mode]));
    record_set_text(j, "id", sts->id);
    json_object_set_new(j, "max_age_s", json_integer(sts->max_age_s));
    json_object_set_new(j, "mx", record_texts(sts->patterns, sts->pattern_count));
    record_set_text(j, "why", sts->why);
    return j;
}

static void view_json(struct out *out, const char *target, const struct hark_mx_plan *plan, const char *note)
{
    json_t *j = json_object(), *hosts = json_array();
    record_set_text(j, "target", target);
    record_set_text(j, "domain", plan->domain);
    json_object_set_new(j, "verdict", json_string(verdict_words[plan->verdict]));
    record_set_text(j, "why", plan->why);
    record_set_text(j, "canonical", plan->canonical);
    json_object_set_new(j, "implicit", json_boolean(plan->implicit));
    json_object_set_new(j, "literal", json_boolean(plan->literal));
    json_object_set_new(j, "smtputf8", json_boolean(plan->needs_utf8));
    json_object_set_new(j, "secure", json_boolean(plan->secure));
    for (size_t i = 0; i < plan->host_count; i++)
        json_array_append_new(hosts, json_host(&plan->hosts[i]));
    json_object_set_new(j, "hosts", hosts);
    if (plan->sts.id)
        json_object_set_new(j, "mta_sts", json_sts(&plan->sts));
    record_set_text(j, "tls_reports", plan->reports);
    json_object_set_new(j, "warnings", record_texts(plan->warnings, plan->warning_count));
    record_set_text(j, "note", note);
    out_json(out, j);
}

void mx_view(struct out *out, const char *target, const struct hark_mx_plan *plan, const char *note)
{
    if (out->format == OUT_JSON)
        view_json(out, target, plan, note);
    else
        view_text(out, target, plan, note);
}

void mx_view_next(struct out *out, const struct hark_mx_plan *plan)
{
    for (size_t i = 0; i < plan->host_count; i++) {
        const struct hark_mx_host *h = &plan->hosts[i];
        for (size_t k = 0; k < h->address_count && h->state == HARK_MX_HOST_USED; k++) {
            out_line(out, STYLE_PLAIN, "%s %s %d", h->name, h->addresses[k], SMTP_PORT);
        }
    }
}
