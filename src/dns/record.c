#include "dns/record.h"

#include <string.h>

const char *record_bare_name(const name_t *n, char buf[NAME_TEXT_LEN])
{
    name_text(n, buf);
    size_t len = strlen(buf);
    if (len > 1)
        buf[len - 1] = 0;
    return buf;
}

void record_add_question(struct text *t, const name_t *n, uint16_t type)
{
    char buf[NAME_TEXT_LEN];
    text_add(t, record_bare_name(n, buf));
    text_char(t, ' ');
    rrtype_to_text(t, type);
}

void record_each(
    const struct rrset *rs, bool with_sigs, void (*fn)(void *ctx, const struct rr *rr), void *ctx)
{
    struct rr rr = {.owner = rs->owner, .type = rs->type, .class = rs->class, .ttl = rs->ttl};
    for (unsigned i = 0; i < rs->count; i++) {
        rr.rdata = rs->rdata[i];
        fn(ctx, &rr);
    }
    rr.type = TYPE_RRSIG;
    for (unsigned i = 0; with_sigs && i < rs->sig_count; i++) {
        rr.rdata = rs->sigs[i];
        fn(ctx, &rr);
    }
}

json_t *record_text(const char *text)
{
    json_t *value = json_string(text);
    if (!value) {
        struct text t;
        text_init(&t);
        for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
            if (*p < 0x80)
                text_char(&t, (char)*p);
            else
                text_printf(&t, "\\%03u", *p);
        }
        value = json_string(t.data);
        text_fini(&t);
    }
    return value;
}

void record_set_text(json_t *j, const char *key, const char *text)
{
    if (text)
        json_object_set_new(j, key, record_text(text));
}

json_t *record_texts(const char *const *texts, size_t count)
{
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, record_text(texts[i]));
    return list;
}

void record_add_ede(struct text *t, int code, const char *text)
{
    const char *purpose = ede_text(code);
    text_printf(t, "EDE %d", code);
    if (purpose)
        text_printf(t, ", %s", purpose);
    if (text && *text)
        text_printf(t, ": %s", text);
}

json_t *record_ede(int code, const char *text)
{
    json_t *j = json_object();
    const char *purpose = ede_text(code);
    json_object_set_new(j, "code", json_integer(code));
    if (purpose)
        json_object_set_new(j, "purpose", json_string(purpose));
    if (text && *text)
        record_set_text(j, "text", text);
    return j;
}

void record_set_type(json_t *j, const char *key, uint16_t type)
{
    struct text t;
    text_init(&t);
    rrtype_to_text(&t, type);
    json_object_set_new(j, key, json_string(t.data));
    text_fini(&t);
}

void record_set_rcode(json_t *j, const char *key, uint16_t rcode)
{
    struct text t;
    text_init(&t);
    rcode_to_text(&t, rcode);
    json_object_set_new(j, key, json_string(t.data));
    text_fini(&t);
}

void record_set_name(json_t *j, const char *key, const name_t *name)
{
    char buf[NAME_TEXT_LEN];
    json_object_set_new(j, key, json_string(name_text(name, buf)));
}
