/* RFC 5702: RSA with SHA-2. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "vector.h"

#define YEAR_2010 1262304000

/* 6.1 */
static void example_of_rsasha256(void **state)
{
    vector_check(&(struct vector){.wall_s = YEAR_2010,
        .keys =
            "example.net. 3600 IN DNSKEY 256 3 8 AwEAAcFcGsaxxdgiuuGmCkVImy4h99CqT7jwY3pexPGcnUFtR2Fh36Bponcw"
            "tkZ4cAgtvd4Qs8PkxUdp6p/DlUmObdk=\n",
        .data =
            "www.example.net. 3600 IN A 192.0.2.91\n"
            "www.example.net. 3600 IN RRSIG A 8 3 3600 20300101000000 20000101000000 9033 example.net. "
            "kRCOH6u7l0QGy9qpC9l1sLncJcOKFLJ7GhiUOibu4teYp5VE9RncriShZNz85mwlMgNEacFYK/lPtPiVYP4bwg==\n"});
}

/* 6.2 */
static void example_of_rsasha512(void **state)
{
    vector_check(&(struct vector){.wall_s = YEAR_2010,
        .keys =
            "example.net. 3600 IN DNSKEY 256 3 10 AwEAAdHoNTOW+et86KuJOWRDp1pndvwb6Y83nSVXXyLA3DLroROUkN6X0O"
            "6pnWnjJQujX/AyhqFDxj13tOnD9u/1kTg7cV6rklMrZDtJCQ5PCl/D7QNPsgVsMu1J2Q8gpMpztNFLpPBz1bWXjDtaR7ZQB"
            "lZ3PFY12ZTSncorffcGmhOL\n",
        .data =
            "www.example.net. 3600 IN A 192.0.2.91\n"
            "www.example.net. 3600 IN RRSIG A 10 3 3600 20300101000000 20000101000000 3740 example.net. "
            "tsb4wnjRUDnB1BUi+t6TMTXThjVnG+eCkWqjvvjhzQL1d0YRoOe0CbxrVDYd0xDtsuJRaeUw1ep94PzEWzr0iGYgZBWm/zpq"
            "+9fOuagYJRfDqfReKBzMweOLDiNa8iP5g9vMhpuv6OPlvpXwm9Sa9ZXIbNl1MBGk0fthPgxdDLw=\n"});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(example_of_rsasha256),
        cmocka_unit_test(example_of_rsasha512),
    };
    return cmocka_run_group_tests_name("RFC 5702", tests, NULL, NULL);
}
