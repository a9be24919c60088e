/* IPSECKEY and AMTRELAY, that name a gateway in one of several forms, and HIP. */
#include <string.h>

#include "base/addr.h"
#include "dns/rdata_forms.h"

/* RFC 4025 2.3, RFC 8777 4.2.3: what follows. Of other types nothing is known, not even the length. */
enum gateway_type { GATEWAY_NONE = 0, GATEWAY_V4 = 1, GATEWAY_V6 = 2, GATEWAY_NAME = 3 };

#define RELAY_DISCOVERY 0x80 /* the D bit, RFC 8777 4.2.2 */
#define HIP_HEAD_LEN 4u      /* HIT length, algorithm, key length: RFC 8005 5 */

static size_t gateway_field_len(uint8_t type, const uint8_t *p, size_t max)
{
    size_t n = max;
    if (type == GATEWAY_NONE)
        n = 0;
    else if (type == GATEWAY_V4)
        n = 4;
    else if (type == GATEWAY_V6)
        n = 16;
    else if (type == GATEWAY_NAME)
        n = name_check(p, max) ? name_check(p, max) : FIELD_BAD;
    return n <= max ? n : FIELD_BAD;
}

static bool gateway_field_to_text(struct text *t, uint8_t type, const uint8_t *p)
{
    switch (type) {
    case GATEWAY_NONE:
        text_char(t, '.');
        return true;
    case GATEWAY_V4:
        form_address_to_text(t, p, FAMILY_V4);
        return true;
    case GATEWAY_V6:
        form_address_to_text(t, p, FAMILY_V6);
        return true;
    case GATEWAY_NAME:
        name_to_text(t, p);
        return true;
    }
    return false;
}

static enum err gateway_field_from_text(
    struct writer *w, uint32_t type, struct lexer *l, const name_t *origin)
{
    name_t name[NAME_MAX_LEN];
    struct token k;
    enum err e = form_word(l, &k);
    if (e)
        return e;
    switch (type) {
    case GATEWAY_NONE:
        return token_is(&k, ".") ? ERR_OK : ERR_FORMAT;
    case GATEWAY_V4:
        return form_address(w, k.text, k.len, FAMILY_V4);
    case GATEWAY_V6:
        return form_address(w, k.text, k.len, FAMILY_V6);
    case GATEWAY_NAME:
        e = name_from_text(name, k.text, k.len, origin);
        if (!e)
            write_octets(w, name, name_len(name));
        return e;
    }
    return ERR_RANGE;
}

/* ---- IPSECKEY after its precedence, up to its key ---- */

size_t gateway_len(const uint8_t *p, size_t max)
{
    if (max < 2)
        return FIELD_BAD;
    size_t n = gateway_field_len(p[0], p + 2, max - 2);
    return n == FIELD_BAD ? FIELD_BAD : 2 + n;
}

bool gateway_to_text(struct text *t, const uint8_t *p, size_t n)
{
    text_printf(t, "%u %u ", p[0], p[1]);
    return gateway_field_to_text(t, p[0], p + 2);
}

enum err gateway_from_text(struct writer *w, struct lexer *l, const name_t *origin)
{
    uint32_t type = 0, algorithm = 0;
    enum err e = form_number(l, 0xff, &type);
    if (!e)
        e = form_number(l, 0xff, &algorithm);
    write_u8(w, (uint8_t)type);
    write_u8(w, (uint8_t)algorithm);
    return e ? e : gateway_field_from_text(w, type, l, origin);
}

/* ---- AMTRELAY after its precedence ---- */

size_t relay_len(const uint8_t *p, size_t max)
{
    if (!max)
        return FIELD_BAD;
    size_t n = gateway_field_len(p[0] & (uint8_t)~RELAY_DISCOVERY, p + 1, max - 1);
    return n == FIELD_BAD ? FIELD_BAD : 1 + n;
}

bool relay_to_text(struct text *t, const uint8_t *p, size_t n)
{
    uint8_t type = p[0] & (uint8_t)~RELAY_DISCOVERY;
    text_printf(t, "%u %u ", p[0] >> 7, type);
    return gateway_field_to_text(t, type, p + 1);
}

enum err relay_from_text(struct writer *w, struct lexer *l, const name_t *origin)
{
    uint32_t discovery = 0, type = 0;
    enum err e = form_number(l, 1, &discovery);
    if (!e)
        e = form_number(l, 0x7f, &type);
    write_u8(w, (uint8_t)(discovery << 7 | type));
    return e ? e : gateway_field_from_text(w, type, l, origin);
}

/* ---- HIP ---- */

static bool hip_servers_fit(const uint8_t *p, size_t len)
{
    while (len) {
        size_t n = name_check(p, len);
        if (!n)
            return false;
        p += n;
        len -= n;
    }
    return true;
}

size_t host_id_len(const uint8_t *p, size_t max)
{
    if (max < HIP_HEAD_LEN)
        return FIELD_BAD;
    size_t n = HIP_HEAD_LEN + p[0] + get_u16(p + 2);
    return n <= max && hip_servers_fit(p + n, max - n) ? max : FIELD_BAD;
}

/* A tag or key of no octets would be no token. */
bool host_id_to_text(struct text *t, const uint8_t *p, size_t n)
{
    size_t tag = p[0], key = get_u16(p + 2);
    if (!tag || !key)
        return false;
    text_printf(t, "%u ", p[1]);
    text_hex(t, p + HIP_HEAD_LEN, tag);
    text_char(t, ' ');
    text_base64(t, p + HIP_HEAD_LEN + tag, key);
    for (size_t pos = HIP_HEAD_LEN + tag + key; pos < n; pos += name_len(p + pos)) {
        text_char(t, ' ');
        name_to_text(t, p + pos);
    }
    return true;
}

static enum err hip_servers_from_text(struct writer *w, struct lexer *l, const name_t *origin)
{
    struct token k;
    while (lexer_next(l, &k)) {
        name_t name[NAME_MAX_LEN];
        enum err e = k.quoted ? ERR_FORMAT : name_from_text(name, k.text, k.len, origin);
        if (e)
            return e;
        write_octets(w, name, name_len(name));
    }
    return ERR_OK;
}

/* Algorithm, tag in hexadecimal, key in base64 without white space, rendezvous servers (RFC 8005 6). */
enum err host_id_from_text(struct writer *w, struct lexer *l, const name_t *origin)
{
    struct token k;
    uint32_t algorithm = 0;
    uint8_t *head = write_room(w, HIP_HEAD_LEN);
    enum err e = form_number(l, 0xff, &algorithm);
    if (!head || e)
        return e ? e : ERR_RANGE;
    if (form_word(l, &k) != ERR_OK)
        return ERR_FORMAT;
    long tag = text_unhex(k.text, k.len, w->data + w->pos, writer_left(w));
    if (tag < 1 || tag > 0xff)
        return ERR_FORMAT;
    write_room(w, (size_t)tag);
    if (form_word(l, &k) != ERR_OK)
        return ERR_FORMAT;
    long key = text_unbase64(k.text, k.len, w->data + w->pos, writer_left(w));
    if (key < 1)
        return ERR_FORMAT;
    write_room(w, (size_t)key);
    head[0] = (uint8_t)tag;
    head[1] = (uint8_t)algorithm;
    put_u16(head + 2, (uint16_t)key);
    return hip_servers_from_text(w, l, origin);
}
