/* File descriptors, of which a process has few (RLIMIT_NOFILE, read each time: it may be raised while we
 * run). The kernel gives the lowest free number, so a number tells how many are in use, and who may keep the
 * last ones follows from it: connections of clients leave room for questions to servers, and both for the
 * control socket and what else is opened now and then (fault F11).
 */
#ifndef HARK_NET_DESCRIPTORS_H
#define HARK_NET_DESCRIPTORS_H

#include <stdbool.h>

enum descriptor_use { DESCRIPTOR_CLIENT, DESCRIPTOR_UPSTREAM };

/** The first descriptor that may not be kept for that use; INT_MAX: all may. */
int descriptors_kept_below(enum descriptor_use use);
/** Whether a descriptor just got may be kept for that use; else the caller closes it and acts as at EMFILE.
 */
bool descriptor_may_be_kept(int fd, enum descriptor_use use);

#endif
