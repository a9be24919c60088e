#include "cli/lookup.h"

#include <string.h>

#include "cli/progress.h"
#include "cli/record.h"
#include "cli/servers.h"
#include "dns/rdata.h"

enum status lookup_init(struct lookup *l, const struct args *args)
{
    *l = (struct lookup){0};
    arena_init(&l->own);
    arena_init(&l->reply);
    l->rng = random_new(NULL);
    enum status status = servers_choose(&l->settings, args, &l->from_resolvconf, &l->own);
    l->settings.edns = l->settings.recursion = l->settings.dnssec_ok = true;
    l->settings.udp_size = UDP_SIZE_DEFAULT;
    return status;
}

void lookup_fini(struct lookup *l)
{
    random_free(l->rng);
    arena_fini(&l->reply);
    arena_fini(&l->own);
}

static const char *bare_text(const name_t *n, struct arena *a)
{
    char buf[NAME_TEXT_LEN];
    return arena_strdup(a, record_bare_name(n, buf));
}

/* The end of the chain of aliases that begins at that name. A chain may be as long as the message. */
static const name_t *end_of_aliases(const struct msg *m, const name_t *name)
{
    for (size_t left = m->counts[SECTION_ANSWER]; left > 0; left--) {
        const name_t *next = NULL;
        for (size_t i = 0; i < m->counts[SECTION_ANSWER] && !next; i++) {
            const struct rr *rr = m->rrs[SECTION_ANSWER] + i;
            if (rr->type == TYPE_CNAME && name_equal(rr->owner, name))
                next = rdata_target(TYPE_CNAME, &rr->rdata);
        }
        if (!next)
            break;
        name = next;
    }
    return name;
}

static void take_records(
    struct hark_answer *answer, const struct msg *m, const name_t *owner, uint16_t type, struct arena *a)
{
    struct hark_rdata *list = ARENA_ARRAY(a, struct hark_rdata, m->counts[SECTION_ANSWER]);
    for (size_t i = 0; i < m->counts[SECTION_ANSWER]; i++) {
        const struct rr *rr = m->rrs[SECTION_ANSWER] + i;
        if (rr->type == type && rr->class == CLASS_IN && name_equal(rr->owner, owner))
            list[answer->count++] = (struct hark_rdata){.data = rr->rdata.data, .length = rr->rdata.len};
    }
    answer->records = list;
    answer->found = answer->count ? HARK_FOUND : HARK_NO_DATA;
}

static const char *failure_text(const struct ask_reply *r, struct arena *a)
{
    struct text t;
    text_init(&t);
    rcode_to_text(&t, r->msg.rcode);
    for (unsigned i = 0; i < r->msg.edns.ede_count && i < 1; i++) {
        const char *purpose = ede_text(r->msg.edns.ede[i].code);
        text_printf(&t, ", %s", purpose ? purpose : "for a reason that has no name");
        if (r->msg.edns.ede[i].text && r->msg.edns.ede[i].text[0])
            text_printf(&t, ": %s", r->msg.edns.ede[i].text);
    }
    const char *out = arena_strdup(a, t.data);
    text_fini(&t);
    return out;
}

void lookup(void *context, const char *name, uint16_t type, struct hark_answer *answer)
{
    struct lookup *l = context;
    struct msg_question q = {.type = type, .class = CLASS_IN};
    struct ask_reply r;
    char server[ENDPOINT_TEXT_LEN];
    *answer = (struct hark_answer){.found = HARK_FAILED};
    if (name_from_text(q.name, name, strlen(name), NULL) != ERR_OK) {
        answer->found = HARK_NO_NAME; /* too long: nobody has such a name */
        return;
    }
    arena_reset(&l->reply);
    l->count++;
    progress_says("%s about %s", endpoint_text(&l->settings.servers[0], server), name);
    ask(&r, &l->settings, &q, l->rng, &l->reply);
    l->silent = r.end != ASK_REPLY;
    if (l->silent) {
        char at[ENDPOINT_TEXT_LEN];
        struct text t;
        text_init(&t);
        text_printf(&t, "%s %s", endpoint_text(&r.server, at), ask_end_text(&r));
        answer->why = arena_strdup(&l->reply, t.data);
        text_fini(&t);
        return;
    }
    if (r.msg.rcode != RCODE_NOERROR && r.msg.rcode != RCODE_NXDOMAIN) {
        answer->why = failure_text(&r, &l->reply);
        return;
    }
    const name_t *owner = end_of_aliases(&r.msg, q.name);
    if (!name_equal(owner, q.name))
        answer->canonical = bare_text(owner, &l->reply);
    answer->secure = r.msg.flags & FLAG_AD;
    if (r.msg.rcode == RCODE_NXDOMAIN)
        answer->found = HARK_NO_NAME;
    else
        take_records(answer, &r.msg, owner, type, &l->reply);
}

uint32_t lookup_random(void *context, uint32_t n)
{
    struct lookup *l = context;
    return random_below(l->rng, n);
}

bool lookup_is_trusted(const struct lookup *l)
{
    for (size_t i = 0; i < l->settings.server_count; i++)
        if (!addr_is_loopback(&l->settings.servers[i].addr))
            return false;
    return true;
}
