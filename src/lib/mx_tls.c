/* How safe the way to each host must be: DANE (RFC 7672), else MTA-STS (RFC 8461). */
#include <string.h>
#include <strings.h>

#include "defs/limits.h"
#include "lib/mx_inner.h"
#include "lib/sts.h"

#define HTTP_OK 200

/* RFC 6698 2.1.4: a digest has its algorithm's length. */
static bool length_fits(const struct hark_tlsa *t)
{
    return t->matching == 1   ? t->data.length == 32
           : t->matching == 2 ? t->data.length == 64
                              : t->data.length > 0;
}

/* RFC 7672 3.1: DANE-TA and DANE-EE; what asks for a public authority too cannot be used for SMTP. */
static struct hark_tlsa tlsa_of(const struct hark_rdata *rd)
{
    struct hark_tlsa t = {.usage = rd->data[0], .selector = rd->data[1], .matching = rd->data[2]};
    t.data = (struct hark_rdata){.data = rd->data + 3, .length = rd->length - 3};
    t.usable = (t.usage == 2 || t.usage == 3) && t.selector <= 1 && t.matching <= 2 && length_fits(&t);
    return t;
}

static void take_tlsa(
    struct mx *m, struct hark_mx_host *h, const char *name, const struct hark_answer *answer)
{
    struct hark_tlsa *list = ARENA_ARRAY(&m->arena, struct hark_tlsa, MX_TLSA_MAX);
    bool usable = false;
    for (size_t i = 0; i < answer->count && h->tlsa_count < MX_TLSA_MAX; i++) {
        struct hark_rdata rd = answer->records[i];
        if (rd.length < 3)
            continue;
        rd.data = arena_copy(&m->arena, rd.data, rd.length);
        list[h->tlsa_count] = tlsa_of(&rd);
        usable = usable || list[h->tlsa_count].usable;
        h->tlsa_count++;
    }
    if (h->tlsa_count == 0)
        return;
    h->tlsa = list;
    h->tlsa_name = name;
    h->tls = usable ? HARK_TLS_DANE : HARK_TLS_ENCRYPT;
    if (!usable)
        mx_warn(m,
            "none of the TLSA records at %s can be used for SMTP (RFC 7672 3.1): usage 2 or 3 is needed",
            name);
}

/* True: it is decided, by records or by a failure. What is not validated says nothing, for or against. */
static bool try_tlsa(struct mx *m, struct hark_mx_host *h, const char *base)
{
    const char *name = arena_printf(&m->arena, "_25._tcp.%s", base);
    struct hark_answer answer = mx_look_up(m, name, TYPE_TLSA);
    if (answer.found == HARK_FAILED) {
        h->state = HARK_MX_HOST_TLSA_FAILED;
        h->why =
            arena_printf(&m->arena, "TLSA at %s: %s", name, answer.why ? answer.why : "the look-up failed");
        return true;
    }
    if (answer.found == HARK_FOUND && answer.secure)
        take_tlsa(m, h, name, &answer);
    return h->tlsa_count > 0;
}

/* The addresses are not validated, but the alias that led there may be (RFC 7672 2.2.2): its own name counts
 * then. A failure to say so skips the host, as one for TLSA does. */
static bool alias_is_secure(struct mx *m, struct hark_mx_host *h)
{
    if (!m->plan.secure || !h->canonical)
        return false;
    struct hark_answer answer = mx_look_up(m, h->name, TYPE_CNAME);
    if (answer.found == HARK_FAILED) {
        h->state = HARK_MX_HOST_TLSA_FAILED;
        h->why = arena_printf(
            &m->arena, "CNAME of %s: %s", h->name, answer.why ? answer.why : "the look-up failed");
    }
    return answer.found == HARK_FOUND && answer.secure;
}

/* RFC 7672 2.2.2: an alias's end first, where all of the chain is validated, then the name itself. */
static void dane(struct mx *m, struct hark_mx_host *h)
{
    if (m->plan.literal || (!h->secure && !alias_is_secure(m, h)))
        return;
    if (h->secure && h->canonical && try_tlsa(m, h, h->canonical))
        return;
    try_tlsa(m, h, h->name);
}

static const char *content_type_trouble(const char *type)
{
    size_t n = type ? strcspn(type, "; \t") : 0;
    return n == strlen("text/plain") && strncasecmp(type, "text/plain", n) == 0 ? NULL
                                                                                : "it is not text/plain";
}

static void fetch_policy(struct mx *m, struct hark_sts *sts)
{
    struct hark_document doc = {.why = "not fetched"};
    if (m->settings->fetch)
        m->settings->fetch(m->settings->context,
            arena_printf(&m->arena, "https://mta-sts.%s/.well-known/mta-sts.txt", m->plan.domain), &doc);
    sts->mode = HARK_STS_UNKNOWN;
    if (doc.status == 0)
        sts->why = arena_strdup(&m->arena, doc.why ? doc.why : "no reply");
    else if (doc.status != HTTP_OK)
        sts->why = arena_printf(&m->arena, "HTTP status %d", doc.status);
    else if (content_type_trouble(doc.type))
        sts->why = content_type_trouble(doc.type);
    else
        sts_policy(sts, doc.body, doc.length, &m->arena);
}

static void read_sts(struct mx *m)
{
    struct hark_answer txt = mx_look_up(m, arena_printf(&m->arena, "_mta-sts.%s", m->plan.domain), TYPE_TXT);
    size_t count = 0;
    const char *record = txt.found == HARK_FOUND ? sts_record(&txt, "STSv1", &m->arena, &count) : NULL;
    if (txt.found == HARK_FAILED)
        mx_warn(m, "whether an MTA-STS policy is announced is not known: %s",
            txt.why ? txt.why : "the look-up failed");
    const char *id = record ? sts_field(record, "id", &m->arena) : NULL;
    if (!id || !sts_id_is_good(id)) {
        if (count)
            mx_warn(m, "the MTA-STS announcement does not count (RFC 8461 3.1): %s",
                count > 1 ? "there is more than one" : "its id is not 1 to 32 letters and digits");
        return;
    }
    m->plan.sts.id = id;
    fetch_policy(m, &m->plan.sts);
    if (m->plan.sts.mode == HARK_STS_UNKNOWN && m->settings->fetch)
        mx_warn(m, "an MTA-STS policy is announced and cannot be had: %s", m->plan.sts.why);
}

/* RFC 8461 2: where DANE decides, the policy does not. */
static void apply_sts(struct mx *m, struct hark_mx_host *h)
{
    const struct hark_sts *sts = &m->plan.sts;
    if (h->tls != HARK_TLS_OPPORTUNISTIC || (sts->mode != HARK_STS_ENFORCE && sts->mode != HARK_STS_TESTING))
        return;
    if (!sts_names_host(sts, h->name)) {
        mx_warn(m, "the MTA-STS policy does not name the host %s", h->name);
        if (sts->mode == HARK_STS_ENFORCE)
            h->state = HARK_MX_HOST_NOT_IN_POLICY;
    } else if (sts->mode == HARK_STS_ENFORCE) {
        h->tls = HARK_TLS_STS;
    }
}

static void read_reports(struct mx *m)
{
    struct hark_answer txt =
        mx_look_up(m, arena_printf(&m->arena, "_smtp._tls.%s", m->plan.domain), TYPE_TXT);
    const char *record = txt.found == HARK_FOUND ? sts_record(&txt, "TLSRPTv1", &m->arena, NULL) : NULL;
    if (record)
        m->plan.reports = sts_field(record, "rua", &m->arena);
}

void mx_tls(struct mx *m)
{
    if (!m->plan.literal) {
        read_sts(m);
        read_reports(m);
    }
    mx_ahead_tlsa(m);
    for (size_t i = 0; i < m->plan.host_count; i++) {
        struct hark_mx_host *h = &m->hosts[i];
        if (h->state == HARK_MX_HOST_USED)
            dane(m, h);
        if (h->state == HARK_MX_HOST_USED)
            apply_sts(m, h);
    }
}
