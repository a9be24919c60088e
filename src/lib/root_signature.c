/* The signature of the root's trust anchors (RFC 9718 2.2): apart from what reads them, so that the daemon
 * has nothing of it. */
#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <time.h>

#include "lib/root_anchors.h"

#define SIGNER "dnssec@iana.org" /* the e-mail address in the signer's certificate (RFC 9718 2.2) */
#define AUTHORITIES_MAX 8u       /* certificates read of a file */

static const char icann_pem[] =
#define ICANN_CA(text) text "\n"
#include "defs/icann_ca.def"
#undef ICANN_CA
    ;

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
