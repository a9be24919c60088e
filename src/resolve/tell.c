#include "resolve/tell.h"

#include <stdio.h>
#include <string.h>

#include "resolve/job.h"

/* ---- which keys are trusted (RFC 8145) ---- */

static unsigned tags_of(const struct job *j, const name_t *zone, uint16_t *tags)
{
    const struct anchor *anchor;
    if (!j->r->set.tell_keys ||
        anchors_closest(j->r->set.anchors, zone, j->r->now.wall_s, &anchor, NULL) != TRUST_ANCHOR ||
        !name_equal(anchor->zone, zone))
        return 0;
    return anchor_tags(anchor, tags);
}

void tell_keys_in(const struct send *s, struct edns *opt, uint8_t *octets)
{
    uint16_t tags[ANCHOR_TAGS_MAX];
    if (s->type != TYPE_DNSKEY || s->minimised)
        return;
    unsigned count = tags_of(s->job, s->job->name, tags);
    for (unsigned i = 0; i < count; i++)
        put_u16(octets + 2 * i, tags[i]);
    opt->key_tags = (struct edns_option){.len = (uint16_t)(2 * count), .data = octets};
}

/* RFC 8145 5.1: _ta-4f66-9728.<zone>, in hexadecimal digits, ascending. */
static bool keys_name(name_t *out, const name_t *zone, const uint16_t *tags, unsigned count)
{
    char label[LABEL_MAX_LEN + 1];
    size_t len = (size_t)snprintf(label, sizeof label, "_ta");
    for (unsigned i = 0; i < count; i++)
        len += (size_t)snprintf(label + len, sizeof label - len, "-%04x", tags[i]);
    if (1 + len + name_len(zone) > NAME_MAX_LEN)
        return false;
    out[0] = (uint8_t)len;
    memcpy(out + 1, label, len);
    name_copy(out + 1 + len, zone);
    return true;
}

void tell_keys(struct job *j)
{
    name_t name[NAME_MAX_LEN];
    uint16_t tags[ANCHOR_TAGS_MAX];
    if (j->type != TYPE_DNSKEY || j->messages == 0 || j->out.rcode != RCODE_NOERROR || j->work->quiet)
        return;
    unsigned count = tags_of(j, j->name, tags);
    if (count > 0 && keys_name(name, j->name, tags, count))
        job_tell(j->r, name, TYPE_NULL);
}

/* ---- what fails (RFC 9567) ---- */

void tell_learn(struct job *j, const struct edns *opt)
{
    /* 6.1: an empty agent domain is none. */
    if (opt->report_agent && opt->report_agent[0])
        j->zone.agent = opt->report_agent; /* lives as long as the job */
}

static bool is_er(const name_t *label)
{
    return label[0] == 3 && label[1] == '_' && (label[2] | 0x20) == 'e' && (label[3] | 0x20) == 'r';
}

/* A report, or something below where reports go. */
static bool has_er(const name_t *name)
{
    for (; name[0]; name += name[0] + 1u)
        if (is_er(name))
            return true;
    return false;
}

bool tell_is_report(const struct job *j, const name_t *name)
{
    return j->work->quiet && has_er(name);
}

static size_t add_label(uint8_t *out, const char *text)
{
    size_t len = strlen(text);
    out[0] = (uint8_t)len;
    memcpy(out + 1, text, len);
    return 1 + len;
}

static size_t add_number(uint8_t *out, unsigned number)
{
    char text[12];
    snprintf(text, sizeof text, "%u", number);
    return add_label(out, text);
}

/* 6.1.1: _er.TYPE.NAME.INFO-CODE._er.AGENT. False: longer than a name can be, so that nothing is sent. */
static bool report_name(name_t *out, const struct job *j)
{
    uint8_t buf[2 * NAME_MAX_LEN + 32];
    size_t name = name_len(j->name) - 1;
    size_t len = add_label(buf, "_er");
    len += add_number(buf + len, j->type);
    memcpy(buf + len, j->name, name);
    len += name;
    len += add_number(buf + len, (unsigned)j->out.reason.ede);
    len += add_label(buf + len, "_er");
    len += name_copy(buf + len, j->zone.agent);
    if (len > NAME_MAX_LEN)
        return false;
    name_lower_copy(out, buf);
    return true;
}

/* 6.1.1 and 6.2: an agent's answer is the sign that it heard, for as long as it is cached. */
static bool is_known(struct job *j, const name_t *name)
{
    struct cache *c = j->r->cache;
    uint32_t now_s = j->r->now.cache_s;
    struct negative n;
    struct failure f;
    return cache_rrset_get(c, name, TYPE_TXT, CLASS_IN, now_s, &j->arena) ||
           cache_negative_get(c, name, TYPE_TXT, CLASS_IN, now_s, &j->arena, &n) ||
           cache_failure_get(c, name, TYPE_TXT, CLASS_IN, now_s, &f);
}

/* Whether it may be sent now, by what was sent before; then it counts as sent. */
static bool take_turn(struct job *j, const name_t *name)
{
    struct reports *reports = &j->r->reports;
    int64_t now_ms = j->r->now.mono_ms;
    uint64_t hash = hash_octets(&j->r->key, name, name_len(name));
    size_t slot = hash % REPORTS_REMEMBERED;
    if (reports->sent[slot].hash == hash && reports->sent[slot].until_ms > now_ms)
        return false;
    int64_t due_ms = reports->due_ms > now_ms ? reports->due_ms : now_ms;
    if (due_ms - now_ms > REPORT_BURST_MS - REPORT_SPACING_MS)
        return false;
    reports->due_ms = due_ms + REPORT_SPACING_MS;
    reports->sent[slot].hash = hash;
    reports->sent[slot].until_ms = now_ms + REPORT_AGAIN_MS;
    return true;
}

void tell_failure(struct job *j)
{
    name_t name[NAME_MAX_LEN];
    if (!j->r->set.tell_failures || j->out.rcode != RCODE_SERVFAIL || !j->zone.agent)
        return;
    /* Of what was found out just now, and is the zone's doing. */
    if (j->messages == 0 || j->out.from_cache || j->limited || j->turned_away || j->r->reach.down ||
        j->out.reason.ede < 0)
        return;
    /* Guards against circles: no report of reports nor of what is looked up for them, nor where the agent
     * itself is what failed. */
    if (j->work->quiet || has_er(j->name) || has_er(j->zone.agent) || name_is_within(j->zone.agent, j->name))
        return;
    if (report_name(name, j) && !is_known(j, name) && take_turn(j, name))
        job_tell(j->r, name, TYPE_TXT);
}
