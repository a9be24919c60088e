#include "lib/trust.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "lib/fetched.h"
#include "lib/file.h"
#include "lib/root_anchors.h"

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

/* What `hark update` fetched counts if it is newer than what is compiled in. */
static bool read_fetched(struct root_anchors_file *f, struct text *warnings)
{
    struct text why;
    text_init(&why);
    enum err err = root_anchors_fetched(f, &why);
    if (err && err != ERR_NOTFOUND)
        warn(warnings, "%s; it is left out", why.data);
    bool good = !err && f->fetched_s >= root_anchors_built_in_s();
    if (good) {
        struct anchors *read = anchors_new();
        text_clear(&why);
        good = anchors_add_text(read, f->text, f->len, &why) == ERR_OK && find_root(read);
        if (!good)
            warn(warnings, "%s/" ROOT_ANCHORS_FILE " %s; it is left out", fetched_folder(), why.data);
        anchors_free(read);
    }
    text_fini(&why);
    if (good)
        return true;
    mem_free(f->text);
    f->text = NULL;
    return false;
}

/* The system's file is looked at if somebody named it, or it is newer than what was fetched. */
static bool wants_root_data(const struct config_trust *t, const struct root_anchors_file *fetched)
{
    struct stat st;
    if (t->root_data)
        return t->root_data[0] != 0;
    return stat(TRUST_ROOT_DATA, &st) == 0 && (!fetched || (int64_t)st.st_mtime > fetched->fetched_s);
}

/* The root's, where the settings have none. */
static void add_root(
    struct anchors *a, const struct config_trust *t, const struct rfc5011 *state, struct text *warnings)
{
    struct root_anchors_file fetched;
    bool newer = t->builtin && read_fetched(&fetched, warnings);
    if (newer)
        (void)anchors_add_text(a, fetched.text, fetched.len, NULL);
    else if (t->builtin)
        anchors_add_builtin(a);
    if (wants_root_data(t, newer ? &fetched : NULL))
        add_root_data(a, t->root_data, warnings);
    if (newer)
        mem_free(fetched.text);
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

void trust_origin(struct trust_origin *out, const struct config *c)
{
    const struct config_trust *t = &c->trust;
    struct anchors *configured = anchors_new();
    *out = (struct trust_origin){0};
    add_configured(configured, t);
    if (find_root(configured)) {
        out->from = TRUST_OF_SETTINGS;
    } else {
        struct root_anchors_file fetched;
        struct text ignored;
        text_init(&ignored);
        bool newer = t->builtin && read_fetched(&fetched, &ignored);
        time_t when = newer ? (time_t)fetched.fetched_s : 0;
        struct tm tm;
        out->from = newer ? TRUST_UPDATED : t->builtin ? TRUST_BUILT_IN : TRUST_OF_NOBODY;
        out->system = wants_root_data(t, newer ? &fetched : NULL);
        if (newer && gmtime_r(&when, &tm))
            strftime(out->date, sizeof out->date, "%Y-%m-%d", &tm);
        else if (t->builtin)
            snprintf(out->date, sizeof out->date, "%s", ROOT_ANCHORS_BUILT_IN);
        if (newer)
            mem_free(fetched.text);
        text_fini(&ignored);
    }
    anchors_free(configured);
}

void trust_origin_text(const struct trust_origin *o, struct text *t)
{
    static const char *const words[] = {[TRUST_OF_NOBODY] = "",
        [TRUST_OF_SETTINGS] = "from the settings",
        [TRUST_BUILT_IN] = "built in ",
        [TRUST_UPDATED] = "updated "};
    const char *system = o->from == TRUST_OF_NOBODY ? "of the system" : ", and of the system";
    text_printf(t, "%s%s%s", words[o->from], o->date, o->system ? system : "");
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
