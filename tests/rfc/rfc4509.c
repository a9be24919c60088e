/* RFC 4509: SHA-256 in DS records; with the key and the SHA-1 digest of RFC 4034 5.4. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "vector.h"

#define KEY                                                                                                  \
    "dskey.example.com. 86400 IN DNSKEY 256 3 5 "                                                            \
    "AQOeiiR0GOMYkDshWoSKz9XzfwJr1AYtsmx3TGkJaNXVbfi/2pHm822aJ5iI9BMzNXxeYCmZDRD99WYwYqUSdjMmmAphXdvxegXd/"  \
    "M5+X7OrzKBaMbCVdFLUUh6DhweJBjEVv5f2wwjM9XzcnOf+EPbtG9DMBmADjFDc2w/rljwvFw==\n"

/* 2.3 */
static void example_of_sha256(void **state)
{
    vector_check(&(struct vector){.keys = KEY,
        .ds = "dskey.example.com. 86400 IN DS 60485 5 2 "
              "D4B7D520E7BB5F0F67674A0CCEB1E3E0614B93C4F9E99B8383F6A1E4469DA50A\n"});
}

/* RFC 4034 5.4 */
static void example_of_sha1(void **state)
{
    vector_check(&(struct vector){.keys = KEY,
        .ds = "dskey.example.com. 86400 IN DS 60485 5 1 2BB183AF5F22588179A53B0A98631FAD1A292118\n"});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(example_of_sha256),
        cmocka_unit_test(example_of_sha1),
    };
    return cmocka_run_group_tests_name("RFC 4509", tests, NULL, NULL);
}
