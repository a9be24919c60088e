/* Log lines to stderr: one line an event, whatever strangers put into names.
 *
 *   log_open()          at the start: is the journal behind stderr?
 *   log_error(…) …      each line is written at once, by who has it
 *   log_start()         from now on by a thread of its own: no worker ever waits for a log (fault F22)
 *   log_stop()
 */
#ifndef HARK_BASE_LOG_H
#define HARK_BASE_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_NOTICE, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/** Process-wide, like all of this; may change while threads log. Default: notice. */
void log_set_level(enum log_level level);
enum log_level log_get_level(void);
/** json: {"time":…,"level":…,"message":…}; else text, with the time before it if `time`. Default: text
 * without. */
void log_set_form(bool json, bool time);
bool log_is_json(void);
/** Where stderr is the journal (JOURNAL_STREAM), lines begin with their priority (sd-daemon(3)) and, as text,
 * leave out what it knows itself. */
void log_open(void);
void log_start(void);
/** What is left is written, if it is taken within a second. */
void log_stop(void);
/** Lines that found no room since log_start(). */
uint64_t log_lost(void);
/** One line: "harkd: warning: text".
 * Control characters, non-ASCII octets and line ends in the text are written \DDD. */
__attribute__((format(printf, 2, 3))) void log_line(enum log_level level, const char *format, ...);
/** A line of another form, without its end, that goes the same way whatever the level is set to. */
void log_put(enum log_level level, const char *line);
/** "2026-11-23T08:57:05.123Z" */
void log_time(struct text *t);
/** "error", "warning", "notice", "info", "debug" to level; -1 if none. */
int log_level_parse(const char *text);
const char *log_level_text(enum log_level level);

/** A line for each of the text's. */
void log_lines(enum log_level level, const char *lines);

#define log_error(...) log_line(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_line(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_notice(...) log_line(LOG_LEVEL_NOTICE, __VA_ARGS__)
#define log_info(...) log_line(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) log_line(LOG_LEVEL_DEBUG, __VA_ARGS__)

#endif
