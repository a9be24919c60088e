#include "cli/reply.h"

#include <string.h>

bool reply_has(const json_t *j, const char *key)
{
    return json_object_get(j, key) != NULL;
}

bool reply_is_true(const json_t *j, const char *key)
{
    return json_is_true(json_object_get(j, key));
}

static const char *text_or(const json_t *j, const char *key, const char *otherwise)
{
    const char *s = json_string_value(json_object_get(j, key));
    return s ? s : otherwise;
}

const char *reply_text(const json_t *j, const char *key)
{
    return text_or(j, key, "");
}

const char *reply_shown(const json_t *j, const char *key)
{
    return text_or(j, key, "-");
}

long long reply_number(const json_t *j, const char *key)
{
    return (long long)json_integer_value(json_object_get(j, key));
}

void reply_add_name(struct text *t, const char *name)
{
    size_t len = strlen(name);
    text_add_n(t, name, len > 1 && name[len - 1] == '.' ? len - 1 : len);
}

void reply_add_zone(struct text *t, const char *name)
{
    if (strcmp(name, ".") == 0)
        text_add(t, "the root");
    else
        reply_add_name(t, name);
}

void reply_add_question(struct text *t, const json_t *j, const char *name, const char *type)
{
    reply_add_name(t, reply_text(j, name));
    text_printf(t, " %s", reply_text(j, type));
}

void reply_add_ede(struct text *t, const json_t *ede)
{
    const char *purpose = reply_text(ede, "purpose");
    text_printf(t, "EDE %lld%s%s", reply_number(ede, "code"), *purpose ? ", " : "", purpose);
}

void reply_add_server(struct text *t, const json_t *j)
{
    const char *server = reply_text(j, "server");
    reply_add_name(t, server);
    text_printf(t, "%s%s%s", *server ? " " : "", reply_text(j, "address"),
        strcmp(reply_text(j, "transport"), "tcp") == 0 ? " over TCP" : "");
}
