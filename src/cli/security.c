#include "cli/security.h"

#include "cli/status.h"

const char *security_text(enum security_kind kind)
{
    static const char *const texts[] = {"", "secure", "insecure", "bogus"};
    return texts[kind];
}

/* Codes of an answer that a validator could not, or was not to, prove. */
static bool is_why_insecure(const struct ede *e)
{
    switch (e->code) {
    case EDE_UNSUPPORTED_DNSKEY_ALGORITHM:
    case EDE_UNSUPPORTED_DS_DIGEST:
    case EDE_DNSSEC_INDETERMINATE:
    case EDE_UNSUPPORTED_NSEC3_ITERATIONS:
        return true;
    case EDE_OTHER:
        return e->text != NULL && e->text[0] != '\0';
    default:
        return false;
    }
}

static bool is_why_bogus(const struct ede *e)
{
    return status_is_bogus(e->code);
}

/* The server's own words, or the code's. False: no such code came. */
static bool add_ede(struct text *why, const struct edns *opt, bool (*counts)(const struct ede *))
{
    for (unsigned i = 0; i < opt->ede_count; i++) {
        const struct ede *e = &opt->ede[i];
        if (!counts(e))
            continue;
        if (e->text != NULL && e->text[0] != '\0')
            text_add(why, e->text);
        else
            text_add(why, ede_text(e->code));
        return true;
    }
    return false;
}

static bool has_signatures(const struct msg *m)
{
    for (unsigned s = SECTION_ANSWER; s <= SECTION_AUTHORITY; s++)
        for (size_t i = 0; i < m->counts[s]; i++)
            if (m->rrs[s][i].type == TYPE_RRSIG)
                return true;
    return false;
}

static const char *without_words(const struct ask_reply *r, bool checking_disabled)
{
    const struct msg *m = &r->msg;
    if (!m->edns.present)
        return "the server knows no EDNS";
    if (checking_disabled)
        return "nothing was to be validated (+cd)";
    if (m->flags & FLAG_AA)
        return "the server answers for the zone itself, which proves nothing";
    if (has_signatures(m))
        return "there are signatures; either the server does not validate, or the zone above has no DS";
    if (!m->edns.dnssec_ok) /* RFC 3225 3 */
        return "no signatures came, and the server does not say that it hands them out";
    return "the zone is not signed";
}

void security_read(struct security *out, const struct ask_reply *r, bool checking_disabled)
{
    const struct msg *m = &r->msg;
    struct text why;
    *out = (struct security){.kind = SECURITY_NONE};
    text_init_fixed(&why, out->why, sizeof out->why);
    if (r->end != ASK_REPLY)
        return;
    if (add_ede(&why, &m->edns, is_why_bogus)) {
        out->kind = SECURITY_BOGUS;
        return;
    }
    if (m->rcode != RCODE_NOERROR && m->rcode != RCODE_NXDOMAIN && m->rcode != RCODE_YXDOMAIN)
        return;
    out->kind = SECURITY_SECURE;
    if (m->flags & FLAG_AD)
        return;
    out->kind = SECURITY_INSECURE;
    if (!add_ede(&why, &m->edns, is_why_insecure))
        text_add(&why, without_words(r, checking_disabled));
}
