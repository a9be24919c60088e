/* Many small Internets made by chance, half of their zones evil: every question ends in time, nothing is left
 * over, no question causes more than its work, and no evil zone changes what a good one says. SEED=n replays
 * one world, SEEDS=n tries so many. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "world.h"

enum { SEEDS = 300, TLDS = 3, ZONES = 8, SERVERS = 5, RULES_MAX = 2000, QUESTIONS = 10 };

struct zone {
    bool evil;
    unsigned server_count;
    unsigned home[SERVERS],
        nth[SERVERS]; /* the server's address is 10.1.home.nth, its name n<nth> of zone home */
    bool glue;
};

struct scene {
    uint64_t dice;
    struct zone zones[ZONES];
    struct world_rule rules[RULES_MAX];
    size_t rule_count;
    char text[1u << 20];
    size_t text_len;
};

static unsigned roll(struct scene *s, unsigned sides)
{
    s->dice = s->dice * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(s->dice >> 33) % sides;
}

static const char *write_text(struct scene *s, const char *format, ...) __attribute__((format(printf, 2, 3)));
static const char *write_text(struct scene *s, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *at = s->text + s->text_len;
    int n = vsnprintf(at, sizeof s->text - s->text_len, format, args);
    va_end(args);
    assert_true(n >= 0 && s->text_len + (size_t)n + 1 < sizeof s->text);
    s->text_len += (size_t)n + 1;
    return at;
}

static char tld_of(unsigned zone)
{
    return (char)('a' + zone % TLDS);
}

#define ZONE_FORMAT "z%u.%c."
#define ZONE(z) (z), tld_of(z)

static struct world_rule *add(struct scene *s, const char *addr, const char *name, uint16_t type)
{
    assert_true(s->rule_count < RULES_MAX);
    struct world_rule *rule = &s->rules[s->rule_count++];
    *rule = (struct world_rule){.addr = addr, .name = name, .type = type, .flags = FLAG_AA};
    return rule;
}

/* ---- delegations ---- */

static void choose_zones(struct scene *s)
{
    for (unsigned z = 0; z < ZONES; z++) {
        struct zone *zn = &s->zones[z];
        zn->evil = z >= ZONES / 2;
        zn->glue = roll(s, 3) > 0;
        zn->server_count = 1 + roll(s, SERVERS);
        for (unsigned i = 0; i < zn->server_count; i++) {
            /* A good zone trusts good zones only. */
            zn->home[i] = zn->glue || roll(s, 2) ? z : roll(s, zn->evil ? ZONES : ZONES / 2);
            zn->nth[i] = i;
        }
    }
    s->zones[0].glue = true; /* where the others' names can be found */
    for (unsigned i = 0; i < s->zones[0].server_count; i++)
        s->zones[0].home[i] = 0;
}

static void delegate(struct scene *s, unsigned z)
{
    const struct zone *zn = &s->zones[z];
    char ns[1024], glue[1024] = "";
    size_t n = 0, g = 0;
    for (unsigned i = 0; i < zn->server_count; i++) {
        n += (size_t)snprintf(ns + n, sizeof ns - n, ZONE_FORMAT " %u NS n%u." ZONE_FORMAT "\n", ZONE(z),
            5 + roll(s, 100), zn->nth[i], ZONE(zn->home[i]));
        if (zn->glue || zn->home[i] == z)
            g += (size_t)snprintf(glue + g, sizeof glue - g, "n%u." ZONE_FORMAT " A 10.1.%u.%u\n", zn->nth[i],
                ZONE(zn->home[i]), zn->home[i], zn->nth[i]);
    }
    struct world_rule *rule =
        add(s, write_text(s, "10.0.0.%u", 2 + z % TLDS), write_text(s, "*." ZONE_FORMAT, ZONE(z)), 0);
    rule->flags = 0;
    rule->authority = write_text(s, "%s", ns);
    rule->additional = write_text(s, "%s", glue);
    rule->lose_percent = roll(s, 20);
}

/* ---- what servers say ---- */

static void behave(struct scene *s, struct world_rule *rule, bool evil)
{
    static const enum world_how odd[] = {HOW_TRUNCATE_UDP, HOW_LOWER_CASE, HOW_NO_EDNS, HOW_GARBAGE_FIRST,
        HOW_BARE_FORMERR, HOW_TCP_CLOSES, HOW_SILENT, HOW_REFUSE_PORT, HOW_UNREACHABLE, HOW_TCP_SILENT,
        HOW_TCP_GARBAGE};
    static const unsigned delays[] = {1, 5, 30, 120, 400, 1000, 3000, 7000};
    if (roll(s, evil ? 2 : 4) == 0)
        rule->how = odd[roll(s, evil ? 11 : 5)];
    rule->delay_ms = delays[roll(s, evil ? 8 : 5)];
    rule->tcp_delay_ms = roll(s, 3) ? 0 : delays[roll(s, evil ? 8 : 5)];
    rule->lose_percent = roll(s, 3) ? 0 : roll(s, evil ? 100 : 30);
}

static void say_truth(struct scene *s, const char *addr, unsigned z)
{
    unsigned next = (z + 1) % ZONES;
    const char *soa =
        write_text(s, ZONE_FORMAT " 30 SOA n0." ZONE_FORMAT " h.a. 1 2 3 4 20\n", ZONE(z), ZONE(z));
    size_t first = s->rule_count;
    struct world_rule *rule = add(s, addr, write_text(s, "w." ZONE_FORMAT, ZONE(z)), TYPE_A);
    rule->answer = write_text(s, "w." ZONE_FORMAT " %u A 192.0.%u.1\n", ZONE(z), roll(s, 20), z);
    rule = add(s, addr, write_text(s, "c." ZONE_FORMAT, ZONE(z)), 0);
    rule->answer = write_text(
        s, "c." ZONE_FORMAT " 10 CNAME %s." ZONE_FORMAT "\n", ZONE(z), roll(s, 2) ? "c" : "w", ZONE(next));
    rule = add(s, addr, write_text(s, "*.d." ZONE_FORMAT, ZONE(z)), 0);
    rule->answer = write_text(s, "d." ZONE_FORMAT " 10 DNAME " ZONE_FORMAT "\n", ZONE(z), ZONE(next));
    for (unsigned i = 0; i < SERVERS; i++) {
        rule = add(s, addr, write_text(s, "n%u." ZONE_FORMAT, i, ZONE(z)), TYPE_A);
        rule->answer = write_text(s, "n%u." ZONE_FORMAT " %u A 10.1.%u.%u\n", i, ZONE(z), roll(s, 30), z, i);
        rule = add(s, addr, write_text(s, "n%u." ZONE_FORMAT, i, ZONE(z)), 0);
        rule->authority = soa;
    }
    rule = add(s, addr, write_text(s, "w." ZONE_FORMAT, ZONE(z)), 0);
    rule->authority = soa;
    rule = add(s, addr, write_text(s, "*." ZONE_FORMAT, ZONE(z)), 0);
    rule->authority = soa;
    rule->rcode = RCODE_NXDOMAIN;
    struct world_rule like = {0};
    behave(s, &like, false);
    for (size_t i = first; i < s->rule_count; i++) {
        s->rules[i].how = like.how;
        s->rules[i].delay_ms = like.delay_ms;
        s->rules[i].lose_percent = like.lose_percent;
    }
}

static void lie(struct scene *s, const char *addr, unsigned z)
{
    static const uint16_t rcodes[] = {RCODE_NOERROR, RCODE_NOERROR, RCODE_NXDOMAIN, RCODE_SERVFAIL,
        RCODE_REFUSED, RCODE_FORMERR, RCODE_NOTIMP, RCODE_YXDOMAIN};
    static const char *const names[] = {"w", "c", "x.d", "n0", "n1", "n2", "l.l.l.l", "v", "sub"};
    for (unsigned i = 0; i < 9; i++) {
        unsigned victim = roll(s, ZONES / 2), other = ZONES / 2 + roll(s, ZONES / 2);
        struct world_rule *rule =
            add(s, addr, write_text(s, "%s%s." ZONE_FORMAT, roll(s, 2) ? "*." : "", names[i], ZONE(z)), 0);
        rule->flags = roll(s, 3) ? FLAG_AA : 0;
        rule->rcode = rcodes[roll(s, 8)];
        const char *lies[] = {
            write_text(s, "%s." ZONE_FORMAT " %u A 6.6.6.6\n", names[i], ZONE(z), roll(s, 20)),
            write_text(s, "%s." ZONE_FORMAT " CNAME c." ZONE_FORMAT "\n", names[i], ZONE(z), ZONE(other)),
            write_text(s, "%s." ZONE_FORMAT " CNAME w." ZONE_FORMAT "\nw." ZONE_FORMAT " A 6.6.6.6\n",
                names[i], ZONE(z), ZONE(victim), ZONE(victim)),
            write_text(s, "%s." ZONE_FORMAT " CNAME %s." ZONE_FORMAT "\n", names[i], ZONE(z),
                names[roll(s, 9)], ZONE(z)),
            write_text(s, "w." ZONE_FORMAT " A 6.6.6.6\n", ZONE(victim)),
            write_text(s, ZONE_FORMAT " DNAME " ZONE_FORMAT "\n", ZONE(victim), ZONE(z)),
            write_text(s, "%s." ZONE_FORMAT " 60 CH A \\# 0\n", names[i], ZONE(z)),
            write_text(s, "%c. DNAME " ZONE_FORMAT "\n", tld_of(victim), ZONE(z)), NULL, NULL};
        rule->answer = lies[roll(s, 10)];
        const char *refer[] = {write_text(s, ZONE_FORMAT " NS n0." ZONE_FORMAT "\n", ZONE(victim), ZONE(z)),
            write_text(
                s, "%s." ZONE_FORMAT " NS n%u." ZONE_FORMAT "\n", names[i], ZONE(z), roll(s, 5), ZONE(other)),
            write_text(
                s, "%s." ZONE_FORMAT " NS a.%s." ZONE_FORMAT "\n", names[i], ZONE(z), names[i], ZONE(z)),
            write_text(s, "l." ZONE_FORMAT " NS n0." ZONE_FORMAT "\nl." ZONE_FORMAT " NS q." ZONE_FORMAT "\n",
                ZONE(z), ZONE(z), ZONE(z), ZONE(other)),
            write_text(s, ". NS n0." ZONE_FORMAT "\n", ZONE(z)),
            write_text(s, "%c. 600 SOA a. b. 1 2 3 4 600\n", tld_of(victim)),
            write_text(s, ZONE_FORMAT " 600 SOA a. b. 1 2 3 4 600\n", ZONE(z)), NULL};
        rule->authority = refer[roll(s, 8)];
        if (roll(s, 2))
            rule->additional =
                write_text(s, "n0." ZONE_FORMAT " A 10.1.%u.0\nn0." ZONE_FORMAT " A 10.1.%u.0\n",
                    ZONE(victim), z, ZONE(z), roll(s, ZONES));
        behave(s, rule, true);
    }
}

static void make_servers(struct scene *s)
{
    for (unsigned home = 0; home < ZONES; home++)
        for (unsigned nth = 0; nth < SERVERS; nth++) {
            const char *addr = write_text(s, "10.1.%u.%u", home, nth);
            for (unsigned z = 0; z < ZONES; z++)
                for (unsigned i = 0; i < s->zones[z].server_count; i++) {
                    if (s->zones[z].home[i] != home || s->zones[z].nth[i] != nth)
                        continue;
                    if (s->zones[z].evil || home >= ZONES / 2)
                        lie(s, addr, z);
                    else
                        say_truth(s, addr, z);
                }
            struct world_rule *rule = add(s, addr, NULL, 0);
            rule->flags = 0;
            rule->rcode = roll(s, 2) ? RCODE_REFUSED : RCODE_SERVFAIL;
        }
}

static void make_scene(struct scene *s, uint32_t seed)
{
    s->dice = seed * 2654435761u + 1;
    s->rule_count = s->text_len = 0;
    choose_zones(s);
    for (unsigned t = 0; t < TLDS; t++) {
        struct world_rule *rule = add(s, "10.0.0.1", write_text(s, "*.%c.", 'a' + (char)t), 0);
        rule->flags = 0;
        rule->authority = write_text(s, "%c. NS n.%c.\n", 'a' + (char)t, 'a' + (char)t);
        rule->additional = write_text(s, "n.%c. A 10.0.0.%u\n", 'a' + (char)t, 2 + t);
        rule->lose_percent = roll(s, 20);
    }
    add(s, "10.0.0.1", NULL, 0)->authority = ". 60 SOA a. b. 1 2 3 4 60\n";
    for (unsigned z = 0; z < ZONES; z++)
        delegate(s, z);
    for (unsigned t = 0; t < TLDS; t++) {
        struct world_rule *rule = add(s, write_text(s, "10.0.0.%u", 2 + t), NULL, 0);
        rule->rcode = RCODE_NXDOMAIN;
        rule->authority = write_text(s, "%c. 60 SOA a. b. 1 2 3 4 60\n", 'a' + (char)t);
    }
    make_servers(s);
    for (unsigned z = 0; z < ZONES; z++)
        add(s, "6.6.6.6", write_text(s, "w." ZONE_FORMAT, ZONE(z)), 0)->answer =
            write_text(s, "w." ZONE_FORMAT " A 6.6.6.6\n", ZONE(z));
    add(s, "6.6.6.6", NULL, 0)->how = HOW_SILENT;
    for (unsigned z = 0; z < ZONES; z++)
        add(s, write_text(s, "192.0.%u.1", z), NULL, 0)->how = HOW_SILENT;
}

/* ---- questions ---- */

static void settings_by_chance(struct resolve_settings *set)
{
    set->explore = true;
    set->extra_addresses = true;
}

static void settings_unlike_those(struct resolve_settings *set)
{
    set->minimise = false;
    set->glue_hardening = false;
    set->minimal_answers = false;
    set->explore = true;
}

struct asked {
    ask_id id;
    bool good, cancelled;
    unsigned zone;
};

static struct asked ask_by_chance(struct scene *s, struct world *w)
{
    static const char *const names[] = {
        "w", "w", "w", "c", "x.d", "w.d", "n0", "l.l.l.l.l.l.l.l.l.l", "v.sub", "none", "a.sub.w"};
    static const uint16_t types[] = {
        TYPE_A, TYPE_A, TYPE_A, TYPE_AAAA, TYPE_NS, TYPE_CNAME, TYPE_DS, TYPE_ANY, TYPE_DNAME, TYPE_SOA};
    char name[80];
    unsigned which = roll(s, 11);
    struct asked a = {.zone = roll(s, ZONES)};
    a.good = which < 3 && a.zone < ZONES / 2;
    uint16_t type = a.good ? TYPE_A : types[roll(s, 10)];
    snprintf(name, sizeof name, "%s." ZONE_FORMAT, names[which], ZONE(a.zone));
    a.id = world_begin(w, name, type);
    return a;
}

static unsigned good_asked, good_answered;

static void check_answer(struct world *w, const struct asked *a)
{
    const struct outcome *o = world_wait(w, a->id);
    assert_non_null(o);
    unsigned links = 0;
    for (size_t i = 0; i < o->answer.count; i++)
        links += o->answer.items[i]->type == TYPE_CNAME;
    assert_true(links <= ALIAS_MAX + 1); /* one more may be the data */
    if (!a->good)
        return;
    char truth[40];
    snprintf(truth, sizeof truth, " A 192.0.%u.1", a->zone);
    const char *text = world_text(w, o);
    assert_null(strstr(text, "6.6.6.6"));
    good_asked++;
    if (o->rcode == RCODE_SERVFAIL)
        return;
    good_answered++;
    assert_int_equal(o->rcode, RCODE_NOERROR);
    assert_non_null(strstr(text, truth));
}

static void live_through(struct scene *s, uint32_t seed)
{
    make_scene(s, seed);
    bool one_by_one = seed % 2;
    struct world *w = world_new_seeded(
        s->rules, s->rule_count, seed % 4 < 3 ? settings_by_chance : settings_unlike_those, seed);
    for (unsigned round = 0; round < 3; round++) {
        struct asked asked[QUESTIONS];
        unsigned before = world_sent(w, NULL, NULL, 0);
        int64_t begin_ms = world_now_ms(w);
        for (unsigned i = 0; i < QUESTIONS; i++) {
            unsigned sent = world_sent(w, NULL, NULL, 0);
            asked[i] = ask_by_chance(s, w);
            if (roll(s, 8) == 0) {
                world_cancel(w, asked[i].id);
                asked[i].cancelled = true;
            }
            if (!one_by_one)
                continue;
            begin_ms = world_now_ms(w);
            if (!asked[i].cancelled)
                check_answer(w, &asked[i]);
            assert_true(world_now_ms(w) - begin_ms <= ANSWER_MS_MAX);
            world_drain(w);
            assert_true(world_sent(w, NULL, NULL, 0) - sent <= WORK_MESSAGES_MAX + WORK_MESSAGES_BACKGROUND);
        }
        for (unsigned i = 0; i < QUESTIONS && !one_by_one; i++)
            if (!asked[i].cancelled)
                check_answer(w, &asked[i]);
        assert_true(one_by_one || world_now_ms(w) - begin_ms <= ANSWER_MS_MAX);
        world_drain(w);
        assert_true(world_sent(w, NULL, NULL, 0) - before <=
                    QUESTIONS * (WORK_MESSAGES_MAX + WORK_MESSAGES_BACKGROUND));
        const struct resolve_counters *c = resolve_counters(world_resolver(w));
        assert_int_equal(c->jobs + c->waiters + c->sends, 0);
        world_pass(w, roll(s, 40));
    }
    world_free(w);
}

static void every_world_ends_well(void **state)
{
    static struct scene scene;
    const char *one = getenv("SEED");
    const char *many = getenv("SEEDS");
    uint32_t first = one ? (uint32_t)strtoul(one, NULL, 10) : 1;
    uint32_t last = one ? first : many ? (uint32_t)strtoul(many, NULL, 10) : SEEDS;
    for (uint32_t seed = first; seed <= last; seed++) {
        printf("seed %u\n", (unsigned)seed);
        live_through(&scene, seed);
    }
    print_message("%u of %u questions for good names were answered\n", good_answered, good_asked);
    assert_true(good_answered * 100 >= good_asked * 90);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_world_ends_well)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
