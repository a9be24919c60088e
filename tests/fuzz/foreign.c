/* MemorySanitizer sees what our code writes, and not what libraries do, which are not built with it. So that
 * they can be used all the same, this says of their calls what their manuals do: which octets they have
 * written when they return. What we hand them must be written; that is asserted here, where it leaves our
 * sight. What libraries allocate is their business; what mem_grow() gives is ours, and unwritten: the linker
 * leads our calls here (-Wl,--wrap). */
#include <idn2.h>
#include <jansson.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <sanitizer/allocator_interface.h>
#include <sanitizer/msan_interface.h>
#include <string.h>
#include <sys/stat.h>
#include <yaml.h>

#include "base/mem.h"

/* Weak: no target links all libraries. */
#define WRAP(result, name, parameters)                                                                       \
    result __real_##name parameters __attribute__((weak));                                                   \
    result __wrap_##name parameters;                                                                         \
    result __wrap_##name parameters

/* A library's own stack is unknown too: while it works, what it passes to libc is not looked at. */
#define INSIDE(call)                                                                                         \
    ({                                                                                                       \
        __msan_scoped_disable_interceptor_checks();                                                          \
        __auto_type result_ = call;                                                                          \
        __msan_scoped_enable_interceptor_checks();                                                           \
        result_;                                                                                             \
    })

/* One that writes nothing of ours, and takes no octets of ours. */
#define QUIET(result, name, parameters, arguments)                                                           \
    WRAP(result, name, parameters)                                                                           \
    {                                                                                                        \
        return INSIDE(__real_##name arguments);                                                              \
    }

static void written(const void *p, size_t n)
{
    if (p)
        __msan_unpoison(p, n);
}

static void must_be_written(const void *p, size_t n)
{
    if (p)
        __msan_check_mem_is_initialized(p, n);
}

/* ---- memory ---- */

static void on_malloc(const volatile void *p, size_t n)
{
    written((const void *)p, n);
}

static void on_free(const volatile void *p)
{
    (void)p;
}

__attribute__((constructor)) static void watch_allocations(void)
{
    __sanitizer_install_malloc_and_free_hooks(on_malloc, on_free);
}

WRAP(void *, mem_grow, (void *p, size_t n))
{
    size_t before = p ? __sanitizer_get_allocated_size(p) : 0;
    char *q = __real_mem_grow(p, n);
    if (n > before)
        __msan_allocated_memory(q + before, n - before);
    return q;
}

/* Of a libc that is newer than the sanitizer; fstat() where files may be large. */
WRAP(int, fstat64, (int fd, struct stat *out))
{
    int rc = __real_fstat64(fd, out);
    if (rc == 0)
        written(out, sizeof *out);
    return rc;
}

/* ---- libcrypto ---- */

WRAP(int, EVP_EncryptUpdate, (EVP_CIPHER_CTX * c, uint8_t *out, int *out_len, const uint8_t *in, int len))
{
    must_be_written(in, (size_t)len);
    int rc = INSIDE(__real_EVP_EncryptUpdate(c, out, out_len, in, len));
    if (rc == 1) {
        written(out_len, sizeof *out_len);
        written(out, (size_t)*out_len);
    }
    return rc;
}

WRAP(int, EVP_DigestUpdate, (EVP_MD_CTX * c, const void *in, size_t len))
{
    must_be_written(in, len);
    return INSIDE(__real_EVP_DigestUpdate(c, in, len));
}

WRAP(int, EVP_DigestFinal_ex, (EVP_MD_CTX * c, uint8_t *out, unsigned *len))
{
    unsigned n = 0;
    int rc = INSIDE(__real_EVP_DigestFinal_ex(c, out, &n));
    written(&n, sizeof n);
    if (rc == 1)
        written(out, n);
    if (len)
        *len = n;
    return rc;
}

WRAP(int, EVP_Digest,
    (const void *in, size_t in_len, uint8_t *out, unsigned *len, const EVP_MD *md, ENGINE *e))
{
    unsigned n = 0;
    must_be_written(in, in_len);
    int rc = INSIDE(__real_EVP_Digest(in, in_len, out, &n, md, e));
    written(&n, sizeof n);
    if (rc == 1)
        written(out, n);
    if (len)
        *len = n;
    return rc;
}

WRAP(int, SHA1_Update, (SHA_CTX * c, const void *in, size_t len))
{
    must_be_written(in, len);
    return INSIDE(__real_SHA1_Update(c, in, len));
}

WRAP(int, SHA1_Final, (uint8_t * out, SHA_CTX *c))
{
    int rc = INSIDE(__real_SHA1_Final(out, c));
    written(out, SHA_DIGEST_LENGTH);
    return rc;
}

WRAP(BIGNUM *, BN_bin2bn, (const uint8_t *in, int len, BIGNUM *out))
{
    must_be_written(in, (size_t)len);
    return INSIDE(__real_BN_bin2bn(in, len, out));
}

WRAP(int, EC_POINT_oct2point, (const EC_GROUP *g, EC_POINT *out, const uint8_t *in, size_t len, BN_CTX *c))
{
    must_be_written(in, len);
    return INSIDE(__real_EC_POINT_oct2point(g, out, in, len, c));
}

WRAP(int, EVP_PKEY_fromdata, (EVP_PKEY_CTX * c, EVP_PKEY **out, int parts, OSSL_PARAM *p))
{
    int rc = INSIDE(__real_EVP_PKEY_fromdata(c, out, parts, p));
    written(out, sizeof *out);
    return rc;
}

WRAP(EVP_PKEY *, EVP_PKEY_new_raw_public_key_ex,
    (OSSL_LIB_CTX * c, const char *kind, const char *properties, const uint8_t *in, size_t len))
{
    must_be_written(in, len);
    return INSIDE(__real_EVP_PKEY_new_raw_public_key_ex(c, kind, properties, in, len));
}

WRAP(int, EVP_PKEY_set1_encoded_public_key, (EVP_PKEY * key, const uint8_t *in, size_t len))
{
    must_be_written(in, len);
    return INSIDE(__real_EVP_PKEY_set1_encoded_public_key(key, in, len));
}

WRAP(int, EVP_PKEY_verify,
    (EVP_PKEY_CTX * c, const uint8_t *sig, size_t sig_len, const uint8_t *in, size_t len))
{
    must_be_written(sig, sig_len);
    must_be_written(in, len);
    return INSIDE(__real_EVP_PKEY_verify(c, sig, sig_len, in, len));
}

WRAP(int, EVP_DigestVerify,
    (EVP_MD_CTX * c, const uint8_t *sig, size_t sig_len, const uint8_t *in, size_t len))
{
    must_be_written(sig, sig_len);
    must_be_written(in, len);
    return INSIDE(__real_EVP_DigestVerify(c, sig, sig_len, in, len));
}

QUIET(int, EVP_DigestInit_ex, (EVP_MD_CTX * c, const EVP_MD *md, ENGINE *e), (c, md, e))
QUIET(EVP_MD *, EVP_MD_fetch, (OSSL_LIB_CTX * l, const char *name, const char *p), (l, name, p))
QUIET(EVP_PKEY_CTX *, EVP_PKEY_CTX_new_from_name, (OSSL_LIB_CTX * l, const char *name, const char *p),
    (l, name, p))
QUIET(EVP_PKEY_CTX *, EVP_PKEY_CTX_new_from_pkey, (OSSL_LIB_CTX * l, EVP_PKEY *k, const char *p), (l, k, p))
QUIET(int, EVP_PKEY_fromdata_init, (EVP_PKEY_CTX * c), (c))
QUIET(int, EVP_PKEY_verify_init, (EVP_PKEY_CTX * c), (c))
QUIET(int, EVP_PKEY_CTX_set_rsa_padding, (EVP_PKEY_CTX * c, int padding), (c, padding))
QUIET(int, EVP_PKEY_CTX_set_signature_md, (EVP_PKEY_CTX * c, const EVP_MD *md), (c, md))
QUIET(int, EVP_DigestVerifyInit_ex,
    (EVP_MD_CTX * c, EVP_PKEY_CTX **out, const char *md, OSSL_LIB_CTX *l, const char *p, EVP_PKEY *k,
        const OSSL_PARAM *more),
    (c, out, md, l, p, k, more))

/* ---- the signer of tests/sign ---- */

WRAP(int, BN_hex2bn, (BIGNUM * *out, const char *text))
{
    int rc = INSIDE(__real_BN_hex2bn(out, text));
    written(out, sizeof *out);
    return rc;
}

WRAP(int, BN_bn2bin, (const BIGNUM *n, uint8_t *out))
{
    int len = INSIDE(__real_BN_bn2bin(n, out));
    written(out, (size_t)len);
    return len;
}

WRAP(int, BN_bn2binpad, (const BIGNUM *n, uint8_t *out, int len))
{
    int rc = INSIDE(__real_BN_bn2binpad(n, out, len));
    if (rc >= 0)
        written(out, (size_t)len);
    return rc;
}

WRAP(size_t, EC_POINT_point2oct,
    (const EC_GROUP *g, const EC_POINT *p, point_conversion_form_t form, uint8_t *out, size_t size,
        BN_CTX *c))
{
    size_t len = INSIDE(__real_EC_POINT_point2oct(g, p, form, out, size, c));
    written(out, len);
    return len;
}

WRAP(int, EVP_DigestSign, (EVP_MD_CTX * c, uint8_t *out, size_t *len, const uint8_t *in, size_t in_len))
{
    must_be_written(in, in_len);
    int rc = INSIDE(__real_EVP_DigestSign(c, out, len, in, in_len));
    if (rc == 1) {
        written(len, sizeof *len);
        written(out, *len);
    }
    return rc;
}

WRAP(int, EVP_PKEY_get_bn_param, (const EVP_PKEY *key, const char *name, BIGNUM **out))
{
    int rc = INSIDE(__real_EVP_PKEY_get_bn_param(key, name, out));
    written(out, sizeof *out);
    return rc;
}

WRAP(int, EVP_PKEY_get_octet_string_param,
    (const EVP_PKEY *key, const char *name, uint8_t *out, size_t size, size_t *len))
{
    int rc = INSIDE(__real_EVP_PKEY_get_octet_string_param(key, name, out, size, len));
    if (rc == 1) {
        written(len, sizeof *len);
        written(out, *len);
    }
    return rc;
}

WRAP(int, EVP_PKEY_get_raw_public_key, (const EVP_PKEY *key, uint8_t *out, size_t *len))
{
    int rc = INSIDE(__real_EVP_PKEY_get_raw_public_key(key, out, len));
    if (rc == 1) {
        written(len, sizeof *len);
        written(out, *len);
    }
    return rc;
}

/* ---- jansson, libyaml, libidn2 ---- */

WRAP(json_t *, json_loadb, (const char *in, size_t len, size_t flags, json_error_t *error))
{
    must_be_written(in, len);
    json_t *j = INSIDE(__real_json_loadb(in, len, flags, error));
    written(error, sizeof *error);
    return j;
}

WRAP(json_t *, json_stringn, (const char *in, size_t len))
{
    must_be_written(in, len);
    return INSIDE(__real_json_stringn(in, len));
}

WRAP(int, yaml_parser_initialize, (yaml_parser_t * p))
{
    int rc = INSIDE(__real_yaml_parser_initialize(p));
    written(p, sizeof *p);
    return rc;
}

WRAP(void, yaml_parser_set_input_string, (yaml_parser_t * p, const unsigned char *in, size_t len))
{
    must_be_written(in, len);
    __real_yaml_parser_set_input_string(p, in, len);
    written(p, sizeof *p);
}

WRAP(int, yaml_parser_parse, (yaml_parser_t * p, yaml_event_t *out))
{
    int rc = INSIDE(__real_yaml_parser_parse(p, out));
    written(p, sizeof *p);
    written(out, sizeof *out);
    return rc;
}

WRAP(int, idn2_to_ascii_8z, (const char *in, char **out, int flags))
{
    must_be_written(in, strlen(in) + 1);
    int rc = INSIDE(__real_idn2_to_ascii_8z(in, out, flags));
    written(out, sizeof *out);
    if (rc == IDN2_OK && out)
        written(*out, strlen(*out) + 1);
    return rc;
}

WRAP(int, idn2_to_unicode_8z8z, (const char *in, char **out, int flags))
{
    must_be_written(in, strlen(in) + 1);
    int rc = INSIDE(__real_idn2_to_unicode_8z8z(in, out, flags));
    written(out, sizeof *out);
    return rc;
}
