#include "lib/roots.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "dns/present.h"
#include "dns/rdata.h"
#include "dns/rrtype.h"
#include "lib/fetched.h"
#include "lib/file.h"

struct reading {
    struct roots *out;
    struct arena *arena;
    const name_t *servers[ROOTS_COUNT]; /* that its NS records name */
    size_t server_count;
};

/* ---- one line ---- */

/* ";       last update:     April 18, 2024" */
static void take_comment(struct roots *out, const char *line, size_t len)
{
    static const char *const months[] = {"January", "February", "March", "April", "May", "June", "July",
        "August", "September", "October", "November", "December"};
    static const char label[] = "last update:";
    char text[128], month[16];
    unsigned day, year;
    snprintf(text, sizeof text, "%.*s", (int)(len < sizeof text ? len : sizeof text - 1), line);
    const char *at = strstr(text, label);
    if (!at || sscanf(at + sizeof label - 1, " %15[A-Za-z] %2u, %4u", month, &day, &year) != 3)
        return;
    for (unsigned i = 0; i < 12; i++)
        if (strcasecmp(month, months[i]) == 0 && day >= 1 && day <= 31 && year >= 1990 && year <= 9999)
            snprintf(out->date, sizeof out->date, "%04u-%02u-%02u", year, i + 1, day);
}

/* IANA writes them in capitals. */
static const name_t *lower(const name_t *name, struct arena *a)
{
    name_t out[NAME_MAX_LEN];
    name_lower_copy(out, name);
    return name_dup(out, a);
}

static bool take_server(struct reading *r, const struct rr *rr)
{
    const name_t *name = rdata_target(TYPE_NS, &rr->rdata);
    if (!name_is_root(rr->owner) || !name || r->server_count == ROOTS_COUNT)
        return false;
    for (size_t i = 0; i < r->server_count; i++)
        if (name_equal(r->servers[i], name))
            return false;
    r->servers[r->server_count++] = lower(name, r->arena);
    return true;
}

static bool take_address(struct reading *r, const struct rr *rr)
{
    struct roots *out = r->out;
    struct addr addr = rr->type == TYPE_A ? addr_v4(rr->rdata.data) : addr_v6(rr->rdata.data);
    struct root_hint *h = NULL;
    if (addr_is_private(&addr))
        return false;
    for (size_t i = 0; i < out->count; i++) {
        for (unsigned k = 0; k < out->hints[i].addr_count; k++)
            if (addr_equal(&out->hints[i].addrs[k], &addr))
                return false;
        if (name_equal(out->hints[i].name, rr->owner))
            h = &out->hints[i];
    }
    if (!h && out->count < ROOTS_COUNT) {
        h = &out->hints[out->count++];
        h->name = lower(rr->owner, r->arena);
    }
    if (!h || h->addr_count == DELEGATION_ADDRS_PER_NAME)
        return false;
    h->addrs[h->addr_count++] = addr;
    return true;
}

static bool is_blank(const char *line, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (line[i] != ' ' && line[i] != '\t' && line[i] != '\r')
            return false;
    return true;
}

static bool take_line(struct reading *r, const char *line, size_t len)
{
    struct rr rr;
    size_t record = 0;
    while (record < len && line[record] != ';')
        record++;
    take_comment(r->out, line + record, len - record);
    if (is_blank(line, record))
        return true;
    if (rr_from_text(&rr, line, record, NAME_ROOT, 3600000, r->arena))
        return false;
    if (rr.type == TYPE_NS)
        return take_server(r, &rr);
    return (rr.type == TYPE_A || rr.type == TYPE_AAAA) && take_address(r, &rr);
}

/* ---- the whole ---- */

static bool has_both_families(const struct root_hint *h)
{
    bool v4 = false, v6 = false;
    for (unsigned i = 0; i < h->addr_count; i++) {
        v4 = v4 || h->addrs[i].family == FAMILY_V4;
        v6 = v6 || h->addrs[i].family == FAMILY_V6;
    }
    return v4 && v6;
}

static enum err check(const struct reading *r, struct text *why)
{
    const struct roots *out = r->out;
    if (out->date[0] == 0) {
        text_add(why, "it does not say when it was last updated");
        return ERR_FORMAT;
    }
    if (r->server_count != ROOTS_COUNT || out->count != ROOTS_COUNT) {
        text_printf(why, "it names %zu root servers, not %u", r->server_count, ROOTS_COUNT);
        return ERR_RANGE;
    }
    for (size_t i = 0; i < out->count; i++) {
        char name[NAME_TEXT_LEN];
        bool known = false;
        for (size_t k = 0; k < r->server_count; k++)
            known = known || name_equal(r->servers[k], out->hints[i].name);
        if (!known || !has_both_families(&out->hints[i])) {
            text_printf(why, "%s %s", name_text(out->hints[i].name, name),
                known ? "has not an address of each family" : "is no server of the root");
            return ERR_RANGE;
        }
    }
    return ERR_OK;
}

enum err roots_read(struct roots *out, const char *text, size_t len, struct arena *a, struct text *why)
{
    struct reading r = {.out = out, .arena = a};
    unsigned number = 0;
    *out = (struct roots){.hints = ARENA_ARRAY(a, struct root_hint, ROOTS_COUNT)};
    for (size_t at = 0; at < len;) {
        const char *end = memchr(text + at, '\n', len - at);
        size_t n = end ? (size_t)(end - text) - at : len - at;
        number++;
        if (!take_line(&r, text + at, n)) {
            text_printf(why, "line %u is none of IANA's named.root", number);
            return ERR_FORMAT;
        }
        at += n + 1;
    }
    return check(&r, why);
}

enum err roots_fetched(struct roots *out, struct arena *a, struct text *why)
{
    struct text path, said;
    char *data;
    size_t len;
    text_init(&path);
    text_init(&said);
    fetched_path(&path, ROOTS_FILE);
    enum err err = fetched_read(&data, &len, path.data, ROOTS_OCTETS_MAX, why);
    if (!err && (err = roots_read(out, data, len, a, &said)) != ERR_OK)
        text_printf(why, "%s: %s", path.data, said.data);
    mem_free(data);
    text_fini(&said);
    text_fini(&path);
    return err;
}

static enum err read_system(struct roots *out, struct arena *a, struct text *why)
{
    struct text said;
    size_t len;
    if (access(ROOTS_SYSTEM, F_OK) < 0)
        return ERR_NOTFOUND;
    text_init(&said);
    char *data = file_read(ROOTS_SYSTEM, ROOTS_OCTETS_MAX, &len, &said);
    enum err err = data ? roots_read(out, data, len, a, &said) : ERR_SYSTEM;
    if (err)
        text_printf(why, ROOTS_SYSTEM ": %s", said.data);
    mem_free(data);
    text_fini(&said);
    return err;
}

/* ---- the choice ---- */

static void take(struct config *c, const struct roots *r, enum config_roots_from from)
{
    if (strcmp(r->date, c->roots.date) <= 0)
        return;
    c->resolve.hints = r->hints;
    c->resolve.hint_count = r->count;
    c->roots.from = from;
    memcpy(c->roots.date, r->date, sizeof c->roots.date);
}

static void warn(struct text *warnings, const struct text *why)
{
    text_printf(warnings, "%s%s; it is left out", warnings->len ? "\n" : "", why->data);
}

void roots_settle(struct config *c, struct arena *a, struct text *warnings)
{
    struct roots found;
    struct text why;
    if (c->resolve.hints) {
        c->roots = (struct config_roots){.from = ROOTS_OF_SETTINGS};
        return;
    }
    c->roots = (struct config_roots){.from = ROOTS_BUILT_IN};
    snprintf(c->roots.date, sizeof c->roots.date, "%s", ROOT_HINTS_DATE);
    text_init(&why);
    enum err err = roots_fetched(&found, a, &why);
    if (!err)
        take(c, &found, ROOTS_UPDATED);
    else if (err != ERR_NOTFOUND)
        warn(warnings, &why);
    text_clear(&why);
    err = read_system(&found, a, &why);
    if (!err)
        take(c, &found, ROOTS_OF_SYSTEM);
    else if (err != ERR_NOTFOUND)
        warn(warnings, &why);
    text_fini(&why);
}

void roots_text(const struct config_roots *roots, struct text *t)
{
    switch (roots->from) {
    case ROOTS_BUILT_IN:
        text_add(t, "built in");
        break;
    case ROOTS_UPDATED:
        text_printf(t, "updated %s", roots->date);
        break;
    case ROOTS_OF_SYSTEM:
        text_printf(t, "of the system, %s", roots->date);
        break;
    case ROOTS_OF_SETTINGS:
        text_add(t, "from the settings");
        break;
    }
}

void roots_text_fixed(const struct config_roots *roots, char *buf, size_t cap)
{
    struct text t;
    text_init_fixed(&t, buf, cap);
    roots_text(roots, &t);
}
