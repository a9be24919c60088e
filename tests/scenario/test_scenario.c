/* The player's own reading, matching and answering. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "entry.h"
#include "player.h"
#include "setup.h"

#define HEAD                                                                                                 \
    "stub-addr: 192.0.2.1 # a comment\n\tfeatures: min_ttl = 300 ; another\nCONFIG_END\nSCENARIO_BEGIN a "   \
    "title\n"
#define TAIL "SCENARIO_END\n"

static void read_ok(struct scenario *s, const char *text)
{
    bool ok = scenario_read(s, text, strlen(text));
    if (!ok)
        fail_msg("%s", s->error);
}

static struct msg_question question_of(const char *name, uint16_t type)
{
    struct msg_question q = {.type = type, .class = CLASS_IN};
    assert_int_equal(name_from_text(q.name, name, strlen(name), NAME_ROOT), ERR_OK);
    return q;
}

static struct msg query_of(const char *name, uint16_t type)
{
    return (struct msg){.id = 77, .qdcount = 1, .question = question_of(name, type)};
}

static void reads_ranges_steps_and_configuration(void **state)
{
    struct scenario s;
    read_ok(&s, HEAD
        "RANGE_BEGIN 0 100\n\tADDRESS 192.0.2.1\n\tADDRESS 2001:db8::1\n"
        "ENTRY_BEGIN\nMATCH opcode qtype qname\nADJUST copy_id copy_query\nREPLY QR AA NXDOMAIN\n"
        "SECTION QUESTION\nwww.example. IN A\nSECTION AUTHORITY\n"
        "example. SOA a. b. 1 2 3 4 5 ; comment\nSECTION ADDITIONAL\nns.example 7 IN A 192.0.2.2\nENTRY_END\n"
        "RANGE_END\n; a comment\nSTEP 1 QUERY\nENTRY_BEGIN\nFLAGS RD DO\nSECTION QUESTION\nwww.example. A\n"
        "ENTRY_END\nSTEP 5 TIME_PASSES ELAPSE 11\n" TAIL);
    assert_string_equal(s.title, "a title");
    assert_string_equal(scenario_config(&s, "stub-addr"), "192.0.2.1");
    assert_int_equal(s.range_count, 1);
    assert_int_equal(s.ranges[0].addr_count, 2);
    const struct entry *e = &s.ranges[0].entries[0];
    assert_int_equal(e->match, MATCH_OPCODE | MATCH_QTYPE | MATCH_QNAME);
    assert_int_equal(e->adjust, ADJUST_COPY_ID | ADJUST_COPY_QUERY);
    assert_int_equal(e->flags, FLAG_QR | FLAG_AA);
    assert_int_equal(e->rcode, RCODE_NXDOMAIN);
    assert_int_equal(e->counts[SECTION_AUTHORITY], 1);
    assert_int_equal(e->rrs[SECTION_AUTHORITY][0].ttl, SCENARIO_TTL_DEFAULT);
    assert_int_equal(e->rrs[SECTION_ADDITIONAL][0].ttl, 7);
    assert_int_equal(s.step_count, 2);
    assert_int_equal(s.steps[0].entry.flags, FLAG_RD);
    assert_true(s.steps[0].entry.dnssec_ok);
    assert_int_equal(s.steps[1].kind, STEP_TIME_PASSES);
    assert_int_equal(s.steps[1].elapse_s, 11);
    scenario_fini(&s);
}

static void says_which_line_is_wrong(void **state)
{
    static const struct {
        const char *text, *error, *why;
    } cases[] = {
        {"nonsense\n", "line 1: configuration line without a colon: nonsense", "configuration"},
        {"CONFIG_END\nSTEP 1 SING\n", "line 2: unknown STEP: SING", "steps"},
        {"CONFIG_END\nRANGE_BEGIN 0\n", "line 2: RANGE_BEGIN: two step numbers are needed", "range"},
        {"CONFIG_END\nRANGE_BEGIN 0 1\nADDRESS ns\n", "line 3: ADDRESS: ns", "address"},
        {"CONFIG_END\nSTEP 1 QUERY\nENTRY_BEGIN\nMATCH hue\n", "line 4: unknown MATCH: hue", "match"},
        {"CONFIG_END\nSTEP 1 QUERY\nENTRY_BEGIN\nSECTION ANSWER\na. IN A 1.2.3\n",
            "line 5: input is not of the form: a. IN A 1.2.3", "records"},
        {"CONFIG_END\n", "line 1: the scenario has no: SCENARIO_END", "an end"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct scenario s;
        assert_false(scenario_read(&s, cases[i].text, strlen(cases[i].text)));
        assert_non_null(strstr(s.error, ": "));
        assert_int_equal(strncmp(s.error, cases[i].error, strcspn(cases[i].error, ":")), 0);
        scenario_fini(&s);
    }
}

static void matches_what_the_entry_names_and_nothing_else(void **state)
{
    static const struct {
        unsigned match;
        const char *name;
        uint16_t type;
        bool matches;
        const char *why;
    } cases[] = {
        {MATCH_OPCODE, "other.", TYPE_MX, true, "opcode alone"},
        {MATCH_QNAME, "WWW.example.", TYPE_MX, true, "letter case does not count"},
        {MATCH_QNAME | MATCH_QCASE, "WWW.example.", TYPE_A, false, "unless asked for"},
        {MATCH_QNAME | MATCH_QTYPE, "www.example.", TYPE_MX, false, "type"},
        {MATCH_SUBDOMAIN, "a.www.example.", TYPE_MX, true, "below"},
        {MATCH_SUBDOMAIN, "www.example.", TYPE_MX, true, "the name itself"},
        {MATCH_SUBDOMAIN, "example.", TYPE_A, false, "above"},
        {MATCH_TCP, "www.example.", TYPE_A, false, "the query came over UDP"},
        {MATCH_UDP, "www.example.", TYPE_A, true, "the query came over UDP"},
    };
    struct entry e = {.has_question = true, .question = question_of("www.example.", TYPE_A)};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        e.match = cases[i].match;
        struct msg m = query_of(cases[i].name, cases[i].type);
        if ((entry_differs(&e, &m, TRANSPORT_UDP) == 0) != cases[i].matches)
            fail_msg("%s", cases[i].why);
    }
}

static void compares_sections_as_sets(void **state)
{
    struct scenario s;
    read_ok(&s, "CONFIG_END\nSTEP 1 CHECK_ANSWER\nENTRY_BEGIN\nMATCH answer\nSECTION ANSWER\n"
                "a. 5 NS B.\na. 5 NS c.\nENTRY_END\nSTEP 2 CHECK_ANSWER\nENTRY_BEGIN\nSECTION ANSWER\n"
                "A. 9 NS c.\nA. 9 NS b.\nENTRY_END\nSTEP 3 CHECK_ANSWER\nENTRY_BEGIN\nSECTION ANSWER\n"
                "a. 9 NS c.\na. 9 NS c.\nENTRY_END\n" TAIL);
    struct entry *e = &s.steps[0].entry;
    struct msg other, doubled;
    entry_to_msg(&s.steps[1].entry, &other);
    entry_to_msg(&s.steps[2].entry, &doubled);
    assert_int_equal(entry_differs(e, &other, TRANSPORT_UDP), 0);
    e->match |= MATCH_TTL;
    assert_int_equal(entry_differs(e, &other, TRANSPORT_UDP), MATCH_TTL);
    assert_int_equal(entry_differs(e, &doubled, TRANSPORT_UDP), MATCH_ANSWER);
    scenario_fini(&s);
}

static void answers_as_the_entry_says(void **state)
{
    struct scenario s;
    read_ok(&s,
        "CONFIG_END\nSTEP 1 CHECK_ANSWER\nENTRY_BEGIN\nREPLY QR AA\nSECTION QUESTION\nexample. IN NS\n"
        "SECTION ANSWER\nexample. NS a.\nENTRY_END\n" TAIL);
    struct entry *e = &s.steps[0].entry;
    struct msg query = query_of("WWW.example.", TYPE_A), m;
    struct arena a;
    arena_init(&a);
    uint8_t wire[512];

    size_t n = entry_answer(e, &query, TRANSPORT_UDP, wire, sizeof wire);
    assert_int_equal(msg_parse(&m, wire, n, &a), MSG_OK);
    assert_int_equal(m.id, 0); /* nothing is copied unless ADJUST says so */
    assert_int_equal(m.question.type, TYPE_NS);

    e->adjust = ADJUST_COPY_ID | ADJUST_COPY_QUERY;
    n = entry_answer(e, &query, TRANSPORT_UDP, wire, sizeof wire);
    assert_int_equal(msg_parse(&m, wire, n, &a), MSG_OK);
    assert_int_equal(m.id, 77);
    assert_true(name_same_case(m.question.name, query.question.name));
    assert_int_equal(m.counts[SECTION_ANSWER], 1);

    e->adjust = ADJUST_DO_NOT_ANSWER;
    assert_int_equal(entry_answer(e, &query, TRANSPORT_UDP, wire, sizeof wire), 0);
    arena_fini(&a);
    scenario_fini(&s);
}

static void names_the_switches_that_are_lacking(void **state)
{
    struct scenario s;
    read_ok(&s, "forward-addr: 192.0.2.1\nforward-addr: 192.0.2.2\nfeatures: serve_expired = no\n"
                "feature-list: forward_zone=a. 192.0.2.1\nfeatures: min_ttl = 300\nCONFIG_END\n" TAIL);
    struct text t;
    text_init(&t);
    assert_int_equal(setup_lacks(&s, &t), 2);
    assert_string_equal(t.data, "forward-addr, forward_zone");
    text_fini(&t);
    scenario_fini(&s);
}

/* A scenario whose only server foresees what `question` says and answers 192.0.2.9;
 * the client expects `wanted`. */
static bool plays(const char *question, const char *wanted, struct text *report)
{
    struct text t;
    text_init(&t);
    text_printf(&t,
        "stub-addr: 192.0.2.1\nquery-minimization: off\nCONFIG_END\nRANGE_BEGIN 0 9\nADDRESS "
        "192.0.2.1\nENTRY_BEGIN\n"
        "MATCH qname qtype\nADJUST copy_id\nREPLY QR AA\nSECTION QUESTION\n%s\nSECTION ANSWER\n"
        "www.example. 60 A 192.0.2.9\nENTRY_END\nRANGE_END\nSTEP 1 QUERY\nENTRY_BEGIN\nREPLY RD\n"
        "SECTION QUESTION\nwww.example. A\nENTRY_END\nSTEP 2 CHECK_ANSWER\nENTRY_BEGIN\nMATCH all\n"
        "REPLY QR RD RA\nSECTION QUESTION\nwww.example. A\nSECTION ANSWER\n%s\nENTRY_END\n" TAIL,
        question, wanted);
    struct scenario s;
    read_ok(&s, t.data);
    bool ok = play(&s, &(struct play_options){.seed = 1, .askers = 1}, report);
    scenario_fini(&s);
    text_fini(&t);
    return ok;
}

static void plays_right_and_wrong_scenarios(void **state)
{
    struct text report;
    text_init(&report);
    if (!plays("www.example. A", "www.example. 60 A 192.0.2.9", &report))
        fail_msg("%s", report.data);
    assert_false(plays("www.example. A", "www.example. 60 A 192.0.2.8", &report));
    if (!strstr(report.data, "step 2, line 22: the answer differs in: answer\n"))
        fail_msg("%s", report.data);
    text_clear(&report);
    assert_false(plays("www.example. MX", "www.example. 60 A 192.0.2.9", &report));
    assert_non_null(strstr(report.data, "NOT FORESEEN"));
    text_fini(&report);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_ranges_steps_and_configuration),
        cmocka_unit_test(says_which_line_is_wrong),
        cmocka_unit_test(matches_what_the_entry_names_and_nothing_else),
        cmocka_unit_test(compares_sections_as_sets),
        cmocka_unit_test(answers_as_the_entry_says),
        cmocka_unit_test(names_the_switches_that_are_lacking),
        cmocka_unit_test(plays_right_and_wrong_scenarios),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
