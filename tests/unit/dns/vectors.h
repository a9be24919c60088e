/* RDATA as text and as octets, one table for the tests of all its forms. */
#ifndef HARK_TESTS_UNIT_DNS_VECTORS_H
#define HARK_TESTS_UNIT_DNS_VECTORS_H

#include <stdint.h>

#include "dns/rrtype.h"

#define HOST "04686F7374076578616D706C6503636F6D00"  /* host.example.com. */
#define FOO "03666F6F076578616D706C6503636F6D00"     /* foo.example.com. */
#define FOO_ORG "03666F6F076578616D706C65036F726700" /* foo.example.org. */
#define IPSEC_KEY "010351537986ED35533B6064478EEEB27B5BD74DAE149B6E81BA3A0521AF82AB7801" /* RFC 4025 3.2 */

static const struct vector {
    uint16_t type;
    const char *text, *wire, *canonical, *why;
} vectors[] = {
#define VECTOR(...) {__VA_ARGS__},
#include "vectors.def"
#undef VECTOR
};
#define VECTOR_COUNT (sizeof vectors / sizeof vectors[0])

#endif
