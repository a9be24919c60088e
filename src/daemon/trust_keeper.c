#include "daemon/trust_keeper.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "base/random.h"
#include "daemon/trust_file.h"
#include "daemon/trust_json.h"
#include "dns/rrtype.h"
#include "lib/roots.h"
#include "lib/trust.h"

#define LOOK_MS_MAX 3600000 /* the wall clock may be set: it is read again so often at least */
#define CLOCK_LOOK_MS 1000  /* while it is not known */
#define FIRST_LOOK_MS 1000  /* after the start, if one is due: questions of clients come first */
#define ROOT_VERIFIER_KEYS 16u
#define ROOT_VERIFIER_RESULTS 16u

/* What a look at the root's keys brought. */
struct root_look {
    struct arena arena;
    struct rrset *keys; /* NULL: it failed */
    bool bogus;         /* because none that is trusted has signed them */
    char why[256];
};

struct trust_keeper {
    struct trust_facts facts; /* what trust_json.c tells of */
    struct dnssec_policy policy;
    struct anchors *initial; /* trusted without what was seen of the root's keys */
    struct verifier *verifier;
    bool believe_clock, clock_said;
    bool started, probing;
    int64_t start_ms;
    uv_timer_t timer;
    uv_async_t news;
    struct trust_keeper_hooks hooks;
    /* From the worker that asked, which may outlive the loop. */
    uv_mutex_t lock;
    bool listens;
    struct root_look heard;
};

/* ---- times ---- */

static now_t read_now(const struct trust_keeper *k)
{
    now_t now = now_read(false);
    now.wall_known |= k->believe_clock;
    return now;
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static void on_timer(uv_timer_t *timer);

static void set_timer(struct trust_keeper *k)
{
    if (!k->started || uv_is_closing((uv_handle_t *)&k->timer))
        return;
    now_t now = read_now(k);
    int64_t left = now.wall_known ? LOOK_MS_MAX : CLOCK_LOOK_MS;
    if (k->facts.follows && now.wall_known && !k->probing)
        left = least(left, (k->facts.root.next_s - now.wall_s) * 1000);
    for (size_t i = 0; i < k->facts.nta_count; i++)
        left = least(left, (k->facts.ntas[i].until_s - now.wall_s) * 1000);
    if (left <= 0)
        left = 1;
    left =
        left > k->start_ms + FIRST_LOOK_MS - now.mono_ms ? left : k->start_ms + FIRST_LOOK_MS - now.mono_ms;
    uv_timer_start(&k->timer, on_timer, (uint64_t)left, 0);
}

/* Said once, and when it is over. */
static void look_at_clock(struct trust_keeper *k, now_t now)
{
    char at[32], built[32];
    k->facts.clock_known = now.wall_known;
    if (now.wall_known == !k->clock_said)
        return;
    k->clock_said = !now.wall_known;
    if (now.wall_known) {
        log_notice(
            "the clock says %s: signatures are held against it from now on", trust_date(now.wall_s, at));
        return;
    }
    log_warning(
        "the time is not known: the clock says %s, and this harkd was made at %s; signatures are verified, "
        "but not whether they are of today, and nothing is called authentic (AD) until the clock is right",
        trust_date(now.wall_s, at), trust_date(now_built_s(), built));
}

/* ---- the set ---- */

static void log_warnings(const struct text *warnings)
{
    if (warnings->len)
        log_lines(LOG_LEVEL_WARNING, warnings->data);
}

struct anchors *trust_keeper_anchors(struct trust_keeper *k, const struct config *c)
{
    struct text warnings, ignored;
    text_init(&warnings);
    text_init(&ignored);
    k->policy = c->resolve.policy;
    k->believe_clock = c->trust.believe_clock;
    k->facts.validates = c->trust.validate;
    k->facts.follows = trust_follows_root(c);
    k->facts.roots = c->roots;
    enum trust_from before = k->facts.origin.from;
    trust_origin(&k->facts.origin, c);
    anchors_free(k->initial);
    k->initial = trust_anchors(c, &k->policy, NULL, &ignored);
    struct anchors *a = trust_anchors(c, &k->policy, &k->facts.root, &warnings);
    for (size_t i = 0; i < k->facts.nta_count; i++)
        anchors_add_negative(a, k->facts.ntas[i].zone, k->facts.ntas[i].until_s);
    if (c->trust.validate)
        log_warnings(&warnings);
    if (c->trust.validate && k->facts.origin.from == TRUST_UPDATED && before != TRUST_UPDATED)
        log_notice("the root's keys: updated %s", k->facts.origin.date);
    if (c->trust.validate && !a->count)
        log_warning("no trust anchor: nothing is validated");
    anchors_free(k->facts.anchors);
    k->facts.anchors = anchors_copy(a);
    text_fini(&warnings);
    text_fini(&ignored);
    set_timer(k);
    return a;
}

/* ---- the root's keys (RFC 5011) ---- */

static void remember(const struct trust_keeper *k)
{
    if (k->facts.folder[0] && trust_file_write(k->facts.folder, &k->facts.root))
        log_warning("what was seen of the root's keys is not remembered: %s/" TRUST_FILE
                    ": %s (dnssec.state)",
            k->facts.folder, strerror(errno));
}

static void log_changes(const struct rfc5011_change *changes, unsigned count)
{
    static const char *const means[] = {"gone before it was trusted",
        "new; trusted once it was there for 30 days", "trusted",
        "not among the root's keys any more; still trusted", "revoked, and not trusted any more",
        "removed after its revocation"};
    for (unsigned i = 0; i < count && i < RFC5011_KEYS_MAX; i++)
        log_notice("key %u of the root: %s", changes[i].tag, means[changes[i].to]);
}

static const struct anchor *initial_root(const struct trust_keeper *k)
{
    for (size_t i = 0; i < k->initial->count; i++)
        if (name_is_root(k->initial->items[i].zone))
            return &k->initial->items[i];
    return NULL;
}

static void take_keys(struct trust_keeper *k, const struct rrset *keys, now_t now)
{
    bool revoked[RRSET_RECORDS_MAX];
    struct rfc5011_change changes[RFC5011_KEYS_MAX];
    rfc5011_revocations(keys, &k->policy, k->verifier, now, revoked);
    struct rfc5011_sight sight = {
        .keys = keys, .revoked = revoked, .initial = initial_root(k), .now_s = now.wall_s};
    unsigned count = rfc5011_see(&k->facts.root, &sight, changes);
    log_changes(changes, count);
    remember(k);
    if (count)
        k->hooks.changed(k->hooks.ctx, NULL, NULL);
}

/* The worker never waits for what is done with it, which is written to a disk. */
static struct root_look take_heard(struct trust_keeper *k)
{
    uv_mutex_lock(&k->lock);
    struct root_look h = k->heard;
    arena_init(&k->heard.arena);
    k->heard.keys = NULL;
    uv_mutex_unlock(&k->lock);
    return h;
}

static void on_news(uv_async_t *async)
{
    struct trust_keeper *k = async->data;
    now_t now = read_now(k);
    struct root_look h = take_heard(k);
    k->probing = false;
    if (h.keys && now.wall_known) {
        take_keys(k, h.keys, now);
    } else {
        rfc5011_failed(&k->facts.root, now.wall_s);
        log_line(h.bogus ? LOG_LEVEL_WARNING : LOG_LEVEL_INFO, "the root's keys could not be looked at: %s%s",
            h.why,
            h.bogus ? "; has the root a key that this harkd does not know? (dnssec.trust-anchors)" : "");
    }
    arena_fini(&h.arena);
    set_timer(k);
}

void trust_keeper_heard(struct trust_keeper *k, const struct outcome *outcome)
{
    const struct rrset *keys = rrset_list_find(&outcome->answer, NAME_ROOT, TYPE_DNSKEY);
    bool secure = keys && outcome->verdict == VERDICT_SECURE;
    struct root_look *h = &k->heard;
    uv_mutex_lock(&k->lock);
    h->keys = secure ? rrset_copy(keys, &h->arena) : NULL;
    h->bogus = outcome->rcode == RCODE_SERVFAIL && ede_is_dnssec(outcome->reason.ede);
    snprintf(
        h->why, sizeof h->why, "%s", outcome->reason.text ? outcome->reason.text : "they were not secure");
    if (k->listens)
        uv_async_send(&k->news);
    uv_mutex_unlock(&k->lock);
}

/* ---- negative anchors ---- */

static struct negative_anchor *find_nta(const struct trust_keeper *k, const name_t *zone)
{
    for (size_t i = 0; i < k->facts.nta_count; i++)
        if (name_equal(k->facts.ntas[i].zone, zone))
            return &k->facts.ntas[i];
    return NULL;
}

static void drop_nta(struct trust_keeper *k, struct negative_anchor *nta)
{
    mem_free((void *)(uintptr_t)nta->zone);
    *nta = k->facts.ntas[--k->facts.nta_count];
}

static bool add_nta(struct trust_keeper *k, const name_t *zone, int64_t until_s)
{
    struct negative_anchor *nta = find_nta(k, zone);
    if (!nta && k->facts.nta_count == NTA_MAX)
        return false;
    if (!nta) {
        size_t n = name_len(zone);
        name_t *own = mem_alloc(n);
        name_lower_copy(own, zone);
        k->facts.ntas = mem_grow(k->facts.ntas, (k->facts.nta_count + 1) * sizeof *k->facts.ntas);
        nta = &k->facts.ntas[k->facts.nta_count++];
        nta->zone = own;
    }
    nta->until_s = until_s;
    return true;
}

static bool end_ntas(struct trust_keeper *k, int64_t wall_s)
{
    bool some = false;
    for (size_t i = k->facts.nta_count; i-- > 0;) {
        char zone[NAME_TEXT_LEN];
        if (k->facts.ntas[i].until_s > wall_s)
            continue;
        log_notice("%s is validated again: its negative trust anchor has ended",
            name_text(k->facts.ntas[i].zone, zone));
        drop_nta(k, &k->facts.ntas[i]);
        some = true;
    }
    return some;
}

static void reply(struct control_call *call, json_t *j)
{
    call->reply(call, j);
    json_decref(j);
}

void trust_keeper_nta(struct trust_keeper *k, struct control_call *call, const struct control_nta *nta)
{
    char zone[NAME_TEXT_LEN], until[32];
    now_t now = read_now(k);
    if (nta->action == NTA_LIST || !nta->zone) {
        reply(call, json_pack("{s:o}", "negative", trust_json_negatives(&k->facts)));
        return;
    }
    struct negative_anchor *known = find_nta(k, nta->zone);
    name_t lower[NAME_MAX_LEN];
    name_lower_copy(lower, nta->zone);
    name_text(lower, zone);
    if (nta->action == NTA_DEL && !known) {
        reply(call,
            json_pack("{s:s+}", "error", zone,
                " has no negative trust anchor that was set here; those of the settings are in the file"));
    } else if (nta->action == NTA_DEL) {
        log_notice("%s is validated again: its negative trust anchor was taken away", zone);
        drop_nta(k, known);
        k->hooks.changed(k->hooks.ctx, call, json_pack("{s:s}", "removed", zone));
    } else if (!add_nta(k, nta->zone, now.wall_s + nta->lifetime_s)) {
        reply(call, json_pack("{s:s}", "error", "there are too many negative trust anchors"));
    } else {
        trust_date(now.wall_s + nta->lifetime_s, until);
        log_notice("%s is not validated until %s: a negative trust anchor was set", zone, until);
        k->hooks.changed(k->hooks.ctx, call, json_pack("{s:s, s:s}", "added", zone, "until", until));
    }
    set_timer(k);
}

/* ---- the loop ---- */

static void on_timer(uv_timer_t *timer)
{
    struct trust_keeper *k = timer->data;
    now_t now = read_now(k);
    look_at_clock(k, now);
    if (end_ntas(k, now.wall_s))
        k->hooks.changed(k->hooks.ctx, NULL, NULL);
    if (k->facts.follows && now.wall_known && !k->probing && now.wall_s >= k->facts.root.next_s) {
        k->probing = true;
        k->hooks.probe(k->hooks.ctx);
    }
    set_timer(k);
}

void trust_keeper_start(struct trust_keeper *k, uv_loop_t *loop, const struct trust_keeper_hooks *hooks)
{
    k->hooks = *hooks;
    uv_timer_init(loop, &k->timer);
    uv_async_init(loop, &k->news, on_news);
    k->timer.data = k->news.data = k;
    k->started = k->listens = true;
    now_t now = read_now(k);
    k->start_ms = now.mono_ms;
    look_at_clock(k, now);
    set_timer(k);
}

struct trust_keeper *trust_keeper_new(const struct config *c)
{
    struct trust_keeper *k = mem_alloc(sizeof *k);
    struct random *rng = random_new(NULL);
    struct hash_key key = {random_u64(rng), random_u64(rng)};
    struct text why;
    random_free(rng);
    text_init(&why);
    k->verifier = verifier_new(ROOT_VERIFIER_KEYS, ROOT_VERIFIER_RESULTS, &key);
    k->facts.clock_known = true;
    uv_mutex_init(&k->lock);
    arena_init(&k->heard.arena);
    if (trust_read_state(c, &k->facts.root, &why) == ERR_OK)
        log_info("what is remembered of the root's keys is read");
    log_warnings(&why);
    if (!trust_folder(c, k->facts.folder, sizeof k->facts.folder))
        k->facts.folder[0] = 0;
    text_fini(&why);
    return k;
}

json_t *trust_keeper_json(const struct trust_keeper *k)
{
    return trust_json(&k->facts);
}

void trust_keeper_figures(const struct trust_keeper *k, struct control_trust *out)
{
    const struct anchors *a = k->facts.anchors;
    *out = (struct control_trust){.validates = k->facts.validates, .clock_known = k->facts.clock_known};
    for (size_t i = 0; a && i < a->count; i++)
        *(a->items[i].unsupported ? &out->unusable : &out->anchors) += 1;
    struct text from;
    text_init_fixed(&from, out->anchors_from, sizeof out->anchors_from);
    trust_origin_text(&k->facts.origin, &from);
    roots_text_fixed(&k->facts.roots, out->servers_from, sizeof out->servers_from);
    out->negatives = a ? (unsigned)a->negative_count : 0;
    if (k->facts.follows) {
        out->root_seen_s = k->facts.root.seen_s;
        out->root_next_s = k->facts.root.next_s;
    }
}

void trust_keeper_close(struct trust_keeper *k)
{
    if (!k->started)
        return;
    uv_mutex_lock(&k->lock);
    k->listens = false;
    uv_mutex_unlock(&k->lock);
    uv_close((uv_handle_t *)&k->timer, NULL);
    uv_close((uv_handle_t *)&k->news, NULL);
    k->started = false;
}

void trust_keeper_free(struct trust_keeper *k)
{
    if (!k)
        return;
    while (k->facts.nta_count)
        drop_nta(k, &k->facts.ntas[0]);
    mem_free(k->facts.ntas);
    rfc5011_fini(&k->facts.root);
    anchors_free(k->facts.anchors);
    anchors_free(k->initial);
    verifier_free(k->verifier);
    uv_mutex_destroy(&k->lock);
    arena_fini(&k->heard.arena);
    mem_free(k);
}
