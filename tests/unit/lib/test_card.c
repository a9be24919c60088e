/* Replies of registries, in the shapes that they document (tests/registries), as cards. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "base/utf8.h"
#include "lib/rdap.h"
#include "lib/whois.h"

static const char *read_shape(const char *name, size_t *len, struct arena *a)
{
    char path[512], *buf = arena_alloc(a, 1u << 16);
    snprintf(path, sizeof path, "%s/%s", SHAPES, name);
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    *len = fread(buf, 1, (1u << 16) - 1, f);
    assert_true(feof(f)); /* all of it */
    fclose(f);
    return buf;
}

static void add(struct text *t, const char *label, const char *value)
{
    if (value)
        text_printf(t, "; %s %s", label, value);
}

static void add_list(struct text *t, const char *label, const struct card_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        add(t, i ? "+" : label, list->items[i]);
}

static void describe(struct text *t, const struct card *c)
{
    static const char *const kinds[] = {"none", "domain", "network", "asn", "entity"};
    text_printf(t, "%s", kinds[c->kind]);
    add(t, "name", c->name);
    add(t, "unicode", c->unicode);
    add(t, "label", c->label);
    add(t, "handle", c->handle);
    add(t, "holder", c->holder);
    add(t, "in", c->country);
    add(t, "registrar", c->registrar);
    add(t, "id", c->registrar_id);
    add(t, "at", c->registrar_url);
    add(t, "abuse", c->abuse_email);
    add(t, "phone", c->abuse_phone);
    add(t, "created", c->created);
    add(t, "changed", c->changed);
    add(t, "expires", c->expires);
    add_list(t, "status", &c->status);
    add_list(t, "servers", &c->servers);
    if (c->is_signed != CARD_SIGNED_UNKNOWN)
        text_add(t, c->is_signed == CARD_SIGNED ? "; signed" : "; unsigned");
    add_list(t, "ds", &c->ds);
    add_list(t, "redacted", &c->redacted);
    add(t, "related", c->related);
    add(t, "referral", c->referral);
}

static void registries_are_read(void **state)
{
    static const struct {
        const char *shape, *expected;
    } rows[] = {
#include "cards.def"
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct arena a;
        struct card card;
        struct text said;
        const char *why = "";
        size_t len;
        arena_init(&a);
        text_init(&said);
        const char *body = read_shape(rows[i].shape, &len, &a);
        if (strncmp(rows[i].shape, "rdap", 4) == 0)
            assert_int_equal(rdap_read(&card, body, len, &a, &why), ERR_OK);
        else
            whois_read(&card, body, len, &a);
        describe(&said, &card);
        if (strcmp(said.data, rows[i].expected) != 0)
            fail_msg("%s:\n%s\nnot\n%s", rows[i].shape, said.data, rows[i].expected);
        text_fini(&said);
        arena_fini(&a);
    }
}

/* One of whois-shapes.txt: "=== what it is", the reply, "--- the card". NULL: there is none after it. */
static const char *next_shape(const char *at, const char **reply, size_t *len, struct text *expected)
{
    const char *end = at ? strstr(at, "\n--- ") : NULL;
    if (!end)
        return NULL;
    *reply = strchr(at, '\n') + 1;
    *len = (size_t)(end + 1 - *reply);
    text_clear(expected);
    text_add_n(expected, end + 5, strcspn(end + 5, "\n"));
    return end + 5 + expected->len;
}

static void whois_of_many_registries_is_read(void **state)
{
    struct arena a;
    struct text said, expected;
    size_t len, wrong = 0, count = 0;
    (void)state;
    arena_init(&a);
    text_init(&said);
    text_init(&expected);
    const char *at = read_shape("whois-shapes.txt", &len, &a), *reply;
    for (const char *next; (next = next_shape(at, &reply, &len, &expected)); at = next + 1, count++) {
        struct card card;
        whois_read(&card, reply, len, &a);
        text_clear(&said);
        describe(&said, &card);
        if (strcmp(said.data, expected.data) != 0) {
            print_error("%.*s\n%s\nnot\n%s\n", (int)strcspn(at, "\n"), at, said.data, expected.data);
            wrong++;
        }
    }
    text_fini(&expected);
    text_fini(&said);
    arena_fini(&a);
    assert_int_equal(wrong, 0);
    assert_true(count > 40);
}

static void what_is_no_rdap_is_refused(void **state)
{
    static const char *const bodies[] = {"", "{", "[]", "null", "{}", "7", "{\"objectClassName\": 7}",
        "{\"objectClassName\": \"nameserver\"}", "<html>", "{\"objectClassName\": \"domain\"} x", "\xff"};
    (void)state;
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        struct arena a;
        struct card card;
        const char *why = NULL;
        arena_init(&a);
        if (rdap_read(&card, bodies[i], strlen(bodies[i]), &a, &why) != ERR_FORMAT || !why)
            fail_msg("'%s' is taken", bodies[i]);
        arena_fini(&a);
    }
}

/* Members of the wrong kind count as missing; nothing is read beyond what is there. */
static void rdap_of_wrong_kinds_is_a_card_without_them(void **state)
{
    static const char body[] = "{\"objectClassName\":\"domain\",\"ldhName\":[1],\"status\":{\"a\":1},"
                               "\"events\":[1,{\"eventAction\":1},{\"eventAction\":\"expiration\"}],"
                               "\"entities\":[null,{\"roles\":\"registrar\"},{\"roles\":[\"registrar\"],"
                               "\"vcardArray\":[\"vcard\",[[\"fn\"],[],1,[\"org\",{},\"text\",[]]]]}],"
                               "\"nameservers\":[{},{\"ldhName\":\"\"},{\"ldhName\":\"NS.X.\"}],"
                               "\"secureDNS\":{\"dsData\":[{\"keyTag\":-1},{\"keyTag\":\"1\"}],"
                               "\"delegationSigned\":\"yes\"},\"redacted\":[{\"name\":1}],\"links\":{}}";
    struct arena a;
    struct card card;
    struct text said;
    const char *why;
    (void)state;
    arena_init(&a);
    text_init(&said);
    assert_int_equal(rdap_read(&card, body, strlen(body), &a, &why), ERR_OK);
    describe(&said, &card);
    assert_string_equal(said.data, "domain; servers ns.x");
    text_fini(&said);
    arena_fini(&a);
}

#define RDAP_TYPE "application/rdap+json"

/* What registries do with RDAP beside its documents. */
static void rdap_of_many_registries_is_read(void **state)
{
    static const struct {
        const char *who, *body, *expected;
    } rows[] = {
        {"registro.br: no registrar, the holder is all",
            "{\"objectClassName\":\"domain\",\"handle\":\"exemplo.br\",\"ldhName\":\"exemplo.br\","
            "\"entities\":[{"
            "\"objectClassName\":\"entity\",\"handle\":\"1\",\"vcardArray\":[\"vcard\",[[\"version\",{},"
            "\"text\",\"4.0\"],"
            "[\"kind\",{},\"text\",\"org\"],[\"fn\",{},\"text\",\"Exemplo "
            "S.A.\"],[\"lang\",{},\"language-tag\",\"pt\"]]],"
            "\"roles\":[\"registrant\"],\"publicIds\":[{\"type\":\"cnpj\",\"identifier\":\"00.000/"
            "0001-00\"}]}],"
            "\"nameservers\":[{\"ldhName\":\"a.exemplo.br\",\"status\":[\"aa\"]}],"
            "\"secureDNS\":{\"zoneSigned\":true,\"delegationSigned\":true,"
            "\"dsData\":[{\"keyTag\":1,\"algorithm\":13,\"digest\":\"AB\",\"digestType\":2}]},\"status\":["
            "\"active\"]}",
            "domain; name exemplo.br; handle exemplo.br; holder Exemplo S.A.; status active; servers "
            "a.exemplo.br; "
            "signed; ds 1 13 2 AB"},
        {"nic.cz: keys instead of DS, a registrar that has a handle only",
            "{\"objectClassName\":\"domain\",\"ldhName\":\"example.cz\",\"entities\":[{\"handle\":\"REG-"
            "EXAMPLE\","
            "\"roles\":[\"registrar\"]},{\"handle\":\"NOBODY\"}],\"fred_keyset\":{},\"secureDNS\":{"
            "\"delegationSigned\":true,\"keyData\":[{\"flags\":257,\"protocol\":3,\"algorithm\":13,"
            "\"publicKey\":\"x\"}]}}",
            "domain; name example.cz; registrar REG-EXAMPLE; signed"},
        {"CentralNic: the registrar's page in its jCard, a unit of an organisation, a fax machine",
            "{\"objectClassName\":\"domain\",\"ldhName\":\"EXAMPLE.XYZ\",\"entities\":[{\"roles\":["
            "\"registrar\"],"
            "\"vcardArray\":[\"vcard\",[[\"fn\",{},\"text\",\"\"],[\"org\",{},\"text\",[\"Example "
            "Registrar\",\"Domains\"]],"
            "[\"url\",{},\"uri\",\"https://"
            "registrar.example\"]]],\"entities\":[{\"roles\":[\"abuse\"],\"vcardArray\":"
            "[\"vcard\",[[\"tel\",{\"type\":[\"fax\"]},\"uri\",\"tel:+1.5\"],[\"tel\",{\"type\":\"voice\"},"
            "\"uri\","
            "\"tel:+1.6\"],[\"email\",{},\"text\",\"abuse@registrar.example\"]]]}]}]}",
            "domain; name example.xyz; registrar Example Registrar; at https://registrar.example; "
            "abuse abuse@registrar.example; phone +1.6"},
        {"Identity Digital: hidden by words",
            "{\"objectClassName\":\"domain\",\"ldhName\":\"example.live\",\"handle\":\"REDACTED FOR "
            "PRIVACY\",\"entities\":[{"
            "\"roles\":[\"registrant\"],\"vcardArray\":[\"vcard\",[[\"fn\",{},\"text\",\"REDACTED FOR "
            "PRIVACY\"],"
            "[\"adr\",{\"cc\":\"CA\"},\"text\",[\"\",\"\",\"\",\"\",\"\",\"\",\"\"]]]]}]}",
            "domain; name example.live; in CA; redacted Registrant"},
        {"a firm that is told, of a person who is not",
            "{\"objectClassName\":\"domain\",\"ldhName\":\"x.example\",\"entities\":[{\"roles\":["
            "\"registrant\"],"
            "\"vcardArray\":[\"vcard\",[[\"fn\",{},\"text\",\"REDACTED FOR PRIVACY\"],"
            "[\"org\",{},\"text\",\"Hidden Valley Ltd\"]]]}]}",
            "domain; name x.example; holder Hidden Valley Ltd"},
        {"RFC 9537: a description, a type, neither",
            "{\"objectClassName\":\"domain\",\"ldhName\":\"x.example\",\"redacted\":[{\"name\":{\"type\":"
            "\"Registrant "
            "Email\"},\"method\":\"replacementValue\"},{\"name\":{\"description\":\"Registrant Name\"},"
            "\"prePath\":\"$.x\"},{\"name\":\"x\"},7]}",
            "domain; name x.example; redacted Registrant Email; + Registrant Name"},
        {"a name in its own script where A-labels belong",
            "{\"objectClassName\":\"domain\",\"ldhName\":\"B\xc3\xbc"
            "cher.example\"}",
            "domain; name xn--bcher-kva.example; unicode b\xc3\xbc"
            "cher.example"},
        {"... or in its own script alone",
            "{\"objectClassName\":\"domain\",\"unicodeName\":\"b\xc3\xbc"
            "cher.example\"}",
            "domain; name xn--bcher-kva.example; unicode b\xc3\xbc"
            "cher.example"},
        {"a byte order mark", "\xef\xbb\xbf{\"objectClassName\":\"domain\",\"ldhName\":\"x.example\"}",
            "domain; name x.example"},
        {"links: itself, a page, one of another type, the registrar's with a parameter",
            "{\"objectClassName\":\"domain\",\"ldhName\":\"x.example\",\"links\":[{\"rel\":\"self\",\"type\":"
            "\"" RDAP_TYPE "\",\"href\":\"https://a/\"},{\"rel\":\"related\",\"type\":\"text/"
            "html\",\"href\":\"https://b/\"},"
            "{\"rel\":\"related\",\"type\":\"" RDAP_TYPE "x\",\"href\":\"https://c/\"},"
            "{\"rel\":\"related\",\"type\":\"" RDAP_TYPE "; charset=utf-8\",\"href\":\"https://d/\"}]}",
            "domain; name x.example; related https://d/"},
        {"LACNIC: events of other kinds and odd dates, a network without a name",
            "{\"objectClassName\":\"ip "
            "network\",\"handle\":\"192.0.2.0/24\",\"startAddress\":\"192.0.2.0\",\"endAddress\":"
            "\"192.0.2.255\",\"type\":\"allocated\",\"country\":\"UY\",\"events\":[{\"eventAction\":\"last "
            "update of RDAP "
            "database\",\"eventDate\":\"2026-11-20\"},{\"eventAction\":\"registration\",\"eventDate\":"
            "\"19991116\"},"
            "{\"eventAction\":\"expiration\",\"eventDate\":null}],\"entities\":[{\"handle\":\"UY-EX-LACNIC\","
            "\"roles\":[\"registrant\"],\"vcardArray\":[]}]}",
            "network; name 192.0.2.0 - 192.0.2.255; handle 192.0.2.0/24; holder UY-EX-LACNIC; in UY; "
            "created 19991116; status allocated"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct arena a;
        struct card card;
        struct text said;
        const char *why;
        arena_init(&a);
        text_init(&said);
        assert_int_equal(rdap_read(&card, rows[i].body, strlen(rows[i].body), &a, &why), ERR_OK);
        describe(&said, &card);
        if (strcmp(said.data, rows[i].expected) != 0)
            fail_msg("%s:\n%s\nnot\n%s", rows[i].who, said.data, rows[i].expected);
        text_fini(&said);
        arena_fini(&a);
    }
}

static void errors_with_a_good_status_are_errors(void **state)
{
    static const struct {
        const char *body;
        int code;
    } rows[] = {{"{\"errorCode\":404,\"title\":\"x\"}", 404}, {"{\"errorCode\":429}", 429},
        {"{\"errorCode\":200}", 0}, {"{\"errorCode\":\"404\"}", 0}, {"{\"objectClassName\":\"domain\"}", 0},
        {"[404]", 0}, {"", 0}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_int_equal(rdap_error_code(rows[i].body, strlen(rows[i].body)), rows[i].code);
}

/* No registry means them; whatever follows is read, and none of it ends a text of ours early. */
static void zeroes_in_rdap_are_left_out(void **state)
{
    static const char body[] = "{\"objectClassName\":\"domain\",\"ldhName\":\"a\\u0000b.example\","
                               "\"handle\":\"\\u0000\",\"status\":[\"\\u0000locked\",\"hold\\u0000\"],"
                               "\"events\":[{\"eventAction\":\"expiration\",\"eventDate\":\"20\\u000027\"}]}";
    static const char title[] = "{\"title\":\"a\\u0000b\"}";
    struct arena a;
    struct card card;
    struct text said;
    const char *why;
    (void)state;
    arena_init(&a);
    text_init(&said);
    assert_int_equal(rdap_read(&card, body, strlen(body), &a, &why), ERR_OK);
    describe(&said, &card);
    assert_string_equal(said.data, "domain; name ab.example; expires 2027; status locked; + hold");
    assert_string_equal(rdap_error(title, strlen(title), &a), "ab");
    text_fini(&said);
    arena_fini(&a);
}

static void error_replies_have_a_title(void **state)
{
    struct arena a;
    size_t len;
    (void)state;
    arena_init(&a);
    const char *body = read_shape("rdap-error.json", &len, &a);
    assert_string_equal(rdap_error(body, len, &a), "Your query limit has been reached");
    assert_null(rdap_error("<html>", 6, &a));
    arena_fini(&a);
}

/* Each registry has its own sentence for a name that nobody has, and for who asks too often. */
static void none_is_told_from_an_error(void **state)
{
    static const struct {
        const char *reply;
        bool none;
    } rows[] = {
        {"No match for \"X.COM\".\r\n>>> Last update", true},
        {"NO MATCH: x.edu\n", true},
        {"Domain not found.\n", true},
        {"domain \"x.se\" not found.\n", true},
        {"%% No entries found in the selected source(s).\n", true},
        {"% No match for x.br\n", true},
        {"%% NOT FOUND\n", true},
        {"Domain: x.de\nStatus: free\n", true},
        {"Domain: x.it\nStatus:             AVAILABLE\n", true},
        {"Domain:\tx.be\nStatus:\tAVAILABLE\n", true},
        {"Domain:\t\t\tx.lt\nStatus:\t\t\tavailable\n", true},
        {"Domain Name: x.cx\nDomain Status: No Object Found\n", true},
        {"This domain name has not been registered.\n", true},
        {"%% This query returned 0 objects.\n", true},
        {"No Data Found\r\n", true},
        {"No Found\n", true},
        {"No matching record.\n", true},
        {"Object_Not_Found\n", true},
        {"No_Se_Encontro_El_Objeto/Object_Not_Found\n", true},
        {"The queried object does not exist: DOMAIN NOT FOUND\n", true},
        {"% No data was found to match the request criteria.\n", true},
        {"%ERROR:103: Domain is not registered\n", true},
        {"We do not have an entry in our database matching your query.\n", true},
        {"No information available about domain name x.pl in the Registry NASK database.\n", true},
        {"% nothing found\n", true},
        {"*** Nothing found for this query.\n", true},
        {"No such domain\n", true},
        {"The requested domain was not found in the Registry or Registrar's WHOIS Server.\n", true},
        {"No match!!\n\nWith JPNIC WHOIS Gateway, see also the following WEB site for details.\n", true},
        {"No match found for \"x.com.tr\"\n", true},
        {"El dominio no se encuentra registrado en NIC Argentina\n", true},
        {"This Domain is not available in our whois database\n", true},
        {"x.nl is free\n", true},
        {"The domain x.vu is available.\n", true},
        {"Domain \"x.tm\" is available for purchase\n", true},
        {"Domain unknown\n", true},
        {"% Unallocated resource: 192.0.2.1\n", true},
        {"No match found for n + 192.0.2.1.\n", true},
        {"%ERROR:201: access denied for 192.0.2.1\n", false},
        {"% Error: 55000000002 Connection refused; access control limit reached.\n", false},
        {"Queries per hour exceeded\n", false},
        {"WHOIS LIMIT EXCEEDED - SEE WWW.PIR.ORG/WHOIS FOR DETAILS\n", false},
        {"Your connection limit exceeded. Please slow down and try again later.\n", false},
        {"Too many requests; not found out whether x.example is there\n", false},
        {"Requests of this client are not permitted. Please use https://www.nic.ch/whois/ for queries.\n",
            false},
        {"This service is free of charge.\nQuota exceeded.\n", false},
        {"", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct arena a;
        struct card card;
        arena_init(&a);
        whois_read(&card, rows[i].reply, strlen(rows[i].reply), &a);
        if (card.kind != CARD_NONE)
            fail_msg("'%s': a card", rows[i].reply);
        if (whois_means_none(rows[i].reply, strlen(rows[i].reply)) != rows[i].none)
            fail_msg("'%s': %s", rows[i].reply, rows[i].none ? "an error" : "none");
        arena_fini(&a);
    }
}

static void who_asks_too_often_is_told_so(void **state)
{
    struct arena a;
    (void)state;
    arena_init(&a);
    static const char reply[] = "% The service of the register of .example\n%\n% It is free of charge.\n\n"
                                "% Query rate limit exceeded.\n";
    assert_string_equal(whois_said(reply, strlen(reply), &a), "Query rate limit exceeded.");
    arena_fini(&a);
}

static void what_an_error_says_is_its_first_line(void **state)
{
    struct arena a;
    (void)state;
    arena_init(&a);
    static const char reply[] = "\r\n%\r\n% ERROR:201: access denied\r\nmore\r\n";
    assert_string_equal(whois_said(reply, strlen(reply), &a), "ERROR:201: access denied");
    assert_null(whois_said("\r\n\r\n", 4, &a));
    arena_fini(&a);
}

static void referrals_are_host_names(void **state)
{
    static const struct {
        const char *value, *host;
    } rows[] = {
        {"whois.example.net", "whois.example.net"},
        {"whois://Whois.Example.NET:43/x", "whois.example.net"},
        {"http://whois.example.net", NULL},
        {"rwhois://rwhois.example.net:4321", NULL},
        {"whois.example.net/path", "whois.example.net"},
        {"whois.example.net; rm -rf", NULL},
        {"-oProxyCommand=x.y", NULL},
        {"localhost", NULL},
        {"a b", NULL},
        {"whois.ex\xc3\xa4mple.net", NULL},
        {"whois_.example.net", NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char reply[256];
        struct arena a;
        struct card card;
        arena_init(&a);
        snprintf(reply, sizeof reply, "refer: %s\n", rows[i].value);
        whois_read(&card, reply, strlen(reply), &a);
        if (rows[i].host ? !card.referral || strcmp(card.referral, rows[i].host) != 0 : card.referral != NULL)
            fail_msg("%s: %s", rows[i].value, card.referral ? card.referral : "none");
        arena_fini(&a);
    }
}

static void some_servers_want_more_than_the_name(void **state)
{
    static const struct {
        const char *host;
        enum card_kind kind;
        const char *target, *query;
    } rows[] = {
        {"whois.denic.de", CARD_DOMAIN, "example.de", "-T dn,ace example.de\r\n"},
        {"WHOIS.Denic.DE", CARD_DOMAIN, "example.de", "-T dn,ace example.de\r\n"},
        {"whois.verisign-grs.com", CARD_DOMAIN, "example.com", "domain example.com\r\n"},
        {"whois.jprs.jp", CARD_DOMAIN, "example.jp", "example.jp/e\r\n"},
        {"whois.arin.net", CARD_NETWORK, "192.0.2.1", "n + 192.0.2.1\r\n"},
        {"whois.arin.net", CARD_NETWORK, "2001:db8::/32", "r + = 2001:db8::/32\r\n"},
        {"whois.arin.net", CARD_ASN, "64500", "a + 64500\r\n"},
        {"whois.nic.ad.jp", CARD_NETWORK, "192.0.2.1", "192.0.2.1/e\r\n"},
        {"whois.nic.ad.jp", CARD_ASN, "64500", "AS 64500/e\r\n"},
        {"whois.ripe.net", CARD_ASN, "64500", "AS64500\r\n"},
        {"whois.ripe.net", CARD_NETWORK, "2001:db8::/32", "2001:db8::/32\r\n"},
        {"whois.example", CARD_DOMAIN, "example.org", "example.org\r\n"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct text t;
        text_init(&t);
        whois_query(&t, rows[i].host, rows[i].kind, rows[i].target);
        assert_string_equal(t.data, rows[i].query);
        text_fini(&t);
    }
}

static void texts_of_strangers_lose_what_steers(void **state)
{
    static const struct {
        const char *why, *in, *out;
    } rows[] = {
        {"plain", "Example, Inc.", "Example, Inc."},
        {"space", "  a \t b\r\n c  ", "a b c"},
        {"an escape", "a\x1b[2Jb\x07", "a[2Jb"},
        {"C1 in UTF-8",
            "a\xc2\x9b"
            "2Jb",
            "a2Jb"},
        {"right to left", "a\xe2\x80\xaetxt.exe", "atxt.exe"},
        {"zero width, BOM", "a\xe2\x80\x8b\xef\xbb\xbfz", "az"},
        {"letters stay", "M\xc3\xbcller \xe6\x97\xa5\xe6\x9c\xac \xf0\x9f\x98\x80",
            "M\xc3\xbcller \xe6\x97\xa5\xe6\x9c\xac \xf0\x9f\x98\x80"},
        {"ISO 8859-1", "M\xfcller", "M\xc3\xbcller"},
        {"its C1",
            "a\x9b"
            "2Jb\xff",
            "a2Jb\xc3\xbf"},
        {"overlong", "a\xc0\xaf", "a\xc3\x80\xc2\xaf"},
        {"nothing left", " \x1b \xe2\x80\xae ", NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct arena a;
        arena_init(&a);
        const char *out = card_text(rows[i].in, strlen(rows[i].in), &a);
        if (rows[i].out ? !out || strcmp(out, rows[i].out) != 0 : out != NULL)
            fail_msg("%s: '%s'", rows[i].why, out ? out : "");
        arena_fini(&a);
    }
}

static void long_texts_are_cut_between_characters(void **state)
{
    struct arena a;
    char in[3 * 1000];
    (void)state;
    for (size_t i = 0; i < sizeof in; i += 3)
        memcpy(in + i, "\xe6\x97\xa5", 3);
    arena_init(&a);
    const char *out = card_text(in, sizeof in, &a);
    assert_true(strlen(out) <= CARD_TEXT_MAX && strlen(out) > CARD_TEXT_MAX - 8);
    assert_true(utf8_is_valid(out, strlen(out)));
    arena_fini(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(registries_are_read),
        cmocka_unit_test(whois_of_many_registries_is_read),
        cmocka_unit_test(rdap_of_many_registries_is_read),
        cmocka_unit_test(errors_with_a_good_status_are_errors),
        cmocka_unit_test(what_is_no_rdap_is_refused),
        cmocka_unit_test(rdap_of_wrong_kinds_is_a_card_without_them),
        cmocka_unit_test(zeroes_in_rdap_are_left_out),
        cmocka_unit_test(error_replies_have_a_title),
        cmocka_unit_test(none_is_told_from_an_error),
        cmocka_unit_test(who_asks_too_often_is_told_so),
        cmocka_unit_test(what_an_error_says_is_its_first_line),
        cmocka_unit_test(referrals_are_host_names),
        cmocka_unit_test(some_servers_want_more_than_the_name),
        cmocka_unit_test(texts_of_strangers_lose_what_steers),
        cmocka_unit_test(long_texts_are_cut_between_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
