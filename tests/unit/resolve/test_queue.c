/* Caps on what is in flight, the fair queue before them, and who goes when places run out; in virtual time.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "resolve/job.h"
#include "world.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))
#define QUESTIONS_MAX 40000u

/* Root 10.0.0.1 → zz 10.0.0.2 → the zones. */
#define ROOT_ZZ                                                                                              \
    {                                                                                                        \
        .addr = "10.0.0.1", .name = "*.zz.", .authority = "zz. NS ns.zz.\n",                                 \
        .additional = "ns.zz. A 10.0.0.2\n"                                                                  \
    }
#define DELEGATION(zone, server)                                                                             \
    {                                                                                                        \
        .addr = "10.0.0.2", .name = "*." zone, .authority = zone " NS ns." zone "\n",                        \
        .additional = "ns." zone " A " server "\n"                                                           \
    }
#define SOA(zone) zone " 900 SOA ns." zone " host." zone " 1 2 3 4 300\n"
#define DENIES(server, zone, ms)                                                                             \
    {                                                                                                        \
        .addr = server, .name = "*." zone, .flags = FLAG_AA, .rcode = RCODE_NXDOMAIN,                        \
        .authority = SOA(zone), .delay_ms = ms                                                               \
    }

/* Questions of one kind: name%u of a zone, from a client of 10.9.x.y, x.y being the number modulo clients. */
struct crowd {
    const char *zone;
    unsigned per_s, clients;
    uint8_t network;
    unsigned count;
    ask_id ids[QUESTIONS_MAX];
    int64_t since_ms[QUESTIONS_MAX];
};

static struct crowd attack, benign;

static struct crowd *crowd(
    struct crowd *c, const char *zone, unsigned per_s, unsigned clients, uint8_t network)
{
    c->zone = zone;
    c->per_s = per_s;
    c->clients = clients;
    c->network = network;
    c->count = 0;
    return c;
}

static ask_id asks_one(struct world *w, struct crowd *c)
{
    char name[80];
    unsigned who = c->count % c->clients;
    struct addr client = addr_v4((const uint8_t[4]){10, c->network, (uint8_t)(who >> 8), (uint8_t)who});
    snprintf(name, sizeof name, "n%u.%s", c->count, c->zone);
    assert_true(c->count < QUESTIONS_MAX);
    c->since_ms[c->count] = world_now_ms(w);
    return c->ids[c->count++] = world_begin_as(w, name, TYPE_A, &client);
}

/* Both ask for so many ms, evenly. */
static void ask_for(struct world *w, struct crowd *a, struct crowd *b, unsigned ms)
{
    for (unsigned t = 1; t <= ms; t++) {
        while (a && a->count < (uint64_t)a->per_s * t / 1000)
            asks_one(w, a);
        while (b && b->count < (uint64_t)b->per_s * t / 1000)
            asks_one(w, b);
        world_run(w, 1);
    }
}

static unsigned answered(const struct world *w, const struct crowd *c, uint16_t rcode)
{
    unsigned n = 0;
    for (unsigned i = 0; i < c->count; i++) {
        const struct outcome *o = world_answer(w, c->ids[i]);
        n += o && o->rcode == rcode;
    }
    return n;
}

static struct world *limited(const struct world_rule *rules, size_t count, unsigned zone_start,
    unsigned server_start, unsigned questions_max)
{
    struct cache_settings cs = {.size = 16u << 20,
        .ttl_max = TTL_MAX_DEFAULT,
        .negative_max = TTL_NEGATIVE_MAX,
        .zone_start = zone_start,
        .server_start = server_start,
        .questions_max = questions_max};
    return world_new_cached(rules, count, NULL, 7, &cs);
}

/* All that was counted is given back. */
static void ends_empty(struct world *w)
{
    struct inflight_figures f;
    world_drain(w);
    const struct resolve_counters *c = resolve_counters(world_resolver(w));
    assert_int_equal(c->jobs, 0);
    assert_int_equal(c->waiters, 0);
    assert_int_equal(c->sends, 0);
    assert_int_equal(c->waiting, 0);
    inflight_read(cache_inflight(world_cache(w)), &f);
    assert_int_equal(f.messages, 0);
    assert_int_equal(f.zones_waiting, 0);
    assert_int_equal(inflight_free_places(cache_inflight(world_cache(w))) > 0, 1);
    world_free(w);
}

/* The twin of A15: 250 messages in flight to one zone and one address are honest work. */
static void a_busy_tld_is_asked_as_fast_as_it_answers(void **state)
{
    static const struct world_rule rules[] = {ROOT_ZZ, DENIES("10.0.0.2", "zz.", 50)};
    struct world *w = limited(rules, COUNT(rules), 0, 0, 0);
    ask_for(w, crowd(&benign, "zz.", 5000, 1000, 9), NULL, 2000);
    world_run(w, 500);
    assert_int_equal(answered(w, &benign, RCODE_NXDOMAIN), 10000);
    assert_true(resolve_counters(world_resolver(w))->turns_waited > 0); /* at the start */
    ends_empty(w);
}

static const struct world_rule silent_zone[] = {
    ROOT_ZZ,
    DELEGATION("vic.zz.", "10.2.0.1"),
    DELEGATION("good.zz.", "10.4.0.1"),
    {.addr = "10.2.0.1", .how = HOW_SILENT},
    DENIES("10.4.0.1", "good.zz.", 20),
};

/* A15. */
static void random_names_of_a_silent_zone_leave_others_their_answers(void **state)
{
    struct world *w = limited(silent_zone, COUNT(silent_zone), 0, 0, 0);
    ask_for(w, crowd(&attack, "vic.zz.", 3000, 500, 8), crowd(&benign, "good.zz.", 1000, 200, 9), 6000);
    world_run(w, 200);
    assert_int_equal(answered(w, &benign, RCODE_NXDOMAIN), benign.count);
    const struct resolve_counters *c = resolve_counters(world_resolver(w));
    /* What goes out to the silent server sinks to the floor: 16 at a time for 300 ms each, and some more. */
    assert_in_range(world_sent(w, "10.2.0.1", NULL, 0), 200, 2500);
    assert_in_range(c->waiters, 1000, CLIENT_QUESTIONS_MAX);
    world_run(w, 5100);
    assert_int_equal(answered(w, &attack, RCODE_SERVFAIL), attack.count);
    ends_empty(w);
}

/* A15, within a zone: who asks one thing is not behind him who asks a thousand. */
static void clients_of_a_busy_zone_take_turns(void **state)
{
    static const struct world_rule rules[] = {
        ROOT_ZZ, DELEGATION("slow.zz.", "10.2.0.1"), DENIES("10.2.0.1", "slow.zz.", 100)};
    struct world *w = limited(rules, COUNT(rules), 4, 4, 0);
    crowd(&attack, "slow.zz.", 0, 1, 8);
    for (unsigned i = 0; i < 300; i++)
        asks_one(w, &attack);
    world_run(w, 60);
    crowd(&benign, "slow.zz.", 0, 1, 9);
    asks_one(w, &benign);
    asks_one(w, &benign);
    while (answered(w, &benign, RCODE_NXDOMAIN) < 2)
        world_run(w, 1);
    assert_in_range(answered(w, &attack, RCODE_NXDOMAIN), 1, 60);
    world_run(w, 3000);
    assert_int_equal(answered(w, &attack, RCODE_NXDOMAIN), 300);
    ends_empty(w);
}

/* M23 under load: the silent zone's server serves others too. */
static void a_silent_zone_does_not_close_its_address(void **state)
{
    static const struct world_rule rules[] = {
        ROOT_ZZ,
        DELEGATION("vic.zz.", "10.2.0.1"),
        DELEGATION("good.zz.", "10.2.0.1"),
        {.addr = "10.2.0.1", .name = "*.vic.zz.", .how = HOW_SILENT},
        DENIES("10.2.0.1", "good.zz.", 20),
    };
    struct world *w = limited(rules, COUNT(rules), 0, 0, 0);
    ask_for(w, crowd(&attack, "vic.zz.", 2000, 500, 8), crowd(&benign, "good.zz.", 500, 200, 9), 4000);
    world_run(w, 500);
    assert_int_equal(answered(w, &benign, RCODE_NXDOMAIN), benign.count);
    world_run(w, 5100);
    ends_empty(w);
}

static void a_zone_that_answers_again_is_asked_again(void **state)
{
    static const struct world_rule rules[] = {
        ROOT_ZZ,
        DELEGATION("vic.zz.", "10.2.0.1"),
        {.addr = "10.2.0.1",
            .name = "*.vic.zz.",
            .flags = FLAG_AA,
            .rcode = RCODE_NXDOMAIN,
            .authority = SOA("vic.zz."),
            .delay_ms = 20,
            .lose_first = 300},
    };
    struct world *w = limited(rules, COUNT(rules), 0, 0, 0);
    ask_for(w, crowd(&attack, "vic.zz.", 2000, 500, 8), NULL, 5000);
    world_run(w, 100);
    unsigned during = answered(w, &attack, RCODE_NXDOMAIN);
    crowd(&benign, "again.vic.zz.", 1000, 100, 9);
    ask_for(w, &benign, NULL, 1000);
    world_run(w, 500);
    assert_int_equal(answered(w, &benign, RCODE_NXDOMAIN), benign.count);
    assert_true(during > 0);
    ends_empty(w);
}

/* A16. */
static void when_places_run_out_the_heaviest_zone_gives_one(void **state)
{
    struct world *w = limited(silent_zone, COUNT(silent_zone), 5000, 5000, 100);
    crowd(&attack, "vic.zz.", 0, 3, 8);
    for (unsigned i = 0; i < 300; i++)
        asks_one(w, &attack);
    world_run(w, 1);
    assert_in_range(resolve_counters(world_resolver(w))->waiters, 50, 100);
    world_run(w, 100);
    crowd(&benign, "good.zz.", 200, 50, 9);
    ask_for(w, &benign, NULL, 500);
    world_run(w, 100);
    assert_int_equal(answered(w, &benign, RCODE_NXDOMAIN), 100);
    assert_true(resolve_counters(world_resolver(w))->evicted >= 100);
    world_run(w, 8000);
    assert_int_equal(answered(w, &attack, RCODE_SERVFAIL), 300);
    ends_empty(w);
}

/* Ten thousand who want one name of a silent zone are one question, and as heavy as ten thousand. */
static void askers_of_one_name_do_not_push_others_out(void **state)
{
    struct world *w = limited(silent_zone, COUNT(silent_zone), 0, 0, 200);
    for (unsigned i = 0; i < 150; i++) {
        struct addr client = addr_v4((const uint8_t[4]){10, 7, 0, (uint8_t)i});
        world_begin_as(w, "popular.vic.zz.", TYPE_A, &client);
    }
    world_run(w, 100);
    ask_for(w, crowd(&attack, "vic.zz.", 2000, 100, 8), crowd(&benign, "good.zz.", 500, 200, 9), 1000);
    world_run(w, 100);
    assert_int_equal(answered(w, &benign, RCODE_NXDOMAIN), benign.count);
    world_run(w, 8000);
    ends_empty(w);
}

static void what_was_turned_away_is_not_remembered_as_failed(void **state)
{
    struct world *w = limited(silent_zone, COUNT(silent_zone), 1, 1, 100);
    struct failure f;
    name_t name[NAME_MAX_LEN];
    crowd(&attack, "vic.zz.", 0, 1, 8);
    for (unsigned i = 0; i < 100; i++)
        asks_one(w, &attack);
    world_run(w, 3700);
    unsigned failed = answered(w, &attack, RCODE_SERVFAIL), remembered = 0;
    for (unsigned i = 0; i < attack.count; i++) {
        char text[80];
        int n = snprintf(text, sizeof text, "n%u.vic.zz.", i);
        assert_int_equal(name_from_text(name, text, (size_t)n, NULL), ERR_OK);
        remembered += cache_failure_get(world_cache(w), name, TYPE_A, CLASS_IN, 1000, &f);
    }
    assert_in_range(failed, 60, 100);
    assert_in_range(remembered, 0, 10);
    world_run(w, 8000);
    ends_empty(w);
}

/* A16: what 10,000 of them cost is what the machine has to have. The daemon's own part of a question is below
 * 1 kB (daemon/pending.h). */
static void a_pending_question_costs_less_than_3_kB(void **state)
{
    struct world *w = limited(silent_zone, COUNT(silent_zone), 200, 200, 0);
    crowd(&benign, "warm.vic.zz.", 0, 1, 9); /* the zone is known then */
    asks_one(w, &benign);
    world_run(w, 100);
    crowd(&attack, "vic.zz.", 0, 500, 8);
    for (unsigned i = 0; i < 1000; i++)
        asks_one(w, &attack);
    world_run(w, 1000);
    const struct resolver *r = world_resolver(w);
    assert_int_equal(r->counters.jobs, r->counters.waiters);
    assert_int_equal(r->counters.jobs, 1001);
    size_t octets = r->counters.sends * sizeof(struct send) +
                    r->counters.jobs * (sizeof(struct job) + sizeof(struct work) + sizeof(struct waiter) +
                                           sizeof(struct turn_flow) + sizeof(struct load_client));
    for (size_t i = 0; i < r->timers.count; i++)
        octets += HOLDER(r->timers.nodes[i], struct job, timer)->arena.used;
    assert_in_range(octets / r->counters.jobs, 1000, 3072);
    world_run(w, 8000);
    ends_empty(w);
}

/* A job that waits for its turn still takes what comes meanwhile. */
static void a_late_answer_reaches_one_who_waits(void **state)
{
    static const struct world_rule rules[] = {
        ROOT_ZZ, DELEGATION("late.zz.", "10.2.0.1"), DENIES("10.2.0.1", "late.zz.", 900)};
    struct world *w = limited(rules, COUNT(rules), 2, 2, 0);
    crowd(&benign, "late.zz.", 0, 4, 9);
    for (unsigned i = 0; i < 8; i++)
        asks_one(w, &benign);
    world_run(w, 4900);
    assert_in_range(answered(w, &benign, RCODE_NXDOMAIN), 6, 8);
    ends_empty(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_busy_tld_is_asked_as_fast_as_it_answers),
        cmocka_unit_test(random_names_of_a_silent_zone_leave_others_their_answers),
        cmocka_unit_test(clients_of_a_busy_zone_take_turns),
        cmocka_unit_test(a_silent_zone_does_not_close_its_address),
        cmocka_unit_test(a_zone_that_answers_again_is_asked_again),
        cmocka_unit_test(when_places_run_out_the_heaviest_zone_gives_one),
        cmocka_unit_test(askers_of_one_name_do_not_push_others_out),
        cmocka_unit_test(what_was_turned_away_is_not_remembered_as_failed),
        cmocka_unit_test(a_pending_question_costs_less_than_3_kB),
        cmocka_unit_test(a_late_answer_reaches_one_who_waits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
