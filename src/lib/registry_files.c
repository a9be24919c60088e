#include "lib/registry_files.h"

#include <string.h>
#include <unistd.h>

#include "defs/limits.h"
#include "lib/fetched.h"
#include "lib/file.h"

static void path_of(struct text *out, enum bootstrap_kind kind)
{
    text_printf(out, "%s/rdap-%s.json", fetched_folder(), bootstrap_kind_text(kind));
}

static enum err read_list(
    struct bootstrap *out, enum bootstrap_kind kind, const char *path, struct arena *a, struct text *why)
{
    const char *phrase = NULL;
    enum err err = ERR_SYSTEM;
    size_t len;
    struct text said;
    text_init(&said);
    char *body = file_read(path, BOOTSTRAP_OCTETS_MAX, &len, &said);
    if (body)
        err = bootstrap_read(out, kind, body, len, a, &phrase);
    if (err)
        text_printf(why, "%s is left out: %s", path, phrase ? phrase : said.data);
    text_fini(&said);
    mem_free(body);
    return err;
}

enum err registry_fetched(struct bootstrap *out, enum bootstrap_kind kind, struct arena *a, struct text *why)
{
    struct text path;
    enum err err = ERR_NOTFOUND;
    text_init(&path);
    path_of(&path, kind);
    if (access(path.data, F_OK) == 0)
        err = read_list(out, kind, path.data, a, why);
    if (err == ERR_OK && strcmp(out->published, registry_date(kind)) < 0)
        err = ERR_NOTFOUND;
    text_fini(&path);
    return err;
}

static struct registry compiled_in(const struct registry_key *key)
{
    struct registry r;
    switch (key->kind) {
    case BOOTSTRAP_DNS:
        return registry_of_name(key->name);
    case BOOTSTRAP_ASN:
        return registry_of_asn(key->asn);
    case BOOTSTRAP_TAGS:
        return registry_of_handle(&r, key->name) ? r : (struct registry){0};
    default:
        return registry_of_address(&key->addr);
    }
}

const char *registry_server(const struct bootstrap *b, const struct registry_key *key)
{
    if (!b)
        return compiled_in(key).rdap;
    switch (key->kind) {
    case BOOTSTRAP_DNS:
        return bootstrap_name(b, key->name);
    case BOOTSTRAP_ASN:
        return bootstrap_asn(b, key->asn);
    case BOOTSTRAP_TAGS:
        return bootstrap_handle(b, key->name);
    default:
        return bootstrap_address(b, &key->addr);
    }
}

struct registry registry_find(const struct registry_key *key, struct arena *a)
{
    struct registry r = compiled_in(key);
    struct bootstrap b;
    struct text why;
    if (key->kind == BOOTSTRAP_DNS && !strchr(key->name, '.'))
        return r; /* a top-level domain itself is IANA's */
    text_init(&why);
    if (registry_fetched(&b, key->kind, a, &why) == ERR_OK)
        r.rdap = registry_server(&b, key);
    else if (why.len)
        r.trouble = arena_strdup(a, why.data);
    text_fini(&why);
    return r;
}
