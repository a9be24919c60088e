#include "world_reply.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "dns/present.h"

static void add_section(struct msg_builder *b, enum section s, const char *lines, struct arena *a)
{
    while (lines && *lines) {
        size_t n = strcspn(lines, "\n");
        struct rr rr;
        enum err err = rr_from_text(&rr, lines, n, NULL, 3600, a);
        if (err)
            fprintf(stderr, "bad line in a rule: %.*s\n", (int)n, lines);
        assert(!err);
        msg_add_rr(b, s, &rr);
        lines += n + (lines[n] == '\n');
    }
}

bool world_rule_names(const struct world_rule *rule, const name_t *name)
{
    if (!rule->name)
        return true;
    name_t want[NAME_MAX_LEN];
    bool below = strncmp(rule->name, "*.", 2) == 0;
    const char *text = rule->name + (below ? 2 : 0);
    assert(name_from_text(want, text, strlen(text), NULL) == ERR_OK);
    return below ? name_is_within(name, want) : name_equal(name, want);
}

const struct world_rule *world_rule_find(
    const struct world_rule *rules, size_t count, const char *addr, const struct msg *q)
{
    for (size_t i = 0; i < count; i++) {
        const struct world_rule *rule = &rules[i];
        if (strcmp(rule->addr, addr) == 0 && (rule->type == 0 || rule->type == q->question.type) &&
            world_rule_names(rule, q->question.name))
            return rule;
    }
    return NULL;
}

size_t world_reply_build(uint8_t *buf, const struct msg *q, const struct world_rule *rule, uint16_t flags,
    uint16_t rcode, struct arena *a)
{
    struct msg_builder b;
    msg_build(&b, buf, MSG_MAX_LEN, q->id, (uint16_t)(FLAG_QR | flags), rcode);
    msg_add_question(&b, q->question.name, q->question.type, q->question.class);
    if (rule) {
        add_section(&b, SECTION_ANSWER, rule->answer, a);
        add_section(&b, SECTION_AUTHORITY, rule->authority, a);
        add_section(&b, SECTION_ADDITIONAL, rule->additional, a);
    }
    struct edns opt = {.present = true, .udp_size = 1232, .dnssec_ok = true};
    enum world_cookie cookie = rule ? rule->cookie : COOKIE_IGNORES;
    if (cookie != COOKIE_IGNORES && q->edns.cookie_len) {
        opt.cookie_len = cookie == COOKIE_MANGLES ? 9 : 16;
        memcpy(opt.cookie, q->edns.cookie, 8);
        memset(opt.cookie + 8, 0x5a, 8);
        opt.cookie[0] ^= cookie == COOKIE_FORGES;
    }
    name_t agent[NAME_MAX_LEN];
    if (rule && rule->agent && name_from_text(agent, rule->agent, strlen(rule->agent), NULL) == ERR_OK)
        opt.report_agent = agent;
    if (q->edns.present && (rcode != RCODE_FORMERR || cookie == COOKIE_OBJECTS))
        msg_add_edns(&b, &opt);
    return msg_finish(&b, false);
}

bool world_rule_heed_cookie(
    const struct msg *q, const struct world_rule *rule, bool udp, struct world_rule *as)
{
    bool any = q->edns.cookie_len > 0, own = q->edns.cookie_len > 8;
    *as = *rule;
    if (rule->cookie == COOKIE_DROPS && any)
        return false;
    if (rule->cookie == COOKIE_FORGES && !udp)
        as->cookie = COOKIE_GIVES;
    bool bad = (rule->cookie == COOKIE_WANTS && udp && !own) || (rule->cookie == COOKIE_REFUSES && any);
    if (bad || (rule->cookie == COOKIE_OBJECTS && any)) {
        as->rcode = bad ? RCODE_BADCOOKIE : RCODE_FORMERR;
        as->answer = as->authority = as->additional = NULL;
    }
    return true;
}

size_t world_reply_damage(uint8_t *buf, size_t len, unsigned which)
{
    size_t question = MSG_HEADER_LEN + name_check(buf + MSG_HEADER_LEN, len - MSG_HEADER_LEN) + 4;
    assert(which < WORLD_DAMAGES);
    switch (which) {
    case 0: /* another name */
        buf[MSG_HEADER_LEN + 1] = buf[MSG_HEADER_LEN + 1] == 'q' ? 'r' : 'q';
        break;
    case 1: /* bare FORMERR */
    case 2: /* bare NOTIMP */
    case 3: /* bare SERVFAIL */
        memset(buf + 2, 0, 10);
        buf[2] = 0x80;
        buf[3] = which == 1 ? RCODE_FORMERR : which == 2 ? RCODE_NOTIMP : RCODE_SERVFAIL;
        return MSG_HEADER_LEN;
    case 4: /* counts beyond the end */
        put_u16(buf + 6, 0xffff);
        break;
    case 5:
        return MSG_HEADER_LEN - 1;
    case 6:
        return 1;
    case 7: /* no question, sections all the same */
        put_u16(buf + 4, 0);
        break;
    case 8: /* two questions */
        put_u16(buf + 4, 2);
        break;
    case 9: /* not a reply */
        buf[2] &= 0x7f;
        break;
    case 10: /* another opcode */
        buf[2] |= 0x20;
        break;
    case 11: /* another type */
        put_u16(buf + question - 4, TYPE_TXT);
        break;
    case 12: /* another class */
        put_u16(buf + question - 2, 3);
        break;
    case 13: /* a name that points at itself */
        if (len > question + 2)
            put_u16(buf + question, (uint16_t)(0xc000 | question));
        break;
    case 14: /* the end is missing */
        return len - 1;
    case 15: /* the question alone is cut */
        return question - 3;
    }
    return len;
}
