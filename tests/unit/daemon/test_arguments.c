/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
/* clang-format on */

#include "daemon/arguments.h"

struct row {
    const char *argv[6];
    enum arguments_want want;
    const char *config;
    size_t listen_count;
    const char *says;
};

static const struct row rows[] = {
    {{"harkd"}, ARGUMENTS_RUN, NULL, 0, ""},
    {{"harkd", "-c", "/x"}, ARGUMENTS_RUN, "/x", 0, ""},
    {{"harkd", "--config", "/x"}, ARGUMENTS_RUN, "/x", 0, ""},
    {{"harkd", "--config=/x"}, ARGUMENTS_RUN, "/x", 0, ""},
    {{"harkd", "--listen", "127.0.0.1@5300"}, ARGUMENTS_RUN, NULL, 1, ""},
    {{"harkd", "--listen=127.0.0.1", "--listen", "::1"}, ARGUMENTS_RUN, NULL, 2, ""},
    {{"harkd", "-c", "--listen"}, ARGUMENTS_RUN, "--listen", 0, ""},
    {{"harkd", "--check"}, ARGUMENTS_CHECK, NULL, 0, ""},
    {{"harkd", "--check", "/x"}, ARGUMENTS_CHECK, "/x", 0, ""},
    {{"harkd", "--check=/x"}, ARGUMENTS_CHECK, "/x", 0, ""},
    {{"harkd", "--check", "-c", "/x"}, ARGUMENTS_CHECK, "/x", 0, ""},
    {{"harkd", "--checks"}, ARGUMENTS_BAD, NULL, 0, "no option --checks"},
    {{"harkd", "-c", "/x", "--print-config"}, ARGUMENTS_PRINT, "/x", 0, ""},
    {{"harkd", "--help"}, ARGUMENTS_HELP, NULL, 0, ""},
    {{"harkd", "--version"}, ARGUMENTS_VERSION, NULL, 0, ""},
    {{"harkd", "--listen"}, ARGUMENTS_BAD, NULL, 0, "--listen needs a value"},
    {{"harkd", "-c"}, ARGUMENTS_BAD, NULL, 0, "-c needs a value"},
    {{"harkd", "--config"}, ARGUMENTS_BAD, NULL, 0, "--config needs a value"},
    {{"harkd", "--listen", "localhost"}, ARGUMENTS_BAD, NULL, 0, "ADDRESS@PORT"},
    {{"harkd", "--listen", "127.0.0.1@0"}, ARGUMENTS_BAD, NULL, 0, "ADDRESS@PORT"},
    {{"harkd", "--listen", "::1", "--listen=::1@53"}, ARGUMENTS_BAD, NULL, 1, "given twice"},
    {{"harkd", "--listn", "::1"}, ARGUMENTS_BAD, NULL, 0, "no option --listn; see harkd --help"},
    {{"harkd", "file"}, ARGUMENTS_BAD, NULL, 0, "no option file"},
    {{"harkd", "-c/x"}, ARGUMENTS_BAD, NULL, 0, "no option -c/x"},
    {{"harkd", ""}, ARGUMENTS_BAD, NULL, 0, "no option"},
};

static void command_lines_read_or_say_what_is_wrong(void **state)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct arena a;
        struct text complaint;
        struct arguments args;
        int argc = 0;
        char *argv[7];
        arena_init(&a);
        text_init(&complaint);
        for (; rows[i].argv[argc]; argc++)
            argv[argc] = arena_strdup(&a, rows[i].argv[argc]);
        assert_int_equal(arguments_read(&args, argc, argv, &a, &complaint), rows[i].want);
        assert_non_null(strstr(complaint.data, rows[i].says));
        assert_int_equal(args.listen_count, rows[i].listen_count);
        if (rows[i].config)
            assert_string_equal(args.config, rows[i].config);
        else
            assert_null(args.config);
        text_fini(&complaint);
        arena_fini(&a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(command_lines_read_or_say_what_is_wrong)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
