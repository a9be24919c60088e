/* The set of trust anchors that the settings ask for:
 *
 *   the root     of the settings, if they have one; else the newer of what is compiled in and what `hark
 *                update` fetched, ∪ the system's file (dns-root-data) unless what was fetched is newer than
 *                that, overruled by what was seen of its keys (RFC 5011)
 *   others       of the settings
 *   negative     of the settings
 *
 * A key that was seen revoked is none of them, whoever names it. */
#ifndef HARK_LIB_TRUST_H
#define HARK_LIB_TRUST_H

#include "dnssec/rfc5011.h"
#include "lib/config.h"

#define TRUST_ROOT_DATA "/usr/share/dns/root.key" /* of Debian's dns-root-data */
#define TRUST_FOLDER "/var/lib/hark"
#define TRUST_FILE "root-keys"         /* in the folder: rfc5011_write() */
#define TRUST_FILE_OLD "root-keys.old" /* as it was before the last change */

enum trust_from { TRUST_OF_NOBODY, TRUST_OF_SETTINGS, TRUST_BUILT_IN, TRUST_UPDATED };

/* Where the root's anchors are from, without what RFC 5011 changed. */
struct trust_origin {
    enum trust_from from;
    char date[CONFIG_DATE_LEN]; /* built in, updated */
    bool system;                /* the system's file too */
};

/** Never NULL; anchors_free() it. policy: what counts as supported. state: what was seen of the root's keys;
 * may be NULL. `warnings`: lines for the log, with '\n' between them. */
struct anchors *trust_anchors(const struct config *c, const struct dnssec_policy *policy,
    const struct rfc5011 *state, struct text *warnings);
/** As trust_anchors() would choose now: looks at the same files. */
void trust_origin(struct trust_origin *out, const struct config *c);
/** "built in 2026-11-23", "updated 2026-12-01, and of the system". */
void trust_origin_text(const struct trust_origin *o, struct text *t);
/** Are the root's keys followed (RFC 5011)? Not where the settings name them, nor without validation. */
bool trust_follows_root(const struct config *c);
/** The folder of dnssec.state; false: there is none. */
bool trust_folder(const struct config *c, char *buf, size_t cap);
/** What is remembered of the root's keys. state: initialised here; empty if ERR_NOTFOUND (nothing is
 * remembered) or if what there is cannot be used, and then `why` says so. A damaged file is replaced by the
 * one before it, which is said too (ERR_OK). */
enum err trust_read_state(const struct config *c, struct rfc5011 *state, struct text *why);

/** Both at once, for a program that looks at the root's keys once: what the settings and what is remembered
 * say. */
struct anchors *trust_read_anchors(const struct config *c, struct text *warnings);

#endif
