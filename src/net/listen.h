/* Sockets that clients come to, UDP and TCP: made here, or given by whoever started us.
 *
 *   fd = listen_open(&at, SOCK_DGRAM, false)      then udp_listener_open(…, fd, …)
 *   fd = listen_open(&at, SOCK_STREAM, false)     then stream_server_open(…, fd, …)
 */
#ifndef HARK_NET_LISTEN_H
#define HARK_NET_LISTEN_H

#include <stdbool.h>
#include <sys/socket.h>

#include "base/addr.h"

/** A socket bound there, of type SOCK_STREAM listening too. SO_REUSEPORT, so that each worker has its own;
 * IPV6_V6ONLY; never blocks. freebind: the address need not be there yet (IP_FREEBIND). -1 with errno
 * (EACCES, EADDRINUSE, EADDRNOTAVAIL, EAFNOSUPPORT). */
int listen_open(const struct endpoint *at, int type, bool freebind);
/** Whether it can be bound by us alone: with SO_REUSEPORT a second server of the same user could bind the
 * same port, and the kernel would share the questions out between the two. Returns the errno, 0 if it can. */
int listen_probe(const struct endpoint *at, int type, bool freebind);
/** What is wrong with a socket that somebody else made for this use; NULL if nothing is: then *type and *at
 * say what it is. */
const char *listen_judge(int fd, int *type, struct endpoint *at);

#endif
