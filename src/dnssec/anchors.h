/* Trust anchors, positive and negative (RFC 7646): where a chain of trust begins, and below what there is
 * none. A set is immutable once made: snapshots of settings share it. */
#ifndef HARK_DNSSEC_ANCHORS_H
#define HARK_DNSSEC_ANCHORS_H

#include "base/err.h"
#include "base/mem.h"
#include "dns/rr.h"
#include "dnssec/policy.h"

/* All that is trusted for one zone. */
struct anchor {
    const name_t *zone;    /* lower case */
    struct rrset ds, keys; /* DS and DNSKEY; either may be empty */
    bool unsupported;      /* none of them is of a supported algorithm and digest: counts as no anchor */
};

struct negative_anchor {
    const name_t *zone;
    int64_t until_s; /* now_t.wall_s; INT64_MAX: for ever */
};

struct anchors {
    struct arena arena;
    struct anchor *items;
    size_t count;
    struct negative_anchor *negatives;
    size_t negative_count;
};

struct anchors *anchors_new(void);
void anchors_free(struct anchors *a);
struct anchors *anchors_copy(const struct anchors *a);
/** The same zones and records, added in the same order. */
bool anchors_equal(const struct anchors *a, const struct anchors *b);
/** One anchor in master-file form, as it stands: "[owner] [TTL] [class] DS|DNSKEY fields", tabs, parentheses,
 * comments, mnemonics of algorithms; several records in the text are all added. Owner missing: the root.
 * ERR_FORMAT: `complaint` (may be NULL) says why, in words for the operator. */
enum err anchors_add_text(struct anchors *a, const char *text, size_t len, struct text *complaint);
void anchors_add(struct anchors *a, const name_t *zone, uint16_t type, const struct rdata *rd);
/** Built in: the root's KSK-2017 (20326) and KSK-2024 (38696), as DS. */
void anchors_add_builtin(struct anchors *a);
/** Is the key (DNSKEY RDATA) one of them, or named by a DS of them? */
bool anchor_has_key(const struct anchor *anchor, const struct rdata *key);
/** Takes a key away from what is trusted: DNSKEY and each DS that names it (RFC 5011: seen revoked). `key` is
 * without the REVOKE flag. */
void anchors_remove_key(struct anchors *a, const name_t *zone, const struct rdata *key);
void anchors_add_negative(struct anchors *a, const name_t *zone, int64_t until_s);
/** After the last addition: marks those that the policy cannot use. */
void anchors_settle(struct anchors *a, const struct dnssec_policy *policy);

enum trust { TRUST_NONE, TRUST_ANCHOR, TRUST_NEGATIVE };
/** What the deepest anchor at or above name says; a negative one wins at equal depth. TRUST_ANCHOR: *out.
 * TRUST_NEGATIVE: *negative. Unsupported ones and negatives whose time is over do not count. a may be NULL:
 * TRUST_NONE. */
enum trust anchors_closest(const struct anchors *a, const name_t *name, int64_t wall_s,
    const struct anchor **out, const struct negative_anchor **negative);

/** The tags of its keys, smallest first, each once, at most ANCHOR_TAGS_MAX (RFC 8145 4.1). Returns how many.
 */
unsigned anchor_tags(const struct anchor *anchor, uint16_t *tags);

#endif
