#include "cli/progress.h"

#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/now.h"
#include "cli/status.h"

#define SAID_LEN 200u
#define WIDTH_DEFAULT 80u
#define EARLY_MS 50 /* ticks and clock are not the same: better now than a second late */

static struct {
    bool terminal;              /* somebody looks at standard error */
    bool shared;                /* and at the answers in the same place */
    size_t width;               /* of that terminal */
    int64_t began_ms, until_ms; /* 0: no limit */
    atomic_bool shown;          /* the line stands there */
    atomic_bool silent;         /* nothing was printed since the last tick */
    atomic_size_t line;         /* of a batch; 0: there is none */
    atomic_uint which;          /* of said counts: the other one may be half written */
    char said[2][SAID_LEN];
} progress = {.silent = true};

static void put(const char *p, size_t n)
{
    ssize_t done = write(STDERR_FILENO, p, n);
    (void)done; /* nothing is left to be told if stderr is gone too */
}

static void wipe(void)
{
    static const char erase[] = "\r\033[K";
    if (atomic_exchange(&progress.shown, false))
        put(erase, sizeof erase - 1);
}

/* ---- in signal handlers: nothing but what signal-safety(7) allows ---- */

struct line {
    size_t len, cap;
    char text[SAID_LEN + 64];
};

static void add(struct line *l, const char *s)
{
    while (*s && l->len < l->cap)
        l->text[l->len++] = *s++;
}

static void add_number(struct line *l, uint64_t n)
{
    char digits[24], *d = digits + sizeof digits;
    *--d = 0;
    do
        *--d = (char)('0' + n % 10);
    while ((n /= 10) > 0);
    add(l, d);
}

/* "hark: 3 s, line 17, waiting for 127.0.0.1" */
static void show(int64_t now_ms)
{
    struct line l = {.cap = progress.width - 1};
    if (l.cap > sizeof l.text)
        l.cap = sizeof l.text;
    add(&l, "hark: ");
    add_number(&l, (uint64_t)(now_ms - progress.began_ms + 500) / 1000);
    add(&l, " s, ");
    if (atomic_load(&progress.line)) {
        add(&l, "line ");
        add_number(&l, atomic_load(&progress.line));
        add(&l, ", ");
    }
    add(&l, "waiting for ");
    add(&l, progress.said[atomic_load(&progress.which)]);
    put("\r", 1);
    put(l.text, l.len);
    put("\033[K", 3);
    atomic_store(&progress.shown, true);
}

static void tick(int signal)
{
    static const char over[] = "hark: --timeout is over\n";
    int64_t now_ms = now_read(false).mono_ms;
    (void)signal;
    if (progress.until_ms && now_ms + EARLY_MS >= progress.until_ms) {
        wipe();
        put(over, sizeof over - 1);
        _exit(STATUS_NO_REPLY); /* what was found out is printed: each line as it was known */
    }
    bool silent = atomic_exchange(&progress.silent, true);
    if (progress.terminal && (silent || !progress.shared) && tcgetpgrp(STDERR_FILENO) == getpgrp())
        show(now_ms);
}

/* Dies of the signal after all: so shells end their scripts, and say 130. */
static void interrupt(int number)
{
    wipe();
    signal(number, SIG_DFL);
    raise(number); /* once this handler has returned */
}

/* ---- */

/* One at a time: an interrupt finds the line either whole or not there. */
static void handle(int number, void (*handler)(int))
{
    static const int all[] = {SIGALRM, SIGINT, SIGTERM, SIGHUP};
    struct sigaction old, new = {.sa_handler = handler, .sa_flags = SA_RESTART};
    sigemptyset(&new.sa_mask);
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        sigaddset(&new.sa_mask, all[i]);
    if (sigaction(number, NULL, &old) == 0 && old.sa_handler != SIG_IGN)
        sigaction(number, &new, NULL);
}

void progress_begin(uint32_t limit_s)
{
    struct itimerval every = {.it_interval.tv_sec = 1, .it_value.tv_sec = 1};
    struct winsize size;
    const char *term = getenv("TERM");
    progress.terminal = isatty(STDERR_FILENO) && !(term && strcmp(term, "dumb") == 0); /* it wipes no line */
    if (!progress.terminal && limit_s == 0)
        return;
    progress.began_ms = now_read(false).mono_ms;
    progress.until_ms = limit_s ? progress.began_ms + (int64_t)limit_s * 1000 : 0;
    progress.shared = isatty(STDOUT_FILENO);
    progress.width =
        ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col ? size.ws_col : WIDTH_DEFAULT;
    progress_says("an answer");
    handle(SIGALRM, tick);
    if (progress.terminal) {
        handle(SIGINT, interrupt);
        handle(SIGTERM, interrupt);
        handle(SIGHUP, interrupt);
    }
    setitimer(ITIMER_REAL, &every, NULL);
}

void progress_says(const char *format, ...)
{
    unsigned other = !atomic_load(&progress.which);
    va_list ap;
    if (!progress.terminal)
        return;
    va_start(ap, format);
    vsnprintf(progress.said[other], SAID_LEN, format, ap);
    va_end(ap);
    for (char *p = progress.said[other]; *p; p++)
        if (*p < 0x20 || *p > 0x7e)
            *p = '?';
    atomic_store(&progress.which, other);
}

void progress_line(size_t line)
{
    atomic_store(&progress.line, line);
}

void progress_answer(void)
{
    if (progress.shared)
        progress_clear();
}

void progress_clear(void)
{
    if (!progress.terminal)
        return;
    atomic_store(&progress.silent, false);
    wipe();
}

void progress_end(void)
{
    wipe();
    progress.terminal = false;
    wipe(); /* a tick may have come between */
}
