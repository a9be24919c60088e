#include "base/log.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/sink.h"

/* The process has one stderr, so it has one log. */
static struct {
    _Atomic enum log_level threshold;
    atomic_bool json, time;
    bool journal;                /* set before there are threads */
    struct sink *_Atomic thread; /* NULL: lines are written at once */
} process = {.threshold = LOG_LEVEL_NOTICE};

static const char *const level_names[] = {"error", "warning", "notice", "info", "debug"};
static const char level_priorities[] = "34567"; /* syslog(3) */

void log_set_level(enum log_level level)
{
    atomic_store(&process.threshold, level);
}

enum log_level log_get_level(void)
{
    return atomic_load_explicit(&process.threshold, memory_order_relaxed);
}

void log_set_form(bool json, bool time)
{
    atomic_store(&process.json, json);
    atomic_store(&process.time, time);
}

bool log_is_json(void)
{
    return atomic_load(&process.json);
}

const char *log_level_text(enum log_level level)
{
    return level_names[level];
}

int log_level_parse(const char *text)
{
    for (int i = 0; i <= LOG_LEVEL_DEBUG; i++)
        if (strcmp(text, level_names[i]) == 0)
            return i;
    return -1;
}

void log_time(struct text *t)
{
    struct timespec now;
    struct tm tm;
    char buf[32];
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &tm);
    strftime(buf, sizeof buf, "%Y-%m-%dT%H:%M:%S", &tm);
    text_printf(t, "%s.%03ldZ", buf, now.tv_nsec / 1000000);
}

static void add_priority(struct text *t, enum log_level level)
{
    if (process.journal)
        text_printf(t, "<%c>", level_priorities[level]);
}

/* An object however long the message is: rather its end is cut. */
static void add_json(struct text *t, enum log_level level, struct text *message)
{
    size_t before = t->len;
    for (;; message->data[message->len /= 2] = 0) {
        text_add(t, "{\"time\":\"");
        log_time(t);
        text_printf(t, "\",\"level\":\"%s\",\"message\":", level_names[level]);
        text_json(t, message->data);
        text_char(t, '}');
        if (!t->cut || message->len == 0)
            return;
        t->len = before;
        t->cut = false;
    }
}

/* A whole line but its end. raw: with whatever strangers put in. */
static void compose(struct text *t, enum log_level level, const char *raw)
{
    char printable[2048];
    struct text message;
    text_init_fixed(&message, printable, sizeof printable);
    for (const unsigned char *p = (const unsigned char *)raw; *p; p++) {
        if (*p < 0x20 || *p > 0x7e)
            text_printf(&message, "\\%03u", *p);
        else
            text_char(&message, (char)*p);
    }
    add_priority(t, level);
    if (log_is_json()) {
        add_json(t, level, &message);
        return;
    }
    if (!process.journal && atomic_load(&process.time)) {
        log_time(t);
        text_char(t, ' ');
    }
    if (!process.journal)
        text_printf(t, "harkd: %s: ", level_names[level]);
    text_add(t, message.data);
}

static void write_line(struct text *t)
{
    struct sink *thread = atomic_load(&process.thread);
    t->data[t->len] = '\n'; /* in place of the terminating zero */
    if (thread)
        sink_put(thread, t->data, t->len + 1);
    /* A single write keeps lines of several threads apart; a log sink that fails must not stop the server. */
    else if (write(STDERR_FILENO, t->data, t->len + 1) < 0)
        return;
}

void log_line(enum log_level level, const char *format, ...)
{
    if (level > log_get_level())
        return;
    char raw[1024], line[SINK_LINE_MAX];
    struct text t;
    va_list ap;
    va_start(ap, format);
    vsnprintf(raw, sizeof raw, format, ap);
    va_end(ap);
    text_init_fixed(&t, line, sizeof line);
    compose(&t, level, raw);
    write_line(&t);
}

void log_put(enum log_level level, const char *line)
{
    char buf[SINK_LINE_MAX];
    struct text t;
    text_init_fixed(&t, buf, sizeof buf);
    add_priority(&t, level);
    text_add(&t, line);
    write_line(&t);
}

void log_open(void)
{
    const char *stream = getenv("JOURNAL_STREAM"); /* systemd.exec(5): "DEVICE:INODE" */
    struct stat st;
    unsigned long device, inode;
    process.journal = stream && sscanf(stream, "%lu:%lu", &device, &inode) == 2 &&
                      fstat(STDERR_FILENO, &st) == 0 && st.st_dev == device && st.st_ino == inode;
}

static size_t lost_line(uint64_t lines, char *buf, size_t cap)
{
    char raw[128];
    struct text t;
    snprintf(raw, sizeof raw, "%llu log lines are lost: whoever reads the log was too slow",
        (unsigned long long)lines);
    text_init_fixed(&t, buf, cap);
    compose(&t, LOG_LEVEL_WARNING, raw);
    t.data[t.len] = '\n';
    return t.len + 1;
}

void log_start(void)
{
    int fd = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
    struct sink *thread = fd >= 0 ? sink_new(fd, lost_line) : NULL;
    if (!thread && fd >= 0)
        close(fd);
    atomic_store(&process.thread, thread);
}

void log_stop(void)
{
    sink_free(atomic_exchange(&process.thread, NULL));
}

uint64_t log_lost(void)
{
    struct sink *thread = atomic_load(&process.thread);
    return thread ? sink_lost(thread) : 0;
}

void log_lines(enum log_level level, const char *lines)
{
    while (*lines) {
        size_t n = strcspn(lines, "\n");
        log_line(level, "%.*s", (int)n, lines);
        lines += n + (lines[n] == '\n');
    }
}
