/* Lies of servers that were asked as servers of a zone of their own, and packets that resemble answers. */
#include <string.h>

#include "authority.h"

#define POISON_V4 "6.6.6.6"
#define POISON_V6 "2001:db8:6666::6"

bool addr_is_poison(const struct addr *a)
{
    static const uint8_t v6[6] = {0x20, 0x01, 0x0d, 0xb8, 0x66, 0x66};
    return a->family == FAMILY_V4 ? a->ip[0] == 6 : memcmp(a->ip, v6, sizeof v6) == 0;
}

static void forget(struct draft *dr)
{
    memset(dr->counts, 0, sizeof dr->counts);
    dr->flags = FLAG_AA;
    dr->rcode = RCODE_NOERROR;
}

static const struct zone *good_zone(const struct draft *dr)
{
    for (unsigned tries = 0; tries < 20; tries++) {
        const struct zone *z = dr->tree->zones[roll(dr->dice, dr->tree->zone_count)];
        if (!z->evil)
            return z;
    }
    return dr->tree->zones[0];
}

/* A name of a good zone that somebody may ask for. */
static const name_t *good_name(const struct draft *dr)
{
    const struct zone *z = good_zone(dr);
    return z->node_count ? z->nodes[roll(dr->dice, z->node_count)].name : z->name;
}

typedef void lie(struct draft *dr, const char *q, const char *victim, const char *zone, const char *own);

static void extra_answer(
    struct draft *dr, const char *q, const char *victim, const char *zone, const char *own)
{
    draft_lines(
        dr, SECTION_ANSWER, "%s 86400 A " POISON_V4 "\n%s 86400 AAAA " POISON_V6 "\n", victim, victim);
}

static void extra_only(struct draft *dr, const char *q, const char *victim, const char *zone, const char *own)
{
    forget(dr);
    extra_answer(dr, q, victim, zone, own);
}

static void promiscuous(
    struct draft *dr, const char *q, const char *victim, const char *zone, const char *own)
{
    draft_lines(dr, SECTION_AUTHORITY, "%s 604800 NS evil.%s\n", zone, own);
    draft_lines(dr, SECTION_ADDITIONAL, "evil.%s 604800 A " POISON_V4 "\n", own);
}

static void sideways(struct draft *dr, const char *q, const char *victim, const char *zone, const char *own)
{
    forget(dr);
    dr->flags = 0;
    promiscuous(dr, q, victim, zone, own);
}

static void upward(struct draft *dr, const char *q, const char *victim, const char *zone, const char *own)
{
    forget(dr);
    dr->flags = 0;
    draft_lines(dr, SECTION_AUTHORITY, ". 604800 NS evil.%s\n", own);
    draft_lines(dr, SECTION_ADDITIONAL, "evil.%s 604800 A " POISON_V4 "\n", own);
}

static void glue_of_others(
    struct draft *dr, const char *q, const char *victim, const char *zone, const char *own)
{
    const struct zone *z = good_zone(dr);
    char host[NAME_TEXT_LEN];
    name_text(z->hosts[roll(dr->dice, z->host_count)]->name, host);
    forget(dr);
    dr->flags = 0;
    draft_lines(dr, SECTION_AUTHORITY, "%s 604800 NS %s\n", q, host);
    draft_lines(dr, SECTION_ADDITIONAL, "%s 604800 A " POISON_V4 "\n", host);
}

static void smuggle(struct draft *dr, const char *q, const char *victim, const char *zone, const char *own)
{
    forget(dr);
    draft_lines(dr, SECTION_ANSWER, "%s 300 CNAME %s\n%s 86400 A " POISON_V4 "\n%s 86400 TXT evil\n", q,
        victim, victim, victim);
}

static void smuggle_chain(
    struct draft *dr, const char *q, const char *victim, const char *zone, const char *own)
{
    forget(dr);
    draft_lines(dr, SECTION_ANSWER, "%s 300 CNAME %s\n%s 300 CNAME evil.%s\nevil.%s 300 A " POISON_V4 "\n", q,
        victim, victim, own, own);
}

static void bad_dname(struct draft *dr, const char *q, const char *victim, const char *zone, const char *own)
{
    forget(dr);
    switch (roll(dr->dice, 4)) {
    case 0:
        draft_lines(dr, SECTION_ANSWER, ". 86400 DNAME %s\n", own);
        break;
    case 1:
        draft_lines(dr, SECTION_ANSWER, "%s 86400 DNAME %s\n", zone, own);
        break;
    case 2: /* the CNAME is not the DNAME's */
        draft_lines(dr, SECTION_ANSWER, "%s 86400 DNAME %s\n%s 86400 CNAME %s\n", own, zone, q, victim);
        break;
    default: /* every turn longer */
        draft_lines(dr, SECTION_ANSWER, "%s 86400 DNAME long.long.long.long.long.long.%s\n", own, own);
    }
}

static void false_denial(
    struct draft *dr, const char *q, const char *victim, const char *zone, const char *own)
{
    forget(dr);
    dr->rcode = roll(dr->dice, 2) ? RCODE_NXDOMAIN : RCODE_NOERROR;
    draft_lines(dr, SECTION_AUTHORITY, "%s 604800 SOA a. b. 1 2 3 4 604800\n", zone);
}

static void denial_behind_alias(
    struct draft *dr, const char *q, const char *victim, const char *zone, const char *own)
{
    forget(dr);
    dr->rcode = RCODE_NXDOMAIN;
    draft_lines(dr, SECTION_ANSWER, "%s 300 CNAME %s\n", q, victim);
    draft_lines(dr, SECTION_AUTHORITY, "%s 604800 SOA a. b. 1 2 3 4 604800\n", zone);
}

static void many_names(struct draft *dr, const char *q, const char *victim, const char *zone, const char *own)
{
    forget(dr);
    dr->flags = 0;
    unsigned count = between(dr->dice, 2, 60);
    for (unsigned i = 0; i < count; i++)
        draft_lines(dr, SECTION_AUTHORITY, "%s 600 NS ns%u.%s\n", q, i, roll(dr->dice, 2) ? zone : victim);
}

static void bad_glue(struct draft *dr, const char *q, const char *victim, const char *zone, const char *own)
{
    static const char *const addresses[] = {
        "0.0.0.0", "127.0.0.1", "169.254.1.1", "224.0.0.1", "255.255.255.255", "192.0.2.53", "240.0.0.1"};
    forget(dr);
    dr->flags = 0;
    for (unsigned i = 0; i < 5; i++) {
        draft_lines(dr, SECTION_AUTHORITY, "%s 600 NS g%u.%s\n", q, i, own);
        draft_lines(dr, SECTION_ADDITIONAL, "g%u.%s 600 A %s\n", i, own, ONE_OF(dr->dice, addresses));
    }
    draft_lines(dr, SECTION_ADDITIONAL, "g0.%s 600 AAAA ::1\ng1.%s 600 AAAA ::ffff:127.0.0.1\n", own, own);
}

static void self_pointing(
    struct draft *dr, const char *q, const char *victim, const char *zone, const char *own)
{
    forget(dr);
    dr->flags = 0;
    char at[ADDR_TEXT_LEN];
    addr_text(&dr->machine->addr, at);
    bool v4 = dr->machine->addr.family == FAMILY_V4;
    for (unsigned i = 0; i < 10; i++) {
        draft_lines(dr, SECTION_AUTHORITY, "%s 600 NS n%u.%s\n", q, i, own);
        draft_lines(dr, SECTION_ADDITIONAL, "n%u.%s 600 %s %s\n", i, own, v4 ? "A" : "AAAA", at);
    }
}

static void endless_alias(
    struct draft *dr, const char *q, const char *victim, const char *zone, const char *own)
{
    forget(dr);
    draft_lines(dr, SECTION_ANSWER, "%s 300 CNAME l%u.%s\n", q, roll(dr->dice, 100000), own);
}

static void many_aliases(
    struct draft *dr, const char *q, const char *victim, const char *zone, const char *own)
{
    forget(dr);
    draft_lines(dr, SECTION_ANSWER, "%s 300 CNAME l0.%s\n", q, own);
    for (unsigned i = 0; i < 60; i++)
        draft_lines(dr, SECTION_ANSWER, "l%u.%s 300 CNAME l%u.%s\n", i, own, i + 1, own);
}

static void endless_names(
    struct draft *dr, const char *q, const char *victim, const char *zone, const char *own)
{
    forget(dr);
    dr->flags = 0;
    for (unsigned i = 0; i < 8; i++)
        draft_lines(dr, SECTION_AUTHORITY, "%s 300 NS n.i%u.%s\n", q, roll(dr->dice, 1000), own);
}

static void huge(struct draft *dr, const char *q, const char *victim, const char *zone, const char *own)
{
    forget(dr);
    unsigned count = between(dr->dice, 200, 600);
    for (unsigned i = 0; i < count; i++)
        draft_lines(dr, SECTION_ANSWER, "%s 300 A 6.7.%u.%u\n", q, i / 256, i % 256);
}

static void odd_class(struct draft *dr, const char *q, const char *victim, const char *zone, const char *own)
{
    draft_lines(dr, SECTION_ANSWER, "%s 60 CH A \\# 0\n%s 60 CH CNAME \\# 1 00\n", q, q);
    draft_lines(dr, SECTION_AUTHORITY, "%s 60 CH SOA \\# 0\n%s 60 CH NS \\# 1 00\n", q, q);
}

static void odd_ttl(struct draft *dr, const char *q, const char *victim, const char *zone, const char *own)
{
    for (unsigned s = 0; s < SECTION_COUNT; s++)
        for (unsigned i = 0; i < dr->counts[s]; i++)
            dr->rrs[s][i].ttl = roll(dr->dice, 2) ? 0xffffffffu : 0x7fffffffu;
}

static void odd_rcode(struct draft *dr, const char *q, const char *victim, const char *zone, const char *own)
{
    static const uint16_t rcodes[] = {RCODE_FORMERR, RCODE_SERVFAIL, RCODE_NOTIMP, RCODE_REFUSED,
        RCODE_YXDOMAIN, RCODE_NXRRSET, RCODE_NOTAUTH, RCODE_BADVERS, RCODE_BADCOOKIE, RCODE_NXDOMAIN, 11,
        3841};
    dr->rcode = ONE_OF(dr->dice, rcodes);
    if (roll(dr->dice, 2))
        memset(dr->counts, 0, sizeof dr->counts);
}

static void silence_of_sections(
    struct draft *dr, const char *q, const char *victim, const char *zone, const char *own)
{
    forget(dr);
    dr->flags = roll(dr->dice, 2) ? FLAG_AA : 0;
}

static lie *const lies[] = {extra_answer, extra_only, promiscuous, sideways, upward, glue_of_others, smuggle,
    smuggle_chain, bad_dname, false_denial, denial_behind_alias, many_names, bad_glue, self_pointing,
    endless_alias, many_aliases, endless_names, huge, odd_class, odd_ttl, odd_rcode, silence_of_sections};

void draft_lie(struct draft *dr)
{
    char q[NAME_TEXT_LEN], victim[NAME_TEXT_LEN], zone[NAME_TEXT_LEN], own[NAME_TEXT_LEN];
    const struct machine *m = dr->machine;
    if (m->zone_count == 0)
        return;
    name_text(dr->query->question.name, q);
    name_text(good_name(dr), victim);
    name_text(good_zone(dr)->name, zone);
    name_text(m->zones[roll(dr->dice, m->zone_count)]->name, own);
    ONE_OF(dr->dice, lies)(dr, q, victim, zone, own);
}

/* ---- packets that resemble the answer ---- */

size_t spoil(const uint8_t *wire, size_t len, uint8_t *out, size_t cap, struct dice *d)
{
    if (len > cap || len < MSG_HEADER_LEN + 5)
        return 0;
    memcpy(out, wire, len);
    switch (roll(d, 16)) {
    case 0: /* another question */
        out[MSG_HEADER_LEN + 1] ^= 1;
        return len;
    case 1: /* a header alone: FORMERR */
        put_u16(out + 2, FLAG_QR | RCODE_FORMERR);
        memset(out + 4, 0, 8);
        return MSG_HEADER_LEN;
    case 2: /* counts that promise more */
        put_u16(out + 6, 0xffff);
        return len;
    case 3:
        return 11;
    case 4: /* a query */
        out[2] &= 0x7f;
        return len;
    case 5: /* another opcode */
        out[2] |= 0x28;
        return len;
    case 6: /* no question */
        put_u16(out + 4, 0);
        return len;
    case 7: /* two questions */
        put_u16(out + 4, 2);
        return len;
    case 8: /* cut off */
        return MSG_HEADER_LEN + roll(d, (unsigned)(len - MSG_HEADER_LEN));
    case 9: /* another type asked */
        out[MSG_HEADER_LEN + name_len(out + MSG_HEADER_LEN) + 1] ^= 3;
        return len;
    case 10: /* another class */
        out[MSG_HEADER_LEN + name_len(out + MSG_HEADER_LEN) + 3] ^= 2;
        return len;
    case 11: /* another ID */
        out[roll(d, 2)] ^= (uint8_t)between(d, 1, 255);
        return len;
    case 12: /* the name points at itself */
        put_u16(out + MSG_HEADER_LEN, 0xc00c);
        return len;
    case 13: /* bare NOTIMP */
        put_u16(out + 2, FLAG_QR | RCODE_NOTIMP);
        memset(out + 4, 0, 8);
        return MSG_HEADER_LEN;
    case 14: /* one octet less */
        return len - 1;
    default: /* nothing at all */
        return 0;
    }
}
