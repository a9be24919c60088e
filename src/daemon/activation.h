/* Sockets that a service manager opened for us (sd_listen_fds(3), by hand): descriptors from 3 on, as many as
 * LISTEN_FDS says, if LISTEN_PID is this process. */
#ifndef HARK_DAEMON_ACTIVATION_H
#define HARK_DAEMON_ACTIVATION_H

#include "base/addr.h"
#include "base/mem.h"
#include "base/text.h"

struct given_socket {
    int fd;
    int type; /* SOCK_DGRAM, SOCK_STREAM */
    struct endpoint at;
};

struct activation {
    struct given_socket *sockets; /* in the arena */
    size_t count;                 /* 0: nobody gave any */
};

/** Takes them over; the variables leave the environment. ERR_FORMAT with a complaint that names the socket if
 * one is of no use here: who connects to it would wait for nothing. */
enum err activation_read(struct activation *out, struct arena *a, struct text *complaint);
void activation_close(struct activation *given);

#endif
