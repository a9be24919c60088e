#include "cli/out.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* What came out, to be compared and freed. */
struct caught {
    struct out out;
    FILE *f;
    char *text;
    size_t len;
};

static void begin(struct caught *c)
{
    c->f = open_memstream(&c->text, &c->len);
    assert_non_null(c->f);
    out_init(&c->out, c->f, OUT_TEXT);
    c->out.utf8 = false;
}

static void expect(struct caught *c, const char *expected)
{
    fclose(c->f);
    assert_string_equal(c->text, expected);
    free(c->text);
}

static void what_is_not_printable_is_escaped(void **state)
{
    struct caught c;
    begin(&c);
    out_put(&c.out, STYLE_PLAIN, "a\033[2J\r\x9b\x7f\xe2\x80\xae\tz\n");
    expect(&c, "a\\027[2J\\013\\155\\127\\226\\128\\174 z\n");
}

static void a_file_is_no_terminal(void **state)
{
    struct caught c;
    begin(&c);
    assert_false(c.out.colour);
    assert_int_equal(c.out.width, 80);
    out_put(&c.out, STYLE_BAD, "plain");
    expect(&c, "plain");
}

static void what_a_terminal_has_no_room_for_goes_on_below_its_column(void **state)
{
    struct caught c;
    begin(&c);
    c.out.folds = true;
    c.out.width = 24;
    out_line(&c.out, STYLE_PLAIN, "to a file or a program as it is");
    c.out.terminal = true;
    out_put(&c.out, STYLE_PLAIN, "3 s");
    out_column(&c.out, 6);
    out_put(&c.out, STYLE_PLAIN, "www.example A: ");
    out_put(&c.out, STYLE_PLAIN, "NOERROR");
    out_put(&c.out, STYLE_PLAIN, ", 7 ms, in 12 ms");
    out_end(&c.out);
    out_line(&c.out, STYLE_PLAIN, "%s of no blank stays", "a-word-that-is-longer-than-a-line");
    expect(&c, "to a file or a program as it is\n"
               "3 s   www.example A: \n        NOERROR, 7 ms,\n        in 12 ms\n"
               "a-word-that-is-longer-than-a-line\n  of no blank stays\n");
}

static void colours_surround_the_text_and_no_more(void **state)
{
    struct caught c;
    begin(&c);
    c.out.colour = true;
    out_put(&c.out, STYLE_BAD, "red");
    out_put(&c.out, STYLE_PLAIN, " plain");
    expect(&c, "\033[31mred\033[0m plain");
}

static void columns_line_up(void **state)
{
    struct caught c;
    begin(&c);
    out_put(&c.out, STYLE_PLAIN, "ab");
    out_column(&c.out, 5);
    out_put(&c.out, STYLE_PLAIN, "c");
    out_end(&c.out);
    out_put(&c.out, STYLE_PLAIN, "abcdef");
    out_column(&c.out, 5);
    out_put(&c.out, STYLE_PLAIN, "g");
    out_end(&c.out);
    out_mark(&c.out, MARK_ARROW);
    out_column(&c.out, 4);
    out_put(&c.out, STYLE_PLAIN, "h");
    expect(&c, "ab   c\nabcdef g\n->  h");
}

static void json_is_one_ascii_line(void **state)
{
    struct caught c;
    begin(&c);
    json_t *j = json_object();
    json_object_set_new(j, "t", json_string("\033\x7f\xe2\x80\xae\n\xc2\x9b"));
    out_json(&c.out, j);
    expect(&c, "{\"t\":\"\\u001B\\u007f\\u202E\\n\\u009B\"}\n");
}

static void a_failed_write_is_remembered(void **state)
{
    struct out out;
    FILE *f = fopen("/dev/full", "w");
    assert_non_null(f);
    out_init(&out, f, OUT_TEXT);
    out_put(&out, STYLE_PLAIN, "x");
    out_end(&out);
    assert_int_not_equal(out.error, 0);
    fclose(f);
}

static void words_keep_letters_and_lose_what_steers(void **state)
{
    static const char in[] = "M\xc3\xbcller\x1b[2J\xe2\x80\xae \xc2\x9b\xff\n.";
    struct caught c;
    begin(&c);
    c.out.utf8 = true;
    out_words(&c.out, STYLE_PLAIN, in);
    assert_int_equal(c.out.column, 12);
    expect(&c, "M\xc3\xbcller[2J ?.");
    begin(&c);
    out_words(&c.out, STYLE_PLAIN, in);
    expect(&c, "M?ller[2J ?.");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_not_printable_is_escaped),
        cmocka_unit_test(words_keep_letters_and_lose_what_steers),
        cmocka_unit_test(a_file_is_no_terminal),
        cmocka_unit_test(what_a_terminal_has_no_room_for_goes_on_below_its_column),
        cmocka_unit_test(colours_surround_the_text_and_no_more),
        cmocka_unit_test(columns_line_up),
        cmocka_unit_test(json_is_one_ascii_line),
        cmocka_unit_test(a_failed_write_is_remembered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
