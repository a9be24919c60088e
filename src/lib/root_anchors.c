#include "lib/root_anchors.h"

#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/cursor.h"
#include "dns/rdata.h"
#include "lib/fetched.h"

#define ROOT_ANCHOR(tag, algorithm, digest_type, digest)
#include "defs/anchors.def"
#undef ROOT_ANCHOR

#define SIGNER "dnssec@iana.org" /* the e-mail address in the signer's certificate (RFC 9718 2.2) */
#define AUTHORITIES_MAX 8u       /* certificates read of a file */
#define TIME_FORM "%Y-%m-%dT%H:%M:%SZ"

static const char icann_pem[] =
#define ICANN_CA(text) text "\n"
#include "defs/icann_ca.def"
#undef ICANN_CA
    ;

const char ROOT_ANCHORS_BUILT_IN[] = ROOT_ANCHORS_DATE;

int64_t root_anchors_built_in_s(void)
{
    struct tm tm = {0};
    return strptime(ROOT_ANCHORS_BUILT_IN, "%Y-%m-%d", &tm) ? (int64_t)timegm(&tm) : 0;
}

bool root_key_is_valid(const struct root_key *k, int64_t now_s)
{
    return k->from_s <= now_s && now_s < k->until_s;
}

/* ---- the signature ---- */

/* How many were added. */
static unsigned add_authorities(X509_STORE *store, const char *pem)
{
    BIO *in = BIO_new_mem_buf(pem, -1);
    unsigned count = 0;
    for (unsigned i = 0; in && i < AUTHORITIES_MAX; i++) {
        X509 *certificate = PEM_read_bio_X509(in, NULL, NULL, NULL);
        if (!certificate)
            break;
        count += X509_STORE_add_cert(store, certificate) == 1;
        X509_free(certificate);
    }
    BIO_free(in);
    return count;
}

static bool time_of(const ASN1_TIME *t, int64_t *out)
{
    struct tm tm;
    if (!t || ASN1_TIME_to_tm(t, &tm) != 1)
        return false;
    *out = (int64_t)timegm(&tm);
    return true;
}

/* After CMS_verify(): one signer, the right one, who says when. */
static const char *check_signer(CMS_ContentInfo *cms, int64_t *signed_s)
{
    STACK_OF(CMS_SignerInfo) *infos = CMS_get0_SignerInfos(cms);
    STACK_OF(X509) *signers = CMS_get0_signers(cms);
    const char *wrong = NULL;
    if (sk_CMS_SignerInfo_num(infos) != 1 || sk_X509_num(signers) != 1)
        wrong = "it has not one signer";
    else if (X509_check_email(sk_X509_value(signers, 0), SIGNER, sizeof SIGNER - 1, 0) != 1)
        wrong = "its signer is not " SIGNER;
    else {
        const ASN1_TIME *at = CMS_signed_get0_data_by_OBJ(
            sk_CMS_SignerInfo_value(infos, 0), OBJ_nid2obj(NID_pkcs9_signingTime), -3, V_ASN1_UTCTIME);
        if (!time_of(at, signed_s))
            wrong = "it does not say when it was made";
    }
    sk_X509_free(signers);
    return wrong;
}

static const char *store_fault(unsigned long code)
{
    const char *text = code ? ERR_reason_error_string(code) : NULL;
    return text ? text : "it is none";
}

static const char *verify(CMS_ContentInfo *cms, const struct root_signature *s, int64_t *signed_s)
{
    X509_STORE *store = X509_STORE_new();
    BIO *document = BIO_new_mem_buf(s->document, (int)s->document_len);
    const char *wrong = NULL;
    if (!store || !document || add_authorities(store, s->authorities ? s->authorities : icann_pem) == 0) {
        wrong = "there is no certificate that it could lead to";
    } else {
        ERR_clear_error(); /* of the end of the certificates */
        X509_VERIFY_PARAM_set_time(X509_STORE_get0_param(store), (time_t)s->now_s);
        if (CMS_verify(cms, NULL, store, document, NULL, CMS_BINARY) != 1)
            wrong = store_fault(ERR_peek_last_error());
        else
            wrong = check_signer(cms, signed_s);
    }
    BIO_free(document);
    X509_STORE_free(store);
    return wrong;
}

/* "certificate verify error" has its reason in the error's data. */
static void add_detail(struct text *why)
{
    const char *data = NULL;
    int flags = 0;
    ERR_peek_last_error_all(NULL, NULL, NULL, &data, &flags);
    if (data && (flags & ERR_TXT_STRING) && data[0])
        text_printf(why, " (%s)", data);
}

enum err root_anchors_verify(const struct root_signature *s, int64_t *signed_s, struct text *why)
{
    const unsigned char *at = (const unsigned char *)s->signature;
    const char *wrong;
    ERR_clear_error();
    CMS_ContentInfo *cms = d2i_CMS_ContentInfo(NULL, &at, (long)s->signature_len);
    if (!cms || at != (const unsigned char *)s->signature + s->signature_len)
        wrong = "it is no CMS signature";
    else if (OBJ_obj2nid(CMS_get0_type(cms)) != NID_pkcs7_signed || CMS_is_detached(cms) != 1)
        wrong = "it is no detached signature";
    else
        wrong = verify(cms, s, signed_s);
    if (wrong) {
        text_add(why, wrong);
        if (cms)
            add_detail(why);
    }
    CMS_ContentInfo_free(cms);
    ERR_clear_error();
    return wrong ? ERR_RANGE : ERR_OK;
}

int64_t root_anchors_authority_end(void)
{
    BIO *in = BIO_new_mem_buf(icann_pem, -1);
    X509 *certificate = in ? PEM_read_bio_X509(in, NULL, NULL, NULL) : NULL;
    int64_t end = 0;
    if (!certificate || !time_of(X509_get0_notAfter(certificate), &end))
        end = 0;
    X509_free(certificate);
    BIO_free(in);
    return end;
}

/* ---- the file ---- */

static void add_time(struct text *t, const char *word, int64_t when_s)
{
    time_t when = (time_t)when_s;
    struct tm tm;
    char text[64];
    if (gmtime_r(&when, &tm) && strftime(text, sizeof text, TIME_FORM, &tm))
        text_printf(t, "; %s %s\n", word, text);
}

unsigned root_anchors_write(
    const struct root_anchors *anchors, int64_t signed_s, int64_t now_s, struct text *t)
{
    unsigned count = 0;
    text_add(t, "; The root's trust anchors as IANA signed them; written by hark update.\n");
    add_time(t, "signed", signed_s);
    add_time(t, "fetched", now_s);
    for (unsigned i = 0; i < anchors->count; i++) {
        const struct rdata *ds = &anchors->keys[i].ds;
        if (!root_key_is_valid(&anchors->keys[i], now_s))
            continue;
        text_printf(t, ". DS %u %u %u ", get_u16(ds->data), ds->data[2], ds->data[3]);
        text_hex(t, ds->data + 4, ds->len - 4u);
        text_char(t, '\n');
        count++;
    }
    fetched_seal(t);
    return count;
}

static bool read_time(const char *text, const char *word, int64_t *out)
{
    struct tm tm = {0};
    const char *at = strstr(text, word);
    if (!at || !strptime(at + strlen(word), TIME_FORM, &tm))
        return false;
    *out = (int64_t)timegm(&tm);
    return true;
}

enum err root_anchors_fetched(struct root_anchors_file *out, struct text *why)
{
    struct text path;
    *out = (struct root_anchors_file){0};
    text_init(&path);
    fetched_path(&path, ROOT_ANCHORS_FILE);
    enum err err = fetched_read(&out->text, &out->len, path.data, ROOT_ANCHORS_OCTETS_MAX, why);
    if (!err && (!read_time(out->text, "\n; signed ", &out->signed_s) ||
                    !read_time(out->text, "\n; fetched ", &out->fetched_s))) {
        text_printf(why, "%s does not say when it was signed and fetched", path.data);
        mem_free(out->text);
        out->text = NULL;
        err = ERR_FORMAT;
    }
    text_fini(&path);
    return err;
}
