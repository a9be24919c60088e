#include "setup.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#define CACHE_OCTETS (4u << 20)
#define WALL_DEFAULT 1700000000 /* any time at which no scenario's signature is looked at */
#define ROOT_NAME_DEFAULT "K.ROOT-SERVERS.NET."
#define WORD_MAX_LEN 64

/* What becomes of a switch: DONE is honoured, INERT changes nothing that a check sees with hark,
 * the rest is waited for. */
enum support { DONE, INERT, LACKING };

static const struct {
    const char *name;
    enum support support;
    const char *harmless; /* LACKING, but not with this value */
} features[] = {
    {"from_testbound", DONE, NULL}, /* built-in local zones; the root is given, as always without priming */
    {"minimal_responses", DONE, NULL}, {"iter_scrub_promiscuous", INERT, NULL},      /* always scrubbed */
    {"harden_unknown_additional", INERT, NULL}, {"max_query_restarts", INERT, NULL}, /* ALIAS_MAX */
    {"max_global_quota", INERT, NULL},                                               /* WORK_MESSAGES_MAX */
    {"target_fetch_policy", INERT, NULL}, {"ede", INERT, NULL},                      /* always told */
    {"min_ttl", DONE, NULL}, {"max_ttl", DONE, NULL}, {"cache_min_ttl", DONE, NULL},
    {"cache_max_ttl", DONE, NULL}, {"cache_max_negative_ttl", DONE, NULL},
    {"module_config", LACKING, "iterator"}, {"aggressive_nsec", DONE, NULL},
    {"harden_algo_downgrade", DONE, NULL}, {"val_nsec3_keysize_iterations", DONE, NULL},
    {"serve_expired", DONE, NULL}, {"serve_expired_client_timeout", DONE, NULL},
    {"serve_expired_reply_ttl", DONE, NULL}, {"serve_expired_ttl", DONE, NULL},
    {"ede_serve_expired", INERT, NULL}, /* always told */
    {"stub_zone", DONE, NULL}, {"prefetch", DONE, NULL},
    {"harden_below_nxdomain", DONE, NULL}, /* proven denials alone */
};

static const struct {
    const char *name;
    enum support support;
} keys[] = {{"stub-addr", DONE}, {"stub-name", DONE}, {"val-override-date", DONE},
    {"val-override-timestamp", DONE}, {"query-minimization", DONE}, {"do-ip4", DONE}, {"do-ip6", DONE},
    {"harden-glue", DONE}, {"do-not-query-localhost", DONE}, {"trust-anchor", DONE},
    {"domain-insecure", DONE}};

static bool is_feature(const struct config_line *c)
{
    return strcmp(c->key, "features") == 0 || strcmp(c->key, "feature-list") == 0;
}

/* "name = value" in parts; the value without quotation marks. */
static void read_feature(const char *text, char name[WORD_MAX_LEN], char value[WORD_MAX_LEN])
{
    size_t n = strcspn(text, " \t=");
    snprintf(name, WORD_MAX_LEN, "%.*s", (int)n, text);
    const char *v = text + n + strspn(text + n, " \t=\"");
    snprintf(value, WORD_MAX_LEN, "%.*s", (int)strcspn(v, "\""), v);
}

static bool is_yes(const char *v)
{
    return strcasecmp(v, "yes") == 0 || strcasecmp(v, "on") == 0 || strcmp(v, "1") == 0 ||
           strcasecmp(v, "true") == 0;
}

static void add_once(struct text *out, const char *what, unsigned *count)
{
    const char *at = strstr(out->data ? out->data : "", what);
    size_t n = strlen(what);
    if (at && (at[n] == ',' || at[n] == 0))
        return;
    if (*count > 0)
        text_add(out, ", ");
    text_add(out, what);
    ++*count;
}

unsigned setup_lacks(const struct scenario *s, struct text *out)
{
    unsigned count = 0;
    for (size_t i = 0; i < s->config_count; i++) {
        const struct config_line *c = &s->config[i];
        bool known = false;
        if (is_feature(c)) {
            char name[WORD_MAX_LEN], value[WORD_MAX_LEN];
            read_feature(c->value, name, value);
            for (size_t k = 0; k < sizeof features / sizeof *features; k++)
                if (strcmp(name, features[k].name) == 0)
                    known = features[k].support != LACKING || strcasecmp(value, features[k].harmless) == 0;
            known &= strcmp(name, "stub_zone") != 0 || !strstr(value, " first");
            if (!known)
                add_once(out, name, &count);
            continue;
        }
        for (size_t k = 0; k < sizeof keys / sizeof *keys; k++)
            known |= strcmp(c->key, keys[k].name) == 0;
        if (!known)
            add_once(out, c->key, &count);
    }
    return count;
}

/* "bits limit bits limit …": the greatest limit, since ours does not depend on the key's length. */
static unsigned iterations_of(const char *value)
{
    unsigned long most = 0;
    for (char *at = (char *)(uintptr_t)value, *end;; at = end) {
        strtoul(at, &end, 10);
        unsigned long limit = strtoul(end, &end, 10);
        if (end == at)
            return (unsigned)most;
        most = limit > most ? limit : most;
    }
}

/* "ZONE ADDRESS" */
static bool read_stub(struct setup *out, const char *value)
{
    size_t n = strcspn(value, " ");
    if (out->stub_count == SETUP_STUBS_MAX || value[n] == 0)
        return false;
    struct setup_stub *stub = &out->stubs[out->stub_count++];
    return name_from_text(stub->zone, value, n, NAME_ROOT) == ERR_OK &&
           addr_parse(&stub->addr, value + n + 1) == ERR_OK;
}

static bool read_feature_setting(struct setup *out, const char *text, struct text *why)
{
    enum { CACHE = offsetof(struct setup, cache), RESOLVE = offsetof(struct setup, resolve) };
    static const struct {
        const char *name;
        size_t offset;
    } numbers[] = {
        {"min_ttl", CACHE + offsetof(struct cache_settings, ttl_min)},
        {"cache_min_ttl", CACHE + offsetof(struct cache_settings, ttl_min)},
        {"max_ttl", CACHE + offsetof(struct cache_settings, ttl_max)},
        {"cache_max_ttl", CACHE + offsetof(struct cache_settings, ttl_max)},
        {"cache_max_negative_ttl", CACHE + offsetof(struct cache_settings, negative_max)},
        {"serve_expired_ttl", RESOLVE + offsetof(struct resolve_settings, stale_max_s)},
        {"serve_expired_reply_ttl", RESOLVE + offsetof(struct resolve_settings, stale_ttl_s)},
        {"serve_expired_client_timeout", RESOLVE + offsetof(struct resolve_settings, stale_wait_ms)},
    };
    char name[WORD_MAX_LEN], value[WORD_MAX_LEN];
    read_feature(text, name, value);
    if (strcmp(name, "stub_zone") == 0 && !read_stub(out, value)) {
        text_printf(why, "%s: not understood: %s", name, value);
        return false;
    }
    if (strcmp(name, "prefetch") == 0)
        out->resolve.prefetch = is_yes(value);
    if (strcmp(name, "serve_expired") == 0)
        out->serve_expired = is_yes(value);
    if (strcmp(name, "from_testbound") == 0)
        out->local_zones = true;
    if (strcmp(name, "aggressive_nsec") == 0)
        out->resolve.aggressive = is_yes(value);
    if (strcmp(name, "harden_algo_downgrade") == 0)
        out->resolve.policy.all_algorithms = is_yes(value);
    if (strcmp(name, "val_nsec3_keysize_iterations") == 0)
        out->resolve.policy.nsec3_iterations_max = iterations_of(value);
    if (strcmp(name, "minimal_responses") == 0)
        out->resolve.minimal_answers = is_yes(value);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        if (strcmp(name, numbers[i].name) != 0)
            continue;
        char *end;
        unsigned long v = strtoul(value, &end, 10);
        if (end == value || *end || v > TTL_WIRE_MAX) {
            text_printf(why, "%s: not a number of seconds: %s", name, value);
            return false;
        }
        uint32_t v32 = (uint32_t)v;
        memcpy((char *)out + numbers[i].offset, &v32, sizeof v32);
    }
    return true;
}

/* YYYYMMDDhhmmss, UTC */
static bool read_date(const char *text, int64_t *out)
{
    struct tm tm = {0};
    const char *end = strptime(text, "%Y%m%d%H%M%S", &tm);
    if (!end || *end)
        return false;
    *out = timegm(&tm);
    return true;
}

static void need_anchors(struct setup *out)
{
    if (!out->anchors)
        out->anchors = anchors_new();
}

static bool read_key(struct setup *out, const struct config_line *c, struct text *why)
{
    const char *k = c->key, *v = c->value;
    bool ok = true;
    if (strcmp(k, "stub-addr") == 0) {
        ok = addr_parse(&out->hint.addrs[0], v) == ERR_OK;
        out->hint.addr_count = 1;
    } else if (strcmp(k, "stub-name") == 0)
        ok = name_from_text(out->hint_name, v, strlen(v), NAME_ROOT) == ERR_OK;
    else if (strcmp(k, "val-override-date") == 0)
        ok = read_date(v, &out->wall_s);
    else if (strcmp(k, "val-override-timestamp") == 0)
        out->wall_s = strtoll(v, NULL, 10);
    else if (strcmp(k, "query-minimization") == 0)
        out->minimise = is_yes(v) ? MINIMISE_ON : MINIMISE_OFF;
    else if (strcmp(k, "do-ip4") == 0)
        out->resolve.use_v4 = is_yes(v);
    else if (strcmp(k, "do-ip6") == 0)
        out->resolve.use_v6 = is_yes(v);
    else if (strcmp(k, "harden-glue") == 0)
        out->resolve.glue_hardening = is_yes(v);
    else if (strcmp(k, "do-not-query-localhost") == 0)
        out->resolve.loopback_servers = !is_yes(v);
    else if (strcmp(k, "trust-anchor") == 0) {
        need_anchors(out);
        return anchors_add_text(out->anchors, v, strlen(v), why) == ERR_OK;
    } else if (strcmp(k, "domain-insecure") == 0) {
        name_t zone[NAME_MAX_LEN];
        ok = name_from_text(zone, v, strlen(v), NAME_ROOT) == ERR_OK;
        need_anchors(out);
        if (ok)
            anchors_add_negative(out->anchors, zone, INT64_MAX);
    } else if (is_feature(c))
        return read_feature_setting(out, v, why);
    if (!ok)
        text_printf(why, "%s: not understood: %s", k, v);
    return ok;
}

bool setup_read(struct setup *out, const struct scenario *s, struct text *why)
{
    *out = (struct setup){.wall_s = WALL_DEFAULT, .minimise = MINIMISE_BOTH};
    struct resolve_settings *r = &out->resolve;
    resolve_settings_default(r);
    r->prime = r->case_random = r->extra_addresses = r->explore = false;
    r->use_v4 = r->use_v6 = r->glue_hardening = r->minimal_answers = true;
    r->loopback_servers = r->prefetch = false;
    r->port = 53;
    r->aggressive = true;
    r->policy.algorithms = 1u << 5 | 1u << 7 | 1u << 8 | 1u << 10 | 1u << 13 | 1u << 14 | 1u << 15 | 1u << 16;
    r->policy.digests = 1u << 1 | 1u << 2 | 1u << 4;
    r->policy.nsec3_iterations_max = 150; /* likewise */
    r->policy.rsa_bits_min = 512;         /* as in the files, whatever the daemon's policy is */
    out->cache = (struct cache_settings){
        .size = CACHE_OCTETS, .ttl_max = TTL_MAX_DEFAULT, .negative_max = TTL_NEGATIVE_MAX};
    name_from_text(out->hint_name, ROOT_NAME_DEFAULT, strlen(ROOT_NAME_DEFAULT), NULL);
    for (size_t i = 0; i < s->config_count; i++)
        if (!read_key(out, &s->config[i], why))
            return false;
    if (!out->serve_expired)
        r->stale_max_s = 0;
    out->hint.name = out->hint_name;
    if (out->anchors)
        anchors_settle(out->anchors, &r->policy);
    r->anchors = out->anchors;
    if (out->hint.addr_count) {
        r->hints = &out->hint;
        r->hint_count = 1;
    }
    return true;
}

void setup_fini(struct setup *s)
{
    anchors_free(s->anchors);
}
