/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
/* clang-format on */

#include "lib/config.h"
#include "lib/file.h"

#define TABLE_MAX ((size_t)1 << 20)

/* One block of broken.txt. */
struct broken {
    struct text file, messages; /* messages: lines without their "-- " */
};

static void add_unescaped(struct text *t, const char *line, size_t len)
{
    static const char hex[] = "0123456789abcdef";
    for (size_t i = 0; i < len; i++) {
        if (line[i] != '\\') {
            text_char(t, line[i]);
        } else if (line[i + 1] == 'x') {
            size_t high = (size_t)(strchr(hex, line[i + 2]) - hex),
                   low = (size_t)(strchr(hex, line[i + 3]) - hex);
            text_char(t, (char)(high << 4 | low));
            i += 3;
        } else {
            i++;
            text_char(t, line[i] == 't' ? '\t' : line[i]);
        }
    }
    text_char(t, '\n');
}

/* The next block; *p moves behind it. False: no more. */
static bool next_block(const char **p, struct broken *b)
{
    text_clear(&b->file);
    text_clear(&b->messages);
    while (**p) {
        size_t len = strcspn(*p, "\n");
        const char *line = *p;
        *p += len + (line[len] == '\n');
        if (len == 2 && memcmp(line, "==", 2) == 0)
            return true;
        if (len > 3 && memcmp(line, "-- ", 3) == 0) {
            text_add(&b->messages, b->messages.len ? "\n" : "");
            text_add_n(&b->messages, line + 3, len - 3);
        } else if (b->file.len || line[0] != '#') {
            add_unescaped(&b->file, line, len);
        }
    }
    return false;
}

static void write_file(const char *path, const struct text *t)
{
    FILE *out = fopen(path, "w");
    assert_non_null(out);
    assert_int_equal(fwrite(t->data, 1, t->len, out), t->len);
    fclose(out);
}

/* "PATH:" before each line, but before the one that counts the rest. */
static void complete(struct text *out, const char *path, const char *messages)
{
    while (*messages) {
        size_t len = strcspn(messages, "\n");
        text_add(out, out->len ? "\n" : "");
        if (strncmp(messages, "and ", 4) != 0)
            text_printf(out, "%s:", path);
        text_add_n(out, messages, len);
        messages += len + (messages[len] == '\n');
    }
}

static void check_block(const struct broken *b, const char *path)
{
    struct config config;
    struct arena a;
    struct text complaint, expected;
    arena_init(&a);
    text_init(&complaint);
    text_init(&expected);
    write_file(path, &b->file);
    complete(&expected, path, b->messages.data);
    assert_int_equal(config_load(&config, &a, path, &complaint), ERR_FORMAT);
    if (strcmp(complaint.data, expected.data) != 0)
        print_error("this file:\n%s", b->file.data);
    assert_string_equal(complaint.data, expected.data);
    text_fini(&complaint);
    text_fini(&expected);
    arena_fini(&a);
}

static void every_mistake_is_named_with_place_value_and_what_was_expected(void **state)
{
    char path[] = "/tmp/test_broken.XXXXXX";
    struct broken b;
    struct text why;
    size_t len, blocks = 0;
    close(mkstemp(path));
    text_init(&b.file);
    text_init(&b.messages);
    text_init(&why);
    char *table = file_read(BROKEN_TABLE, TABLE_MAX, &len, &why);
    assert_non_null(table);
    const char *p = table;
    for (; next_block(&p, &b); blocks++)
        check_block(&b, path);
    assert_true(blocks >= 40);
    mem_free(table);
    text_fini(&why);
    text_fini(&b.file);
    text_fini(&b.messages);
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_mistake_is_named_with_place_value_and_what_was_expected),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
