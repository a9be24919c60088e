#include "sim.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "dns/rdata.h"

#define BEGIN_S 1000u
#define EVENTS_MAX 300000u
/* Work may go on after the answer, and messages of background look-ups after that. */
#define DRAIN_MS (3 * WORK_MS_MAX)
/* Memory that a job may hold: what it received, unpacked, and itself. */
#define JOB_OCTETS_MAX (WORK_OCTETS_MAX * 12u)
#define BASE_OCTETS_MAX (4u << 20) /* ended jobs go with the next call */

void sim_wrong(struct sim *s, const char *format, ...)
{
    if (s->why[0])
        return;
    va_list args;
    va_start(args, format);
    vsnprintf(s->why, sizeof s->why, format, args);
    va_end(args);
    sim_tell(s, "WRONG: %s", s->why);
}

void sim_tell(struct sim *s, const char *format, ...)
{
    if (!s->verbose)
        return;
    va_list args;
    va_start(args, format);
    printf("%9lld.%03lld ", (long long)(s->now.mono_ms / 1000), (long long)(s->now.mono_ms % 1000));
    vprintf(format, args);
    printf("\n");
    va_end(args);
}

uint32_t sim_true_s(const struct sim *s)
{
    return (uint32_t)((s->now.mono_ms + s->slept_ms) / 1000);
}

static void set_clock(struct sim *s, int64_t mono_ms)
{
    s->now.mono_ms = mono_ms;
    s->now.cache_s = (uint32_t)(sim_true_s(s) + s->skew_s);
    s->now.wall_s = WALL_BEGIN_S + sim_true_s(s) + s->wall_off_s;
}

/* ---- the world ---- */

static void choose_settings(struct sim *s)
{
    struct dice *d = &s->dice;
    struct resolve_settings *set = &s->settings;
    static const uint16_t sizes[] = {512, 1232, 1232, 1232, 4096};
    resolve_settings_default(set);
    set->prime = chance(d, 60);
    set->minimise = chance(d, 80);
    set->minimise_type = chance(d, 80) ? TYPE_A : TYPE_NS;
    set->case_random = chance(d, 80);
    set->udp_size = ONE_OF(d, sizes);
    set->glue_hardening = chance(d, 80);
    set->extra_addresses = chance(d, 50);
    set->explore = chance(d, 70);
    set->minimal_answers = chance(d, 70);
    set->cookies = chance(d, 85);
    static const uint32_t stale[] = {0, 60, 86400, 86400}, waits_ms[] = {0, 300, 1800, 1800, 1800};
    set->stale_max_s = ONE_OF(d, stale);
    set->stale_wait_ms = ONE_OF(d, waits_ms);
    set->prefetch = chance(d, 70);
    if (chance(d, 12) && s->plan.v4)
        set->use_v6 = false;
    else if (chance(d, 10) && s->plan.v6)
        set->use_v4 = false;
    addr_parse(&s->own[0].addr, "192.0.2.53");
    addr_parse(&s->own[1].addr, "2001:db8::ffff");
    s->own[0].port = s->own[1].port = set->port;
    set->own = s->own;
    set->own_count = 2;

    static const uint32_t minima[] = {0, 0, 0, 5, 300}, maxima[] = {86400, 86400, 604800, 60};
    s->cache_settings = (struct cache_settings){.size = (size_t)between(d, 1, 4) << 20,
        .ttl_min = ONE_OF(d, minima),
        .ttl_max = ONE_OF(d, maxima),
        .negative_max = chance(d, 70) ? TTL_NEGATIVE_MAX : 10};
    if (chance(d, 12)) { /* so few that questions wait for their turn, or are turned away */
        static const unsigned starts[] = {0, 1, 4, 20};
        s->cache_settings.zone_start = ONE_OF(d, starts);
        s->cache_settings.server_start = ONE_OF(d, starts);
        s->cache_settings.questions_max = chance(d, 50) ? between(d, 2, 20) : 0;
        s->narrow = true;
    }
    if (s->cache_settings.ttl_min > s->cache_settings.ttl_max)
        s->cache_settings.ttl_min = 0;
}

static void make_hints(struct sim *s)
{
    const struct zone *root = s->tree.zones[0];
    s->hints = mem_alloc(root->host_count * sizeof *s->hints);
    for (unsigned i = 0; i < root->host_count; i++) {
        const struct host *h = root->hosts[i];
        s->hints[i].name = h->name;
        for (unsigned k = 0; k < h->machine_count; k++)
            s->hints[i].addrs[s->hints[i].addr_count++] = h->machines[k]->addr;
    }
    s->settings.hints = s->hints;
    s->settings.tell_failures = s->settings.tell_keys = s->seed % 7 == 0;
    s->settings.hint_count = root->host_count;
}

/* Every signature is a fake, and so is its verification. */
static bool verify_fake(void *ctx, const struct dnskey *key, const uint8_t *octets, size_t len,
    const uint8_t *signature, size_t signature_len)
{
    return sign_fake_verify(key->key, key->key_len, octets, len, signature, signature_len);
}

static void make_anchors(struct sim *s)
{
    s->anchors = anchors_new();
    for (unsigned i = 0; i < s->tree.zone_count; i++) {
        const struct zone *z = s->tree.zones[i];
        struct rdata ds = sign_key_ds(z->key, z->name, 2, &s->anchors->arena);
        if (z->anchored && chance(&s->dice, 50))
            anchors_add(s->anchors, z->name, TYPE_DS, &ds);
        else if (z->anchored)
            anchors_add(s->anchors, z->name, TYPE_DNSKEY, &z->key->dnskey);
        if (z->distrusted)
            anchors_add_negative(s->anchors, z->name, INT64_MAX);
    }
    anchors_settle(s->anchors, &s->settings.policy);
    s->settings.anchors = s->anchors;
    s->settings.aggressive = chance(&s->dice, 60);
}

static void choose_plan(struct sim *s)
{
    struct dice *d = &s->dice;
    static const unsigned faults[] = {0, 0, 0, 5, 15, 50};
    unsigned families = roll(d, 4);
    s->plan = (struct tree_plan){.zones = between(d, 3, 28),
        .fault_percent = ONE_OF(d, faults),
        .evil_percent = chance(d, 50) ? 20 : 0,
        .only_survived = chance(d, 30),
        .sign_percent = chance(d, 75) ? between(d, 20, 95) : 0,
        .spoil_percent = chance(d, 40) ? 15 : 0,
        .v4 = families != 1,
        .v6 = families != 2,
        .begin_s = BEGIN_S};
}

/* ---- the clients ---- */

static void any_name(struct sim *s, name_t out[NAME_MAX_LEN])
{
    static const char *const below[] = {
        "", "", "", "", "x", "no.such", "a.b", "a.b.c.d.e.f.g.h.i.j.k", "*", "n0", "_tcp", "m", "w1", "in"};
    struct dice *d = &s->dice;
    const struct zone *z = s->tree.zones[roll(d, s->tree.zone_count)];
    const name_t *base = z->name;
    if (z->node_count && chance(d, 75))
        base = z->nodes[roll(d, z->node_count)].name;
    const char *text = ONE_OF(d, below);
    if (base[0] == 1 && base[1] == '*' && chance(d, 70)) {
        base = name_parent(base, 1);
        static const char *const made[] = {"any", "any", "any.thing", "*.any", "*.*", "any.*", "x", "y.x"};
        text = ONE_OF(d, made);
    }
    if (!*text || name_from_text(out, text, strlen(text), base) != ERR_OK)
        name_copy(out, base);
    for (size_t i = 0; chance(d, 20) && i < name_len(out); i++)
        if (out[i] >= 'a' && out[i] <= 'z' && chance(d, 50))
            out[i] = (uint8_t)(out[i] - 'a' + 'A');
}

static void on_event(void *ctx, const struct event *e)
{
    struct sim *s = ctx;
    char name[NAME_TEXT_LEN];
    sim_tell(s, "    %s %s %u%s%s", event_tag(e->kind), e->qname ? name_text(e->qname, name) : "", e->qtype,
        e->tag ? " " : "", e->tag ? e->tag : "");
}

static void make_asking(struct sim *s, struct asking *a)
{
    static const uint16_t types[] = {TYPE_A, TYPE_A, TYPE_A, TYPE_A, TYPE_AAAA, TYPE_AAAA, TYPE_TXT, TYPE_MX,
        TYPE_NS, TYPE_SOA, TYPE_DS, TYPE_DNSKEY, TYPE_CNAME, TYPE_DNAME, TYPE_ANY, TYPE_PTR, 65280};
    struct dice *d = &s->dice;
    if (s->ask_count && chance(d, 35)) {
        const struct asking *old = &s->asks[roll(d, s->ask_count)];
        name_copy(a->name, old->name);
        a->question.type = old->question.type;
    } else {
        any_name(s, a->name);
        a->question.type = ONE_OF(d, types);
    }
    a->question.name = a->name;
    a->question.class = CLASS_IN;
    a->question.dnssec_ok = chance(d, 30);
    a->question.checking_disabled = chance(d, 10);
    a->question.no_read = chance(d, 3);
    a->question.no_write = chance(d, 3);
    a->question.no_aliases = chance(d, 3);
    a->question.background = chance(d, 3);
    a->question.stale_ok = chance(d, 60);
    a->hit = chance(d, 20);
    a->question.deadline_ms = chance(d, 5) ? between(d, 1, 4000) : 0;
    a->question.client = addr_v4((const uint8_t[]){198, 51, 100, (uint8_t)roll(d, 4)});
    a->watched = chance(d, 20) || s->verbose;
    if (chance(d, 6))
        a->cancel_ms = a->at_ms + roll(d, 3000);
}

/* Bursts of questions, with pauses from nothing to days between them. */
static void make_clients(struct sim *s, const uint32_t *burst_s, unsigned bursts)
{
    struct dice *d = &s->dice;
    for (unsigned b = 0; b < bursts; b++) {
        unsigned count = between(d, 1, ASKS_MAX / BURSTS_MAX);
        unsigned within_ms = chance(d, 40) ? 0 : chance(d, 50) ? 300 : 6000;
        for (unsigned i = 0; i < count; i++) {
            struct asking *a = &s->asks[s->ask_count];
            a->at_ms = (int64_t)burst_s[b] * 1000 + (within_ms ? roll(d, within_ms) : 0);
            make_asking(s, a);
            s->ask_count++;
        }
    }
}

static unsigned choose_bursts(struct sim *s, uint32_t *burst_s)
{
    static const uint32_t pauses[] = {0, 1, 2, 10, 10, 60, 61, 300, 900, 3600, 86400};
    unsigned bursts = between(&s->dice, 2, BURSTS_MAX);
    uint32_t at_s = BEGIN_S;
    for (unsigned b = 0; b < bursts; b++) {
        burst_s[b] = at_s;
        at_s += ONE_OF(&s->dice, pauses);
    }
    s->plan.end_s = at_s + 10;
    return bursts;
}

/* ---- what comes out ---- */

static struct asking *asking_of(struct sim *s, ask_id id)
{
    for (unsigned i = 0; i < s->ask_count; i++)
        if (s->asks[i].begun && s->asks[i].id == id)
            return &s->asks[i];
    return NULL;
}

static void print_outcome(struct sim *s, const struct asking *a, const struct outcome *o)
{
    if (!s->verbose)
        return;
    struct text t;
    text_init(&t);
    rcode_to_text(&t, o->rcode);
    for (size_t i = 0; i < o->answer.count; i++)
        for (unsigned k = 0; k < o->answer.items[i]->count && k < 4; k++) {
            const struct rrset *rs = o->answer.items[i];
            text_add(&t, "; ");
            name_to_text(&t, rs->owner);
            text_printf(&t, " %u ", rs->ttl);
            rrtype_to_text(&t, rs->type);
            text_char(&t, ' ');
            rdata_to_text(&t, rs->type, rs->class, &rs->rdata[k]);
        }
    static const char *const verdicts[] = {"unchecked", "indeterminate", "insecure", "bogus", "secure"};
    sim_tell(s, "ANSWER %u after %lld ms, %u messages, %s: %.600s%s%s", (unsigned)(a - s->asks),
        (long long)(s->now.mono_ms - a->at_ms), o->messages, verdicts[o->verdict], t.data,
        o->reason.tag ? " " : "", o->reason.tag ? o->reason.tag : "");
    text_fini(&t);
}

static void answered(struct sim *s, ask_id id, const struct outcome *o)
{
    struct asking *a = asking_of(s, id);
    if (!a || a->answered || a->cancelled) {
        sim_wrong(s, "an answer to a question that waits for none");
        return;
    }
    a->answered = true;
    s->tally.answered += o->rcode != RCODE_SERVFAIL;
    s->tally.stale += o->stale;
    s->tally.servfail += o->rcode == RCODE_SERVFAIL;
    s->tally.must += a->must;
    print_outcome(s, a, o);
    int64_t took_ms = s->now.mono_ms - a->at_ms;
    if (took_ms > (a->question.deadline_ms ? a->question.deadline_ms : ANSWER_MS_MAX))
        sim_wrong(s, "an answer after %lld ms", (long long)took_ms);
    if (o->messages > WORK_MESSAGES_MAX)
        sim_wrong(s, "a question of %u messages", o->messages);
    oracle_check(s, a, o);
    if (s->why[0] && s->verbose)
        sim_tell(s, "that was question %u", (unsigned)(a - s->asks));
}

static void drain(struct sim *s)
{
    struct action act;
    while (!s->why[0] && resolve_next(s->r, &act, s->now)) {
        if (++s->event_count > EVENTS_MAX)
            sim_wrong(s, "no end of events");
        if (act.kind == ACTION_SEND)
            network_send(s, &act);
        else if (act.kind == ACTION_DROP)
            network_dropped(s, act.drop.id);
        else if (act.kind == ACTION_ANSWER)
            answered(s, act.answer.id, act.answer.outcome);
        else if (act.kind == ACTION_WAKE)
            s->wake_ms = act.wake.at_ms;
        else if (act.kind == ACTION_WORK)
            resolve_work(s->r, between(&s->luck, 1, 6), s->now);
    }
}

static void check_bounds(struct sim *s)
{
    const struct resolve_counters *c = resolve_counters(s->r);
    size_t used = heap_live() - s->heap_begin;
    if (used > BASE_OCTETS_MAX + c->jobs * (size_t)JOB_OCTETS_MAX)
        sim_wrong(s, "%zu octets in use by %u jobs", used, c->jobs);
    if (c->sends != s->open.count)
        sim_wrong(s, "%u messages are counted, %zu are out", c->sends, s->open.count);
}

/* ---- time ---- */

static void begin(struct sim *s, struct asking *a)
{
    static struct observer watcher;
    watcher = (struct observer){.event = on_event, .ctx = s};
    a->at_ms = s->now.mono_ms;
    a->begun = true;
    a->must = must_work(s, &a->question);
    a->question.observer = a->watched ? &watcher : NULL;
    char name[NAME_TEXT_LEN];
    sim_tell(s, "ASK %u %s type %u%s%s%s%s", (unsigned)(a - s->asks), name_text(a->name, name),
        a->question.type, a->must ? " must" : "", a->question.background ? " background" : "",
        a->question.checking_disabled ? " CD" : "", a->question.dnssec_ok ? " DO" : "");
    s->tally.questions++;
    a->id = resolve_ask(s->r, &a->question, s->now);
    if (a->hit) /* as if another client had been given a finished answer near its end */
        resolve_refresh(s->r, &a->question, s->now);
}

static void cancel(struct sim *s, struct asking *a)
{
    a->cancelled = true;
    sim_tell(s, "CANCEL %u", (unsigned)(a - s->asks));
    resolve_cancel(s->r, a->id, s->now);
}

/* The client that acts next, and when. */
static struct asking *next_client(struct sim *s, int64_t *at_ms)
{
    struct asking *next = NULL;
    *at_ms = INT64_MAX;
    for (unsigned i = 0; i < s->ask_count; i++) {
        struct asking *a = &s->asks[i];
        int64_t at = !a->begun                                       ? a->at_ms
                     : a->cancel_ms && !a->answered && !a->cancelled ? a->cancel_ms
                                                                     : INT64_MAX;
        if (at < *at_ms) {
            *at_ms = at;
            next = a;
        }
    }
    return next;
}

/* What was lost until then may be missed for as long as jobs live. */
static void shake(struct sim *s, int64_t until_ms)
{
    if (s->calm_ms < until_ms + WORK_MS_MAX)
        s->calm_ms = until_ms + WORK_MS_MAX;
}

/* Clocks are stepped now and then: the wall's without effect, the cache's where it follows the wall, and a
 * suspend lets the boot clock run on alone. */
static void disturb_clocks(struct sim *s)
{
    struct dice *d = &s->luck;
    if (s->wall_strange && chance(d, 10))
        s->wall_off_s += (int64_t)roll(d, 2000000000) - 1000000000;
    s->now.wall_known = !s->wall_strange || chance(d, 90);
    if (chance(d, 5)) {
        /* A job under way goes on with what it knew before; nothing says how long that was if it was asleep.
         */
        unsigned most_s = resolve_counters(s->r)->jobs > 0 ? 8 : 100000;
        s->slept_ms += (int64_t)between(d, 1, most_s) * 1000;
        sim_tell(s, "the machine slept");
        network_forget(s);
        shake(s, s->now.mono_ms);
        for (unsigned i = 0; i < s->ask_count; i++)
            s->asks[i].must = false;
    }
    if (s->outages && chance(d, 25) && s->now.mono_ms >= s->link_up_ms) {
        s->link_up_ms = s->now.mono_ms + between(d, 100, 70000);
        s->link_is_told = chance(d, 50);
        s->link_unreachable = chance(d, 30);
        shake(s, s->link_up_ms);
        sim_tell(s, "the link is down until %lld ms", (long long)s->link_up_ms);
        for (unsigned i = 0; i < s->ask_count; i++)
            s->asks[i].must = false;
    }
    if (chance(d, 5))
        resolve_network_changed(s->r, s->now);
    if (chance(d, 5))
        resolve_settings_set(s->r, &s->settings);
    if (s->steps && chance(d, 10)) {
        int64_t by_s = (int64_t)roll(d, 2000) - 1000;
        if (s->now.cache_s + by_s > 0) {
            s->skew_s += by_s;
            s->back_s += by_s < 0 ? (uint32_t)-by_s : 0;
            sim_tell(s, "the cache's clock is stepped by %lld s", (long long)by_s);
        }
    }
    set_clock(s, s->now.mono_ms);
}

static bool step(struct sim *s, int64_t last_ms)
{
    int64_t client_ms, packet_ms = network_next_ms(s);
    struct asking *a = next_client(s, &client_ms);
    int64_t at_ms = client_ms < packet_ms ? client_ms : packet_ms;
    if (s->wake_ms < at_ms)
        at_ms = s->wake_ms;
    bool link_up = s->link_is_told && s->link_up_ms <= at_ms;
    if (link_up)
        at_ms = s->link_up_ms;
    if (at_ms == INT64_MAX || at_ms > last_ms)
        return false;
    set_clock(s, at_ms > s->now.mono_ms ? at_ms : s->now.mono_ms);
    if (link_up) {
        s->link_is_told = false;
        sim_tell(s, "the link is up");
        resolve_network_changed(s->r, s->now);
    } else if (a && client_ms <= s->now.mono_ms) {
        if (a->begun) {
            cancel(s, a);
        } else {
            if (chance(&s->luck, 10))
                disturb_clocks(s);
            begin(s, a);
        }
    } else if (packet_ms <= s->now.mono_ms) {
        network_step(s);
    } else {
        s->wake_ms = INT64_MAX;
    }
    drain(s);
    if (++s->event_count % 16 == 0)
        check_bounds(s);
    return !s->why[0];
}

/* ---- a run ---- */

static void make_world(struct sim *s)
{
    uint32_t burst_s[BURSTS_MAX];
    choose_plan(s);
    unsigned bursts = choose_bursts(s, burst_s);
    network_choose(s);
    s->steps = chance(&s->dice, 10);
    s->outages = chance(&s->dice, 12);
    s->wall_strange = chance(&s->dice, 10);
    tree_make(&s->tree, &s->plan, &s->dice);
    choose_settings(s);
    make_hints(s);
    if (s->validates)
        make_anchors(s);
    make_clients(s, burst_s, bursts);
    uint8_t key[32] = {0};
    memcpy(key, &s->seed, sizeof s->seed);
    s->rng = random_new(key);
    s->cache = cache_new(&s->cache_settings, &(struct hash_key){s->seed, 2});
    s->heap_begin = heap_live();
    s->r = resolve_new(&s->settings, s->cache, s->rng);
    s->now = (now_t){.wall_known = true};
    verifier_inject(resolve_verifier(s->r), verify_fake, NULL);
    s->wake_ms = INT64_MAX;
    set_clock(s, (int64_t)BEGIN_S * 1000);
}

static void print_world(const struct sim *s)
{
    const struct resolve_settings *set = &s->settings;
    const struct weather *w = &s->weather;
    tree_print(&s->tree);
    printf("settings: prime %d minimise %d type %u case %d v4 %d v6 %d size %u hardening %d extra %d explore "
           "%d minimal "
           "%d; cache %zu ttl %u…%u negative %u\n",
        set->prime, set->minimise, set->minimise_type, set->case_random, set->use_v4, set->use_v6,
        set->udp_size, set->glue_hardening, set->extra_addresses, set->explore, set->minimal_answers,
        s->cache_settings.size, s->cache_settings.ttl_min, s->cache_settings.ttl_max,
        s->cache_settings.negative_max);
    printf("weather: loss %u%% doubled %u%% corrupt %u%% forged %u%% local %u%% jitter %u ms; no route v4 %d "
           "v6 %d, black "
           "hole v4 %d v6 %d; clock %s\n",
        w->loss_percent, w->duplicate_percent, w->corrupt_percent, w->spoof_percent, w->local_percent,
        w->jitter_ms, w->no_route[0], w->no_route[1], w->black_hole[0], w->black_hole[1],
        s->steps ? "is stepped" : "is steady");
}

/* All gauges are back at zero, and nobody waits. */
static void check_end(struct sim *s)
{
    const struct resolve_counters *c = resolve_counters(s->r);
    for (unsigned i = 0; i < s->ask_count; i++)
        if (!s->asks[i].answered && !s->asks[i].cancelled)
            sim_wrong(s, "question %u was never answered", i);
    if (c->jobs + c->waiters + c->sends + c->waiting > 0)
        sim_wrong(s, "left at the end: %u jobs, %u waiters, %u messages, %u that wait for their turn",
            c->jobs, c->waiters, c->sends, c->waiting);
    struct inflight_figures flights;
    struct inflight *i = cache_inflight(s->cache);
    inflight_read(i, &flights);
    unsigned places =
        s->cache_settings.questions_max ? s->cache_settings.questions_max : CLIENT_QUESTIONS_MAX;
    if (flights.messages + flights.zones_waiting > 0 || inflight_free_places(i) != places ||
        inflight_is_crowded(i))
        sim_wrong(s, "left at the end: %u messages in flight, %u zones waited for, %u of %u places free",
            flights.messages, flights.zones_waiting, inflight_free_places(i), places);
    if (s->open.count > 0)
        sim_wrong(s, "%zu messages were never dropped", s->open.count);
    struct store_stats stats;
    cache_stats(s->cache, &stats);
    if (stats.used > stats.size || stats.size > s->cache_settings.size)
        sim_wrong(s, "the cache uses %zu of %zu octets", stats.used, s->cache_settings.size);
    s->tally.messages = c->messages;
}

static void live(struct sim *s)
{
    int64_t last_ms = 0;
    for (unsigned i = 0; i < s->ask_count; i++)
        if (s->asks[i].at_ms > last_ms)
            last_ms = s->asks[i].at_ms;
    last_ms += DRAIN_MS;
    while (step(s, last_ms))
        ;
    if (!s->why[0])
        check_end(s);
}

bool sim_run(uint64_t seed, const struct sim_options *options, struct tally *sum, char why[WHY_LEN])
{
    size_t before = heap_live();
    struct sim *s = mem_alloc(sizeof *s);
    s->seed = seed;
    s->verbose = options->verbose;
    s->validates = options->validate && seed % 10 != 0;
    s->dice.state = seed * 2654435761u;
    s->luck.state = ~s->dice.state;
    table_init(&s->open);
    make_world(s);
    if (s->verbose)
        print_world(s);
    live(s);
    resolve_free(s->r);
    cache_free(s->cache);
    random_free(s->rng);
    network_end(s);
    tree_free(&s->tree);
    mem_free(s->hints);
    anchors_free(s->anchors);
    memcpy(why, s->why, WHY_LEN);
    sum->runs++;
    sum->questions += s->tally.questions;
    sum->must += s->tally.must;
    sum->answered += s->tally.answered;
    sum->stale += s->tally.stale;
    sum->servfail += s->tally.servfail;
    sum->messages += s->tally.messages;
    sum->events += s->event_count;
    mem_free(s);
    if (!why[0] && heap_live() != before)
        snprintf(why, WHY_LEN, "%zd octets of memory were not given back", (ssize_t)(heap_live() - before));
    return !why[0];
}
