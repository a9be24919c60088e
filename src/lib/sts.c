#include "lib/sts.h"

#include <string.h>
#include <strings.h>

#include "base/err.h"
#include "defs/limits.h"

#define ID_MAX 32u /* RFC 8461 3.1 */

/* The character-strings of a TXT record joined (RFC 1035 3.3.14), what is not printable left out. */
static char *joined(const struct hark_rdata *rd, struct arena *a)
{
    char *out = arena_alloc(a, rd->length + 1);
    size_t n = 0;
    for (size_t at = 0; at < rd->length;) {
        size_t end = at + 1 + rd->data[at];
        for (at++; at < end && at < rd->length; at++)
            if (rd->data[at] >= 0x20 && rd->data[at] < 0x7f)
                out[n++] = (char)rd->data[at];
        at = end;
    }
    out[n] = 0;
    return out;
}

const char *sts_record(const struct hark_answer *txt, const char *version, struct arena *a, size_t *count)
{
    const char *found = NULL;
    size_t len = strlen(version), n = 0;
    for (size_t i = 0; i < txt->count; i++) {
        const char *s = joined(&txt->records[i], a);
        if (strncmp(s, "v=", 2) != 0 || strncmp(s + 2, version, len) != 0)
            continue;
        const char *rest = s + 2 + len;
        rest += strspn(rest, " \t");
        if (*rest != ';') /* RFC 8461 3.1, RFC 8460 3: what does not begin so is no record of it */
            continue;
        found = s;
        n++;
    }
    if (count)
        *count = n;
    return n == 1 ? found : NULL;
}

const char *sts_field(const char *record, const char *name, struct arena *a)
{
    size_t len = strlen(name);
    while (*record) {
        record += strspn(record, "; \t");
        size_t n = strcspn(record, ";");
        if (n > len && strncmp(record, name, len) == 0 && record[len] == '=') {
            char *value = arena_alloc(a, n - len);
            memcpy(value, record + len + 1, n - len - 1);
            size_t end = n - len - 1;
            while (end && (value[end - 1] == ' ' || value[end - 1] == '\t'))
                end--;
            value[end] = 0;
            return value;
        }
        record += n;
    }
    return NULL;
}

bool sts_id_is_good(const char *id)
{
    size_t n = strspn(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789");
    return n >= 1 && n <= ID_MAX && id[n] == 0;
}

struct reading {
    struct hark_sts *out;
    struct arena *arena;
    const char **patterns;
    bool version, mode, max_age;
};

static bool is_word(const char *value, size_t n, const char *word)
{
    return n == strlen(word) && memcmp(value, word, n) == 0;
}

static bool read_mode(struct reading *r, const char *value, size_t n)
{
    if (r->mode) /* RFC 8461 3.2: the first counts */
        return true;
    r->mode = true;
    r->out->mode = is_word(value, n, "enforce")   ? HARK_STS_ENFORCE
                   : is_word(value, n, "testing") ? HARK_STS_TESTING
                   : is_word(value, n, "none")    ? HARK_STS_NONE
                                                  : HARK_STS_UNKNOWN;
    if (r->out->mode == HARK_STS_UNKNOWN)
        r->out->why = "its mode is none of enforce, testing and none";
    return r->out->mode != HARK_STS_UNKNOWN;
}

static bool read_age(struct reading *r, const char *value, size_t n)
{
    uint32_t age = 0;
    if (r->max_age)
        return true;
    r->max_age = true;
    bool good = n >= 1 && n <= 10;
    for (size_t i = 0; i < n && good; i++) {
        good = value[i] >= '0' && value[i] <= '9' && age <= STS_MAX_AGE_S;
        age = age * 10 + (uint32_t)(value[i] - '0');
    }
    if (!good || age > STS_MAX_AGE_S) {
        r->out->why = "its max_age is no number of seconds up to a year";
        return false;
    }
    r->out->max_age_s = age;
    return true;
}

static bool read_pattern(struct reading *r, const char *value, size_t n)
{
    bool good = n >= 1 && n <= 4 * NAME_MAX_LEN;
    for (size_t i = 0; i < n && good; i++)
        good =
            value[i] > 0x20 && value[i] < 0x7f && (value[i] != '*' || (i == 0 && n > 2 && value[1] == '.'));
    if (!good) {
        r->out->why = "an mx of it is no host name, nor *. before one";
        return false;
    }
    if (r->out->pattern_count == STS_PATTERNS_MAX)
        return true;
    char *s = arena_alloc(r->arena, n + 1);
    memcpy(s, value, n);
    s[n] = 0;
    r->patterns[r->out->pattern_count++] = s;
    return true;
}

static bool read_line(struct reading *r, const char *line, size_t n)
{
    while (n && (line[n - 1] == ' ' || line[n - 1] == '\t' || line[n - 1] == '\r'))
        n--;
    if (n == 0)
        return true;
    const char *colon = memchr(line, ':', n);
    if (!colon) {
        r->out->why = "a line of it is no \"key: value\"";
        return false;
    }
    const char *value = colon + 1, *end = line + n;
    while (value < end && (*value == ' ' || *value == '\t'))
        value++;
    size_t key = (size_t)(colon - line), len = (size_t)(end - value);
    if (is_word(line, key, "version")) {
        r->version = r->version || is_word(value, len, "STSv1");
        r->out->why = r->version ? NULL : "its version is not STSv1";
        return r->version;
    }
    if (is_word(line, key, "mode"))
        return read_mode(r, value, len);
    if (is_word(line, key, "max_age"))
        return read_age(r, value, len);
    return is_word(line, key, "mx") ? read_pattern(r, value, len) : true;
}

bool sts_policy(struct hark_sts *out, const char *body, size_t length, struct arena *a)
{
    struct reading r = {.out = out, .arena = a};
    r.patterns = ARENA_ARRAY(a, const char *, STS_PATTERNS_MAX);
    out->patterns = r.patterns;
    out->pattern_count = 0;
    out->why = length > STS_POLICY_MAX ? "it is longer than 64 kB" : NULL;
    bool good = !out->why;
    for (size_t at = 0; good && at < length;) {
        const char *end = memchr(body + at, '\n', length - at);
        size_t n = end ? (size_t)(end - body) - at : length - at;
        good = read_line(&r, body + at, n);
        at += n + 1;
    }
    if (good && !r.version)
        out->why = "it has no version: STSv1";
    else if (good && !r.mode)
        out->why = "it has no mode";
    else if (good && !r.max_age)
        out->why = "it has no max_age";
    else if (good && out->mode != HARK_STS_NONE && out->pattern_count == 0)
        out->why = "it names no mx";
    if (out->why)
        out->mode = HARK_STS_UNKNOWN;
    return !out->why;
}

static bool pattern_fits(const char *pattern, const char *host)
{
    if (pattern[0] != '*')
        return strcasecmp(pattern, host) == 0;
    const char *dot = strchr(host, '.');
    return dot && dot != host && strcasecmp(pattern + 1, dot) == 0;
}

bool sts_names_host(const struct hark_sts *sts, const char *host)
{
    for (size_t i = 0; i < sts->pattern_count; i++)
        if (pattern_fits(sts->patterns[i], host))
            return true;
    return false;
}
