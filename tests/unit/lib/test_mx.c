/* The plan of delivery over look-ups that a table gives. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/text.h"
#include "dns/rdata.h"
#include "dns/rrtype.h"
#include "hark/hark.h"
#include "lib/sts.h"

#define RECORDS_MAX 64u
#pragma GCC diagnostic ignored "-Wmissing-field-initializers" /* a row ends where there is no more to say */

/* What the world says, a line each:
 *
 *     owner TYPE RDATA      a record;  "+owner …": validated
 *     owner -               the name exists, and has nothing but what other lines say
 *     +owner -              its denials are validated
 *     owner TYPE !          that look-up fails
 *
 * Names without a line do not exist; those after '+' alone on the first line: every denial is validated. */
struct world {
    const char *lines;
    const char *policy; /* of MTA-STS: "STATUS TYPE BODY", or NULL: no reply */
    struct arena arena;
    struct hark_rdata records[RECORDS_MAX];
    unsigned look_ups, fetches;
    bool asked_tlsa;
    struct text told; /* a line for each look-up that was announced */
};

struct line {
    char owner[256], type[16], rdata[512];
    bool secure;
};

static bool read_line(const char **at, struct line *out)
{
    char buf[1024];
    size_t n = strcspn(*at, "\n");
    if (n == 0)
        return false;
    snprintf(buf, sizeof buf, "%.*s", (int)n, *at);
    *at += n + ((*at)[n] == '\n');
    out->secure = buf[0] == '+';
    out->type[0] = out->rdata[0] = 0;
    return sscanf(buf + out->secure, "%255s %15s %511[^\n]", out->owner, out->type, out->rdata) >= 2;
}

/* The owner's lines: is there one, is its answer to that type validated, does it fail, where does it lead? */
struct node {
    bool exists, secure, fails;
    char alias[256];
    size_t count;
};

static struct node look_at(struct world *w, const char *name, uint16_t type)
{
    struct node node = {.secure = true};
    struct line l;
    char word[32];
    struct text t;
    text_init_fixed(&t, word, sizeof word);
    rrtype_to_text(&t, type);
    bool mentioned = false;
    for (const char *at = w->lines; read_line(&at, &l);) {
        if (strcasecmp(l.owner, name) != 0)
            continue;
        node.exists = true;
        if (strcmp(l.type, "-") == 0 && !mentioned)
            node.secure = l.secure;
        if (strcmp(l.type, "CNAME") == 0)
            snprintf(node.alias, sizeof node.alias, "%s", l.rdata);
        if (strcmp(l.type, word) != 0 && strcmp(l.type, "CNAME") != 0)
            continue;
        node.secure = mentioned ? node.secure && l.secure : l.secure;
        mentioned = true;
        if (strcmp(l.rdata, "!") == 0)
            node.fails = true;
        struct rdata rd;
        if (strcmp(l.type, word) == 0 && !node.fails) {
            assert_int_equal(
                rdata_from_text(&rd, type, CLASS_IN, l.rdata, strlen(l.rdata), NULL, &w->arena), ERR_OK);
            assert_true(node.count < RECORDS_MAX);
            w->records[node.count++] = (struct hark_rdata){rd.data, rd.len};
        }
    }
    return node;
}

static void look_up(void *context, const char *name, uint16_t type, struct hark_answer *answer)
{
    struct world *w = context;
    bool secure = true;
    char *at = arena_strdup(&w->arena, name);
    w->look_ups++;
    w->asked_tlsa = w->asked_tlsa || type == TYPE_TLSA;
    for (unsigned links = 0; links < 8; links++) {
        struct node node = look_at(w, at, type);
        secure = secure && node.secure && node.exists;
        *answer = (struct hark_answer){.secure = secure, .records = w->records, .count = node.count};
        answer->canonical = links ? at : NULL;
        answer->found = node.fails    ? HARK_FAILED
                        : node.count  ? HARK_FOUND
                        : node.exists ? HARK_NO_DATA
                                      : HARK_NO_NAME;
        if (node.fails || node.count || !node.alias[0])
            return;
        at = arena_strdup(&w->arena, node.alias);
    }
    *answer = (struct hark_answer){.found = HARK_FAILED, .why = "aliases without end"};
}

static void fetch(void *context, const char *url, struct hark_document *document)
{
    struct world *w = context;
    w->fetches++;
    assert_string_equal(url, "https://mta-sts.d/.well-known/mta-sts.txt");
    if (!w->policy) {
        document->why = "nobody listens there";
        return;
    }
    static char type[64];
    int skip = 0;
    assert_int_equal(sscanf(w->policy, "%d %63s %n", &document->status, type, &skip), 2);
    document->type = type;
    document->body = w->policy + skip;
    document->length = strlen(document->body);
}

/* Backwards: the last comes first. */
static uint32_t choose_first(void *context, uint32_t n)
{
    (void)context;
    (void)n;
    return 0;
}

static void describe_host(struct text *t, const struct hark_mx_host *h)
{
    text_printf(t, " | %u %s", h->preference, h->name);
    if (h->state != HARK_MX_HOST_USED)
        text_printf(t, " (%s)", hark_mx_host_state_text(h->state));
    for (size_t i = 0; i < h->address_count && h->state == HARK_MX_HOST_USED; i++)
        text_printf(t, "%c%s", i ? ',' : ' ', h->addresses[i]);
    if (h->tls != HARK_TLS_OPPORTUNISTIC)
        text_printf(t, " %s", hark_mx_tls_text(h->tls));
    if (h->tlsa_name)
        text_printf(t, " %s", h->tlsa_name);
}

static void describe(struct text *t, const struct hark_mx_plan *p)
{
    text_add(t, hark_mx_verdict_text(p->verdict));
    if (p->implicit)
        text_add(t, " implicit");
    if (p->needs_utf8)
        text_add(t, " utf8");
    for (size_t i = 0; i < p->host_count; i++)
        describe_host(t, &p->hosts[i]);
}

struct row {
    const char *why, *target, *world, *expected;
    const char *warning; /* part of one; NULL: there is none */
    const char *policy;
    const char *self;
};

/* Told is told in time: addresses and their names are asked for only after they were announced. */
static void hear_ahead(void *context, const struct hark_wish *wishes, size_t count)
{
    struct world *w = context;
    assert_true(count > 0);
    for (size_t i = 0; i < count; i++)
        text_printf(&w->told, "%s %u\n", wishes[i].name, wishes[i].type);
}

static void look_up_told(void *context, const char *name, uint16_t type, struct hark_answer *answer)
{
    struct world *w = context;
    struct text line;
    text_init(&line);
    text_printf(&line, "%s %u\n", name, type);
    if ((type == TYPE_A || type == TYPE_AAAA || type == TYPE_PTR) && w->told.len)
        assert_non_null(strcasestr(w->told.data, line.data));
    text_fini(&line);
    look_up(context, name, type, answer);
}

/* The same plan, with and without somebody who is told. */
static void check(const struct row *row, bool ahead)
{
    struct world w = {.lines = row->world, .policy = row->policy};
    struct hark_mx_settings s = {.look_up = look_up, .fetch = fetch, .context = &w, .self = &row->self};
    const char *trouble;
    struct text said, warnings;
    arena_init(&w.arena);
    text_init(&said);
    text_init(&warnings);
    text_init(&w.told);
    s.self_count = row->self ? 1 : 0;
    if (ahead) {
        s.ahead = hear_ahead;
        s.look_up = look_up_told;
    }
    s.no_pointers = !row->warning || !strstr(row->warning, "PTR");
    struct hark_mx_plan *plan = hark_mx_plan(row->target, &s, &trouble);
    if (plan)
        describe(&said, plan);
    else
        text_add(&said, trouble);
    for (size_t i = 0; plan && i < plan->warning_count; i++)
        text_printf(&warnings, "%s\n", plan->warnings[i]);
    if (strcmp(said.data, row->expected) != 0)
        fail_msg("%s:\n  %s\nnot\n  %s", row->why, said.data, row->expected);
    if (row->warning ? !strstr(warnings.data, row->warning) : warnings.len > 0)
        fail_msg("%s: warns '%s', not '%s'", row->why, warnings.data, row->warning ? row->warning : "");
    hark_mx_plan_free(plan);
    text_fini(&said);
    text_fini(&warnings);
    text_fini(&w.told);
    arena_fini(&w.arena);
}

static void check_all(const struct row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++)
        for (int ahead = 0; ahead < 2; ahead++)
            check(&rows[i], ahead);
}
#define CHECK_ALL(rows) check_all(rows, sizeof rows / sizeof rows[0])

/* RFC 5321 5.1 */
static void hosts_come_by_preference_with_their_addresses(void **state)
{
    static const struct row rows[] = {
        {"ascending", "d", "d MX 20 b\nd MX 10 a\na A 192.0.2.1\nb A 192.0.2.2\nb AAAA 2001:db8::2",
            "deliverable | 10 a 192.0.2.1 | 20 b 2001:db8::2,192.0.2.2"},
        {"of an address", "user@d", "d MX 10 a\na A 192.0.2.1", "deliverable | 10 a 192.0.2.1"},
        {"with a final dot", "user@d.", "d MX 10 a\na A 192.0.2.1", "deliverable | 10 a 192.0.2.1"},
        {"a quoted local part with an @", "\"a@b\"@d", "d MX 10 a\na A 192.0.2.1",
            "deliverable | 10 a 192.0.2.1"},
        {"preference is a number", "d",
            "d MX 9 a\nd MX 10 b\nd MX 65535 c\na A 192.0.2.1\nb A 192.0.2.2\nc A 192.0.2.3",
            "deliverable | 9 a 192.0.2.1 | 10 b 192.0.2.2 | 65535 c 192.0.2.3"},
        {"an address family alone", "d", "d MX 10 a\na AAAA 2001:db8::1", "deliverable | 10 a 2001:db8::1"},
        {"a host without an address is skipped", "d", "d MX 10 a\nd MX 20 b\na -\nb A 192.0.2.2",
            "deliverable | 10 a (no address) | 20 b 192.0.2.2"},
        {"a host that does not exist is skipped", "d", "d MX 10 a\nd MX 20 b\nb A 192.0.2.2",
            "deliverable | 10 a (no such name) | 20 b 192.0.2.2"},
        {"a host that fails is skipped", "d", "d MX 10 a\nd MX 20 b\na A !\na AAAA !\nb A 192.0.2.2",
            "deliverable | 10 a (its addresses cannot be looked up now) | 20 b 192.0.2.2"},
        {"one family is enough", "d", "d MX 10 a\na AAAA !\na A 192.0.2.1", "deliverable | 10 a 192.0.2.1"},
        {"the domain is an alias", "d", "d CNAME e\ne MX 10 a\na A 192.0.2.1",
            "deliverable | 10 a 192.0.2.1"},
    };
    (void)state;
    CHECK_ALL(rows);
}

static void equal_preferences_are_shuffled(void **state)
{
    struct world w = {.lines = "d MX 10 a\nd MX 10 b\nd MX 5 z\na A 192.0.2.1\nb A 192.0.2.2\nz A 192.0.2.3"};
    struct hark_mx_settings s = {
        .look_up = look_up, .random = choose_first, .context = &w, .no_pointers = true};
    struct text said;
    (void)state;
    arena_init(&w.arena);
    text_init(&said);
    struct hark_mx_plan *plan = hark_mx_plan("d", &s, NULL);
    describe(&said, plan);
    assert_string_equal(said.data, "deliverable | 5 z 192.0.2.3 | 10 b 192.0.2.2 | 10 a 192.0.2.1");
    hark_mx_plan_free(plan);
    text_fini(&said);
    arena_fini(&w.arena);
}

static void without_mx_the_domain_is_the_host(void **state)
{
    static const struct row rows[] = {
        {"implicit MX", "d", "d A 192.0.2.1", "deliverable implicit | 0 d 192.0.2.1"},
        {"implicit MX behind an alias", "d", "d CNAME e\ne A 192.0.2.1",
            "deliverable implicit | 0 d 192.0.2.1"},
        {"no MX and no address", "d", "d -", "accepts no mail implicit | 0 d (no address)"},
        {"no MX, and the address fails", "d", "d A !\nd AAAA !",
            "temporary failure implicit | 0 d (its addresses cannot be looked up now)"},
        {"a failure never falls back to the address", "d", "d MX !\nd A 192.0.2.1", "temporary failure"},
        {"no such domain", "d", "e A 192.0.2.1", "no such domain"},
        {"an alias to nothing", "d", "d CNAME e", "no such domain"},
        {"aliases in a circle", "d", "d CNAME e\ne CNAME d", "temporary failure"},
        {"MX that lead nowhere: never the address", "d", "d MX 10 a\nd A 192.0.2.1",
            "accepts no mail | 10 a (no such name)"},
        {"one nowhere, one unknown for now", "d", "d MX 10 a\nd MX 20 b\nb A !\nb AAAA !",
            "temporary failure | 10 a (no such name) | 20 b (its addresses cannot be looked up now)"},
    };
    (void)state;
    CHECK_ALL(rows);
}

/* RFC 7505 3 */
static void a_null_mx_accepts_no_mail(void **state)
{
    static const struct row rows[] = {
        {"null MX", "d", "d MX 0 .\nd A 192.0.2.1", "accepts no mail"},
        {"another preference is no null MX", "d", "d MX 10 .", "accepts no mail | 10 . (not a host's name)",
            "has the preference 10"},
        {"beside another", "d", "d MX 0 .\nd MX 10 a\na A 192.0.2.1",
            "deliverable | 0 . (not a host's name) | 10 a 192.0.2.1", "stands beside others"},
    };
    (void)state;
    CHECK_ALL(rows);
}

static void what_may_not_be_is_warned_of(void **state)
{
    static const struct row rows[] = {
        {"an MX that is an alias", "d", "d MX 10 a\na CNAME b\nb A 192.0.2.1", "deliverable | 10 a 192.0.2.1",
            "alias of b"},
        {"an MX that is an address", "d", "d MX 10 192.0.2.1\nd MX 20 a\na A 192.0.2.2",
            "deliverable | 10 192.0.2.1 (not a host's name) | 20 a 192.0.2.2", "192.0.2.1 is an address"},
        {"a private address", "d", "d MX 10 a\na A 192.168.1.1", "deliverable | 10 a 192.168.1.1",
            "192.168.1.1 of a is a private"},
        {"loopback", "d", "d MX 10 a\na AAAA ::1", "deliverable | 10 a ::1", "private address"},
        {"an address without a name", "d", "d MX 10 a\na A 192.0.2.1", "deliverable | 10 a 192.0.2.1",
            "192.0.2.1 of a has no name (PTR)"},
    };
    (void)state;
    CHECK_ALL(rows);
}

static void address_literals_need_no_look_up(void **state)
{
    static const struct row rows[] = {
        {"IPv4", "user@[192.0.2.1]", "", "deliverable | 0 192.0.2.1 192.0.2.1"},
        {"IPv6", "user@[IPv6:2001:DB8::1]", "", "deliverable | 0 2001:db8::1 2001:db8::1"},
        {"alone", "[192.0.2.1]", "", "deliverable | 0 192.0.2.1 192.0.2.1"},
        {"private", "[10.0.0.1]", "", "deliverable | 0 10.0.0.1 10.0.0.1", "private address"},
        {"IPv6 without its tag", "[2001:db8::1]", "",
            "an address literal is [192.0.2.1] or [IPv6:2001:db8::1]"},
        {"no address", "[host]", "", "an address literal is [192.0.2.1] or [IPv6:2001:db8::1]"},
        {"open", "[192.0.2.1", "", "an address literal is [192.0.2.1] or [IPv6:2001:db8::1]"},
        {"one octet", "[", "", "an address literal is [192.0.2.1] or [IPv6:2001:db8::1]"},
        {"empty", "[]", "", "an address literal is [192.0.2.1] or [IPv6:2001:db8::1]"},
        {"an address without brackets", "user@192.0.2.1", "",
            "an address stands in brackets: user@[192.0.2.1], user@[IPv6:2001:db8::1]"},
        {"an IPv6 address without brackets", "2001:db8::1", "",
            "an address stands in brackets: user@[192.0.2.1], user@[IPv6:2001:db8::1]"},
        {"nothing before the @", "@d", "d A 192.0.2.1", "nothing stands before the @"},
        {"no domain", "user@", "", "it is no domain name"},
        {"an empty label", "user@a..b", "", "it is no domain name"},
        {"the root", "user@.", "", "the root has no mail"},
        {"no host's name", "user@a b", "", "it is no domain name"},
    };
    (void)state;
    CHECK_ALL(rows);
}

/* RFC 5321 4.1.2, RFC 6531 3.3 */
static void the_local_part_ends_where_its_grammar_says(void **state)
{
    static const char world[] = "d MX 10 a\na A 192.0.2.1", good[] = "deliverable | 10 a 192.0.2.1";
    static const char quotes[] = "before the @ stands what needs quotes: \"a b\"@example.org";
    static const char dots[] =
        "before the @, a dot at either end or two in a row need quotes: \"a..b\"@example.org";
    static const char unpaired[] = "what begins with a quote ends with one, before the @";
    static const char alone[] = "write the address alone: user@example.org";
    static const char two[] = "it has more than one @: one before the last needs quotes: \"a@b\"@example.org";
    static const struct row rows[] = {
        {"all atom characters", "a!#$%&'*+-/=?^_`{|}~9.b@d", world, good},
        {"an @ in quotes", "\"a@b\"@d", world, good},
        {"a quote in quotes", "\"a\\\"@b\"@d", world, good},
        {"space and dots in quotes", "\" ..\"@d", world, good},
        {"nothing in quotes", "\"\"@d", world, good},
        {"UTF-8 in quotes", "\"j\xc3\xb6 rg\"@d", world, "deliverable utf8 | 10 a 192.0.2.1"},
        {"two @", "a@b@d", world, two},
        {"two @ after quotes", "\"a\"@b@d", world, two},
        {"quotes that do not end", "\"a@d", world, unpaired},
        {"quotes that end with a backslash", "\"a\\", world, unpaired},
        {"more after quotes", "\"a\"b@d", world, unpaired},
        {"quotes alone", "\"a@b\"", world, unpaired},
        {"a control character in quotes", "\"a\x1b\"@d", world, unpaired},
        {"quotes within", "a\"b\"@d", world, quotes},
        {"a space", "a b@d", world, quotes},
        {"a control character", "a\x1b[31m@d", world, quotes},
        {"angle brackets", "<a@d>", world, alone},
        {"a display name", "A B <a@d>", world, alone},
        {"a URL", "mailto:a@d", world, alone},
        {"a dot at the begin", ".a@d", world, dots},
        {"a dot at the end", "a.@d", world, dots},
        {"two dots", "a..b@d", world, dots},
        {"not UTF-8", "j\xf6rg@d", world, "it is not UTF-8"},
    };
    (void)state;
    CHECK_ALL(rows);
}

static void names_in_utf8_become_a_labels(void **state)
{
    static const struct row rows[] = {
        {"the domain",
            "user@b\xc3\xbc"
            "cher",
            "xn--bcher-kva MX 10 a\na A 192.0.2.1", "deliverable | 10 a 192.0.2.1"},
        {"the local part: SMTPUTF8", "j\xc3\xb6rg@d", "d MX 10 a\na A 192.0.2.1",
            "deliverable utf8 | 10 a 192.0.2.1"},
        {"not UTF-8", "user@b\xff", "", "it is no domain name"},
    };
    (void)state;
    CHECK_ALL(rows);
}

static void we_and_all_no_better_are_left_out(void **state)
{
    static const char world[] = "d MX 10 a\nd MX 20 b\nd MX 20 c\nd MX 30 e\n"
                                "a A 192.0.2.1\nb A 192.0.2.2\nc A 192.0.2.3\ne A 192.0.2.4";
    static const char left[] =
        "deliverable | 10 a 192.0.2.1 | 20 b (ourselves, or no better than ourselves)"
        " | 20 c (ourselves, or no better than ourselves) | 30 e (ourselves, or no better than ourselves)";
    static const struct row rows[] = {
        {"by name", "d", world, left, .self = "C."},
        {"by address", "d", world, left, .self = "192.0.2.2"},
        {"by what a host is an alias of", "d", "d MX 10 a\na CNAME b\nb A 192.0.2.1",
            "loops back to us | 10 a (ourselves, or no better than ourselves)", "alias", .self = "b"},
        {"the better ones have no address", "d", "d MX 10 a\nd MX 20 b\nb A 192.0.2.2",
            "accepts no mail | 10 a (no such name) | 20 b (ourselves, or no better than ourselves)",
            .self = "b"},
        {"a stranger", "d", "d MX 10 a\na A 192.0.2.1", "deliverable | 10 a 192.0.2.1", .self = "b"},
        {"the best is ourselves", "d", "d MX 10 a\na A 192.0.2.1",
            "loops back to us | 10 a (ourselves, or no better than ourselves)", .self = "a"},
        {"the implicit one is ourselves", "d", "d A 192.0.2.1",
            "loops back to us implicit | 0 d (ourselves, or no better than ourselves)", .self = "192.0.2.1"},
    };
    (void)state;
    CHECK_ALL(rows);
}

#define HASH "8A9C3E8A0B07DDC9D0B4B3C0D8AC1B5B1F1FBD5CF1F3B1D0A6B7F0A8F4B0C9DE"

/* RFC 7672 2.2 */
static void tlsa_counts_under_secure_data_only(void **state)
{
    static const struct row rows[] = {
        {"all is secure", "d", "+d MX 10 a\n+a A 192.0.2.1\n+_25._tcp.a TLSA 3 1 1 " HASH,
            "deliverable | 10 a 192.0.2.1 DANE _25._tcp.a"},
        {"insecure MX", "d", "d MX 10 a\n+a A 192.0.2.1\n+_25._tcp.a TLSA 3 1 1 " HASH,
            "deliverable | 10 a 192.0.2.1"},
        {"insecure address", "d", "+d MX 10 a\na A 192.0.2.1\n+_25._tcp.a TLSA 3 1 1 " HASH,
            "deliverable | 10 a 192.0.2.1"},
        {"one of two addresses insecure", "d",
            "+d MX 10 a\n+a A 192.0.2.1\na AAAA 2001:db8::1\n+_25._tcp.a TLSA 3 1 1 " HASH,
            "deliverable | 10 a 2001:db8::1,192.0.2.1"},
        {"insecure TLSA", "d", "+d MX 10 a\n+a A 192.0.2.1\n_25._tcp.a TLSA 3 1 1 " HASH,
            "deliverable | 10 a 192.0.2.1"},
        {"no TLSA", "d", "+d MX 10 a\n+a A 192.0.2.1", "deliverable | 10 a 192.0.2.1"},
        {"DANE-TA", "d", "+d MX 10 a\n+a A 192.0.2.1\n+_25._tcp.a TLSA 2 0 1 " HASH,
            "deliverable | 10 a 192.0.2.1 DANE _25._tcp.a"},
        {"usage 1 cannot be used", "d", "+d MX 10 a\n+a A 192.0.2.1\n+_25._tcp.a TLSA 1 1 1 " HASH,
            "deliverable | 10 a 192.0.2.1 encrypted, not authenticated _25._tcp.a", "usage 2 or 3"},
        {"a digest of another length", "d", "+d MX 10 a\n+a A 192.0.2.1\n+_25._tcp.a TLSA 3 1 1 8A9C",
            "deliverable | 10 a 192.0.2.1 encrypted, not authenticated _25._tcp.a", "usage 2 or 3"},
        {"one of two can be used", "d",
            "+d MX 10 a\n+a A 192.0.2.1\n+_25._tcp.a TLSA 0 0 1 " HASH "\n+_25._tcp.a TLSA 3 1 1 " HASH,
            "deliverable | 10 a 192.0.2.1 DANE _25._tcp.a"},
        {"a failure skips the host", "d",
            "+d MX 10 a\n+d MX 20 b\n+a A 192.0.2.1\n+b A 192.0.2.2\n_25._tcp.a TLSA !",
            "deliverable | 10 a (its TLSA records cannot be looked up now) | 20 b 192.0.2.2"},
        {"a failure of the only host", "d", "+d MX 10 a\n+a A 192.0.2.1\n_25._tcp.a TLSA !",
            "temporary failure | 10 a (its TLSA records cannot be looked up now)"},
        {"an alias: its end's first", "d",
            "+d MX 10 a\n+a CNAME b\n+b A 192.0.2.1\n+_25._tcp.b TLSA 3 1 1 " HASH,
            "deliverable | 10 a 192.0.2.1 DANE _25._tcp.b", "alias"},
        {"an alias: else its own", "d",
            "+d MX 10 a\n+a CNAME b\n+b A 192.0.2.1\n+_25._tcp.a TLSA 3 1 1 " HASH,
            "deliverable | 10 a 192.0.2.1 DANE _25._tcp.a", "alias"},
        {"an alias whose end is not secure: its own", "d",
            "+d MX 10 a\n+a CNAME b\nb A 192.0.2.1\n+_25._tcp.a TLSA 3 1 1 " HASH
            "\n+_25._tcp.b TLSA 3 1 1 " HASH,
            "deliverable | 10 a 192.0.2.1 DANE _25._tcp.a", "alias"},
        {"an alias that is not secure", "d",
            "+d MX 10 a\na CNAME b\n+b A 192.0.2.1\n+_25._tcp.a TLSA 3 1 1 " HASH,
            "deliverable | 10 a 192.0.2.1", "alias"},
        {"an alias of which a failure says nothing", "d",
            "+d MX 10 a\n+a CNAME b\nb A 192.0.2.1\n_25._tcp.a TLSA !",
            "temporary failure | 10 a (its TLSA records cannot be looked up now)", "alias"},
        {"implicit MX, the denial is secure", "d", "+d A 192.0.2.1\n+d -\n+_25._tcp.d TLSA 3 1 1 " HASH,
            "deliverable implicit | 0 d 192.0.2.1 DANE _25._tcp.d"},
    };
    (void)state;
    CHECK_ALL(rows);
}

#define POLICY(mode, mx) "200 text/plain version: STSv1\r\nmode: " mode "\r\nmax_age: 86400\r\nmx: " mx "\r\n"
#define STS "\n_mta-sts.d TXT \"v=STSv1; id=20261101;\""

/* RFC 8461 */
static void a_policy_names_the_hosts(void **state)
{
    static const char two[] = "d MX 10 a.x\nd MX 20 b.c.x\na.x A 192.0.2.1\nb.c.x A 192.0.2.2" STS;
    static const struct row rows[] = {
        {"enforce", "d", two,
            "deliverable | 10 a.x 192.0.2.1 MTA-STS | 20 b.c.x (the MTA-STS policy does not name it)",
            "does not name the host b.c.x", POLICY("enforce", "A.X")},
        {"a wildcard is one label", "d", two,
            "deliverable | 10 a.x 192.0.2.1 MTA-STS | 20 b.c.x (the MTA-STS policy does not name it)",
            "does not name", POLICY("enforce", "*.x")},
        {"several patterns", "d", two, "deliverable | 10 a.x 192.0.2.1 MTA-STS | 20 b.c.x 192.0.2.2 MTA-STS",
            NULL, POLICY("enforce", "*.x\r\nmx: b.c.x")},
        {"nobody is named", "d", two,
            "temporary failure | 10 a.x (the MTA-STS policy does not name it)"
            " | 20 b.c.x (the MTA-STS policy does not name it)",
            "does not name", POLICY("enforce", "z")},
        {"testing only reports", "d", two, "deliverable | 10 a.x 192.0.2.1 | 20 b.c.x 192.0.2.2",
            "does not name", POLICY("testing", "a.x")},
        {"none", "d", two, "deliverable | 10 a.x 192.0.2.1 | 20 b.c.x 192.0.2.2", NULL, POLICY("none", "z")},
        {"not to be had", "d", two, "deliverable | 10 a.x 192.0.2.1 | 20 b.c.x 192.0.2.2",
            "nobody listens there", NULL},
        {"not found", "d", two, "deliverable | 10 a.x 192.0.2.1 | 20 b.c.x 192.0.2.2", "HTTP status 404",
            "404 text/plain x"},
        {"not text", "d", two, "deliverable | 10 a.x 192.0.2.1 | 20 b.c.x 192.0.2.2", "not text/plain",
            "200 text/html version: STSv1\nmode: enforce\nmax_age: 1\nmx: z\n"},
        {"without a mode", "d", two, "deliverable | 10 a.x 192.0.2.1 | 20 b.c.x 192.0.2.2", "no mode",
            "200 text/plain version: STSv1\nmax_age: 1\nmx: z\n"},
        {"two records are none", "d", "d MX 10 a\na A 192.0.2.1" STS "\n_mta-sts.d TXT \"v=STSv1; id=2\"",
            "deliverable | 10 a 192.0.2.1", "there is more than one", POLICY("enforce", "z")},
        {"other records do not matter", "d",
            "d MX 10 a\na A 192.0.2.1" STS "\n_mta-sts.d TXT \"v=STSv2; id=2\"",
            "deliverable | 10 a 192.0.2.1 MTA-STS", NULL, POLICY("enforce", "a")},
        {"nor does one without a semicolon", "d",
            "d MX 10 a\na A 192.0.2.1" STS "\n_mta-sts.d TXT \"v=STSv1\"",
            "deliverable | 10 a 192.0.2.1 MTA-STS", NULL, POLICY("enforce", "a")},
        {"nobody knows", "d", "d MX 10 a\na A 192.0.2.1\n_mta-sts.d TXT !", "deliverable | 10 a 192.0.2.1",
            "is announced is not known: the look-up failed", POLICY("enforce", "z")},
        {"a bad id", "d", "d MX 10 a\na A 192.0.2.1\n_mta-sts.d TXT \"v=STSv1; id=a-b\"",
            "deliverable | 10 a 192.0.2.1", "its id is not", POLICY("enforce", "z")},
        {"no id", "d", "d MX 10 a\na A 192.0.2.1\n_mta-sts.d TXT \"v=STSv1;\"",
            "deliverable | 10 a 192.0.2.1", "its id is not", POLICY("enforce", "z")},
        {"DANE wins", "d", "+d MX 10 a\n+a A 192.0.2.1\n+_25._tcp.a TLSA 3 1 1 " HASH STS,
            "deliverable | 10 a 192.0.2.1 DANE _25._tcp.a", NULL, POLICY("enforce", "z")},
    };
    (void)state;
    CHECK_ALL(rows);
}

static void policies_are_read_strictly(void **state)
{
    static const struct {
        const char *why, *body;
        bool good;
    } rows[] = {
        {"as the RFC prints it",
            "version: STSv1\nmode: enforce\nmx: mail.example.com\nmx: *.example.net\nmax_age: 604800\n",
            true},
        {"without a last line end", "version: STSv1\nmode: none\nmax_age: 0", true},
        {"unknown fields", "version: STSv1\nmode: testing\nx: y\nmax_age: 1\nmx: a", true},
        {"space around", "version:STSv1  \r\nmode:\tenforce\r\nmax_age: 1 \r\nmx: a \r\n", true},
        {"the first mode counts", "version: STSv1\nmode: none\nmode: enforce\nmax_age: 1\n", true},
        {"another version", "version: STSv2\nmode: none\nmax_age: 1\n", false},
        {"no version", "mode: none\nmax_age: 1\n", false},
        {"another mode", "version: STSv1\nmode: Enforce\nmax_age: 1\nmx: a", false},
        {"no age", "version: STSv1\nmode: enforce\nmx: a", false},
        {"an age beyond a year", "version: STSv1\nmode: enforce\nmx: a\nmax_age: 31557601", false},
        {"an age that overflows", "version: STSv1\nmode: enforce\nmx: a\nmax_age: 4294967297", false},
        {"a negative age", "version: STSv1\nmode: enforce\nmx: a\nmax_age: -1", false},
        {"no mx", "version: STSv1\nmode: enforce\nmax_age: 1", false},
        {"a star within", "version: STSv1\nmode: enforce\nmax_age: 1\nmx: a.*.b", false},
        {"a star alone", "version: STSv1\nmode: enforce\nmax_age: 1\nmx: *", false},
        {"not key and value", "version: STSv1\nmode: none\nmax_age: 1\n<html>\n", false},
        {"empty", "", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct hark_sts sts = {0};
        struct arena a;
        arena_init(&a);
        if (sts_policy(&sts, rows[i].body, strlen(rows[i].body), &a) != rows[i].good)
            fail_msg("%s: %s", rows[i].why, rows[i].good ? "refused" : "taken");
        assert_true((sts.why == NULL) == rows[i].good);
        arena_fini(&a);
    }
}

static void reports_go_where_the_domain_says(void **state)
{
    struct world w = {
        .lines =
            "d MX 10 a\na A 192.0.2.1\n_smtp._tls.d TXT \"v=TLSRPTv1;\" \" rua=mailto:t@d,https://d/r\""};
    struct hark_mx_settings s = {.look_up = look_up, .context = &w, .no_pointers = true};
    (void)state;
    arena_init(&w.arena);
    struct hark_mx_plan *plan = hark_mx_plan("d", &s, NULL);
    assert_string_equal(plan->reports, "mailto:t@d,https://d/r");
    hark_mx_plan_free(plan);
    arena_fini(&w.arena);
}

static void no_tls_asks_for_nothing_of_it(void **state)
{
    struct world w = {.lines = "+d MX 10 a\n+a A 192.0.2.1\n+_25._tcp.a TLSA 3 1 1 " HASH STS};
    struct hark_mx_settings s = {
        .look_up = look_up, .fetch = fetch, .context = &w, .no_pointers = true, .no_tls = true};
    (void)state;
    arena_init(&w.arena);
    struct hark_mx_plan *plan = hark_mx_plan("d", &s, NULL);
    assert_int_equal(w.look_ups, 3); /* MX, AAAA, A */
    assert_false(w.asked_tlsa);
    assert_int_equal(w.fetches, 0);
    hark_mx_plan_free(plan);
    arena_fini(&w.arena);
}

static void at_most_so_many_hosts_are_looked_at(void **state)
{
    struct text lines;
    (void)state;
    text_init(&lines);
    for (unsigned i = 0; i < 40; i++)
        text_printf(&lines, "d MX %u h%u\nh%u A 192.0.2.%u\n", i, i, i, i + 1);
    struct world w = {.lines = lines.data};
    struct hark_mx_settings s = {.look_up = look_up, .context = &w, .no_pointers = true, .no_tls = true};
    arena_init(&w.arena);
    struct hark_mx_plan *plan = hark_mx_plan("d", &s, NULL);
    assert_int_equal(plan->host_count, 40);
    assert_int_equal(plan->hosts[31].state, HARK_MX_HOST_USED);
    assert_int_equal(plan->hosts[32].state, HARK_MX_HOST_BEYOND);
    assert_int_equal(w.look_ups, 1 + 2 * 32);
    hark_mx_plan_free(plan);
    arena_fini(&w.arena);
    text_fini(&lines);
}

static void what_follows_is_told_at_once(void **state)
{
    struct world w = {.lines =
                          "+d MX 10 a\n+d MX 20 b\n+d -\n+a A 192.0.2.1\n+b A 10.0.0.1\n+b AAAA 2001:db8::2\n"
                          "+a -\n+_25._tcp.a TLSA 3 1 1 "
                          "8a9c3e8a0b07ddc9d0b4b3c0d8ac1b5b8a9c3e8a0b07ddc9d0b4b3c0d8ac1b5b\n"};
    struct hark_mx_settings s = {.look_up = look_up_told, .ahead = hear_ahead, .context = &w};
    (void)state;
    arena_init(&w.arena);
    text_init(&w.told);
    struct hark_mx_plan *plan = hark_mx_plan("d", &s, NULL);
    assert_int_equal(plan->verdict, HARK_MX_DELIVERABLE);
    assert_string_equal(w.told.data,
        "a 28\na 1\nb 28\nb 1\n_mta-sts.d 16\n_smtp._tls.d 16\n"
        "1.2.0.192.in-addr.arpa 12\n"
        "2.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa 12\n"
        "_25._tcp.a 52\n_25._tcp.b 52\n");
    hark_mx_plan_free(plan);
    text_clear(&w.told);
    s.families = HARK_IPV6;
    s.no_tls = s.no_pointers = true;
    hark_mx_plan_free(hark_mx_plan("d", &s, NULL));
    assert_string_equal(w.told.data, "a 28\nb 28\n");
    text_clear(&w.told);
    hark_mx_plan_free(hark_mx_plan("x@[192.0.2.1]", &s, NULL));
    assert_string_equal(w.told.data, "");
    text_fini(&w.told);
    arena_fini(&w.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hosts_come_by_preference_with_their_addresses),
        cmocka_unit_test(equal_preferences_are_shuffled),
        cmocka_unit_test(without_mx_the_domain_is_the_host),
        cmocka_unit_test(a_null_mx_accepts_no_mail),
        cmocka_unit_test(what_may_not_be_is_warned_of),
        cmocka_unit_test(address_literals_need_no_look_up),
        cmocka_unit_test(the_local_part_ends_where_its_grammar_says),
        cmocka_unit_test(names_in_utf8_become_a_labels),
        cmocka_unit_test(we_and_all_no_better_are_left_out),
        cmocka_unit_test(tlsa_counts_under_secure_data_only),
        cmocka_unit_test(a_policy_names_the_hosts),
        cmocka_unit_test(policies_are_read_strictly),
        cmocka_unit_test(reports_go_where_the_domain_says),
        cmocka_unit_test(no_tls_asks_for_nothing_of_it),
        cmocka_unit_test(what_follows_is_told_at_once),
        cmocka_unit_test(at_most_so_many_hosts_are_looked_at),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
