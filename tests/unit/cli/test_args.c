#include "cli/args.h"
#include "cli/args_dig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "dns/rrtype.h"

#define WORDS_MAX 16

static struct arena arena;
static struct text complaint;

static int set_up(void **state)
{
    arena_init(&arena);
    text_init(&complaint);
    return 0;
}

static int tear_down(void **state)
{
    text_fini(&complaint);
    arena_fini(&arena);
    return 0;
}

/* A line of words parted by spaces; "''" is the empty argument. */
static enum err parse(struct args *out, const char *line)
{
    char *argv[WORDS_MAX] = {(char *)"hark"};
    int argc = 1;
    char *copy = arena_strdup(&arena, line), *rest = NULL;
    for (char *w = strtok_r(copy, " ", &rest); w; w = strtok_r(NULL, " ", &rest))
        argv[argc++] = strcmp(w, "''") == 0 ? (char *)"" : w;
    text_clear(&complaint);
    return args_parse(out, argc, argv, &arena, &complaint);
}

/* What was understood: "ask www.example MX,TXT @192.0.2.1 :5300 short tcp".
 * Options that are on by default appear when off. */
static void describe(struct text *t, const struct args *a)
{
    static const char *const commands[] = {
        "system", "ask", "why", "trace", "mx", "whois", "update", "ctl", "help", "version"};
    text_add(t, commands[a->command]);
    for (size_t i = 0; i < a->name_count; i++)
        text_printf(t, " %s", a->names[i]);
    for (size_t i = 0; i < a->type_count; i++) {
        text_add(t, i ? "," : " ");
        rrtype_to_text(t, a->types[i]);
    }
    if (a->topic)
        text_printf(t, " (%s)", a->topic);
    if (a->verb)
        text_printf(t, " %s", a->verb);
    for (size_t i = 0; i < a->verb_word_count; i++)
        text_printf(t, " %s", a->verb_words[i]);
    if (a->socket)
        text_printf(t, " socket=%s", a->socket);
    for (size_t i = 0; i < a->server_count; i++)
        text_printf(t, " @%s", a->servers[i]);
    for (size_t i = 0; i < a->self_count; i++)
        text_printf(t, " self=%s", a->selves[i]);
    if (a->host)
        text_printf(t, " host=%s", a->host);
    if (a->port)
        text_printf(t, " :%u", a->port);
    if (a->class != 1)
        text_printf(t, " class%u", a->class);
    if (a->given[OPTION_SUBNET]) {
        char prefix[ADDR_TEXT_LEN];
        text_printf(t, " subnet=%s/%u", addr_text(&a->subnet.addr, prefix), a->subnet.bits);
    }
    for (int o = 0; o < OPTION_COUNT; o++) {
        bool usual = args_dig_on_unless((enum option)o);
        if (option_table[o].kind == OPTION_KIND_FLAG && a->on[o] != usual)
            text_printf(t, " %s%s", usual ? "no" : "", option_table[o].name);
        if (option_table[o].kind == OPTION_KIND_NUMBER && a->given[o])
            text_printf(t, " %s=%u", option_table[o].name, a->number[o]);
    }
    if (a->source.family != FAMILY_NONE) {
        char source[ADDR_TEXT_LEN];
        text_printf(t, " from=%s", addr_text(&a->source, source));
    }
    if (a->source_port)
        text_printf(t, "#%u", a->source_port);
    for (unsigned i = 0; i < a->edns_option_count; i++) {
        text_printf(t, " option%u:", a->edns_options[i].code);
        text_hex(t, a->edns_options[i].data, a->edns_options[i].len);
    }
    if (a->cookie_len) {
        text_add(t, " cookie:");
        text_hex(t, a->cookie, a->cookie_len);
    }
    if (a->opcode)
        text_printf(t, " opcode=%u", a->opcode);
    if (a->edns_version || a->edns_flags)
        text_printf(t, " edns=%u/%x", a->edns_version, a->edns_flags);
    if (a->batch)
        text_printf(t, " file=%s", a->batch);
}

static const struct {
    const char *line, *understood;
} good[] = {
    /* the three ways of asking */
    {"www.example", "system www.example"},
    {"www.example MX", "ask www.example MX"},
    {"www.example mx TXT", "ask www.example MX,TXT"},
    {"MX www.example", "ask www.example MX"},
    {"a.example b.example A AAAA", "ask a.example b.example A,AAAA"},
    {"www.example @192.0.2.1", "ask www.example @192.0.2.1"},
    {"@192.0.2.1 www.example", "ask www.example @192.0.2.1"},
    {"@2001:db8::1 www.example A", "ask www.example A @2001:db8::1"},
    {"www.example @ns.example#5300", "ask www.example @ns.example#5300"},
    {"trace www.example", "trace www.example"},
    {"trace www.example AAAA", "trace www.example AAAA"},
    {"trace AAAA www.example", "trace www.example AAAA"},
    {"+short trace www.example", "trace www.example short"},
    {"trace.", "system trace."},
    {"www.example trace", "system www.example trace"},
    {"ctl", "ctl help"},
    {"ctl status", "ctl status"},
    {"ctl reload -s /run/x.sock --json", "ctl reload socket=/run/x.sock json"},
    {"--socket=/run/x.sock ctl reload", "ctl reload socket=/run/x.sock"},
    {"ctl cache flush --zone example.org", "ctl cache flush --zone example.org"},
    {"ctl.", "system ctl."},
    {"lookup trace", "system trace"},
    {"lookup why +short", "system why short"},
    {"lookup www.example MX", "ask www.example MX"},
    {"query www.example", "ask www.example"},
    {"query trace MX", "ask trace MX"},
    {"why www.example", "why www.example"},
    {"why trace", "why trace"},
    {"why www.example --json -4", "why www.example ipv4 json"},
    {"why.", "system why."},
    {"www.example:https", "system www.example:https"},
    {"www.example -v --timeout 9", "system www.example verbose"},
    {"www.example A --timeout=9", "ask www.example A"},
    {"www.example +subnet=192.0.2.0/24", "ask www.example subnet=192.0.2.0/24"},
    {"www.example --subnet 0", "ask www.example subnet=0.0.0.0/0"},
    {"www.example +cookie -b 192.0.2.1", "ask www.example cookie from=192.0.2.1"},
    {"www.example A --exit-compat=dig", "ask www.example A"},
    {"-f names.txt MX +short", "ask MX short file=names.txt"},
    {"-f -", "system file=-"},
    {"why --file names.txt", "why file=names.txt"},
    {"help", "help"},
    {"help trace", "help (trace)"},
    {"help exit", "help (exit)"},
    {"ctl -h", "help (ctl) help"},
    {"--help", "help help"},
    {"-h www.example", "help help"},
    {"--version", "version version"},
    {"-V", "version version"},
    /* a word that may be a name or a type */
    {"ns", "system ns"},
    {"ns ns", "ask ns NS"},
    {"ns. ns", "ask ns. NS"},
    {"mx.", "system mx."},
    {"MX mx", "ask MX MX"},
    {"MX mx.", "ask mx. MX"},
    /* a first word in lower case is a command where there is one */
    {"mx python.org", "mx python.org"},
    {"mx user@python.org [192.0.2.1]", "mx user@python.org [192.0.2.1]"},
    {"mx mx", "mx mx"},
    {"mx a TXT", "mx a TXT"},
    {"mx --next python.org @192.0.2.1", "mx python.org @192.0.2.1 next"},
    {"--self a.example mx --self=192.0.2.1 python.org", "mx python.org self=a.example self=192.0.2.1"},
    {"whois python.org AS64500", "whois python.org AS64500"},
    {"whois -h whois.example -p 4343 python.org", "whois python.org host=whois.example :4343"},
    {"whois --raw --rdap python.org", "whois python.org rdap raw"},
    {"-h whois python.org", "help (whois) help"},
    {"whois python.org --help", "help (whois) help"},
    {"update", "update"},
    {"update --check --json", "update check json"},
    {"a b.example", "ask b.example A"},
    {"-t a ns", "ask ns A"},
    {"TYPE65 www.example", "ask www.example HTTPS"},
    {"www.example type65280", "ask www.example TYPE65280"},
    {"any www.example", "ask www.example ANY"},
    {". NS", "ask . NS"},
    {"typeo.example", "system typeo.example"},
    {"TYPE70000", "system TYPE70000"},
    {"trace mx", "trace mx"},
    /* options, in any order and form */
    {"www.example -t MX -t TXT", "ask www.example MX,TXT"},
    {"www.example -tMX", "ask www.example MX"},
    {"www.example --type MX", "ask www.example MX"},
    {"www.example --type=MX A", "ask www.example MX,A"},
    {"-p 5300 www.example", "ask www.example :5300"},
    {"-p5300 www.example", "ask www.example :5300"},
    {"www.example --port=5300 @::1", "ask www.example @::1 :5300"},
    {"-4 www.example", "system www.example ipv4"},
    {"www.example A -6", "ask www.example A ipv6"},
    {"-x 192.0.2.1", "ask 192.0.2.1 reverse"},
    {"192.0.2.1 -x @192.0.2.2", "ask 192.0.2.1 @192.0.2.2 reverse"},
    {"-x4 2001:db8::1", "ask 2001:db8::1 reverse ipv4"},
    {"trace -x 192.0.2.1", "trace 192.0.2.1 reverse"},
    {"192.0.2.1", "system 192.0.2.1"},
    {"www.example +short", "system www.example short"},
    {"www.example --short", "system www.example short"},
    {"www.example +short +noshort", "system www.example"},
    {"www.example +tcp", "ask www.example tcp"},
    {"www.example +vc", "ask www.example tcp"},
    {"www.example +dnssec +norec", "ask www.example dnssec norec"},
    {"www.example +do +norecurse", "ask www.example dnssec norec"},
    {"www.example --no-rec", "ask www.example norec"},
    {"www.example --norec", "ask www.example norec"},
    {"www.example +noedns +cd", "ask www.example cd noedns"},
    {"www.example +time=3 +tries=5 +bufsize=4096", "ask www.example bufsize=4096 time=3 tries=5"},
    {"www.example --time 3", "ask www.example time=3"},
    {"www.example +timeout=3", "ask www.example time=3"},
    {"www.example A --json", "ask www.example A json"},
    {"version.example TXT -c CH", "ask version.example TXT class3"},
    {"www.example -c CLASS42", "ask www.example class42"},
    {"trace www.example +dnssec +time=20 -4 -p 5300 +json",
        "trace www.example :5300 ipv4 dnssec json time=20"},
    {"+nocolor www.example", "system www.example"},
    /* as fingers know them from dig */
    {"www.example @192.0.2.1 A @2001:db8::1", "ask www.example A @192.0.2.1 @2001:db8::1"},
    {"id.server TXT CH", "ask id.server TXT class3"},
    {"CH TXT id.server", "ask id.server TXT class3"},
    {"www.example IN", "ask www.example"},
    {"ch NS", "ask ch NS"},
    {"CH", "system CH"},
    {"CH NS", "ask CH NS"},
    {"-q mx -q www.example A", "ask mx www.example A"},
    {"-q MX MX", "ask MX MX"},
    {"www.example +noall +answer", "ask www.example noquestion noauthority noadditional nocomments nostats"},
    {"www.example +nocmd +nocomments +nostats", "ask www.example nocomments nostats"},
    {"www.example +noall +all", "ask www.example all cmd"},
    {"www.example +nottlid +noclass +multi", "ask www.example multiline nottlid norrclass"},
    {"www.example +subnet=192.0.2.0/24 +nosubnet", "system www.example"},
    {"www.example +time=3 +notime", "system www.example"},
    {"www.example A --time 3 --no-time", "ask www.example A"},
    {"www.example +cookie=0123456789abcdef", "ask www.example cookie cookie:0123456789ABCDEF"},
    {"www.example +cookie +nocookie", "ask www.example"},
    {"www.example +edns=1 +noednsneg", "ask www.example noednsnegotiation edns=1/0"},
    {"www.example +ednsflags=0x4000", "ask www.example edns=0/4000"},
    {"www.example +ednsopt=100 +ednsopt=NSID +ednsopt=65001:0aFF",
        "ask www.example option100: option3: option65001:0AFF"},
    {"www.example +ednsopt=100 +noednsopt", "system www.example"},
    {"www.example --ednsopt 8:00", "ask www.example option8:00"},
    {"www.example +opcode=notify +aaonly +zflag", "ask www.example aaflag zflag opcode=4"},
    {"www.example +opcode=9", "ask www.example opcode=9"},
    {"www.example +retry=0 +padding=128 +ignore +noad",
        "ask www.example ignore padding=128 noadflag retry=0"},
    {"www.example +noidn", "ask www.example noidnin"},
    {"www.example +noidnin", "ask www.example noidnin"},
    {"www.example +noidnout", "ask www.example"},
    {"www.example -b 192.0.2.1#5353", "ask www.example from=192.0.2.1#5353"},
    {"-- -x.example", "system -x.example"},
    {"-t MX -- @name.example", "ask @name.example MX"},
    {"-", "system -"},
};

static void understands(void **state)
{
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        struct args a;
        struct text t;
        text_init(&t);
        if (parse(&a, good[i].line) != ERR_OK)
            fail_msg("hark %s: %s", good[i].line, complaint.data);
        describe(&t, &a);
        if (strcmp(t.data, good[i].understood) != 0)
            fail_msg("hark %s: understood as '%s', meant '%s'", good[i].line, t.data, good[i].understood);
        text_fini(&t);
    }
}

static const struct {
    const char *line, *says;
} bad[] = {
    {"", "which name?"},
    {"@192.0.2.1", "which name?"},
    {"-t MX", "which name?"},
    {"trace", "trace what?"},
    {"why", "why what?"},
    {"www.example +subnet=192.0.2.0/33", "is not a prefix"},
    {"www.example +subnet=x", "is not a prefix"},
    {"www.example -b ns.example", "is none"},
    {"www.example +noedns +cookie", "+cookie needs EDNS"},
    {"www.example +noedns +subnet=0", "+subnet needs EDNS"},
    {"www.example --exit-compat=host", "knows dig"},
    {"www.example +file=x", "unknown option +file"},
    {"lookup", "which name?"},
    {"why www.example @192.0.2.1", "not @192.0.2.1"},
    {"why www.example +short",
        "+short goes with hark NAME, hark NAME TYPE, trace, not with why; see: hark help why"},
    {"www.example --timeout 0", "a number from 1 to 3600"},
    {"www.example --timeout", "needs a value"},
    {"''", "the root is \".\""},
    {"www.example +shor", "did you mean +short?"},
    {"www.example +shrot", "did you mean +short?"},
    {"www.example +notpc", "did you mean +notcp?"},
    {"www.example --jsno", "did you mean --json?"},
    {"www.example --no-ends", "did you mean --no-edns?"},
    {"www.example +tmie=3", "did you mean +time?"},
    {"www.example +zzzzz", "see: hark help"},
    {"www.example +", "unknown option +"},
    {"www.example +no", "unknown option +no"},
    {"www.example +trace", "hark trace NAME"},
    {"www.example +port=53", "unknown option +port"},
    {"www.example -Q", "unknown option -Q"},
    {"www.example -4Q", "unknown option -Q"},
    {"www.example -q", "-q needs a value: NAME"},
    {"www.example -y hmac:name:key", "hark has no -y; hark signs no questions"},
    {"www.example +search", "hark has no +search; names are absolute here"},
    {"www.example +nosearch", "names are absolute here"},
    {"www.example +domain=example", "the system's search list"},
    {"www.example +tls-ca=x", "over UDP and TCP"},
    {"www.example +yaml", "+json"},
    {"-C www.example", "hark NAME +nssearch"},
    {"www.example +ednsopt=65536", "+ednsopt=65536: CODE is a number"},
    {"www.example +ednsopt=:00", "CODE is a number"},
    {"www.example +ednsopt=8:0", "is hexadecimal"},
    {"www.example +ednsopt=8:xx", "is hexadecimal"},
    {"www.example +ednsopt", "+ednsopt needs a value: CODE[:HEX]"},
    {"www.example +noedns +ednsopt=8", "+ednsopt needs EDNS"},
    {"www.example +noedns +ednsflags=1", "+ednsflags needs EDNS"},
    {"www.example +cookie=x", "a cookie is hexadecimal"},
    {"www.example +cookie=", "a cookie is hexadecimal"},
    {"www.example +nocookie=00", "unknown option +nocookie=00"},
    {"www.example +edns=256", "VERSION is a number up to 255"},
    {"www.example +ednsflags=0x10000", "BITS is a number up to 65535"},
    {"www.example +opcode=SING", "it is QUERY, STATUS"},
    {"www.example +opcode=16", "a number up to 15"},
    {"www.example +padding=0", "a number from 1 to 512"},
    {"www.example -b 192.0.2.1#x", "is none"},
    {"www.example +short=1", "takes no value"},
    {"www.example +notime=3", "unknown option +notime"},
    {"www.example +time", "needs a value"},
    {"www.example +time=", "needs a value"},
    {"www.example +time=0", "a number from 1 to 60"},
    {"www.example +time=61", "a number from 1 to 60"},
    {"www.example +time=3s", "a number from 1 to 60"},
    {"www.example +time=-3", "a number from 1 to 60"},
    {"www.example +tries=99999999999999999999", "a number from 1 to 10"},
    {"www.example +bufsize=100", "a number from 512 to 65535"},
    {"www.example -p", "needs a value"},
    {"www.example -p 0", "1 to 65535"},
    {"www.example -p 65536", "1 to 65535"},
    {"www.example -p domain", "1 to 65535"},
    {"www.example -t", "needs a value"},
    {"www.example -t MXX", "unknown record type 'MXX'"},
    {"www.example -t TYPE70000", "unknown record type"},
    {"www.example IXFR", "needs the serial that is held: IXFR=2026112301"},
    {"www.example IXFR=", "a serial is a number up to 4294967295"},
    {"www.example -t ixfr=4294967296", "a serial is a number"},
    {"www.example IXFR=1 ixfr=2", "one serial at a time"},
    {"trace www.example AXFR", "is asked of one server: hark ZONE AXFR @SERVER"},
    {"www.example OPT", "not a type to ask for"},
    {"-type=mx www.example", "-type=mx is nslookup's; here: hark NAME TYPE"},
    {"-query=mx www.example", "-query=mx is nslookup's"},
    {"www.example --color=never", "takes no value; the opposite is +nocolor"},
    {"-l www.example", "hark ZONE AXFR @SERVER"},
    {"-a www.example", "hark NAME ANY"},
    {"www.example --nameserver=192.0.2.1", "the server is: @ADDRESS"},
    {"www.example +client=192.0.2.0/24", "+subnet="},
    {"--query www.example", "names and types are words"},
    {"www.example A +proxy-v2", "speaks to name servers themselves"},
    {"www.example TYPE0", "not a type to ask for"},
    {"www.example -c XX", "unknown class 'XX'"},
    {"-x www.example", "'www.example' is none"},
    {"-x 192.0.2.256", "'192.0.2.256' is none"},
    {"-x 192.256", "'192.256' is none"},
    {"-x 192..2", "'192..2' is none"},
    {"-x 1.2.3.4.5", "'1.2.3.4.5' is none"},
    {"-4 -6 www.example", "leave nothing"},
    {"www.example +noedns +dnssec", "needs EDNS"},
    {"www.example +noedns +nsid", "needs EDNS"},
    {"trace www.example @192.0.2.1", "not @192.0.2.1"},
    {"trace www.example +tcp", "+tcp goes with hark NAME TYPE, not with trace"},
    {"trace www.example +norec", "+rec goes with hark NAME TYPE, not with trace"},
    {"help trcae", "no help on 'trcae'; did you mean trace?"},
    {"help zzzzzz", "there is: hark help lookup|query|why"},
    {"help trace mx", "one help at a time; there is: hark help"},
    {"update python.org", "takes no name"},
    {"update +tcp", "+tcp goes with hark NAME TYPE, not with update"},
    {"whois", "whois of what?"},
    {"mx", "mx of what?"},
    {"mx python.org +tcp", "+tcp goes with hark NAME TYPE, not with mx"},
    {"whois python.org --self a", "--self goes with mx, not with whois"},
    {"ctl relaod", "did you mean reload?"},
    {"ctl stop", "it knows: status, stats"},
    {"ctl status reload", "reload is too much"},
    {"ctl cache flush --zoen example.org", "--zoen"},
    {"example.org --zone", "--zone"},
    {"ctl status @192.0.2.1", "not @192.0.2.1"},
    {"ctl +short", "+short goes with hark NAME, hark NAME TYPE, trace, not with ctl; see: hark help ctl"},
    {"ctl -s", "needs a value"},
    {"www.example -s /run/x.sock", "--socket goes with trace, ctl, not with hark NAME TYPE"},
    {"why www.example -s /run/x.sock", "--socket goes with trace, ctl, not with why"},
    {"trace www.example -c CH", "--class goes with hark NAME TYPE, not with trace"},
};

static void says_what_is_wrong(void **state)
{
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct args a;
        if (parse(&a, bad[i].line) == ERR_OK)
            fail_msg("hark %s: taken", bad[i].line);
        if (!strstr(complaint.data, bad[i].says))
            fail_msg("hark %s: says '%s', not '%s'", bad[i].line, complaint.data, bad[i].says);
        if (strchr(complaint.data, '\n'))
            fail_msg("hark %s: more than a line", bad[i].line);
    }
}

static void letters_and_names_are_unique(void **state)
{
    for (int a = 0; a < OPTION_COUNT; a++) {
        for (int b = a + 1; b < OPTION_COUNT; b++) {
            assert_string_not_equal(option_table[a].name, option_table[b].name);
            assert_true(!option_table[a].letter || option_table[a].letter != option_table[b].letter);
        }
        /* else +noX would be two things */
        assert_true(strncmp(option_table[a].name, "no", 2) != 0);
    }
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(understands),
        CASE(says_what_is_wrong),
        CASE(letters_and_names_are_unique),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
