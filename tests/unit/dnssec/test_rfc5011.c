/* Scripted rolls of a root's keys: which keys are seen on which day, and what is known of each after it. Each
 * script is played twice, the second time with a restart from the state file after each step. */
#include "dnssec/rfc5011.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "dns/rrtype.h"
#include "sign_rrset.h"

#define START 1763900000 /* day 0 */
#define DAY 86400
#define KEYS 5u
#define TTL (2 * DAY)

struct fixture {
    struct arena arena;
    struct verifier *verifier;
    struct dnssec_policy policy;
    struct sign_key *keys[KEYS]; /* "A" to "E"; E is no SEP key */
    struct anchors *initial;     /* A, by its DS */
    struct rfc5011 state;
    struct rfc5011_change changes[RFC5011_KEYS_MAX];
};

static int set_up(void **state)
{
    static const struct hash_key key = {1, 2};
    struct fixture *f = mem_alloc(sizeof *f);
    arena_init(&f->arena);
    f->verifier = verifier_new(16, 64, &key);
    dnssec_policy_default(&f->policy);
    for (uint32_t i = 0; i < KEYS; i++)
        f->keys[i] = sign_key_new(i == KEYS - 1 ? SIGN_ZSK : SIGN_KSK, ALGORITHM_ED25519, i + 1);
    f->initial = anchors_new();
    struct rdata ds = sign_key_ds(f->keys[0], NAME_ROOT, DIGEST_SHA256, &f->arena);
    anchors_add(f->initial, NAME_ROOT, TYPE_DS, &ds);
    rfc5011_init(&f->state, NAME_ROOT);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    rfc5011_fini(&f->state);
    anchors_free(f->initial);
    for (unsigned i = 0; i < KEYS; i++)
        sign_key_free(f->keys[i]);
    verifier_free(f->verifier);
    arena_fini(&f->arena);
    mem_free(f);
    return 0;
}

/* The RRset of "A B! C?": each key signs it, but C does not; B and C have REVOKE. */
static struct rrset *set_of(struct fixture *f, const char *keys, int64_t now_s)
{
    struct rrset *set = ARENA_NEW(&f->arena, struct rrset);
    struct sign_key *by[KEYS];
    bool mute[KEYS] = {false};
    *set = (struct rrset){.owner = NAME_ROOT, .type = TYPE_DNSKEY, .class = CLASS_IN, .ttl = TTL};
    set->sigs = ARENA_ARRAY(&f->arena, struct rdata, KEYS);
    unsigned n = 0;
    for (const char *p = keys; *p; p++) {
        if (*p == ' ')
            continue;
        struct sign_key *k = f->keys[*p - 'A'];
        bool revoked = p[1] == '!' || p[1] == '?';
        mute[n] = p[1] == '?';
        p += revoked;
        uint16_t flags = k->flags & (uint16_t)~SIGN_REVOKED;
        sign_key_flags(k, revoked ? flags | SIGN_REVOKED : flags);
        struct rdata rd = {arena_copy(&f->arena, k->dnskey.data, k->dnskey.len), k->dnskey.len};
        rrset_add(set, rd, &f->arena);
        by[n++] = k;
    }
    for (unsigned i = 0; i < n; i++) {
        struct sign_how how = {.key = by[i],
            .signer = NAME_ROOT,
            .inception = (uint32_t)(now_s - DAY),
            .expiry = (uint32_t)(now_s + 14 * DAY)};
        if (!mute[i])
            set->sigs[set->sig_count++] = sign_rrset(set, &how, &f->arena);
    }
    return set;
}

static unsigned see(struct fixture *f, const char *keys, int64_t now_s)
{
    bool revoked[KEYS];
    struct rrset *set = set_of(f, keys, now_s);
    now_t now = {.wall_s = now_s, .wall_known = true};
    rfc5011_revocations(set, &f->policy, f->verifier, now, revoked);
    struct rfc5011_sight sight = {
        .keys = set, .revoked = revoked, .initial = &f->initial->items[0], .now_s = now_s};
    return rfc5011_see(&f->state, &sight, f->changes);
}

static unsigned letter_of(const struct fixture *f, const struct rfc5011_key *k)
{
    for (unsigned i = 0; i < KEYS; i++)
        if (k->len == f->keys[i]->dnskey.len &&
            memcmp(k->data + 4, f->keys[i]->dnskey.data + 4, k->len - 4u) == 0)
            return i;
    fail_msg("a key that nobody made");
    return 0;
}

/* "A=valid B=pending". */
static void states(const struct fixture *f, char *out, size_t cap)
{
    out[0] = 0;
    for (unsigned letter = 0; letter < KEYS; letter++)
        for (unsigned i = 0; i < f->state.count; i++)
            if (letter_of(f, &f->state.keys[i]) == letter)
                snprintf(out + strlen(out), cap - strlen(out), "%s%c=%s", out[0] ? " " : "", 'A' + letter,
                    rfc5011_state_text(f->state.keys[i].state));
}

/* Which keys are trusted: built in (A) and by what was seen. */
static void trusted(const struct fixture *f, char *out)
{
    struct anchors *a = anchors_new();
    struct rdata ds = f->initial->items[0].ds.rdata[0];
    anchors_add(a, NAME_ROOT, TYPE_DS, &ds);
    rfc5011_apply(&f->state, a);
    for (unsigned i = 0; i < KEYS; i++) {
        sign_key_flags(f->keys[i], f->keys[i]->flags & (uint16_t)~SIGN_REVOKED);
        if (anchor_has_key(&a->items[0], &f->keys[i]->dnskey))
            *out++ = (char)('A' + i);
    }
    *out = 0;
    anchors_free(a);
}

static void restart(struct fixture *f)
{
    struct text file, again, why;
    text_init(&file);
    text_init(&again);
    text_init(&why);
    rfc5011_write(&f->state, &file);
    rfc5011_fini(&f->state);
    rfc5011_init(&f->state, NAME_ROOT);
    if (rfc5011_read(&f->state, file.data, file.len, &why))
        fail_msg("%s:\n%s", why.data, file.data);
    rfc5011_write(&f->state, &again);
    assert_string_equal(again.data, file.data);
    text_fini(&file);
    text_fini(&again);
    text_fini(&why);
}

#define STEPS 12

struct step {
    int day;
    const char *keys;            /* NULL: the script ends */
    const char *states, *trusts; /* after it */
};

static const struct script {
    const char *what;
    struct step steps[STEPS];
} scripts[] = {
    {"the first look",
        {
            {0, "A", "A=valid", "A"},
        }},
    {"a roll: add, hold-down, revoke, remove (RFC 5011 4.2)",
        {
            {0, "A E", "A=valid", "A"},
            {1, "A B E", "A=valid B=pending", "A"},
            {16, "A B E", "A=valid B=pending", "A"},
            {30, "A B E", "A=valid B=pending", "A"},
            {31, "A B E", "A=valid B=valid", "AB"},
            {40, "B A! E", "A=revoked B=valid", "B"},
            {50, "B E", "A=revoked B=valid", "B"},
            {79, "B E", "A=revoked B=valid", "B"},
            {81, "B E", "A=removed B=valid", "B"},
            {200, "B E", "A=removed B=valid", "B"},
        }},
    {"a key that goes within its hold-down begins anew",
        {
            {0, "A B", "A=valid B=pending", "A"},
            {20, "A", "A=valid", "A"},
            {25, "A B", "A=valid B=pending", "A"},
            {40, "A B", "A=valid B=pending", "A"},
            {55, "A B", "A=valid B=valid", "AB"},
        }},
    {"a hold-down counts from the first sight, however rare the looks are",
        {
            {0, "A B", "A=valid B=pending", "A"},
            {90, "A B", "A=valid B=valid", "AB"},
        }},
    {"a valid key that is missing stays trusted, and comes back",
        {
            {0, "A B", "A=valid B=pending", "A"},
            {31, "A B", "A=valid B=valid", "AB"},
            {32, "A", "A=valid B=missing", "AB"},
            {300, "A", "A=valid B=missing", "AB"},
            {301, "A B", "A=valid B=valid", "AB"},
        }},
    {"a missing key is revoked",
        {
            {0, "A B", "A=valid B=pending", "A"},
            {31, "A B", "A=valid B=valid", "AB"},
            {32, "B", "A=missing B=valid", "AB"},
            {33, "B A!", "A=revoked B=valid", "B"},
        }},
    {"REVOKE without the key's own signature revokes nothing",
        {
            {0, "A B", "A=valid B=pending", "A"},
            {31, "A B", "A=valid B=valid", "AB"},
            {32, "A B?", "A=valid B=missing", "AB"},
            {33, "A B", "A=valid B=valid", "AB"},
        }},
    {"a revoked key never returns, whatever it looks like",
        {
            {0, "A B", "A=valid B=pending", "A"},
            {31, "A B", "A=valid B=valid", "AB"},
            {32, "B A!", "A=revoked B=valid", "B"},
            {33, "B A", "A=revoked B=valid", "B"},
            {100, "B A", "A=revoked B=valid", "B"},
            {101, "B", "A=revoked B=valid", "B"},
            {131, "B", "A=removed B=valid", "B"},
            {132, "B A", "A=removed B=valid", "B"},
            {200, "B A", "A=removed B=valid", "B"},
        }},
    {"the time out of the RRset counts, not the time since it was revoked",
        {
            {0, "A B", "A=valid B=pending", "A"},
            {31, "A B", "A=valid B=valid", "AB"},
            {32, "B A!", "A=revoked B=valid", "B"},
            {62, "B A!", "A=revoked B=valid", "B"},
            {63, "B", "A=revoked B=valid", "B"},
            {92, "B", "A=revoked B=valid", "B"},
            {93, "B", "A=removed B=valid", "B"},
        }},
    {"a key that is pending is revoked",
        {
            {0, "A B", "A=valid B=pending", "A"},
            {10, "A B!", "A=valid B=revoked", "A"},
            {50, "A B", "A=valid B=revoked", "A"},
        }},
    {"a key whose first sight is its revocation is known as revoked",
        {
            {0, "A B!", "A=valid B=revoked", "A"},
            {31, "A B", "A=valid B=revoked", "A"},
        }},
    {"two new keys, one after the other",
        {
            {0, "A B", "A=valid B=pending", "A"},
            {15, "A B C", "A=valid B=pending C=pending", "A"},
            {31, "A B C", "A=valid B=valid C=pending", "AB"},
            {46, "B C A!", "A=revoked B=valid C=valid", "BC"},
        }},
    {"all keys revoked: nothing is left to trust (RFC 5011 5)",
        {
            {0, "A", "A=valid", "A"},
            {1, "A!", "A=revoked", ""},
        }},
    {"a missed window: what was built in stays trusted, the new key begins its hold-down late",
        {
            {0, "A", "A=valid", "A"},
            {400, "B C", "A=missing B=pending C=pending", "A"},
            {431, "B C", "A=missing B=valid C=valid", "ABC"},
        }},
    {"a key that is no SEP key is followed only if the settings trust it",
        {
            {0, "A E", "A=valid", "A"},
            {40, "A E", "A=valid", "A"},
        }},
};

static void play(struct fixture *f, const struct script *s, bool restarts)
{
    for (const struct step *p = s->steps; p < s->steps + STEPS && p->keys; p++) {
        char known[200], trusts[KEYS + 1];
        see(f, p->keys, START + (int64_t)p->day * DAY);
        if (restarts)
            restart(f);
        states(f, known, sizeof known);
        trusted(f, trusts);
        if (strcmp(known, p->states) != 0 || strcmp(trusts, p->trusts) != 0)
            fail_msg("%s, day %d%s: %s, trusts \"%s\"; expected %s, trusts \"%s\"", s->what, p->day,
                restarts ? ", with restarts" : "", known, trusts, p->states, p->trusts);
    }
    rfc5011_fini(&f->state);
    rfc5011_init(&f->state, NAME_ROOT);
}

static void follows_the_table_of_rfc_5011(void **state)
{
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof scripts / sizeof scripts[0]; i++) {
        play(f, &scripts[i], false);
        play(f, &scripts[i], true);
    }
}

static void changes_are_told(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(see(f, "A B", START), 2);
    assert_int_equal(f->changes[0].tag, f->keys[0]->tag);
    assert_int_equal(f->changes[0].from, RFC5011_START);
    assert_int_equal(f->changes[0].to, RFC5011_VALID);
    assert_int_equal(f->changes[1].to, RFC5011_ADD_PEND);
    assert_int_equal(see(f, "A B", START + DAY), 0);
    assert_int_equal(see(f, "A", START + 2 * DAY), 1);
    assert_int_equal(f->changes[0].from, RFC5011_ADD_PEND);
    assert_int_equal(f->changes[0].to, RFC5011_START);
}

/* A release that has the new key built in does not make it wait. */
static void a_pending_key_that_the_settings_trust_is_valid(void **state)
{
    struct fixture *f = *state;
    see(f, "A B", START);
    struct rdata ds = sign_key_ds(f->keys[1], NAME_ROOT, DIGEST_SHA256, &f->arena);
    anchors_add(f->initial, NAME_ROOT, TYPE_DS, &ds);
    see(f, "A B", START + DAY);
    char known[200];
    states(f, known, sizeof known);
    assert_string_equal(known, "A=valid B=valid");
}

static void looks_as_often_as_ttl_and_signatures_ask_for(void **state)
{
    struct fixture *f = *state;
    static const struct {
        uint32_t ttl;
        int64_t expires_in, next, retry;
    } rows[] = {
        {2 * DAY, 14 * DAY, DAY, DAY / 5},
        {60, 14 * DAY, 3600, 3600},            /* at least an hour */
        {100 * DAY, 100 * DAY, 15 * DAY, DAY}, /* at most 15 days, and a day */
        {10 * DAY, 4 * DAY, 2 * DAY, 4 * DAY / 10},
        {10 * DAY, -5, 3600, 3600},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        bool revoked[1] = {false};
        struct rrset *set = set_of(f, "A", START);
        struct sign_how how = {.key = f->keys[0],
            .signer = NAME_ROOT,
            .inception = START - DAY,
            .expiry = (uint32_t)(START + rows[i].expires_in),
            .original_ttl = rows[i].ttl};
        set->sigs[0] = sign_rrset(set, &how, &f->arena);
        struct rfc5011_sight sight = {.keys = set, .revoked = revoked, .now_s = START};
        rfc5011_see(&f->state, &sight, f->changes);
        assert_int_equal(f->state.next_s - START, rows[i].next < 15 * DAY ? rows[i].next : 15 * DAY);
        rfc5011_failed(&f->state, START + 7);
        assert_int_equal(f->state.next_s, START + 7 + rows[i].retry);
    }
}

static void keys_beyond_the_limit_are_not_followed(void **state)
{
    struct fixture *f = *state;
    struct rrset set = {.owner = NAME_ROOT, .type = TYPE_DNSKEY, .class = CLASS_IN, .ttl = TTL};
    bool revoked[RFC5011_KEYS_MAX + 8] = {false};
    for (unsigned i = 0; i < RFC5011_KEYS_MAX + 8; i++) {
        uint8_t *rd = arena_alloc(&f->arena, 36);
        memcpy(rd, "\x01\x01\x03\x0f", 4);
        rd[4] = (uint8_t)i;
        rrset_add(&set, (struct rdata){rd, 36}, &f->arena);
    }
    struct rfc5011_sight sight = {.keys = &set, .revoked = revoked, .now_s = START};
    assert_int_equal(rfc5011_see(&f->state, &sight, f->changes), RFC5011_KEYS_MAX);
    assert_int_equal(f->state.count, RFC5011_KEYS_MAX);
    restart(f);
    assert_int_equal(f->state.count, RFC5011_KEYS_MAX);
}

/* Cut off at each octet, and with each bit wrong: no state, rather than a part of one. */
static void a_damaged_file_is_no_state(void **state)
{
    struct fixture *f = *state;
    struct text file, why;
    text_init(&file);
    text_init(&why);
    see(f, "A B", START);
    see(f, "B A!", START + 31 * DAY);
    rfc5011_write(&f->state, &file);
    char *copy = mem_strdup(file.data);
    for (size_t len = 0; len < file.len; len++) {
        assert_int_equal(rfc5011_read(&f->state, file.data, len, &why), ERR_FORMAT);
        assert_int_equal(f->state.count, 0);
        assert_int_equal(f->state.seen_s, 0);
    }
    for (size_t i = 0; i < file.len * 8; i++) {
        copy[i / 8] = (char)(copy[i / 8] ^ 1 << i % 8);
        assert_int_equal(rfc5011_read(&f->state, copy, file.len, &why), ERR_FORMAT);
        copy[i / 8] = file.data[i / 8];
    }
    assert_int_equal(rfc5011_read(&f->state, copy, file.len, &why), ERR_OK);
    assert_int_equal(f->state.count, 2);
    mem_free(copy);
    text_fini(&file);
    text_fini(&why);
}

static void a_file_of_another_zone_or_version_is_no_state(void **state)
{
    struct fixture *f = *state;
    struct rfc5011 other;
    struct text file, why;
    text_init(&file);
    text_init(&why);
    rfc5011_init(&other, (const name_t *)"\7example");
    rfc5011_write(&f->state, &file);
    assert_int_equal(rfc5011_read(&other, file.data, file.len, &why), ERR_FORMAT);
    assert_string_equal(why.data, "has a line that is not of its form");
    file.data[13] = '2';
    text_clear(&why);
    assert_int_equal(rfc5011_read(&f->state, file.data, file.len, &why), ERR_FORMAT);
    assert_non_null(strstr(why.data, "version"));
    rfc5011_fini(&other);
    text_fini(&file);
    text_fini(&why);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(follows_the_table_of_rfc_5011),
        TEST(changes_are_told),
        TEST(a_pending_key_that_the_settings_trust_is_valid),
        TEST(looks_as_often_as_ttl_and_signatures_ask_for),
        TEST(keys_beyond_the_limit_are_not_followed),
        TEST(a_damaged_file_is_no_state),
        TEST(a_file_of_another_zone_or_version_is_no_state),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
