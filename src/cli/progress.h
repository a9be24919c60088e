/* A line on the terminal that says what is waited for, once a second of silence has passed; the time limit of
 * the whole command; and an interrupt that leaves the terminal as it was. The kernel's timer does it: what
 * waits (poll, curl, libuv) is interrupted and goes on. Its state is the process's: signal handlers have no
 * other.
 */
#ifndef HARK_CLI_PROGRESS_H
#define HARK_CLI_PROGRESS_H

#include <stddef.h>
#include <stdint.h>

/** Begins to count. limit_s: the command ends then, with exit code 5; 0: it has no such limit. */
void progress_begin(uint32_t limit_s);
/** What is waited for from now on: "127.0.0.1", "whois.example". */
__attribute__((format(printf, 1, 2))) void progress_says(const char *format, ...);
/** Which line of a batch it is. */
void progress_line(size_t line);
/** Something is about to be printed where the answers go: if that is the same terminal, the line goes, and
 * does not come back before another second of silence. */
void progress_answer(void);
/** The line goes: something is about to be printed to standard error. */
void progress_clear(void);
/** Nothing more is waited for, or for ever: the line goes and does not come back. The time limit stays. */
void progress_end(void);

#endif
