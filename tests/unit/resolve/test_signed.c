/* Signed zones behind the core, whether it validates or not: the walk through them, and what it costs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "world.h"

static void walks_through_signed_zones(void **state)
{
    static const enum sign_denial denials[] = {SIGN_NSEC, SIGN_NSEC3, SIGN_COMPACT};
    for (size_t i = 0; i < sizeof denials / sizeof *denials; i++) {
        struct sign_key *key = sign_key_new(SIGN_KSK, 15, 1);
        struct sign_zone *root = sign_zone_new(&(struct sign_zone_plan){.origin = ".",
            .ksk = key,
            .denial = denials[i],
            .text = ". SOA root.ns. x. 1 2 3 4 300\n. NS root.ns.\nroot.ns. A 10.0.0.1\n"
                    "org. NS ns.org.\nns.org. A 10.0.0.2\n"});
        struct sign_zone *org = sign_zone_new(&(struct sign_zone_plan){.origin = "org.",
            .ksk = key,
            .denial = denials[i],
            .text = "@ SOA ns x 1 2 3 4 300\n@ NS ns\nns A 10.0.0.2\nwww A 192.0.2.1\n"});
        struct world *w = world_new(NULL, 0, NULL);
        world_serve(w, "10.0.0.1", root);
        world_serve(w, "10.0.0.2", org);
        assert_string_equal(
            world_text(w, world_ask(w, "www.org.", TYPE_A)), "NOERROR; www.org. 3600 A 192.0.2.1");
        assert_string_equal(world_text(w, world_ask(w, "www.org.", TYPE_TXT)), "NOERROR");
        world_free(w);
        sign_zone_free(root);
        sign_zone_free(org);
        sign_key_free(key);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(walks_through_signed_zones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
