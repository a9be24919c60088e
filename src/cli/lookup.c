#include "cli/lookup.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <strings.h>

#include "base/now.h"
#include "cli/progress.h"
#include "cli/servers.h"
#include "defs/limits.h"
#include "dns/rdata.h"
#include "dns/record.h"

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
    lookup_begin(l, 0);
    mem_free(l->kept);
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
    return text_keep(&t, a);
}

/* What one look-up works with: its own, so that several may run at a time. */
struct looking {
    const struct ask_settings *settings;
    struct random *rng;
    struct arena *arena;
    bool silent;
};

static void look_up(struct looking *k, const char *name, uint16_t type, struct hark_answer *answer)
{
    struct msg_question q = {.type = type, .class = CLASS_IN};
    struct ask_reply r;
    *answer = (struct hark_answer){.found = HARK_FAILED};
    if (name_from_text(q.name, name, strlen(name), NULL) != ERR_OK) {
        answer->found = HARK_NO_NAME; /* too long: nobody has such a name */
        return;
    }
    ask(&r, k->settings, &q, k->rng, k->arena);
    k->silent = r.end != ASK_REPLY;
    if (k->silent) {
        char at[ENDPOINT_TEXT_LEN];
        answer->why = arena_printf(k->arena, "%s %s", endpoint_text(&r.server, at), ask_end_text(&r));
        return;
    }
    if (r.msg.rcode != RCODE_NOERROR && r.msg.rcode != RCODE_NXDOMAIN) {
        answer->why = failure_text(&r, k->arena);
        return;
    }
    const name_t *owner = type == TYPE_CNAME ? q.name : end_of_aliases(&r.msg, q.name);
    if (!name_equal(owner, q.name))
        answer->canonical = bare_text(owner, k->arena);
    answer->secure = r.msg.flags & FLAG_AD;
    if (r.msg.rcode == RCODE_NXDOMAIN)
        answer->found = HARK_NO_NAME;
    else
        take_records(answer, &r.msg, owner, type, k->arena);
    /* A referral of a server that does not recurse is no denial, nor is an alias that leads elsewhere. */
    bool denies = (r.msg.flags & FLAG_RA) || ((r.msg.flags & FLAG_AA) && owner == q.name);
    if (answer->found == HARK_NO_DATA && !denies)
        *answer = (struct hark_answer){
            .found = HARK_FAILED, .why = "the name server refers to others instead of looking it up"};
}

static const struct lookup_kept *find_kept(const struct lookup *l, const char *name, uint16_t type)
{
    for (size_t i = 0; i < l->kept_count; i++)
        if (l->kept[i].done && l->kept[i].type == type && strcasecmp(l->kept[i].name, name) == 0)
            return &l->kept[i];
    return NULL;
}

static bool is_over(const struct lookup *l)
{
    return l->until_ms && now_read(false).mono_ms >= l->until_ms;
}

void lookup(void *context, const char *name, uint16_t type, struct hark_answer *answer)
{
    struct lookup *l = context;
    struct looking k = {.settings = &l->settings, .rng = l->rng, .arena = &l->reply};
    char server[ENDPOINT_TEXT_LEN];
    const struct lookup_kept *kept = find_kept(l, name, type);
    if (kept) {
        *answer = kept->answer;
        l->silent = kept->silent;
        return;
    }
    arena_reset(&l->reply);
    if (is_over(l)) {
        *answer = (struct hark_answer){.found = HARK_FAILED, .why = "there was no time left to look it up"};
        l->silent = true;
        return;
    }
    l->count++;
    progress_says("%s about %s", endpoint_text(&l->settings.servers[0], server), name);
    look_up(&k, name, type, answer);
    l->silent = k.silent;
}

/* ---- ahead ---- */

struct crew {
    struct lookup *l;
    size_t end;         /* of l->kept */
    atomic_size_t next; /* the first that nobody has taken */
};

struct worker {
    struct crew *crew;
    struct random *rng;
    pthread_t thread;
    bool runs;
};

static void *work(void *argument)
{
    struct worker *w = argument;
    struct lookup *l = w->crew->l;
    size_t i;
    while ((i = atomic_fetch_add(&w->crew->next, 1)) < w->crew->end && !is_over(l)) {
        struct lookup_kept *kept = &l->kept[i];
        struct looking k = {.settings = &l->settings, .rng = w->rng, .arena = &kept->arena};
        look_up(&k, kept->name, kept->type, &kept->answer);
        kept->silent = k.silent;
        kept->done = true;
    }
    return NULL;
}

void lookup_ahead(void *context, const struct hark_wish *wishes, size_t count)
{
    struct lookup *l = context;
    struct worker workers[LOOKUPS_SIDE_BY_SIDE] = {0};
    struct crew crew = {.l = l};
    size_t first = l->kept_count;
    if (count < 2) /* nothing could be beside it */
        return;
    if (count > LOOKUPS_AHEAD_MAX - first)
        count = LOOKUPS_AHEAD_MAX - first;
    if (!l->kept) /* it never moves: answers point into it */
        l->kept = mem_alloc(LOOKUPS_AHEAD_MAX * sizeof *l->kept);
    for (size_t i = 0; i < count; i++) {
        struct lookup_kept *kept = &l->kept[l->kept_count++];
        *kept = (struct lookup_kept){.type = wishes[i].type};
        arena_init(&kept->arena);
        kept->name = arena_strdup(&kept->arena, wishes[i].name);
    }
    progress_says("%zu answers at a time", count);
    atomic_init(&crew.next, first);
    crew.end = l->kept_count;
    for (size_t i = 0; i < LOOKUPS_SIDE_BY_SIDE && i < count; i++) {
        workers[i] = (struct worker){.crew = &crew, .rng = random_new(NULL)};
        workers[i].runs = pthread_create(&workers[i].thread, NULL, work, &workers[i]) == 0;
    }
    for (size_t i = 0; i < LOOKUPS_SIDE_BY_SIDE; i++) {
        if (workers[i].runs)
            pthread_join(workers[i].thread, NULL);
        random_free(workers[i].rng);
    }
    l->count += (unsigned)count;
}

void lookup_begin(struct lookup *l, int64_t until_ms)
{
    while (l->kept_count)
        arena_fini(&l->kept[--l->kept_count].arena);
    l->until_ms = until_ms;
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
