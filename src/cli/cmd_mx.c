/* hark mx DOMAIN…: where mail for it goes, and how. The plan is libhark's (hark/hark.h). */
#include <string.h>
#include <strings.h>

#include "base/now.h"
#include "cli/command.h"
#include "cli/https.h"
#include "cli/lookup.h"
#include "cli/mx_view.h"
#include "defs/limits.h"
#include "dns/record.h"
#include "lib/idn.h"

#define POLICY_TIME_MS 10000 /* RFC 8461 3.3: at most a minute; a person waits here */

struct planning {
    const struct args *args;
    struct lookup lookup;
    struct arena documents; /* of one domain */
    const char **selves;    /* as they are compared */
    bool silent;            /* a look-up had no reply */
};

static void look_up(void *context, const char *name, uint16_t type, struct hark_answer *answer)
{
    struct planning *p = context;
    lookup(&p->lookup, name, type, answer);
    p->silent = p->silent || p->lookup.silent;
}

static void look_up_ahead(void *context, const struct hark_wish *wishes, size_t count)
{
    struct planning *p = context;
    lookup_ahead(&p->lookup, wishes, count);
}

static uint32_t choose(void *context, uint32_t n)
{
    struct planning *p = context;
    return lookup_random(&p->lookup, n);
}

static void fetch(void *context, const char *url, struct hark_document *document)
{
    struct planning *p = context;
    struct https_request request = {.url = url, .accept = "text/plain", .max_octets = STS_POLICY_MAX};
    struct https_reply reply;
    request.until_ms = now_read(false).mono_ms + POLICY_TIME_MS;
    if (request.until_ms > p->lookup.until_ms)
        request.until_ms = p->lookup.until_ms; /* MX_TIME_MS_MAX is for the whole plan */
    https_get(&reply, &request, &p->documents);
    *document = reply.doc;
}

static enum status status_of(const struct hark_mx_plan *plan, bool silent)
{
    switch (plan->verdict) {
    case HARK_MX_DELIVERABLE:
        return STATUS_ANSWER;
    case HARK_MX_NO_MAIL:
        return STATUS_NO_MAIL;
    case HARK_MX_NO_DOMAIN:
        return STATUS_NO_DATA;
    case HARK_MX_TEMPORARY:
        return silent ? STATUS_NO_REPLY : STATUS_FAILURE;
    case HARK_MX_LOOP:
        break;
    }
    return STATUS_FAILURE;
}

static enum status plan_one(struct planning *p, struct out *out, const char *target)
{
    const struct args *a = p->args;
    struct hark_mx_settings settings = {
        .look_up = look_up, .fetch = fetch, .random = choose, .ahead = look_up_ahead, .context = p};
    const char *why;
    settings.self = p->selves;
    settings.self_count = a->self_count;
    settings.families = a->on[OPTION_IPV4] ? HARK_IPV4 : a->on[OPTION_IPV6] ? HARK_IPV6 : 0;
    settings.no_pointers = a->on[OPTION_NEXT];
    p->silent = false;
    lookup_begin(&p->lookup, now_read(false).mono_ms + MX_TIME_MS_MAX);
    struct hark_mx_plan *plan = hark_mx_plan(target, &settings, &why);
    if (!plan) {
        out_complain("'%s' is nothing to send mail to: %s", target, why);
        return STATUS_USAGE;
    }
    bool doubt = plan->secure && !lookup_is_trusted(&p->lookup);
    const char *note = doubt ? "DNSSEC by the word of a server that is not on this host" : NULL;
    if (!a->on[OPTION_NEXT])
        mx_view(out, target, plan, note);
    else if (plan->verdict == HARK_MX_DELIVERABLE)
        mx_view_next(out, plan);
    else
        out_complain("%s: %s%s%s", target, hark_mx_verdict_text(plan->verdict), plan->why ? ": " : "",
            plan->why ? plan->why : "");
    enum status status = status_of(plan, p->silent);
    hark_mx_plan_free(plan);
    return status;
}

/* Our own name as a host's is compared with it: A-labels; an address may stand in the brackets of a literal.
 * NULL: it is neither. */
static const char *read_self(const char *word, struct arena *a)
{
    name_t name[NAME_MAX_LEN];
    char buf[NAME_TEXT_LEN];
    struct addr addr;
    struct text t;
    size_t n = strlen(word);
    if (n > 2 && word[0] == '[' && word[n - 1] == ']') {
        size_t skip = strncasecmp(word, "[IPv6:", 6) == 0 ? 6 : 1;
        char *inner = arena_strdup(a, word + skip);
        inner[n - skip - 1] = 0;
        return addr_parse(&addr, inner) == ERR_OK ? inner : NULL;
    }
    if (addr_parse(&addr, word) == ERR_OK)
        return word;
    text_init(&t);
    bool good = idn_to_name(name, word, &t) == ERR_OK && !name_is_root(name);
    text_fini(&t);
    return good ? arena_strdup(a, record_bare_name(name, buf)) : NULL;
}

/* False: what is wrong was said. */
static bool read_selves(struct planning *p, struct arena *a)
{
    const char **selves = ARENA_ARRAY(a, const char *, p->args->self_count + 1);
    for (size_t i = 0; i < p->args->self_count; i++) {
        selves[i] = read_self(p->args->selves[i], a);
        if (!selves[i]) {
            out_complain("--self takes a host's name or an address, not '%s'", p->args->selves[i]);
            return false;
        }
    }
    p->selves = selves;
    return true;
}

enum status cmd_mx(const struct args *args, struct out *out)
{
    struct planning p = {.args = args};
    struct arena arena;
    arena_init(&arena);
    enum status worst = lookup_init(&p.lookup, args);
    if (worst == STATUS_ANSWER && !read_selves(&p, &arena))
        worst = STATUS_USAGE;
    if (worst == STATUS_ANSWER) {
        for (size_t i = 0; i < args->name_count && !out->error; i++) {
            arena_init(&p.documents);
            worst = status_worst(worst, plan_one(&p, out, args->names[i]));
            arena_fini(&p.documents);
        }
    }
    lookup_fini(&p.lookup);
    arena_fini(&arena);
    return worst;
}
