/* Log lines to stderr: one line an event, whatever strangers put into names. */
#ifndef HARK_BASE_LOG_H
#define HARK_BASE_LOG_H

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_NOTICE, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/** Process-wide, set once before threads start. Default: notice. */
void log_set_level(enum log_level level);
enum log_level log_get_level(void);
/** One line: "harkd: warning: text".
 * Control characters, non-ASCII octets and line ends in the text are written \DDD. */
__attribute__((format(printf, 2, 3))) void log_line(enum log_level level, const char *format, ...);
/** "error", "warning", "notice", "info", "debug" to level; -1 if none. */
int log_level_parse(const char *text);
const char *log_level_text(enum log_level level);

#define log_error(...) log_line(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_line(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_notice(...) log_line(LOG_LEVEL_NOTICE, __VA_ARGS__)
#define log_info(...) log_line(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) log_line(LOG_LEVEL_DEBUG, __VA_ARGS__)

#endif
