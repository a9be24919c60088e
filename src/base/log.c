#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"

/* Set once at start, read by all threads. */
static enum log_level threshold = LOG_LEVEL_NOTICE;

static const char *const level_names[] = {"error", "warning", "notice", "info", "debug"};

void log_set_level(enum log_level level)
{
    threshold = level;
}

enum log_level log_get_level(void)
{
    return threshold;
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

void log_line(enum log_level level, const char *format, ...)
{
    if (level > threshold)
        return;
    char raw[1024], line[2048];
    va_list ap;
    va_start(ap, format);
    vsnprintf(raw, sizeof raw, format, ap);
    va_end(ap);
    struct text t;
    text_init_fixed(&t, line, sizeof line - 1);
    text_printf(&t, "harkd: %s: ", level_names[level]);
    for (const unsigned char *p = (const unsigned char *)raw; *p; p++) {
        if (*p < 0x20 || *p > 0x7e)
            text_printf(&t, "\\%03u", *p);
        else
            text_char(&t, (char)*p);
    }
    line[t.len] = '\n';
    /* A single write keeps lines of several threads apart; a log sink that fails must not stop the server. */
    if (write(STDERR_FILENO, line, t.len + 1) < 0)
        return;
}
