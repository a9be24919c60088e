#include "lib/trust.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
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

static unsigned root_keys(const struct anchors *a)
{
    const struct anchor *root = find_root(a);
    return root ? root->ds.count + root->keys.count : 0;
}

/* The root's, where the settings have none. */
static void add_root(
    struct anchors *a, const struct config_trust *t, const struct rfc5011 *state, struct text *warnings)
{
    if (t->builtin)
        anchors_add_builtin(a);
    if (!t->root_data || t->root_data[0])
        add_root_data(a, t->root_data, warnings);
    if (state && find_root(a))
        rfc5011_apply(state, a);
}

static void warn_of_unsupported(const struct anchors *a, struct text *warnings)
{
    for (size_t i = 0; i < a->count; i++) {
        const struct anchor *it = &a->items[i];
        char zone[NAME_TEXT_LEN];
        if (it->unsupported)
            warn(warnings, "the trust anchor of %s counts as none: %s", name_text(it->zone, zone),
                it->ds.count + it->keys.count ? "it has no key of an algorithm that is verified"
                                              : "all its keys are revoked");
    }
}

struct anchors *trust_anchors(const struct config *c, const struct dnssec_policy *policy,
    const struct rfc5011 *state, struct text *warnings)
{
    struct anchors *a = anchors_new();
    add_configured(a, &c->trust);
    unsigned configured = root_keys(a);
    if (!configured) {
        add_root(a, &c->trust, state, warnings);
    } else if (state) {
        rfc5011_take_away(state, a);
        if (root_keys(a) < configured)
            warn(warnings, "a trust anchor of the root in the settings was seen revoked, and is not trusted");
    }
    anchors_settle(a, policy);
    warn_of_unsupported(a, warnings);
    return a;
}

bool trust_follows_root(const struct config *c)
{
    const struct config_trust *t = &c->trust;
    if (!t->validate || !t->rfc5011)
        return false;
    struct anchors *a = anchors_new();
    add_configured(a, t);
    bool configured = find_root(a) != NULL;
    anchors_free(a);
    return !configured && (t->builtin || !t->root_data || t->root_data[0]);
}

/* ---- what is remembered ---- */

bool trust_folder(const struct config *c, char *buf, size_t cap)
{
    /* A service manager names a folder of harkd's own (StateDirectory=, systemd.exec(5)). */
    const char *given = getenv("STATE_DIRECTORY"), *set = c->trust.state;
    int n = -1;
    if (set)
        n = set[0] ? snprintf(buf, cap, "%s", set) : -1;
    else if (given && given[0] == '/')
        n = snprintf(buf, cap, "%.*s", (int)strcspn(given, ":"), given);
    else if (access(TRUST_FOLDER, F_OK) == 0)
        n = snprintf(buf, cap, "%s", TRUST_FOLDER);
    return n > 0 && (size_t)n < cap;
}

static enum err read_state_file(const char *path, struct rfc5011 *state, struct text *why)
{
    struct text reason;
    size_t len;
    if (access(path, F_OK) < 0 && errno == ENOENT)
        return ERR_NOTFOUND;
    text_init(&reason);
    char *text = file_read(path, RFC5011_FILE_MAX, &len, &reason);
    enum err err = text ? rfc5011_read(state, text, len, &reason) : ERR_SYSTEM;
    if (err)
        warn(why, "%s %s%s", path, text ? "" : "cannot be read: ", reason.data);
    mem_free(text);
    text_fini(&reason);
    return err;
}

enum err trust_read_state(const struct config *c, struct rfc5011 *state, struct text *why)
{
    char folder[PATH_MAX], path[PATH_MAX + sizeof TRUST_FILE_OLD + 1];
    rfc5011_init(state, NAME_ROOT);
    if (!trust_folder(c, folder, sizeof folder))
        return ERR_NOTFOUND;
    snprintf(path, sizeof path, "%s/" TRUST_FILE, folder);
    enum err err = read_state_file(path, state, why);
    if (!err)
        return ERR_OK;
    snprintf(path, sizeof path, "%s/" TRUST_FILE_OLD, folder);
    enum err old = read_state_file(path, state, why);
    return old == ERR_NOTFOUND ? err : old;
}

struct anchors *trust_read_anchors(const struct config *c, struct text *warnings)
{
    struct rfc5011 state;
    (void)trust_read_state(c, &state, warnings);
    struct anchors *a = trust_anchors(c, &c->resolve.policy, &state, warnings);
    rfc5011_fini(&state);
    return a;
}
