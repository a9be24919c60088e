/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
/* clang-format on */

#include "lib/file.h"
#include "lib/option.h"

static void settings_page_tells_every_setting_with_its_default_and_when_it_applies(void **state)
{
    struct text why;
    size_t len;
    text_init(&why);
    char *page = file_read(SETTINGS_PAGE, (size_t)1 << 20, &len, &why);
    if (!page) {
        fail_msg("%s: %s", SETTINGS_PAGE, why.data);
        return;
    }
    const char *place = strstr(page, ".SH SETTINGS\n");
    if (!place) {
        fail_msg("%s has no list of settings", SETTINGS_PAGE);
        return;
    }
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        const struct option *o = &OPTIONS[i];
        struct text entry;
        text_init(&entry);
        text_add(&entry, "\n.TP\n.BR \"");
        for (const char *p = o->path; *p; p++)
            text_printf(&entry, "%s%c", *p == '-' ? "\\" : "", *p);
        text_add(&entry, "\" \" (");
        place = strstr(place, entry.data);
        if (!place) {
            fail_msg("%s is not there, in the order of the table", o->path);
            return;
        }
        place += entry.len;
        size_t line = strcspn(place, "\n");
        const char *restart = strstr(place, "; restart)\"\n"), *standard = strstr(place, "; default ");
        assert_true(standard && standard < place + line);
        assert_int_equal(restart && restart < place + line, o->apply == OPTION_RESTART);
        assert_true(place[line + 1] != '.' && place[line + 1] != '\'');
        text_fini(&entry);
    }
    mem_free(page);
    text_fini(&why);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(settings_page_tells_every_setting_with_its_default_and_when_it_applies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
