/* The state of the root's keys survives whatever moment the process or the power ends at (fault F14): each
 * system call of a write is the last one in turn, before it, in the midst of it and after it. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>
/* clang-format on */

#include "base/cursor.h"
#include "daemon/trust_file.h"
#include "lib/trust.h"

#define STEPS_MAX 40
#define KILLED 77

/* ---- the calls of a write, wrapped by the linker ---- */

static unsigned step, end_at;          /* 0: never */
static enum { END_DIE, END_FAIL } how; /* the process ends, or the call fails with no space */

/* False: the call is not to be made. */
static bool may_call(void)
{
    step++;
    if (step != end_at)
        return true;
    if (how == END_DIE)
        _exit(KILLED);
    errno = ENOSPC;
    return false;
}

/* And when it was made. */
static void called(void)
{
    step++;
    if (step == end_at && how == END_DIE)
        _exit(KILLED);
}

#define WRAP(name, parameters, arguments)                                                                    \
    int __real_##name parameters;                                                                            \
    int __wrap_##name parameters;                                                                            \
    int __wrap_##name parameters                                                                             \
    {                                                                                                        \
        if (!may_call())                                                                                     \
            return -1;                                                                                       \
        int made = __real_##name arguments;                                                                  \
        called();                                                                                            \
        return made;                                                                                         \
    }

WRAP(fsync, (int fd), (fd))
WRAP(unlinkat, (int fd, const char *name, int flags), (fd, name, flags))
WRAP(linkat, (int from, const char *name, int to, const char *other, int flags),
    (from, name, to, other, flags))
WRAP(renameat, (int from, const char *name, int to, const char *other), (from, name, to, other))

ssize_t __real_write(int fd, const void *p, size_t n);
ssize_t __wrap_write(int fd, const void *p, size_t n);
ssize_t __wrap_write(int fd, const void *p, size_t n)
{
    if (!may_call())
        return -1;
    /* In pieces, so that it can end between them. */
    ssize_t made = __real_write(fd, p, n > 20 ? n / 2 : n);
    called();
    return made;
}

/* ---- the tests ---- */

struct fixture {
    char folder[40];
    struct config config;
    struct rfc5011 one, two; /* states, the second after the first */
};

/* So many keys. */
static void fill(struct rfc5011 *r, unsigned count)
{
    rfc5011_init(r, NAME_ROOT);
    r->seen_s = 1763900000 + count;
    for (unsigned i = 0; i < count; i++) {
        struct rfc5011_key *k = &r->keys[r->count++];
        *k = (struct rfc5011_key){
            .data = mem_alloc(36), .len = 36, .state = RFC5011_VALID, .since_s = 1763900000};
        memcpy(k->data, "\x01\x01\x03\x0f", 4);
        k->data[4] = (uint8_t)i;
    }
}

static int setup(void **state)
{
    struct fixture *f = mem_alloc(sizeof *f);
    snprintf(f->folder, sizeof f->folder, "/tmp/test_trust_file.XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    f->config.trust.state = f->folder;
    fill(&f->one, 1);
    fill(&f->two, 2);
    step = end_at = 0;
    *state = f;
    return 0;
}

static void clear(struct fixture *f)
{
    static const char *const names[] = {"root-keys", "root-keys.old", "root-keys.new"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char path[80];
        snprintf(path, sizeof path, "%s/%s", f->folder, names[i]);
        unlink(path);
    }
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    clear(f);
    assert_int_equal(rmdir(f->folder), 0);
    rfc5011_fini(&f->one);
    rfc5011_fini(&f->two);
    mem_free(f);
    return 0;
}

/* Keys that a harkd which starts now knows; -1: it complains, or knows nothing. */
static int known(const struct fixture *f)
{
    struct rfc5011 r;
    struct text why;
    text_init(&why);
    enum err err = trust_read_state(&f->config, &r, &why);
    int count = err || why.len ? -1 : (int)r.count;
    rfc5011_fini(&r);
    text_fini(&why);
    return count;
}

/* What a write that ends at that step leaves, in a process of its own. Returns its exit code. */
static int write_until(const struct fixture *f, const struct rfc5011 *state, unsigned at)
{
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        step = 0;
        end_at = at;
        _exit(trust_file_write(f->folder, state) == ERR_OK ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void what_was_written_reads_back(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(known(f), -1);
    assert_int_equal(trust_file_write(f->folder, &f->one), ERR_OK);
    assert_int_equal(known(f), 1);
    assert_int_equal(trust_file_write(f->folder, &f->two), ERR_OK);
    assert_int_equal(known(f), 2);
}

static void a_process_that_dies_leaves_the_old_state_or_the_new_one(void **state)
{
    struct fixture *f = *state;
    unsigned at = 1, old = 0, new = 0;
    how = END_DIE;
    for (;; at++) {
        assert_true(at < STEPS_MAX);
        clear(f);
        assert_int_equal(write_until(f, &f->one, 0), 0);
        int code = write_until(f, &f->two, at);
        int count = known(f);
        if (count != 1 && count != 2)
            fail_msg("ended at step %u: %d keys", at, count);
        *(count == 1 ? &old : &new) += 1;
        assert_true(count == 1 || new > 0);
        /* And the next write goes through, whatever lies there. */
        assert_int_equal(write_until(f, &f->two, 0), 0);
        assert_int_equal(known(f), 2);
        if (code == 0)
            break;
        assert_int_equal(code, KILLED);
    }
    assert_true(at > 12 && old > 8 && new > 2); /* every call was the last one, before and after */
}

static void a_first_write_that_dies_leaves_nothing_or_all(void **state)
{
    struct fixture *f = *state;
    how = END_DIE;
    for (unsigned at = 1, code = KILLED; code == KILLED; at++) {
        assert_true(at < STEPS_MAX);
        clear(f);
        code = (unsigned)write_until(f, &f->two, at);
        int count = known(f);
        if (count != -1 && count != 2)
            fail_msg("ended at step %u: %d keys", at, count);
    }
    assert_int_equal(known(f), 2);
}

static void a_write_that_fails_says_so_and_keeps_the_old_state(void **state)
{
    struct fixture *f = *state;
    unsigned failures = 0;
    how = END_FAIL;
    for (unsigned at = 1; at < STEPS_MAX; at++) {
        clear(f);
        assert_int_equal(write_until(f, &f->one, 0), 0);
        int code = write_until(f, &f->two, at);
        failures += code == 1;
        assert_true(
            known(f) == (code ? 1 : 2) || (code && known(f) == 2)); /* the folder's fsync: renamed already */
    }
    assert_true(failures >= 6);
}

static void a_folder_that_is_not_there_is_an_error(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(trust_file_write("/nowhere/at/all", &f->one), ERR_SYSTEM);
    assert_int_equal(errno, ENOENT);
}

/* A disk that spoils what it has. */
static void a_spoiled_file_gives_way_to_the_one_before_it(void **state)
{
    struct fixture *f = *state;
    struct rfc5011 r;
    struct text why;
    char path[80];
    text_init(&why);
    assert_int_equal(trust_file_write(f->folder, &f->one), ERR_OK);
    assert_int_equal(trust_file_write(f->folder, &f->two), ERR_OK);
    snprintf(path, sizeof path, "%s/root-keys", f->folder);
    assert_int_equal(truncate(path, 100), 0);
    assert_int_equal(trust_read_state(&f->config, &r, &why), ERR_OK);
    assert_int_equal(r.count, 1);
    assert_non_null(strstr(why.data, "root-keys is damaged"));
    rfc5011_fini(&r);
    text_fini(&why);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_was_written_reads_back),
        TEST(a_process_that_dies_leaves_the_old_state_or_the_new_one),
        TEST(a_first_write_that_dies_leaves_nothing_or_all),
        TEST(a_write_that_fails_says_so_and_keeps_the_old_state),
        TEST(a_folder_that_is_not_there_is_an_error),
        TEST(a_spoiled_file_gives_way_to_the_one_before_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
