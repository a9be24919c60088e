/* Equal minimised questions of different names are asked once (probe.c), and nobody is worse off for it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "world.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))
#define NAMES 200u

#define ROOT_ORG                                                                                             \
    {                                                                                                        \
        .addr = "10.0.0.1", .name = "*.org.", .authority = "org. NS ns.org.\n",                              \
        .additional = "ns.org. A 10.0.0.2\n", .delay_ms = 20                                                 \
    }
/* Any name below has an address. */
#define ORG_ANY                                                                                              \
    {                                                                                                        \
        .addr = "10.0.0.2", .flags = FLAG_AA, .make = any_name, .delay_ms = 20                               \
    }
#define SOA "org. 900 SOA ns.org. x. 1 2 3 4 300\n"

static void any_name(struct world_rule *rule, const char *name, struct arena *a)
{
    char *line = arena_alloc(a, strlen(name) + 32);
    snprintf(line, strlen(name) + 32, "%s 100 A 192.0.2.1\n", name);
    rule->answer = line;
}

static void begin(struct world *w, ask_id ids[NAMES], const char *below)
{
    char name[64];
    for (unsigned i = 0; i < NAMES; i++) {
        snprintf(name, sizeof name, "n%u.%s", i, below);
        ids[i] = world_begin(w, name, TYPE_A);
    }
}

/* All are answered with that; afterwards nothing is left. */
static void end(struct world *w, const ask_id ids[NAMES], uint16_t rcode)
{
    for (unsigned i = 0; i < NAMES; i++) {
        const struct outcome *o = world_wait(w, ids[i]);
        if (!o || o->rcode != rcode)
            fail_msg("name %u: rcode %u, %s", i, o ? o->rcode : 99, o ? o->reason.text : "");
    }
    world_drain(w);
    const struct resolve_counters *c = resolve_counters(world_resolver(w));
    assert_int_equal(c->jobs, 0);
    assert_int_equal(c->sends, 0);
    world_free(w);
}

/* Of each zone on the way its servers see the label that they need once, whatever they say of it. */
static void different_names_ask_once_for_what_is_the_same(void **state)
{
    static const struct {
        const char *why, *below, *probe;
        struct world_rule rule; /* of 10.0.0.2, for what stands above the names */
        uint16_t rcode;
        unsigned root, probes, all; /* messages for org., for the probe, in all */
        int64_t ms;                 /* all are answered by then */
    } rows[] = {
        {"a delegation", "org.", "org.", {.addr = "10.9.9.9"}, RCODE_NOERROR, 1, 1, 1 + NAMES, 200},
        {"a name with an address", "x.org.", "x.org.", {.addr = "10.9.9.9"}, RCODE_NOERROR, 1, 1, 2 + NAMES,
            200},
        {"an empty name", "x.org.", "x.org.",
            {.addr = "10.0.0.2", .name = "x.org.", .flags = FLAG_AA, .authority = SOA, .delay_ms = 20},
            RCODE_NOERROR, 1, 1, 2 + NAMES, 200},
        {"no name", "x.org.", "x.org.",
            {.addr = "10.0.0.2",
                .name = "x.org.",
                .flags = FLAG_AA,
                .rcode = RCODE_NXDOMAIN,
                .authority = SOA,
                .delay_ms = 20},
            RCODE_NOERROR, 1, 1, 2 + NAMES, 200},
        {"an alias", "x.org.", "x.org.",
            {.addr = "10.0.0.2",
                .name = "x.org.",
                .flags = FLAG_AA,
                .answer = "x.org. 60 CNAME y.org.\n",
                .delay_ms = 20},
            RCODE_NOERROR, 1, 1, 2 + NAMES, 200},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct world_rule rules[] = {ROOT_ORG, rows[i].rule, ORG_ANY};
        struct world *w = world_new(rules, COUNT(rules), NULL);
        ask_id ids[NAMES];
        begin(w, ids, rows[i].below);
        world_run(w, rows[i].ms);
        unsigned root = world_sent(w, "10.0.0.1", "org.", 0), probes = world_sent(w, NULL, rows[i].probe, 0),
                 all = world_sent(w, NULL, NULL, 0);
        if (root != rows[i].root || probes != rows[i].probes || all != rows[i].all)
            fail_msg("%s: %u to the root, %u probes, %u in all", rows[i].why, root, probes, all);
        for (unsigned k = 0; k < NAMES; k++)
            if (!world_answer(w, ids[k]))
                fail_msg("%s: name %u has no answer", rows[i].why, k);
        end(w, ids, rows[i].rcode);
    }
}

/* Where the one that asks hears nothing, or something that helps nobody, the others ask for themselves. */
static void who_waits_for_anothers_question_is_no_worse_off(void **state)
{
    static const struct {
        const char *why;
        struct world_rule rule; /* before that of the root */
        int64_t ms;             /* all are answered by then */
        uint16_t rcode;
    } rows[] = {
        {"it is lost",
            {.addr = "10.0.0.1",
                .name = "org.",
                .lose_first = 1,
                .authority = "org. NS ns.org.\n",
                .additional = "ns.org. A 10.0.0.2\n",
                .delay_ms = 20},
            1500, RCODE_NOERROR},
        {"it is refused", {.addr = "10.0.0.1", .name = "org.", .rcode = RCODE_REFUSED, .delay_ms = 20}, 200,
            RCODE_NOERROR},
        {"a delegation that cannot be kept",
            {.addr = "10.0.0.1",
                .name = "*.org.",
                .authority = "org. 0 NS ns.org.\n",
                .additional = "ns.org. 0 A 10.0.0.2\n",
                .delay_ms = 20},
            200, RCODE_NOERROR},
        {"it needs TCP",
            {.addr = "10.0.0.1",
                .name = "org.",
                .how = HOW_TRUNCATE_UDP,
                .authority = "org. NS ns.org.\n",
                .additional = "ns.org. A 10.0.0.2\n",
                .delay_ms = 20},
            400, RCODE_NOERROR},
        {"the port is closed", {.addr = "10.0.0.1", .name = "org.", .how = HOW_REFUSE_PORT}, 100,
            RCODE_SERVFAIL},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct world_rule rules[] = {rows[i].rule, ROOT_ORG, ORG_ANY};
        struct world *w = world_new(rules, COUNT(rules), NULL);
        ask_id ids[NAMES];
        begin(w, ids, "org.");
        world_run(w, rows[i].ms);
        for (unsigned k = 0; k < NAMES; k++)
            if (!world_answer(w, ids[k]))
                fail_msg("%s: name %u has no answer", rows[i].why, k);
        end(w, ids, rows[i].rcode);
    }
}

static void the_others_go_on_when_the_asker_leaves(void **state)
{
    struct world_rule rules[] = {ROOT_ORG, ORG_ANY};
    struct world *w = world_new(rules, COUNT(rules), NULL);
    ask_id first = world_begin(w, "first.org.", TYPE_A), ids[NAMES];
    begin(w, ids, "org.");
    world_run(w, 5);
    assert_int_equal(world_sent(w, NULL, NULL, 0), 1);
    world_cancel(w, first);
    world_run(w, 60);
    for (unsigned k = 0; k < NAMES; k++)
        assert_non_null(world_answer(w, ids[k]));
    end(w, ids, RCODE_NOERROR);
}

/* Its asker pays for a message, and nobody else. */
static void who_waits_pays_nothing(void **state)
{
    struct world_rule rules[] = {ROOT_ORG, ORG_ANY};
    struct world *w = world_new(rules, COUNT(rules), NULL);
    ask_id ids[NAMES];
    begin(w, ids, "org.");
    for (unsigned i = 0; i < NAMES; i++)
        assert_int_equal(world_wait(w, ids[i])->messages, i == 0 ? 2 : 1);
    end(w, ids, RCODE_NOERROR);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(different_names_ask_once_for_what_is_the_same),
        cmocka_unit_test(who_waits_for_anothers_question_is_no_worse_off),
        cmocka_unit_test(the_others_go_on_when_the_asker_leaves),
        cmocka_unit_test(who_waits_pays_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
