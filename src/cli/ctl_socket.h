/* A running harkd's control socket, asked: one line of JSON there, one object back. */
#ifndef HARK_CLI_CTL_SOCKET_H
#define HARK_CLI_CTL_SOCKET_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

/** Where it is: as named, if not NULL; as the settings say (even those of a file with mistakes, which is when
 * one wants to know); this user's own; the system's. */
const char *ctl_socket_path(const char *named, char *buf, size_t cap);
/** A connection, or -1: errno tells. */
int ctl_socket_dial(const char *path);
/** Likewise; that there is none was said. */
int ctl_socket_open(const char *path);
/** The reply, a new reference. NULL: errno tells; 0 there means that the other side closed without one,
 * EBADMSG that what it sent cannot be read. */
json_t *ctl_socket_ask(
    int fd, const char *verb, const char *const *words, size_t word_count, int patience_ms);

/** What errno, as these functions leave it, means in words. */
const char *ctl_socket_trouble(void);

/** The two halves of it. */
bool ctl_socket_send(int fd, const char *verb, const char *const *words, size_t word_count);
json_t *ctl_socket_receive(int fd, int patience_ms);

/** For how long what is read next is waited for; 0: for ever. */
void ctl_socket_wait(int fd, int patience_ms);

/* Replies of many lines. */
struct ctl_lines {
    int fd;
    struct text text; /* read, of which so much was given: */
    size_t at;
};

void ctl_lines_init(struct ctl_lines *l, int fd);
void ctl_lines_fini(struct ctl_lines *l);
/** The next object, a new reference; waits for it. NULL: errno tells; 0 there means that it is the end. */
json_t *ctl_lines_next(struct ctl_lines *l);

#endif
