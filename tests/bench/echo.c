/* echo ADDRESS PORT [tcp | shared]: sends every datagram back, by batches; or every octet of every
 * connection. What UDP and TCP themselves cost on this machine: the floor under any server. shared: over UDP,
 * with others on the same port. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define BATCH 64
#define ROOM 4096
#define STREAM_ROOM 65536
#define BACKLOG 1024

static struct mmsghdr msgs[BATCH];
static struct iovec iov[BATCH];
static struct sockaddr_in peer[BATCH];
static uint8_t wire[BATCH][ROOM];

static _Noreturn void die(const char *what)
{
    perror(what);
    exit(1);
}

/* ---- UDP ---- */

static void slots_clear(int count)
{
    for (int i = 0; i < count; i++) {
        iov[i] = (struct iovec){wire[i], ROOM};
        msgs[i].msg_hdr = (struct msghdr){
            .msg_name = &peer[i], .msg_namelen = sizeof peer[i], .msg_iov = &iov[i], .msg_iovlen = 1};
    }
}

static _Noreturn void echo_datagrams(int fd)
{
    int room = 4 << 20;
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
    slots_clear(BATCH);
    for (;;) { /* until it is killed */
        int n = recvmmsg(fd, msgs, BATCH, MSG_WAITFORONE, NULL);
        if (n < 0 && errno != EINTR)
            die("echo: recvmmsg");
        for (int i = 0; i < n; i++)
            iov[i].iov_len = msgs[i].msg_len;
        for (int done = 0, k; done<n; done += k> 0 ? k : 1)
            k = sendmmsg(fd, msgs + done, (unsigned)(n - done), 0);
        slots_clear(n > 0 ? n : 0);
    }
}

/* ---- TCP ---- */

static void watch(int epoll, int fd)
{
    struct epoll_event wanted = {.events = EPOLLIN, .data.fd = fd};
    if (fd < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &wanted) < 0)
        die("echo: accept");
}

static void echo_octets(int fd)
{
    static uint8_t octets[STREAM_ROOM];
    ssize_t n = recv(fd, octets, sizeof octets, 0);
    if (n <= 0 || send(fd, octets, (size_t)n, MSG_NOSIGNAL) != n)
        close(fd);
}

static _Noreturn void echo_streams(int fd)
{
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    if (epoll < 0 || listen(fd, BACKLOG) < 0)
        die("echo: listen");
    watch(epoll, fd);
    for (;;) { /* until it is killed */
        struct epoll_event ready[BATCH];
        int n = epoll_wait(epoll, ready, BATCH, -1);
        if (n < 0 && errno != EINTR)
            die("echo: epoll_wait");
        for (int i = 0; i < n; i++) {
            if (ready[i].data.fd == fd)
                watch(epoll, accept4(fd, NULL, NULL, SOCK_CLOEXEC));
            else
                echo_octets(ready[i].data.fd);
        }
    }
}

int main(int argc, char **argv)
{
    struct sockaddr_in at = {.sin_family = AF_INET};
    int tcp = argc == 4 && strcmp(argv[3], "tcp") == 0, shared = argc == 4 && strcmp(argv[3], "shared") == 0,
        one = 1;
    if (argc != 3 + (tcp || shared) || inet_pton(AF_INET, argv[1], &at.sin_addr) != 1) {
        fputs("echo ADDRESS PORT [tcp | shared]\n", stderr);
        return 2;
    }
    at.sin_port = htons((uint16_t)atoi(argv[2]));
    int fd = socket(AF_INET, (tcp ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC, 0);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) < 0 ||
        (shared && setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof one) < 0) ||
        bind(fd, (struct sockaddr *)&at, sizeof at) < 0)
        die("echo");
    if (tcp)
        echo_streams(fd);
    echo_datagrams(fd);
}
