/* echo ADDRESS PORT: sends every datagram back, by batches. What UDP itself costs on this machine:
 * the floor under any server. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#define BATCH 64
#define ROOM 4096

static struct mmsghdr msgs[BATCH];
static struct iovec iov[BATCH];
static struct sockaddr_in peer[BATCH];
static uint8_t wire[BATCH][ROOM];

static void slots_clear(int count)
{
    for (int i = 0; i < count; i++) {
        iov[i] = (struct iovec){wire[i], ROOM};
        msgs[i].msg_hdr = (struct msghdr){
            .msg_name = &peer[i], .msg_namelen = sizeof peer[i], .msg_iov = &iov[i], .msg_iovlen = 1};
    }
}

int main(int argc, char **argv)
{
    struct sockaddr_in at = {.sin_family = AF_INET};
    if (argc != 3 || inet_pton(AF_INET, argv[1], &at.sin_addr) != 1) {
        fputs("echo ADDRESS PORT\n", stderr);
        return 2;
    }
    at.sin_port = htons((uint16_t)atoi(argv[2]));
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), room = 4 << 20;
    if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof at) < 0) {
        perror("echo");
        return 2;
    }
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
    slots_clear(BATCH);
    for (;;) { /* until it is killed */
        int n = recvmmsg(fd, msgs, BATCH, MSG_WAITFORONE, NULL);
        if (n < 0 && errno != EINTR) {
            perror("echo: recvmmsg");
            return 1;
        }
        for (int i = 0; i < n; i++)
            iov[i].iov_len = msgs[i].msg_len;
        for (int done = 0, k; done<n; done += k> 0 ? k : 1)
            k = sendmmsg(fd, msgs + done, (unsigned)(n - done), 0);
        slots_clear(n > 0 ? n : 0);
    }
}
