/* Which server to ask next: candidates, their facts, patience. No I/O, no states: verbs on the zone stage. */
#include <string.h>

#include "resolve/job.h"

/* An address never measured is tried as if it answered within this span, drawn anew each time: it comes to
 * its turn now and then, more often the slower the known ones are. */
#define UNKNOWN_RTT_SPAN_MS 100u
#define LAME_COST 100000
#define SECOND_TRY_COST 10000
#define FAMILY_OFF_COST 20000
/* Where others wait to be asked, a silent server holds the question up no longer than this
 * (13 dead ones fit into 5 s). */
#define PATIENCE_WITH_OTHERS_MS 300
#define STREAM_PATIENCE_MS 1500

static bool is_own(const struct resolver *r, const struct endpoint *e)
{
    for (size_t i = 0; i < r->set.own_count; i++)
        if (addr_equal(&r->set.own[i].addr, &e->addr) && r->set.own[i].port == e->port)
            return true;
    return false;
}

static bool is_usable(const struct resolver *r, const struct endpoint *e, bool hint)
{
    if (e->addr.family == FAMILY_V4 ? !r->set.use_v4 : !r->set.use_v6)
        return false;
    if (hint) /* what an operator configured is used as it stands */
        return true;
    if (addr_is_unusable(&e->addr) || (addr_is_loopback(&e->addr) && !r->set.loopback_servers))
        return false;
    return !is_own(r, e);
}

static struct candidate *candidate_room(struct zone_stage *z, struct arena *a)
{
    if (z->candidate_count == z->candidate_cap) {
        unsigned cap = z->candidate_cap ? 2 * z->candidate_cap : 4;
        struct candidate *grown = ARENA_ARRAY(a, struct candidate, cap);
        if (z->candidate_count)
            memcpy(grown, z->candidates, z->candidate_count * sizeof *grown);
        z->candidates = grown;
        z->candidate_cap = cap;
    }
    return &z->candidates[z->candidate_count++];
}

bool candidate_add(struct job *j, const name_t *server, const struct addr *addr, bool hint)
{
    struct resolver *r = j->r;
    struct zone_stage *z = &j->zone;
    struct endpoint at = {.addr = *addr, .port = r->set.port};
    if (!is_usable(r, &at, hint))
        return false;
    if (z->candidate_count == DELEGATION_ADDRS_MAX)
        return true;
    unsigned of_server = 0;
    for (unsigned i = 0; i < z->candidate_count; i++) {
        if (endpoint_equal(&z->candidates[i].at, &at))
            return true;
        of_server += z->candidates[i].server == server;
    }
    if (of_server >= DELEGATION_ADDRS_PER_NAME)
        return true;
    struct candidate *c = candidate_room(z, &j->arena);
    *c = (struct candidate){.at = at, .server = server};
    cache_server_get(r->cache, &at, r->now.cache_s, &c->facts);
    c->lame = c->facts.lame_somewhere && cache_lame_get(r->cache, z->cut->zone, addr, r->now.cache_s);
    c->dead = c->lame && z->hash == j->afresh; /* it was asked already */
    c->no_edns = c->facts.edns == EDNS_FACT_BROKEN;
    return true;
}

static int64_t cost(struct job *j, const struct candidate *c)
{
    struct resolver *r = j->r;
    int64_t ms = UNKNOWN_RTT_SPAN_MS;
    if (c->facts.heard)
        ms = c->facts.srtt_ms;
    else if (r->set.explore)
        ms = random_below(r->rng, UNKNOWN_RTT_SPAN_MS);
    if (c->facts.timeouts > 0)
        ms = (ms + RTO_UNKNOWN_MS) << (c->facts.timeouts < 4 ? c->facts.timeouts : 4);
    if (c->lame)
        ms += LAME_COST;
    if (reach_is_off(r, &c->at))
        ms += FAMILY_OFF_COST;
    return ms + (int64_t)c->tries * SECOND_TRY_COST;
}

/* ---- patience ---- */

static bool is_lossy(const struct candidate *c)
{
    return c->facts.loss >= LOSS_MIN;
}

static unsigned tries_max(const struct candidate *c)
{
    return is_lossy(c) ? TRIES_LOSSY_MAX : TRIES_PER_ADDRESS_MAX;
}

/* When the candidate may be asked (again); INT64_MAX: never. */
static int64_t due_ms(const struct job *j, const struct candidate *c)
{
    if (c->dead || c->full || c->stream_tried || c->tries >= tries_max(c))
        return INT64_MAX;
    int64_t slow_ms = j->zone.asked_ms + SLOW_ANSWER_MS;
    bool repeats = c->tries > 0 && j->zone.asked >= 2 && !is_lossy(c);
    return repeats && slow_ms > c->again_ms ? slow_ms : c->again_ms;
}

/* Retransmission timeout by RFC 6298 2. Doubled with each try (5.5) only where messages are lost: else the
 * tries are few and far between (due_ms). */
static int64_t timeout_ms(const struct candidate *c)
{
    int64_t ms = RTO_UNKNOWN_MS;
    if (c->facts.heard) {
        ms = c->facts.srtt_ms + 4 * (int64_t)c->facts.rttvar_ms;
        ms = ms < RTO_MIN_MS ? RTO_MIN_MS : ms < RTO_MAX_MS ? ms : RTO_MAX_MS;
    }
    if (!is_lossy(c))
        return c->tries > 1 && ms < RETRY_SPACING_MS ? RETRY_SPACING_MS : ms;
    for (unsigned i = 1; i < c->tries && ms < RETRY_LOSSY_MAX_MS; i++)
        ms = 2 * ms < RETRY_LOSSY_MAX_MS ? 2 * ms : RETRY_LOSSY_MAX_MS;
    return ms;
}

static bool others_wait(const struct job *j, unsigned candidate)
{
    for (unsigned i = 0; i < j->zone.candidate_count; i++)
        if (i != candidate && j->zone.candidates[i].tries == 0 && !j->zone.candidates[i].dead)
            return true;
    return false;
}

int64_t pick_asked(struct job *j, unsigned candidate)
{
    struct candidate *c = &j->zone.candidates[candidate];
    int64_t now_ms = j->r->now.mono_ms;
    if (j->zone.asked++ == 0)
        j->zone.asked_ms = now_ms;
    if (c->tries++ > 0)
        j->r->counters.retries++;
    int64_t ms = timeout_ms(c);
    c->again_ms = now_ms + ms;
    int64_t most_ms = reach_is_on_trial(j->r, &c->at) ? REACH_TRIAL_MS : PATIENCE_WITH_OTHERS_MS;
    return ms > most_ms && others_wait(j, candidate) ? most_ms : ms;
}

int64_t pick_stream_patience(const struct job *j, unsigned candidate)
{
    if (!others_wait(j, candidate))
        return STREAM_PATIENCE_MS;
    /* A connection and an answer, and half as much again. Thirteen that are of no use over TCP either fit
     * into 5 s. */
    int64_t ms = 3 * (int64_t)j->zone.candidates[candidate].facts.srtt_ms;
    ms = ms > PATIENCE_WITH_OTHERS_MS ? ms : PATIENCE_WITH_OTHERS_MS;
    return ms < STREAM_PATIENCE_MS ? ms : STREAM_PATIENCE_MS;
}

/* ---- who is next ---- */

int pick_candidate(struct job *j)
{
    int best = -1;
    int64_t best_cost = INT64_MAX;
    unsigned equals = 0;
    for (unsigned i = 0; i < j->zone.candidate_count; i++) {
        const struct candidate *c = &j->zone.candidates[i];
        if (due_ms(j, c) > j->r->now.mono_ms)
            continue;
        int64_t k = cost(j, c);
        if (k > best_cost)
            continue;
        /* Among equals each has the same chance. */
        equals = k < best_cost ? 1 : equals + 1;
        if (equals == 1 || random_below(j->r->rng, equals) == 0)
            best = (int)i;
        best_cost = k;
    }
    return best;
}

int64_t pick_again_ms(const struct job *j)
{
    int64_t at = INT64_MAX;
    for (unsigned i = 0; i < j->zone.candidate_count; i++) {
        int64_t due = due_ms(j, &j->zone.candidates[i]);
        if (due < at)
            at = due;
    }
    return at;
}

/* ---- silences ---- */

/* The zone's count in the work; where there is none, the one that says least makes room. */
static struct zone_silences *shared_silences(const struct job *j)
{
    struct zone_silences *least = &j->work->silent[0];
    for (unsigned i = 0; i < sizeof j->work->silent / sizeof j->work->silent[0]; i++) {
        struct zone_silences *z = &j->work->silent[i];
        if (z->zone == j->zone.hash)
            return z;
        if (z->count < least->count)
            least = z;
    }
    return least;
}

static unsigned silences(const struct job *j)
{
    const struct zone_silences *z = shared_silences(j);
    return z->zone == j->zone.hash && z->count > j->zone.silences ? z->count : j->zone.silences;
}

void pick_silence(struct job *j)
{
    struct zone_silences *z = shared_silences(j);
    if (z->zone != j->zone.hash)
        *z = (struct zone_silences){.zone = j->zone.hash};
    z->count++;
    j->zone.silences++;
}

void pick_silences_over(struct job *j)
{
    struct zone_silences *z = shared_silences(j);
    if (z->zone == j->zone.hash)
        *z = (struct zone_silences){0};
    j->zone.silences = 0;
    j->zone.messages = 0;
}

bool pick_is_spent(const struct job *j)
{
    return j->zone.messages >= ZONE_MESSAGES_MAX;
}

static bool is_thrifty(const struct job *j)
{
    return j->thrifty || j->zone.cut->listed_many;
}

bool pick_exhausted(const struct job *j)
{
    /* Each address once, or a single server's full series. */
    unsigned max = TRIES_PER_ADDRESS_MAX;
    for (unsigned i = 0; i < j->zone.candidate_count; i++)
        if (tries_max(&j->zone.candidates[i]) > max)
            max = tries_max(&j->zone.candidates[i]);
    if (max < j->zone.candidate_count)
        max = j->zone.candidate_count;
    if (is_thrifty(j) && max > DELEGATION_BIG_SILENCES_MAX)
        max = DELEGATION_BIG_SILENCES_MAX;
    return silences(j) >= max;
}

bool pick_is_owed(const struct job *j, unsigned candidate)
{
    /* An address that came late, unless another look-up of the question found the zone silent. */
    return j->zone.candidates[candidate].tries == 0 && !is_thrifty(j) && silences(j) == j->zone.silences;
}

/* ---- facts ---- */

void facts_save(struct job *j, const struct candidate *c)
{
    cache_server_put(j->r->cache, &c->at, &c->facts, j->r->now.cache_s);
}

void facts_lame(struct job *j, struct candidate *c)
{
    c->lame = true;
    c->facts.lame_somewhere = 1;
    facts_save(j, c);
    cache_lame_put(j->r->cache, j->zone.cut->zone, &c->at.addr, j->r->now.cache_s);
}

void facts_heard(struct job *j, struct candidate *c, int64_t rtt_ms, bool had_opt, unsigned lost)
{
    uint16_t rtt = (uint16_t)(rtt_ms < 1 ? 1 : rtt_ms > 10000 ? 10000 : rtt_ms);
    struct server_facts *f = &c->facts;
    if (f->srtt_ms == 0) { /* RFC 6298 2.2 */
        f->srtt_ms = rtt;
        f->rttvar_ms = rtt / 2;
    } else { /* 2.3 */
        int delta = (int)rtt - f->srtt_ms;
        f->rttvar_ms = (uint16_t)((3 * f->rttvar_ms + (delta < 0 ? -delta : delta)) / 4);
        f->srtt_ms = (uint16_t)(f->srtt_ms + delta / 8);
    }
    for (unsigned i = 0; i < lost; i++)
        f->loss = (uint8_t)(f->loss + (UINT8_MAX - f->loss) / 4);
    if (lost == 0)
        f->loss = (uint8_t)(f->loss - (f->loss + 7) / 8);
    f->timeouts = 0;
    f->heard = 1;
    if (had_opt)
        f->edns = EDNS_FACT_WORKS;
    c->tries = 0;
    c->again_ms = 0;
    facts_save(j, c);
}
