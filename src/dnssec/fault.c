#include "dnssec/fault.h"

#include <string.h>

#include "dns/edns.h"
#include "dns/rrtype.h"
#include "dnssec/policy.h"

int fault_ede(enum fault_kind kind)
{
    switch (kind) {
    case FAULT_NONE:
        break;
#define FAULT(name, ede, tag)                                                                                \
    case FAULT_##name:                                                                                       \
        return EDE_##ede;
#include "defs/fault.def"
#undef FAULT
    }
    return EDE_OTHER;
}

const char *fault_tag(enum fault_kind kind)
{
    switch (kind) {
    case FAULT_NONE:
        break;
#define FAULT(name, ede, tag)                                                                                \
    case FAULT_##name:                                                                                       \
        return tag;
#include "defs/fault.def"
#undef FAULT
    }
    return "none";
}

/* ---- the words ---- */

static void add_name(struct text *t, const name_t *n)
{
    char buf[NAME_TEXT_LEN];
    const char *s = name_text(n ? n : NAME_ROOT, buf);
    size_t len = 0;
    while (s[len])
        len++;
    text_add_n(t, s, len > 1 ? len - 1 : len); /* without the final dot, but for the root */
}

static void add_algorithm(struct text *t, uint8_t number)
{
    switch ((enum dnssec_algorithm)number) {
#define ALGORITHM(name, number, text, use)                                                                   \
    case ALGORITHM_##name:                                                                                   \
        text_add(t, text);                                                                                   \
        return;
#include "defs/algorithm.def"
#undef ALGORITHM
    }
    text_printf(t, "%u", number);
}

static void add_digest(struct text *t, uint8_t number)
{
    switch ((enum ds_digest)number) {
#define DIGEST(name, number, text, octets, use)                                                              \
    case DIGEST_##name:                                                                                      \
        text_add(t, text);                                                                                   \
        return;
#include "defs/digest.def"
#undef DIGEST
    }
    text_printf(t, "%u", number);
}

/* "3 days": the greatest unit that there are two of; a second less than that is said in the smaller one. */
static void add_time(struct text *t, int64_t seconds)
{
    static const struct {
        int64_t seconds;
        const char *name;
    } UNITS[] = {{365 * 86400, "years"}, {86400, "days"}, {3600, "hours"}, {60, "minutes"}};
    for (unsigned i = 0; i < sizeof UNITS / sizeof *UNITS; i++) {
        if (seconds >= 2 * UNITS[i].seconds) {
            text_printf(t, "%lld %s", (long long)(seconds / UNITS[i].seconds), UNITS[i].name);
            return;
        }
    }
    text_printf(t, seconds == 1 ? "%lld second" : "%lld seconds", (long long)seconds);
}

/* %o owner, %t type, %s signer, %k key tag, %a algorithm, %d digest, %w time, %n the number in `seconds` */
static const char *sentence(const struct fault *f)
{
    switch (f->kind) {
    case FAULT_NONE:
        return "nothing is wrong";
    case FAULT_RRSIG_MISSING:
        return "%o %t is not signed";
    case FAULT_RRSIG_SIGNER:
        return "signature of %o %t is by %s, which may not sign it";
    case FAULT_RRSIG_LABELS:
        return "signature of %o %t by key %k counts labels that are not of that name";
    case FAULT_RRSIG_EXPIRED:
        return "signature of %o %t by key %k expired %w ago";
    case FAULT_RRSIG_EARLY:
        return "signature of %o %t by key %k is not valid for another %w";
    case FAULT_RRSIG_BACKWARDS:
        return "signature of %o %t by key %k expires before it is valid";
    case FAULT_RRSIG_WRONG:
        return "signature of %o %t by key %k is wrong";
    case FAULT_RRSIG_KEYLESS:
        return "signature of %o %t is by key %k, which %s does not have";
    case FAULT_RRSIG_ALGORITHM:
        return "signature of %o %t by key %k is of algorithm %a, which is not verified";
    case FAULT_ALGORITHM_LACKING:
        return "%o %t lacks a signature of algorithm %a, which the DS records of %s name";
    case FAULT_KEY_INVALID:
        return "key %k of %s, by which %o %t is signed, is not a public key";
    case FAULT_KEY_ZONELESS:
        return f->signer ? "key %k of %s, by which %o %t is signed, is not a zone key"
                         : "key %k of %o is not a zone key";
    case FAULT_KEY_REVOKED:
        return f->signer ? "key %k of %s, by which %o %t is signed, is revoked" : "key %k of %o is revoked";
    case FAULT_KEY_MISSING:
        return f->signer ? "%s has no DNSKEY" : "%o has no DNSKEY";
    case FAULT_DS_KEYLESS:
        return "%o has no DNSKEY that its DS names (key %k)";
    case FAULT_DS_ALGORITHM: /* 0: remembered without its number */
        return f->algorithm ? "DS of %o is of algorithm %a, which is not verified"
                            : "all DS records of %o are of algorithms that are not verified";
    case FAULT_DS_DIGEST:
        return f->algorithm ? "DS of %o is of digest %d, which is not verified"
                            : "all DS records of %o are of digests that are not verified";
    case FAULT_DENIAL_MISSING:
        return f->type ? "no NSEC or NSEC3 proves that %o has no %t"
                       : "no NSEC or NSEC3 proves that %o does not exist";
    case FAULT_DENIAL_WRONG:
        return f->type ? "NSEC or NSEC3 prove that %o %t exists" : "NSEC or NSEC3 prove that %o exists";
    case FAULT_DENIAL_MANY:
        return "more NSEC and NSEC3 about %o than any proof needs";
    case FAULT_WILDCARD_UNPROVEN:
        return "%o %t is made of a wildcard, and nothing proves that there is no closer match";
    case FAULT_NSEC3_ITERATIONS:
        return f->seconds ? "NSEC3 of %o has %n iterations, which is too many"
                          : "NSEC3 of the zone of %o has too many iterations";
    case FAULT_CHECKS_SPENT:
        return "gave up on %o %t: too many signatures to verify";
    case FAULT_HASHES_SPENT:
        return "too many NSEC3 hashes to compute for %o";
    case FAULT_CHAIN_UNKNOWN:
        return "no %t of %o could be had";
    case FAULT_NEGATIVE_ANCHOR:
        return "validation below %o is switched off by the operator";
    case FAULT_NO_ANCHOR:
        return "there is no trust anchor for %o";
    case FAULT_DELEGATION_UNSIGNED:
        return "the delegation of %o is not signed";
    case FAULT_OPT_OUT:
        return "where %o would be, unsigned zones may be: opt-out";
    }
    return "unknown";
}

static void add_field(struct text *t, const struct fault *f, char letter)
{
    switch (letter) {
    case 'o':
        add_name(t, f->owner);
        break;
    case 't':
        rrtype_to_text(t, f->type);
        break;
    case 's':
        add_name(t, f->signer);
        break;
    case 'k':
        text_printf(t, "%u", f->key_tag);
        break;
    case 'a':
        add_algorithm(t, f->algorithm);
        break;
    case 'd':
        add_digest(t, f->algorithm);
        break;
    case 'w':
        add_time(t, f->seconds);
        break;
    case 'n':
        text_printf(t, "%lld", (long long)f->seconds);
        break;
    }
}

void fault_text(struct text *t, const struct fault *f)
{
    const char *s = sentence(f);
    for (size_t len = strcspn(s, "%");; len = strcspn(s, "%")) {
        text_add_n(t, s, len);
        if (!s[len])
            break;
        add_field(t, f, s[len + 1]);
        s += len + 2;
    }
}
