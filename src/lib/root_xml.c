/* root-anchors.xml (RFC 9718 2.1), by expat, which is loaded when such a file is read. What the schema does
 * not know is passed over; a document type, which could define entities, is refused. */
#include <expat.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/cursor.h"
#include "dns/name.h"
#include "dnssec/verify.h"
#include "lib/library.h"
#include "lib/root_anchors.h"

#define LIBRARY "libexpat.so.1"
#define DEPTH_MAX 8u /* elements in each other; three in the schema */
#define KEY_OCTETS_MAX 4096u
#define FLAGS_SEP 257u /* of a key without the element Flags */

/* The functions of expat that are used. */
#define FUNCTIONS(FUNCTION)                                                                                  \
    FUNCTION(XML_Parser, create, XML_ParserCreate, (const XML_Char *))                                       \
    FUNCTION(void, destroy, XML_ParserFree, (XML_Parser))                                                    \
    FUNCTION(void, set_data, XML_SetUserData, (XML_Parser, void *))                                          \
    FUNCTION(void, on_element, XML_SetElementHandler,                                                        \
        (XML_Parser, XML_StartElementHandler, XML_EndElementHandler))                                        \
    FUNCTION(void, on_text, XML_SetCharacterDataHandler, (XML_Parser, XML_CharacterDataHandler))             \
    FUNCTION(void, on_doctype, XML_SetStartDoctypeDeclHandler, (XML_Parser, XML_StartDoctypeDeclHandler))    \
    FUNCTION(enum XML_Status, parse, XML_Parse, (XML_Parser, const char *, int, int))                        \
    FUNCTION(enum XML_Status, stop, XML_StopParser, (XML_Parser, XML_Bool))                                  \
    FUNCTION(enum XML_Error, error, XML_GetErrorCode, (XML_Parser))                                          \
    FUNCTION(const XML_LChar *, error_text, XML_ErrorString, (enum XML_Error))                               \
    FUNCTION(XML_Size, line, XML_GetCurrentLineNumber, (XML_Parser))

struct expat {
    FUNCTIONS(LIBRARY_FIELD)
};

enum field { KEY_TAG, ALGORITHM, DIGEST_TYPE, DIGEST, PUBLIC_KEY, FLAGS, FIELD_COUNT };

static const char *const field_names[FIELD_COUNT] = {[KEY_TAG] = "KeyTag",
    [ALGORITHM] = "Algorithm",
    [DIGEST_TYPE] = "DigestType",
    [DIGEST] = "Digest",
    [PUBLIC_KEY] = "PublicKey",
    [FLAGS] = "Flags"};

struct reading {
    struct expat expat;
    XML_Parser parser;
    struct root_anchors *out;
    struct arena *arena;
    struct text *why;
    enum err err;
    unsigned depth; /* of open elements */
    bool in_key, is_root;
    struct text text; /* of the innermost element */
    struct root_key key;
    const char *fields[FIELD_COUNT];
};

static void refuse(struct reading *r, enum err err, const char *why)
{
    if (r->err)
        return;
    r->err = err;
    text_add(r->why, why);
    r->expat.stop(r->parser, XML_FALSE);
}

/* ---- values ---- */

/* xsd:dateTime with a zone: 2017-02-02T00:00:00+00:00 */
static bool read_time(const char *s, int64_t *out)
{
    struct tm tm = {0};
    int used = 0, hours = 0, minutes = 0;
    char sign = 0;
    if (sscanf(s, "%4d-%2d-%2dT%2d:%2d:%2d%n", &tm.tm_year, &tm.tm_mon, &tm.tm_mday, &tm.tm_hour, &tm.tm_min,
            &tm.tm_sec, &used) != 6 ||
        tm.tm_year < 1990 || tm.tm_mon < 1 || tm.tm_mon > 12 || tm.tm_mday < 1 || tm.tm_mday > 31 ||
        tm.tm_hour < 0 || tm.tm_hour > 24 || tm.tm_min < 0 || tm.tm_min > 59 || tm.tm_sec < 0 ||
        tm.tm_sec > 60)
        return false;
    tm.tm_year -= 1900;
    tm.tm_mon -= 1;
    s += used;
    used = 0;
    if (strcmp(s, "Z") != 0 &&
        (sscanf(s, "%c%2d:%2d%n", &sign, &hours, &minutes, &used) != 3 || s[used] != 0 ||
            (sign != '+' && sign != '-') || hours < 0 || hours > 14 || minutes < 0 || minutes > 59))
        return false;
    *out = (int64_t)timegm(&tm) - (sign == '-' ? -1 : 1) * (hours * 3600 + minutes * 60);
    return true;
}

static bool read_number(const char *s, unsigned long max, unsigned long *out)
{
    char *end;
    size_t digits = s ? strspn(s, "0123456789") : 0;
    if (digits == 0 || digits > 5)
        return false;
    *out = strtoul(s, &end, 10);
    return end[strspn(end, " \t\r\n")] == 0 && *out <= max;
}

static bool make_ds(struct reading *r, struct rdata *out)
{
    uint8_t octets[4 + 64];
    unsigned long tag, algorithm, type;
    if (!read_number(r->fields[KEY_TAG], UINT16_MAX, &tag) ||
        !read_number(r->fields[ALGORITHM], UINT8_MAX, &algorithm) ||
        !read_number(r->fields[DIGEST_TYPE], UINT8_MAX, &type) || !r->fields[DIGEST])
        return false;
    long n = text_unhex(r->fields[DIGEST], strlen(r->fields[DIGEST]), octets + 4, sizeof octets - 4);
    if (n < 1 || (type == DIGEST_SHA256 && n != 32) || (type == DIGEST_SHA384 && n != 48))
        return false;
    put_u16(octets, (uint16_t)tag);
    octets[2] = (uint8_t)algorithm;
    octets[3] = (uint8_t)type;
    *out = (struct rdata){.data = arena_copy(r->arena, octets, (size_t)n + 4), .len = (uint16_t)(n + 4)};
    return true;
}

static bool make_key(struct reading *r, uint8_t algorithm, struct rdata *out)
{
    uint8_t octets[4 + KEY_OCTETS_MAX];
    unsigned long flags = FLAGS_SEP;
    const char *text = r->fields[PUBLIC_KEY];
    if (r->fields[FLAGS] && !read_number(r->fields[FLAGS], UINT16_MAX, &flags))
        return false;
    long n = text_unbase64(text, strlen(text), octets + 4, KEY_OCTETS_MAX);
    if (n < 1)
        return false;
    put_u16(octets, (uint16_t)flags);
    octets[2] = 3; /* RFC 4034 2.1.2 */
    octets[3] = algorithm;
    *out = (struct rdata){.data = arena_copy(r->arena, octets, (size_t)n + 4), .len = (uint16_t)(n + 4)};
    return true;
}

static bool key_fits(struct reading *r, const struct rdata *ds, const struct rdata *key)
{
    struct rdata made;
    return dnskey_tag(key) == get_u16(ds->data) && ds_make(NAME_ROOT, key, ds->data[3], r->arena, &made) &&
           made.len == ds->len && memcmp(made.data, ds->data, ds->len) == 0;
}

static void end_key(struct reading *r)
{
    struct root_key *k = &r->key;
    if (!make_ds(r, &k->ds)) {
        refuse(r, ERR_FORMAT, "a KeyDigest has not the tag, algorithm, digest type and digest of a key");
        return;
    }
    if (k->ds.data[3] != DIGEST_SHA256 && k->ds.data[3] != DIGEST_SHA384)
        return;
    if (r->fields[PUBLIC_KEY] && (!make_key(r, k->ds.data[2], &k->key) || !key_fits(r, &k->ds, &k->key))) {
        refuse(r, ERR_RANGE, "a key's digest is not that of the public key beside it");
    } else if (r->out->count == ROOT_ANCHORS_MAX) {
        refuse(r, ERR_LIMIT, "it has more keys than the root could have");
    } else {
        r->out->keys[r->out->count++] = *k;
    }
}

/* ---- the document ---- */

static const char *attribute(const XML_Char **attributes, const char *name)
{
    for (; attributes[0]; attributes += 2)
        if (strcmp(attributes[0], name) == 0)
            return attributes[1];
    return NULL;
}

static void begin_key(struct reading *r, const XML_Char **attributes)
{
    const char *from = attribute(attributes, "validFrom"), *until = attribute(attributes, "validUntil");
    memset(r->fields, 0, sizeof r->fields);
    r->key = (struct root_key){.until_s = INT64_MAX};
    r->in_key = true;
    if (!from || !read_time(from, &r->key.from_s) || (until && !read_time(until, &r->key.until_s)))
        refuse(r, ERR_FORMAT, "a KeyDigest does not say from when on, or until when, it holds");
}

static void on_start(void *data, const XML_Char *name, const XML_Char **attributes)
{
    struct reading *r = data;
    if (r->depth == 0 && strcmp(name, "TrustAnchor") != 0)
        refuse(r, ERR_FORMAT, "it is no TrustAnchor");
    else if (r->depth == 0 && attribute(attributes, "id"))
        r->out->id = arena_strdup(r->arena, attribute(attributes, "id"));
    else if (r->depth == 1 && strcmp(name, "KeyDigest") == 0)
        begin_key(r, attributes);
    else if (r->depth == DEPTH_MAX)
        refuse(r, ERR_LIMIT, "its elements are nested too deep");
    r->depth++;
    text_clear(&r->text);
}

static void on_end(void *data, const XML_Char *name)
{
    struct reading *r = data;
    r->depth--;
    if (r->err)
        return;
    if (r->depth == 1 && r->in_key) {
        r->in_key = false;
        end_key(r);
    } else if (r->depth == 1 && strcmp(name, "Zone") == 0) {
        const char *zone = r->text.data + strspn(r->text.data, " \t\r\n");
        r->is_root = zone[0] == '.' && zone[1 + strspn(zone + 1, " \t\r\n")] == 0;
    }
    for (int i = 0; r->depth == 2 && r->in_key && i < FIELD_COUNT; i++)
        if (strcmp(name, field_names[i]) == 0)
            r->fields[i] = arena_strdup(r->arena, r->text.data + strspn(r->text.data, " \t\r\n"));
    text_clear(&r->text);
}

static void on_text(void *data, const XML_Char *s, int len)
{
    struct reading *r = data;
    text_add_n(&r->text, s, (size_t)len);
}

static void on_doctype(
    void *data, const XML_Char *name, const XML_Char *system, const XML_Char *public, int subset)
{
    (void)name, (void)system, (void)public, (void)subset;
    refuse(data, ERR_FORMAT, "it has a document type, which none of IANA's has");
}

static enum err read_all(struct reading *r, const char *xml, size_t len)
{
    const struct expat *e = &r->expat;
    e->set_data(r->parser, r);
    e->on_element(r->parser, on_start, on_end);
    e->on_text(r->parser, on_text);
    e->on_doctype(r->parser, on_doctype);
    if (e->parse(r->parser, xml, (int)len, 1) != XML_STATUS_OK && !r->err) {
        r->err = ERR_FORMAT;
        text_printf(
            r->why, "line %lu: %s", (unsigned long)e->line(r->parser), e->error_text(e->error(r->parser)));
    }
    if (!r->err && (!r->is_root || r->out->count == 0)) {
        r->err = ERR_FORMAT;
        text_add(r->why, r->is_root ? "it has no key" : "it is not of the root");
    }
    return r->err;
}

enum err root_anchors_read(
    struct root_anchors *out, const char *xml, size_t len, struct arena *a, struct text *why)
{
    struct reading r = {.out = out, .arena = a, .why = why};
    *out = (struct root_anchors){0};
    if (len > ROOT_ANCHORS_OCTETS_MAX) {
        text_add(why, "it is too long");
        return ERR_LIMIT;
    }
    if (!LIBRARY_LOAD(LIBRARY, FUNCTIONS, &r.expat) || !(r.parser = r.expat.create(NULL))) {
        text_add(why, "it is XML, and " LIBRARY " is not here to read it");
        return ERR_SYSTEM;
    }
    text_init(&r.text);
    enum err err = read_all(&r, xml, len);
    r.expat.destroy(r.parser);
    text_fini(&r.text);
    return err;
}
