/* RFC 6605: ECDSA. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "vector.h"

#define AUGUST_2010 1282500000

/* 6.1 */
static void example_of_p256(void **state)
{
    vector_check(&(struct vector){.wall_s = AUGUST_2010,
        .keys = "example.net. 3600 IN DNSKEY 257 3 13 "
                "GojIhhXUN/u4v54ZQqGSnyhWJwaubCvTmeexv7bR6edbkrSqQpF64cYbcB7wNcP+e+MAnLr+Wi9xMWyQLc8NAA==\n",
        .ds = "example.net. 3600 IN DS 55648 13 2 "
              "b4c8c1fe2e7477127b27115656ad6256f424625bf5c1e2770ce6d6e37df61d17\n",
        .data =
            "www.example.net. 3600 IN A 192.0.2.1\n"
            "www.example.net. 3600 IN RRSIG A 13 3 3600 20100909100439 20100812100439 55648 example.net. "
            "qx6wLYqmh+l9oCKTN6qIc+bw6ya+KJ8oMz0YP107epXAyGmt+3SNruPFKG7tZoLBLlUzGGus7ZwmwWep666VCw==\n"});
}

/* 6.2 */
static void example_of_p384(void **state)
{
    vector_check(&(struct vector){.wall_s = AUGUST_2010,
        .keys =
            "example.net. 3600 IN DNSKEY 257 3 14 "
            "xKYaNhWdGOfJ+nPrL8/arkwf2EY3MDJ+SErKivBVSum1w/egsXvSADtNJhyem5RCOpgQ6K8X1DRSEkrbYQ+OB+v8/uX45NBw"
            "Y8rp65F6Glur8I/mlVNgF6W/qTI37m40\n",
        .ds = "example.net. 3600 IN DS 10771 14 4 "
              "72d7b62976ce06438e9c0bf319013cf801f09ecc84b8d7e9495f27e305c6a9b0563a9b5f4d288405c3008a946df983"
              "d6\n",
        .data =
            "www.example.net. 3600 IN A 192.0.2.1\n"
            "www.example.net. 3600 IN RRSIG A 14 3 3600 20100909102025 20100812102025 10771 example.net. "
            "/L5hDKIvGDyI1fcARX3z65qrmPsVz73QD1Mr5CEqOiLP95hxQouuroGCeZOvzFaxsT8Glr74hbavRKayJNuydCuzWTSSPdz7"
            "wnqXL5bdcJzusdnI0RSMROxxwGipWcJm\n"});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(example_of_p256),
        cmocka_unit_test(example_of_p384),
    };
    return cmocka_run_group_tests_name("RFC 6605", tests, NULL, NULL);
}
