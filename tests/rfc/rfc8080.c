/* RFC 8080: EdDSA. The signatures are those of its erratum 4935: the ones printed first count three labels in
 * a name of two, and must be refused for that. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "vector.h"

#define AUGUST_2015 1439000000
#define MX "example.com. 3600 IN MX 10 mail.example.com.\n"
#define RRSIG(algorithm, labels, tag)                                                                        \
    "example.com. 3600 IN RRSIG MX " #algorithm " " #labels " 3600 1440021600 1438207200 " #tag              \
    " example.com. "
#define KEY_1 "example.com. 3600 IN DNSKEY 257 3 15 l02Woi0iS8Aa25FQkUd9RMzZHJpBoRQwAQEX1SxZJA4=\n"

/* 6.1 */
static void examples_of_ed25519(void **state)
{
    vector_check(&(struct vector){.wall_s = AUGUST_2015,
        .keys = KEY_1,
        .ds = "example.com. 3600 IN DS 3613 15 2 "
              "3aa5ab37efce57f737fc1627013fee07bdf241bd10f3b1964ab55c78e79a304b\n",
        .data = MX RRSIG(15, 2, 3613) "oL9krJun7xfBOIWcGHi7mag5/"
                                      "hdZrKWw15jPGrHpjQeRAvTdszaPD+QLs3fx8A4M3e23mRZ9VrbpMngwcrqNAg==\n"});
    vector_check(&(struct vector){.wall_s = AUGUST_2015,
        .keys = "example.com. 3600 IN DNSKEY 257 3 15 zPnZ/QwEe7S8C5SPz2OfS5RR40ATk2/rYnE9xHIEijs=\n",
        .ds = "example.com. 3600 IN DS 35217 15 2 "
              "401781b934e392de492ec77ae2e15d70f6575a1c0bc59c5275c04ebe80c6614c\n",
        .data = MX RRSIG(15, 2, 35217) "zXQ0bkYgQTEFyfLyi9QoiY6D8ZdYo4wyUhVioYZXFdT410QPRITQSqJSnzQoSm5poJ7gD"
                                       "7AQR0O7KuI5k2pcBg==\n"});
}

/* 6.2 */
static void examples_of_ed448(void **state)
{
    vector_check(&(struct vector){.wall_s = AUGUST_2015,
        .keys = "example.com. 3600 IN DNSKEY 257 3 16 "
                "3kgROaDjrh0H2iuixWBrc8g2EpBBLCdGzHmn+G2MpTPhpj/OiBVHHSfPodx1FYYUcJKm1MDpJtIA\n",
        .ds = "example.com. 3600 IN DS 9713 16 2 "
              "6ccf18d5bc5d7fc2fceb1d59d17321402f2aa8d368048db93dd811f5cb2b19c7\n",
        .data = MX RRSIG(
            16, 2, 9713) "3cPAHkmlnxcDHMyg7vFC34l0blBhuG1qpwLmjInI8w1CMB29FkEAIJUA0amxWndkmnBZ6SKiwZSAxGILn/"
                         "NBtOXft0+Gj7FSvOKxE/07+4RQvE581N3Aj/JtIyaiYVdnYtyMWbSNyGEY2213WKsJlwEA\n"});
    vector_check(&(struct vector){.wall_s = AUGUST_2015,
        .keys = "example.com. 3600 IN DNSKEY 257 3 16 "
                "kkreGWoccSDmUBGAe7+zsbG6ZAFQp+syPmYUurBRQc3tDjeMCJcVMRDmgcNLp5HlHAMy12VoISsA\n",
        .ds = "example.com. 3600 IN DS 38353 16 2 "
              "645ff078b3568f5852b70cb60e8e696cc77b75bfaaffc118cf79cbda1ba28af4\n",
        .data = MX RRSIG(16, 2,
            38353) "E1/oLjSGIbmLny/4fcgM1z4oL6aqo+izT3urCyHyvEp4Sp8Syg1eI+lJ57CSnZqjJP41O/"
                   "9l4m0AsQ4f7qI1gVnML8vWWiyW2KXhT9kuAICUSxv5OWbf81Rq7Yu60npabODB0QFPb/rkW3kUZmQ0YQUA\n"});
}

/* As printed in 6.1, before the erratum. */
static void printed_signature_counts_too_many_labels(void **state)
{
    vector_check(&(struct vector){.wall_s = AUGUST_2015,
        .keys = KEY_1,
        .fault = FAULT_RRSIG_LABELS,
        .data = MX RRSIG(15, 3, 3613) "Edk+IB9KNNWg0HAjm7FazXyrd5m3Rk8zNZbvNpAcM+"
                                      "eysqcUOMIjWoevFkjH5GaMWeG96GUVZu6ECKOQmemHDg==\n"});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(examples_of_ed25519),
        cmocka_unit_test(examples_of_ed448),
        cmocka_unit_test(printed_signature_counts_too_many_labels),
    };
    return cmocka_run_group_tests_name("RFC 8080", tests, NULL, NULL);
}
