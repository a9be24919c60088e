#include "base/cursor.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void reads_in_network_order(void **state)
{
    static const uint8_t in[] = {1, 2, 3, 4, 5, 6, 7, 8};
    struct reader r = reader_of(in, sizeof in);
    assert_int_equal(read_u8(&r), 1);
    assert_int_equal(read_u16(&r), 0x0203);
    assert_int_equal(read_u32(&r), 0x04050607);
    assert_int_equal(reader_left(&r), 1);
    assert_ptr_equal(read_octets(&r, 1), in + 7);
    assert_false(r.bad);
}

static void a_read_past_the_end_sticks(void **state)
{
    static const uint8_t in[] = {1, 2, 3};
    struct reader r = reader_of(in, sizeof in);
    assert_int_equal(read_u32(&r), 0);
    assert_true(r.bad);
    assert_int_equal(read_u8(&r), 0); /* though three octets are there */
    assert_null(read_octets(&r, 0));
    assert_int_equal(reader_left(&r), 0);
    r = reader_of(in, sizeof in);
    assert_null(read_octets(&r, SIZE_MAX));
    assert_true(r.bad);
}

static void reads_nothing_from_nothing(void **state)
{
    struct reader r = reader_of("", 0);
    assert_non_null(read_octets(&r, 0));
    assert_false(r.bad);
    assert_int_equal(read_u16(&r), 0);
    assert_true(r.bad);
}

static void writes_in_network_order(void **state)
{
    uint8_t buf[9];
    struct writer w = writer_of(buf, sizeof buf);
    write_u8(&w, 1);
    write_u16(&w, 0x0203);
    write_u32(&w, 0x04050607);
    write_octets(&w, "\x08", 1);
    assert_int_equal(writer_left(&w), 1);
    write_octets(&w, NULL, 0);
    assert_false(w.bad);
    assert_memory_equal(buf, "\1\2\3\4\5\6\7\x08", 8);
    assert_int_equal(get_u16(buf + 1), 0x0203);
    assert_int_equal(get_u32(buf + 3), 0x04050607);
}

static void a_write_past_the_end_writes_nothing_and_sticks(void **state)
{
    uint8_t buf[4] = {9, 9, 9, 9};
    struct writer w = writer_of(buf, 3);
    write_u32(&w, 0);
    assert_true(w.bad);
    write_u8(&w, 0);
    assert_memory_equal(buf, "\x09\x09\x09\x09", 4);
    assert_int_equal(w.pos, 0);
    assert_int_equal(writer_left(&w), 0);
    w = writer_of(buf, 3);
    assert_null(write_room(&w, SIZE_MAX));
}

static void high_bits_do_not_spread(void **state)
{
    static const uint8_t in[] = {0xff, 0xfe, 0xfd, 0xfc};
    struct reader r = reader_of(in, 4);
    assert_true(read_u32(&r) == 0xfffefdfcu);
    assert_int_equal(get_u16(in), 0xfffe);
    assert_true(get_u32(in) == 0xfffefdfcu);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_in_network_order),
        cmocka_unit_test(a_read_past_the_end_sticks),
        cmocka_unit_test(reads_nothing_from_nothing),
        cmocka_unit_test(writes_in_network_order),
        cmocka_unit_test(a_write_past_the_end_writes_nothing_and_sticks),
        cmocka_unit_test(high_bits_do_not_spread),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
