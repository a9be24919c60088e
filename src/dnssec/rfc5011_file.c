/* The state of RFC 5011 as text:
 *
 *   hark-rfc5011 1
 *   zone .
 *   seen 1763900000 next 1763943200 retry 17280
 *   key valid 1763900000 0 257 3 8 AwEAA…           state, since, until, DNSKEY RDATA
 *   sum 5891B5B5…                                    SHA-256 of all lines above
 *
 * One form only: what was written reads back, and nothing else does. A file that was cut off or changed is no
 * state at all: half of what is known of revoked keys would be worse than the anchors of the settings. */
#include <openssl/evp.h>
#include <string.h>

#include "base/cursor.h"
#include "dns/rdata.h"
#include "dns/rrtype.h"
#include "dns/token.h"
#include "dnssec/rfc5011.h"

#define VERSION_LINE "hark-rfc5011 1\n"
#define SUM_LEN 32u
#define KEY_MAX 4096u               /* octets of DNSKEY RDATA; RSA-16384 has 2,060 */
#define WALL_MAX ((int64_t)1 << 40) /* the year 36812 */
#define RETRY_MAX ((int64_t)30 * 86400)

static void add_sum(struct text *t, const char *text, size_t len)
{
    uint8_t sum[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    if (!EVP_Digest(text, len, sum, &n, EVP_sha256(), NULL))
        n = 0; /* the reader will refuse it */
    text_hex(t, sum, n);
}

void rfc5011_write(const struct rfc5011 *r, struct text *t)
{
    size_t start = t->len;
    text_add(t, VERSION_LINE "zone ");
    name_to_text(t, r->zone);
    text_printf(t, "\nseen %lld next %lld retry %lld\n", (long long)r->seen_s, (long long)r->next_s,
        (long long)r->retry);
    for (unsigned i = 0; i < r->count; i++) {
        const struct rfc5011_key *k = &r->keys[i];
        text_printf(t, "key %s %lld %lld %u %u %u ", rfc5011_state_text(k->state), (long long)k->since_s,
            (long long)k->until_s, get_u16(k->data), k->data[2], k->data[3]);
        text_base64(t, k->data + 4, k->len - 4u);
        text_char(t, '\n');
    }
    struct text sum;
    text_init(&sum);
    add_sum(&sum, t->data + start, t->len - start);
    text_printf(t, "sum %s\n", sum.data);
    text_fini(&sum);
}

/* ---- reading ---- */

/* Errors stick: after `bad`, every word is empty. */
struct parse {
    const char *p, *end;
    bool bad;
};

/* Up to the separator, which is taken. */
static size_t word(struct parse *p, char separator, const char **out)
{
    const char *stop = p->bad ? NULL : memchr(p->p, separator, (size_t)(p->end - p->p));
    *out = p->p;
    if (!stop) {
        p->bad = true;
        return 0;
    }
    size_t n = (size_t)(stop - p->p);
    p->p = stop + 1;
    return n;
}

static void expect(struct parse *p, const char *text)
{
    size_t n = strlen(text);
    if (p->bad || (size_t)(p->end - p->p) < n || memcmp(p->p, text, n) != 0)
        p->bad = true;
    else
        p->p += n;
}

/* Decimal digits without a zero before them. */
static int64_t number(struct parse *p, char separator, int64_t max)
{
    const char *digits;
    size_t n = word(p, separator, &digits);
    int64_t v = 0;
    if (!n || n > 18 || (digits[0] == '0' && n > 1))
        p->bad = true;
    for (size_t i = 0; i < n && !p->bad; i++) {
        if (digits[i] < '0' || digits[i] > '9')
            p->bad = true;
        v = v * 10 + (digits[i] - '0');
    }
    if (v > max)
        p->bad = true;
    return p->bad ? 0 : v;
}

static enum rfc5011_state read_state(struct parse *p)
{
    const char *text;
    size_t n = word(p, ' ', &text);
    for (enum rfc5011_state s = RFC5011_ADD_PEND; s <= RFC5011_REMOVED; s++)
        if (strlen(rfc5011_state_text(s)) == n && memcmp(text, rfc5011_state_text(s), n) == 0)
            return s;
    p->bad = true;
    return RFC5011_START;
}

static void read_key(struct parse *p, struct rfc5011 *r)
{
    uint8_t rd[KEY_MAX];
    const char *text;
    expect(p, "key ");
    struct rfc5011_key k = {.state = read_state(p)};
    k.since_s = number(p, ' ', WALL_MAX);
    k.until_s = number(p, ' ', WALL_MAX);
    put_u16(rd, (uint16_t)number(p, ' ', 0xffff));
    rd[2] = (uint8_t)number(p, ' ', 0xff);
    rd[3] = (uint8_t)number(p, ' ', 0xff);
    size_t n = word(p, '\n', &text);
    long octets = p->bad ? -1 : text_unbase64(text, n, rd + 4, sizeof rd - 4);
    if (octets < 1 || rd[1] & DNSKEY_FLAG_REVOKE || r->count == RFC5011_KEYS_MAX) {
        p->bad = true;
        return;
    }
    k.len = (uint16_t)(4 + octets);
    k.data = mem_alloc(k.len);
    memcpy(k.data, rd, k.len);
    r->keys[r->count++] = k;
}

/* All but the sum; the zone is the one that r has. */
static bool read_lines(struct rfc5011 *r, const char *text, size_t len)
{
    struct parse p = {.p = text, .end = text + len};
    name_t zone[NAME_MAX_LEN];
    const char *name;
    expect(&p, VERSION_LINE "zone ");
    size_t n = word(&p, '\n', &name);
    if (p.bad || name_from_text(zone, name, n, NULL) || !name_equal(zone, r->zone))
        return false;
    expect(&p, "seen ");
    r->seen_s = number(&p, ' ', WALL_MAX);
    expect(&p, "next ");
    r->next_s = number(&p, ' ', WALL_MAX);
    expect(&p, "retry ");
    r->retry = number(&p, '\n', RETRY_MAX);
    while (!p.bad && p.p < p.end)
        read_key(&p, r);
    return !p.bad;
}

/* The length of what is summed; 0: there is no good sum at the end. */
static size_t check_sum(const char *text, size_t len)
{
    static const size_t tail = 4 + 2 * SUM_LEN + 1; /* "sum ", digits, line end */
    struct text sum;
    if (len < tail || memcmp(text + len - tail, "sum ", 4) != 0 || text[len - 1] != '\n')
        return 0;
    text_init(&sum);
    add_sum(&sum, text, len - tail);
    bool good = sum.len == 2 * SUM_LEN && memcmp(sum.data, text + len - tail + 4, sum.len) == 0;
    text_fini(&sum);
    return good ? len - tail : 0;
}

/* base64 has several forms of the same octets, a zone's name has two cases. */
static bool is_as_written(const struct rfc5011 *r, const char *text, size_t len)
{
    struct text again;
    text_init(&again);
    rfc5011_write(r, &again);
    bool same = again.len == len && memcmp(again.data, text, len) == 0;
    text_fini(&again);
    return same;
}

enum err rfc5011_read(struct rfc5011 *r, const char *text, size_t len, struct text *why)
{
    name_t zone[NAME_MAX_LEN];
    name_copy(zone, r->zone);
    rfc5011_fini(r);
    rfc5011_init(r, zone);
    size_t lines = len <= RFC5011_FILE_MAX ? check_sum(text, len) : 0;
    if (lines && read_lines(r, text, lines) && is_as_written(r, text, len))
        return ERR_OK;
    if (len > RFC5011_FILE_MAX)
        text_add(why, "is too long");
    else if (len < sizeof VERSION_LINE || memcmp(text, VERSION_LINE, sizeof VERSION_LINE - 1) != 0)
        text_add(why, "is no state of this version");
    else
        text_add(why, lines ? "has a line that is not of its form" : "is damaged: its checksum is wrong");
    rfc5011_fini(r);
    rfc5011_init(r, zone);
    return ERR_FORMAT;
}
