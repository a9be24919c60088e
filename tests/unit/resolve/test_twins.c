/* The harmless cases beside the attacks of test_bounds.c: partial failure must still resolve, at a bounded
 * cost. */
#include "scene.h"

struct twin {
    struct world_rule bad;
    unsigned most;
};

static const struct twin twins[] = {
    {{.rcode = RCODE_SERVFAIL, .why = "12 SERVFAIL and 1 good"}, 14},
    {{.rcode = RCODE_REFUSED, .why = "12 REFUSED and 1 good"}, 14},
    {{.how = HOW_SILENT, .why = "12 dead and 1 good"}, 14},
    {{.how = HOW_UNREACHABLE, .why = "12 without a route and 1 good"}, 14},
    {{.how = HOW_REFUSE_PORT, .why = "12 closed ports and 1 good"}, 14},
    {{.rcode = RCODE_FORMERR, .why = "12 FORMERR and 1 good"}, 18},
    {{.rcode = RCODE_NOTIMP, .why = "12 NOTIMP and 1 good"}, 18},
    {{.how = HOW_TCP_CLOSES, .why = "12 with TC and no TCP, and 1 good"}, 26},
    {{.how = HOW_TCP_SILENT, .why = "12 with TC and silent TCP, and 1 good"}, 26},
    {{.authority = ". NS root.ns.\n", .why = "12 upward referrals and 1 good"}, 14},
    {{.authority = "m.zz. NS n0.m.zz.\n", .why = "12 referrals to the same zone and 1 good"}, 14},
    {{.why = "12 empty answers without AA and 1 good"}, 14},
    {{.how = HOW_BARE_FORMERR, .rcode = RCODE_FORMERR, .why = "12 bare FORMERR and 1 good"}, 30},
};

static void finds_the_one_good_server_of_thirteen(void **state)
{
    static struct scene s;
    for (size_t i = 0; i < sizeof twins / sizeof *twins; i++) {
        unsigned worst = 0;
        for (uint32_t seed = 1; seed <= SEEDS; seed++) {
            begin(&s, seed);
            crowd(&s, twins[i].bad);
            struct world_rule *one = &s.rules[1 + roll(&s, 13)];
            *one = (struct world_rule){.addr = one->addr,
                .flags = FLAG_AA,
                .answer = "www.m.zz. A 192.0.2.9\n",
                .delay_ms = vary(&s, 20)};
            start(&s);
            int64_t begin_ms = world_now_ms(s.w);
            assert_string_equal(answer_of(&s, "www.m.zz."), GOOD_TEXT);
            assert_true(world_now_ms(s.w) - begin_ms <= 5000);
            if (sent(&s) > worst)
                worst = sent(&s);
            end(&s);
        }
        print_message("%s: at most %u messages\n", twins[i].bad.why, worst);
        assert_in_range(worst, 1, twins[i].most);
    }
}

static void follows_chains_through_zones_with_half_of_their_servers_gone(void **state)
{
    static struct scene s;
    for (uint32_t seed = 1; seed <= SEEDS; seed++) {
        begin(&s, seed);
        links(&s, 6, 1, true);
        start(&s);
        assert_int_equal(world_ask(s.w, "www.l0.zz.", TYPE_A)->rcode, RCODE_NOERROR);
        end(&s);
    }
}

static ask_id begin_in_background(struct scene *s, const char *text)
{
    name_t name[NAME_MAX_LEN];
    name_from_text(name, text, strlen(text), NULL);
    struct question q = {.name = name, .type = TYPE_A, .class = CLASS_IN, .background = true};
    return world_begin_question(s->w, &q);
}

/* He may join a look-up of his own name or of one that it needs, at its start or in the middle. */
static void who_joins_background_work_has_a_question_s_budget(void **state)
{
    static struct scene s;
    static const char *const joined[] = {NULL, "www.l0.zz.", "www.l4.zz."};
    for (size_t i = 0; i < sizeof joined / sizeof *joined; i++)
        for (unsigned after_ms = 0; after_ms <= 60; after_ms += 60) {
            begin(&s, 1);
            links(&s, 7, 1, true);
            start(&s);
            ask_id first = begin_in_background(&s, "www.l0.zz.");
            world_run(s.w, after_ms);
            if (joined[i])
                assert_int_equal(world_ask(s.w, joined[i], TYPE_A)->rcode, RCODE_NOERROR);
            const struct outcome *o = world_wait(s.w, first);
            if (!joined[i]) {
                assert_int_equal(o->rcode, RCODE_SERVFAIL);
                assert_int_equal(o->messages, WORK_MESSAGES_BACKGROUND);
            }
            end(&s);
        }
}

static void finds_the_one_good_name_of_ten(void **state)
{
    static struct scene s;
    for (uint32_t seed = 1; seed <= SEEDS; seed++) {
        begin(&s, seed);
        links(&s, 1, 9, true);
        start(&s);
        assert_int_equal(world_ask(s.w, "www.l0.zz.", TYPE_A)->rcode, RCODE_NOERROR);
        assert_in_range(sent(&s), 1, 20);
        end(&s);
    }
}

static void waits_for_slow_servers(void **state)
{
    static struct scene s;
    for (uint32_t seed = 1; seed <= SEEDS; seed++)
        for (unsigned delay_ms = 1000; delay_ms <= 3000; delay_ms += 2000) {
            begin(&s, seed);
            delegate(&s, "m.zz.", 1, "n.m.zz.", "10.1.0.1");
            unsigned wait_ms = vary(&s, delay_ms);
            good(&s, "10.1.0.1")->delay_ms = wait_ms;
            start(&s);
            int64_t begin_ms = world_now_ms(s.w);
            assert_string_equal(answer_of(&s, "www.m.zz."), GOOD_TEXT);
            assert_in_range(world_now_ms(s.w) - begin_ms, wait_ms, wait_ms + 50);
            assert_in_range(sent(&s), 1, 8);
            end(&s);
        }
}

static void any_name(struct world_rule *rule, const char *name, struct arena *a)
{
    rule->answer = arena_printf(a, "%s A 192.0.2.9\n", name);
}

static void resolves_thirty_names_with_two_exchanges_of_five_lost(void **state)
{
    static struct scene s;
    unsigned total = 0, most = 0, count = 0;
    int64_t slowest_ms = 0;
    for (uint32_t seed = 1; seed <= SEEDS; seed++, count++) {
        begin(&s, seed);
        delegate(&s, "m.zz.", 1, "n.m.zz.", "10.1.0.1");
        struct world_rule *rule = add(&s, "10.1.0.1", NULL);
        rule->make = any_name;
        rule->lose_percent = 40;
        rule->delay_ms = 1 + roll(&s, 5);
        start(&s);
        int64_t begin_ms = world_now_ms(s.w);
        for (unsigned i = 0; i < 30; i++) {
            char name[20];
            snprintf(name, sizeof name, "x%u.m.zz.", i);
            assert_int_equal(world_ask(s.w, name, TYPE_A)->rcode, RCODE_NOERROR);
        }
        if (world_now_ms(s.w) - begin_ms > slowest_ms)
            slowest_ms = world_now_ms(s.w) - begin_ms;
        total += sent(&s);
        most = sent(&s) > most ? sent(&s) : most;
        end(&s);
    }
    print_message("%.1f messages, at most %u, at most %d ms\n", (double)total / count, most, (int)slowest_ms);
    assert_true(total <= count * 55);
    assert_in_range(most, 30, 80);
    assert_true(slowest_ms <= 10000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_the_one_good_server_of_thirteen),
        cmocka_unit_test(follows_chains_through_zones_with_half_of_their_servers_gone),
        cmocka_unit_test(who_joins_background_work_has_a_question_s_budget),
        cmocka_unit_test(finds_the_one_good_name_of_ten),
        cmocka_unit_test(waits_for_slow_servers),
        cmocka_unit_test(resolves_thirty_names_with_two_exchanges_of_five_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
