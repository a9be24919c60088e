/* The root's trust anchors as IANA publishes them (RFC 9718): root-anchors.xml, and the signature over it
 * (CMS, RFC 5652) of a signer whom ICANN's certificate authority vouches for.
 *
 *   root_anchors_verify()     is it signed, by whom it must be? (root_signature.c)
 *   root_anchors_read()       what does it say? (root_xml.c)
 *   root_anchors_write()      what of it holds now, as the file that `hark update` keeps
 *   root_anchors_fetched()    that file
 */
#ifndef HARK_LIB_ROOT_ANCHORS_H
#define HARK_LIB_ROOT_ANCHORS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/mem.h"
#include "base/text.h"
#include "defs/limits.h"
#include "dns/rr.h"

#define ROOT_ANCHORS_FILE "root-anchors" /* in fetched_folder() */

/* A KeyDigest element. Times are Unix times. */
struct root_key {
    struct rdata ds;
    struct rdata key; /* DNSKEY; data NULL: not given */
    int64_t from_s;
    int64_t until_s; /* INT64_MAX: open */
};

/* Everything lives in the arena. */
struct root_anchors {
    const char *id; /* of the document; NULL: none */
    struct root_key keys[ROOT_ANCHORS_MAX];
    unsigned count;
};

/** The document; its signature counts apart. Keys of other digests than SHA-256 and SHA-384 are passed over;
 * one whose digest is not that of the public key beside it is refused. ERR_FORMAT, ERR_RANGE, ERR_LIMIT;
 * ERR_SYSTEM: there is no reader of XML on this system (libexpat). `why` says in words. */
enum err root_anchors_read(
    struct root_anchors *out, const char *xml, size_t len, struct arena *a, struct text *why);
/** Does it hold then? */
bool root_key_is_valid(const struct root_key *k, int64_t now_s);

struct root_signature {
    const char *document, *signature; /* octets; the signature in DER, detached */
    size_t document_len, signature_len;
    const char *authorities; /* certificates in PEM that it must lead to; NULL: ICANN's, compiled in */
    int64_t now_s;           /* certificates must be valid then */
};

/** *signed_s: when, as the signer says. ERR_RANGE: it is not good; `why` says in words. */
enum err root_anchors_verify(const struct root_signature *s, int64_t *signed_s, struct text *why);
/** When the certificate of ICANN's authority that is compiled in ends. */
int64_t root_anchors_authority_end(void);

/** The keys that hold at now_s, as a file. How many. */
unsigned root_anchors_write(
    const struct root_anchors *anchors, int64_t signed_s, int64_t now_s, struct text *t);

/* What `hark update` kept. mem_free(text). */
struct root_anchors_file {
    char *text; /* DS records of the root, in master-file form */
    size_t len;
    int64_t signed_s, fetched_s;
};

/** ERR_NOTFOUND: there is none; else `why` says in words, with the path. */
enum err root_anchors_fetched(struct root_anchors_file *out, struct text *why);
/** The day of what is compiled in (defs/anchors.def), Unix time and text. */
int64_t root_anchors_built_in_s(void);
extern const char ROOT_ANCHORS_BUILT_IN[];

#endif
