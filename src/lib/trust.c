#include "lib/trust.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/file.h"

#define ROOT_DATA_MAX 65536u /* octets; it has 2 kB */

__attribute__((format(printf, 2, 3))) static void warn(struct text *warnings, const char *format, ...)
{
    char line[512];
    va_list ap;
    va_start(ap, format);
    vsnprintf(line, sizeof line, format, ap);
    va_end(ap);
    text_printf(warnings, "%s%s", warnings->len ? "\n" : "", line);
}

static void add_configured(struct anchors *a, const struct config_trust *t)
{
    enum err err = ERR_OK;
    for (size_t i = 0; i < t->anchors.count && !err; i++)
        err = anchors_add_text(a, t->anchors.items[i], strlen(t->anchors.items[i]), NULL);
    for (size_t i = 0; i < t->files.count && !err; i++)
        err = anchors_add_text(a, t->files.texts[i], strlen(t->files.texts[i]), NULL);
    assert(!err && "what the settings took does not read");
    (void)err;
    for (size_t i = 0; i < t->negatives.count; i++)
        anchors_add_negative(a, t->negatives.items[i].zone, t->negatives.items[i].until_s);
}

static const struct anchor *find_root(const struct anchors *a)
{
    for (size_t i = 0; i < a->count; i++)
        if (name_is_root(a->items[i].zone))
            return &a->items[i];
    return NULL;
}

/* The system's file may be wrong, or of other zones: only what it says of the root is taken. */
static void add_root_data(struct anchors *a, const char *path, struct text *warnings)
{
    struct text why;
    size_t len;
    const char *at = path ? path : TRUST_ROOT_DATA;
    if (!path && access(at, F_OK) < 0)
        return;
    text_init(&why);
    struct anchors *read = anchors_new();
    char *text = file_read(at, ROOT_DATA_MAX, &len, &why);
    if (!text || anchors_add_text(read, text, len, &why)) {
        warn(warnings, "%s %s%s (dnssec.root-data)", at, text ? "" : "cannot be read: ", why.data);
    } else {
        const struct anchor *root = find_root(read);
        for (unsigned i = 0; root && i < root->ds.count; i++)
            anchors_add(a, NAME_ROOT, root->ds.type, &root->ds.rdata[i]);
        for (unsigned i = 0; root && i < root->keys.count; i++)
            anchors_add(a, NAME_ROOT, root->keys.type, &root->keys.rdata[i]);
    }
    mem_free(text);
    anchors_free(read);
    text_fini(&why);
}

struct anchors *trust_anchors(
    const struct config *c, const struct dnssec_policy *policy, struct text *warnings)
{
    const struct config_trust *t = &c->trust;
    struct anchors *a = anchors_new();
    add_configured(a, t);
    if (!find_root(a)) {
        if (t->builtin)
            anchors_add_builtin(a);
        if (!t->root_data || t->root_data[0])
            add_root_data(a, t->root_data, warnings);
    }
    anchors_settle(a, policy);
    for (size_t i = 0; i < a->count; i++) {
        char zone[NAME_TEXT_LEN];
        if (a->items[i].unsupported)
            warn(warnings, "the trust anchor of %s counts as none: %s", name_text(a->items[i].zone, zone),
                a->items[i].ds.count + a->items[i].keys.count
                    ? "it has no key of an algorithm that is verified"
                    : "all its keys are revoked");
    }
    return a;
}
