/* Other trust anchors while questions are on their way: at each moment of a question, and the old ones are
 * freed at once, as a worker does it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "dns/rrtype.h"
#include "resolve/job.h"
#include "world.h"

#define MOMENTS 60
#define MOMENT_MS 7

static struct anchors *anchors;

static void with_anchors(struct resolve_settings *s)
{
    s->anchors = anchors;
}

struct scene {
    struct sign_key *key;
    struct sign_zone *root, *org;
    struct world *w;
    struct arena a;
};

/* The root's key; with a negative anchor for what lies below a.org., which is no zone of its own. */
static struct anchors *make(const struct scene *s, bool negative)
{
    struct dnssec_policy policy;
    struct anchors *made = anchors_new();
    struct arena a;
    arena_init(&a);
    struct rdata ds = sign_key_ds(s->key, NAME_ROOT, 2, &a);
    anchors_add(made, NAME_ROOT, TYPE_DS, &ds);
    if (negative)
        anchors_add_negative(made, (const name_t *)"\1a\3org", INT64_MAX);
    dnssec_policy_default(&policy);
    anchors_settle(made, &policy);
    arena_fini(&a);
    return made;
}

static void scene_begin(struct scene *s, bool negative)
{
    char text[512];
    *s = (struct scene){.key = sign_key_new(SIGN_KSK, 15, 1)};
    arena_init(&s->a);
    snprintf(text, sizeof text,
        ". SOA root.ns. x. 1 2 3 4 300\n. NS root.ns.\nroot.ns. A 10.0.0.1\norg. NS ns.org.\nns.org. A "
        "10.0.0.2\n%s\n",
        sign_key_text(s->key, (const name_t *)"\3org", TYPE_DS, &s->a));
    s->root = sign_zone_new(&(struct sign_zone_plan){.origin = ".", .ksk = s->key, .text = text});
    s->org = sign_zone_new(&(struct sign_zone_plan){.origin = "org.",
        .ksk = s->key,
        .text = "@ SOA ns x 1 2 3 4 300\n@ NS ns\nns A 10.0.0.2\nwww A 192.0.2.1\na CNAME www\n"});
    anchors = make(s, negative);
    s->w = world_new(NULL, 0, with_anchors);
    world_serve(s->w, "10.0.0.1", s->root);
    world_serve(s->w, "10.0.0.2", s->org);
}

static void scene_end(struct scene *s)
{
    world_free(s->w);
    sign_zone_free(s->root);
    sign_zone_free(s->org);
    sign_key_free(s->key);
    anchors_free(anchors);
    arena_fini(&s->a);
}

static void change(struct scene *s, struct anchors *to)
{
    struct resolver *r = world_resolver(s->w);
    struct resolve_settings set = r->set;
    set.anchors = to;
    resolve_settings_set(r, &set);
    anchors_free(anchors);
    anchors = to;
}

/* The question ends well, and once the cache has forgotten its verdicts so does the next, by the new anchors.
 */
static void change_at(unsigned moment, bool negative)
{
    struct scene s;
    scene_begin(&s, negative);
    ask_id id = world_begin(s.w, "a.org.", TYPE_A);
    world_run(s.w, (int64_t)moment * MOMENT_MS);
    change(&s, make(&s, !negative));
    const struct outcome *o = world_wait(s.w, id);
    assert_non_null(o);
    if (o->rcode != RCODE_NOERROR || (o->verdict != VERDICT_SECURE && o->verdict != VERDICT_INSECURE))
        fail_msg("moment %u: verdict %u, %s", moment, o->verdict, o->reason.text ? o->reason.text : "");
    if (o->verdict == VERDICT_INSECURE && o->reason.text)
        assert_non_null(strstr(o->reason.text, "a.org"));
    cache_verdicts_flush(world_cache(s.w));
    o = world_ask(s.w, "a.org.", TYPE_A);
    assert_int_equal(o->verdict, negative ? VERDICT_SECURE : VERDICT_INSECURE);
    scene_end(&s);
}

static void a_negative_anchor_goes_while_a_question_waits(void **state)
{
    for (unsigned i = 0; i < MOMENTS; i++)
        change_at(i, true);
}

static void a_negative_anchor_comes_while_a_question_waits(void **state)
{
    for (unsigned i = 0; i < MOMENTS; i++)
        change_at(i, false);
}

/* What the cache has is judged anew, by signatures that it has: nobody is asked. */
static void what_is_known_is_judged_anew(void **state)
{
    struct scene s;
    scene_begin(&s, true);
    assert_int_equal(world_ask(s.w, "a.org.", TYPE_A)->verdict, VERDICT_INSECURE);
    unsigned sent = world_sent(s.w, NULL, NULL, 0);
    for (int round = 0; round < 3; round++) {
        change(&s, make(&s, false));
        cache_verdicts_flush(world_cache(s.w));
        assert_int_equal(world_ask(s.w, "a.org.", TYPE_A)->verdict, VERDICT_SECURE);
        change(&s, make(&s, true));
        cache_verdicts_flush(world_cache(s.w));
        assert_int_equal(world_ask(s.w, "a.org.", TYPE_A)->verdict, VERDICT_INSECURE);
        if (round == 0)
            sent = world_sent(s.w, NULL, NULL, 0); /* DS and DNSKEY may not have been needed before */
    }
    assert_int_equal(world_sent(s.w, NULL, NULL, 0), sent);
    scene_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_negative_anchor_goes_while_a_question_waits),
        cmocka_unit_test(a_negative_anchor_comes_while_a_question_waits),
        cmocka_unit_test(what_is_known_is_judged_anew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
