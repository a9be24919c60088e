#include "dns/edns.h"

#include <string.h>

#include "dns/token.h"

#define FLAG_DO 0x8000u /* RFC 3225 */
#define FLAG_CO 0x4000u /* RFC 9824 3.3 */
#define TYPE_OPT_CODE 41u
#define OPT_FIXED_LEN 11u /* root, type, class, TTL, RDLENGTH */
#define KEEPALIVE_EMPTY 0xffffu
#define SUBNET_FIXED_LEN 4u /* family and two prefix lengths */
/* Address families of RFC 7871 6. */
#define SUBNET_V4 1u
#define SUBNET_V6 2u

bool ede_is_dnssec(int code)
{
    return (code >= EDE_DNSSEC_INDETERMINATE && code <= EDE_NSEC_MISSING) ||
           code == EDE_SIGNATURE_EXPIRED_BEFORE_VALID;
}

const char *ede_text(int code)
{
    switch (code) {
#define EDE(name, number, text)                                                                              \
    case number:                                                                                             \
        return text;
#include "defs/ede.def"
#undef EDE
    default:
        return NULL;
    }
}

/* ---- reading ---- */

static enum err read_cookie(struct edns *e, const struct edns_option *o)
{
    /* RFC 7873 5.2 and 5.3: of several only the first counts. */
    if (e->cookie_len)
        return ERR_OK;
    if (!edns_cookie_len_right(o->len))
        return ERR_FORMAT;
    memcpy(e->cookie, o->data, o->len);
    e->cookie_len = (uint8_t)o->len;
    return ERR_OK;
}

/* RFC 7871 6: as many address octets as the source prefix needs, and zero bits after it. Family 0 is what
 * clients send that want no subnet passed on: no prefix, no address. */
static enum err read_subnet(struct edns *e, const struct edns_option *o)
{
    struct reader r = reader_of(o->data, o->len);
    uint16_t family = read_u16(&r);
    uint8_t source = read_u8(&r), scope = read_u8(&r);
    if (r.bad || e->subnet_present || family > SUBNET_V6)
        return ERR_FORMAT;
    unsigned max = family == SUBNET_V4 ? 32 : family == SUBNET_V6 ? 128 : 0;
    if (source > max || scope > max)
        return ERR_FORMAT;
    size_t octets = (source + 7u) / 8u;
    const uint8_t *p = read_octets(&r, octets);
    if (!p || reader_left(&r) != 0)
        return ERR_FORMAT;
    if (source % 8u && (p[octets - 1] & 0xffu >> source % 8u))
        return ERR_FORMAT;
    e->subnet = (struct addr){.family = family == SUBNET_V4   ? FAMILY_V4
                                        : family == SUBNET_V6 ? FAMILY_V6
                                                              : FAMILY_NONE};
    memcpy(e->subnet.ip, p, octets);
    e->subnet_present = true;
    e->subnet_source = source;
    e->subnet_scope = scope;
    return ERR_OK;
}

static enum err read_keepalive(struct edns *e, const struct edns_option *o)
{
    if (e->keepalive_present || (o->len != 0 && o->len != 2))
        return ERR_FORMAT;
    e->keepalive_present = true;
    e->keepalive_100ms = o->len ? get_u16(o->data) : KEEPALIVE_EMPTY;
    return ERR_OK;
}

static enum err read_ede(struct edns *e, const struct edns_option *o, struct arena *a)
{
    if (o->len < 2)
        return ERR_FORMAT;
    /* RFC 8914 2 lets any number be sent; more than the first few tell nothing. */
    if (e->ede_count == EDNS_EDES_MAX)
        return ERR_OK;
    size_t n = o->len - 2u;
    char *text = arena_alloc(a, n + 1);
    memcpy(text, o->data + 2, n);
    e->ede[e->ede_count++] = (struct ede){.code = get_u16(o->data), .text = text};
    return ERR_OK;
}

/* Where no RFC says what a second NSID, client subnet, keepalive or report channel means, and RFC 7830 3
 * forbids a second padding, the whole OPT is malformed: guessing which one was meant is how two readers come
 * to disagree. */
static enum err read_option(struct edns *e, const struct edns_option *o, struct arena *a)
{
    switch (o->code) {
    case EDNS_NSID:
        if (e->nsid_asked)
            return ERR_FORMAT;
        e->nsid_asked = true;
        e->nsid = *o;
        return ERR_OK;
    case EDNS_CLIENT_SUBNET:
        return read_subnet(e, o);
    case EDNS_COOKIE:
        return read_cookie(e, o);
    case EDNS_KEEPALIVE:
        return read_keepalive(e, o);
    case EDNS_PADDING:
        if (e->padding_present)
            return ERR_FORMAT;
        e->padding_present = true;
        e->padding_len = o->len;
        return ERR_OK;
    case EDNS_KEY_TAG:
        if (o->len % 2 == 0) /* RFC 8145 4.1 */
            e->key_tags = *o;
        return ERR_OK;
    case EDNS_EDE:
        return read_ede(e, o, a);
    case EDNS_REPORT_CHANNEL:
        /* RFC 9567 6.1: one name, uncompressed. */
        if (e->report_agent || name_check(o->data, o->len) != o->len || o->len == 0)
            return ERR_FORMAT;
        e->report_agent = o->data;
        return ERR_OK;
    default:
        return ERR_OK; /* RFC 6891 6.1.2: unknown options are ignored */
    }
}

/* The frame of all options is judged first, and their number found. */
static enum err count_options(const uint8_t *rdata, size_t len, unsigned *count)
{
    struct reader r = reader_of(rdata, len);
    for (*count = 0; reader_left(&r) > 0; ++*count) {
        read_u16(&r);
        read_octets(&r, read_u16(&r));
        if (r.bad)
            return ERR_FORMAT;
        if (*count == EDNS_OPTIONS_MAX)
            return ERR_LIMIT;
    }
    return ERR_OK;
}

enum err edns_read(
    struct edns *out, uint16_t class, uint32_t ttl, const uint8_t *rdata, size_t len, struct arena *a)
{
    memset(out, 0, sizeof *out);
    out->present = true;
    out->udp_size = class;
    out->ext_rcode = (uint8_t)(ttl >> 24);
    out->version = (uint8_t)(ttl >> 16);
    out->flags_raw = (uint16_t)ttl;
    out->dnssec_ok = ttl & FLAG_DO;
    out->compact_ok = ttl & FLAG_CO;
    /* What another version's RDATA means is not known; the answer to it is BADVERS, RFC 6891 6.1.3. */
    if (out->version != 0 || len == 0)
        return ERR_OK;
    unsigned count;
    enum err err = count_options(rdata, len, &count);
    if (err)
        return err;
    struct reader r = reader_of(arena_copy(a, rdata, len), len);
    out->options = ARENA_ARRAY(a, struct edns_option, count);
    while (out->option_count < count) {
        struct edns_option *o = &out->options[out->option_count++];
        o->code = read_u16(&r);
        o->len = read_u16(&r);
        o->data = read_octets(&r, o->len);
        err = read_option(out, o, a);
        if (err)
            return err;
    }
    return ERR_OK;
}

/* ---- writing ---- */

static size_t subnet_octets(const struct edns *e)
{
    return (e->subnet_source + 7u) / 8u;
}

/* Lengths of the options' data, in the order in which they are written. */
static size_t options_len(const struct edns *e)
{
    size_t n = 0;
    if (e->nsid_asked || e->nsid.len)
        n += EDNS_OPTION_HEADER_LEN + e->nsid.len;
    if (e->cookie_len)
        n += EDNS_OPTION_HEADER_LEN + e->cookie_len;
    if (e->subnet_present)
        n += EDNS_OPTION_HEADER_LEN + SUBNET_FIXED_LEN + subnet_octets(e);
    if (e->keepalive_present)
        n += EDNS_OPTION_HEADER_LEN + (e->keepalive_100ms == KEEPALIVE_EMPTY ? 0u : 2u);
    if (e->key_tags.len)
        n += EDNS_OPTION_HEADER_LEN + e->key_tags.len;
    for (unsigned i = 0; i < e->ede_count; i++)
        n += EDNS_OPTION_HEADER_LEN + 2u + (e->ede[i].text ? strlen(e->ede[i].text) : 0);
    if (e->report_agent)
        n += EDNS_OPTION_HEADER_LEN + name_len(e->report_agent);
    if (e->padding_present)
        n += EDNS_OPTION_HEADER_LEN + e->padding_len;
    return n;
}

size_t edns_size(const struct edns *e)
{
    return OPT_FIXED_LEN + options_len(e);
}

static void write_option(struct writer *w, uint16_t code, const void *data, size_t len)
{
    write_u16(w, code);
    write_u16(w, (uint16_t)len);
    write_octets(w, data, len);
}

static void write_subnet(struct writer *w, const struct edns *e)
{
    size_t octets = subnet_octets(e);
    write_u16(w, EDNS_CLIENT_SUBNET);
    write_u16(w, (uint16_t)(SUBNET_FIXED_LEN + octets));
    write_u16(w, e->subnet.family == FAMILY_V4 ? SUBNET_V4 : e->subnet.family == FAMILY_V6 ? SUBNET_V6 : 0);
    write_u8(w, e->subnet_source);
    write_u8(w, e->subnet_scope);
    uint8_t *p = write_room(w, octets);
    if (!p || octets == 0)
        return;
    memcpy(p, e->subnet.ip, octets);
    if (e->subnet_source % 8u)
        p[octets - 1] &= (uint8_t) ~(0xffu >> e->subnet_source % 8u);
}

static void write_options(struct writer *w, const struct edns *e)
{
    if (e->nsid_asked || e->nsid.len)
        write_option(w, EDNS_NSID, e->nsid.data, e->nsid.len);
    if (e->cookie_len)
        write_option(w, EDNS_COOKIE, e->cookie, e->cookie_len);
    if (e->subnet_present)
        write_subnet(w, e);
    if (e->keepalive_present) {
        uint8_t v[2];
        put_u16(v, e->keepalive_100ms);
        write_option(w, EDNS_KEEPALIVE, v, e->keepalive_100ms == KEEPALIVE_EMPTY ? 0 : 2);
    }
    if (e->key_tags.len)
        write_option(w, EDNS_KEY_TAG, e->key_tags.data, e->key_tags.len);
    for (unsigned i = 0; i < e->ede_count; i++) {
        const char *text = e->ede[i].text ? e->ede[i].text : "";
        size_t n = strlen(text);
        write_u16(w, EDNS_EDE);
        write_u16(w, (uint16_t)(n + 2));
        write_u16(w, e->ede[i].code);
        write_octets(w, text, n);
    }
    if (e->report_agent)
        write_option(w, EDNS_REPORT_CHANNEL, e->report_agent, name_len(e->report_agent));
    if (e->padding_present) {
        write_u16(w, EDNS_PADDING);
        write_u16(w, e->padding_len);
        uint8_t *p = write_room(w, e->padding_len);
        if (p)
            memset(p, 0, e->padding_len);
    }
}

void edns_write(struct writer *w, const struct edns *e)
{
    size_t len = options_len(e);
    if (len > UINT16_MAX) {
        w->bad = true;
        return;
    }
    write_u8(w, 0);
    write_u16(w, TYPE_OPT_CODE);
    write_u16(w, e->udp_size);
    write_u8(w, e->ext_rcode);
    write_u8(w, e->version);
    write_u16(w, (uint16_t)((e->dnssec_ok ? FLAG_DO : 0) | (e->compact_ok ? FLAG_CO : 0)));
    write_u16(w, (uint16_t)len);
    write_options(w, e);
}

/* ---- text ---- */

static void head_to_text(struct text *t, const struct edns *e)
{
    unsigned mbz = e->flags_raw & ~(FLAG_DO | FLAG_CO) & 0xffffu;
    text_printf(t, "; EDNS: version: %u, flags:", e->version);
    if (e->dnssec_ok)
        text_add(t, " do");
    if (e->compact_ok)
        text_add(t, " co");
    if (mbz)
        text_printf(t, "; MBZ: 0x%04x", mbz);
    text_printf(t, "; udp: %u\n", e->udp_size);
}

static void subnet_to_text(struct text *t, const struct edns *e)
{
    char buf[ADDR_TEXT_LEN];
    text_printf(t, "; CLIENT-SUBNET: %s/%u/%u\n",
        e->subnet.family == FAMILY_NONE ? "0" : addr_text(&e->subnet, buf), e->subnet_source,
        e->subnet_scope);
}

static void ede_to_text(struct text *t, const struct ede *ede)
{
    const char *purpose = ede_text(ede->code);
    text_printf(t, "; EDE: %u", ede->code);
    if (purpose)
        text_printf(t, " (%s)", purpose);
    if (ede->text && ede->text[0]) {
        text_add(t, ": ");
        token_escape(t, (const uint8_t *)ede->text, strlen(ede->text));
    }
    text_char(t, '\n');
}

static void nsid_to_text(struct text *t, const struct edns_option *nsid)
{
    text_add(t, "; NSID:");
    if (nsid->len) {
        text_char(t, ' ');
        text_hex(t, nsid->data, nsid->len);
        text_add(t, " (\"");
        token_escape(t, nsid->data, nsid->len);
        text_add(t, "\")");
    }
    text_char(t, '\n');
}

static bool is_known(uint16_t code)
{
    return code == EDNS_NSID || code == EDNS_CLIENT_SUBNET || code == EDNS_COOKIE || code == EDNS_KEEPALIVE ||
           code == EDNS_PADDING || code == EDNS_EDE || code == EDNS_REPORT_CHANNEL;
}

void edns_to_text(struct text *t, const struct edns *e)
{
    head_to_text(t, e);
    if (e->nsid_asked || e->nsid.len)
        nsid_to_text(t, &e->nsid);
    if (e->cookie_len) {
        text_add(t, "; COOKIE: ");
        text_hex(t, e->cookie, e->cookie_len);
        text_char(t, '\n');
    }
    if (e->subnet_present)
        subnet_to_text(t, e);
    if (e->keepalive_present && e->keepalive_100ms == KEEPALIVE_EMPTY)
        text_add(t, "; TCP-KEEPALIVE\n");
    else if (e->keepalive_present)
        text_printf(t, "; TCP-KEEPALIVE: %u.%u secs\n", e->keepalive_100ms / 10u, e->keepalive_100ms % 10u);
    for (unsigned i = 0; i < e->ede_count; i++)
        ede_to_text(t, &e->ede[i]);
    if (e->report_agent) {
        text_add(t, "; REPORT-CHANNEL: ");
        name_to_text(t, e->report_agent);
        text_char(t, '\n');
    }
    if (e->padding_present)
        text_printf(t, "; PAD: (%u octets)\n", e->padding_len);
    for (unsigned i = 0; i < e->option_count; i++) {
        const struct edns_option *o = &e->options[i];
        if (is_known(o->code))
            continue;
        text_printf(t, "; OPT=%u: ", o->code);
        text_hex(t, o->data, o->len);
        text_char(t, '\n');
    }
}
