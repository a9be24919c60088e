/* Messages on a stream: the same ones come out however the octets are cut,
 * and going out again they are the same octets, through a socket that takes them a part at a time. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cursor.h"
#include "net/framing.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* Buffers are lent by one place, and come back to it. */
static void check_sockets(struct framing *out, size_t len)
{
    struct framing_spares spares = {0};
    struct framing in = {.spares = &spares};
    int fd[2], small = 1, n = 0;
    size_t heard = 0, left = framing_left(out);
    const uint8_t *wire;
    enum framing_written written = FRAMING_BLOCKED;
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, fd) != 0)
        abort();
    setsockopt(fd[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof small); /* the kernel's least */
    assert(left == len);
    while (written != FRAMING_ALL || heard < len) {
        written = framing_write(out, fd[0]);
        assert(written != FRAMING_BROKEN && framing_left(out) <= left);
        n = framing_read(&in, fd[1]);
        assert(n > 0);
        for (size_t m; framing_next(&in, &wire, &m);)
            heard += 2 + m;
        framing_trim(&in);
    }
    assert(heard == len && framing_left(&in) == 0);
    assert(framing_read(&in, fd[1]) == -1);
    close(fd[0]);
    assert(framing_read(&in, fd[1]) == 0);
    assert(framing_read(&in, -1) == -2);
    framing_add(out, (const uint8_t *)"end", 3);
    assert(framing_write(out, fd[1]) == FRAMING_BROKEN);
    framing_fini(&in);
    framing_spares_fini(&spares);
    close(fd[1]);
}

/* The first octet and what follows from it decide where it is cut. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    if (len == 0)
        return 0;
    uint32_t cut = data[0];
    data++;
    len--;
    struct framing in = {0}, out = {0};
    size_t fed = 0, taken = 0;
    while (fed < len) {
        cut = cut * 1103515245u + 12345u;
        size_t room, n = 1 + (cut >> 16) % ((cut >> 8) % 3 ? 7 : 5000);
        uint8_t *p = framing_room(&in, &room);
        assert(room > 0);
        n = n > room ? room : n;
        n = n > len - fed ? len - fed : n;
        memcpy(p, data + fed, n);
        framing_got(&in, n);
        fed += n;
        const uint8_t *wire;
        for (size_t m; framing_next(&in, &wire, &m); taken += 2 + m) {
            assert(taken + 2 + m <= fed && get_u16(data + taken) == m);
            assert(memcmp(wire, data + taken + 2, m) == 0);
            framing_add(&out, wire, m);
        }
        framing_trim(&in);
        assert(framing_left(&in) == fed - taken);
        assert((in.data == NULL) == (in.cap == 0));
    }
    assert(framing_left(&out) == taken);
    assert(taken == 0 || memcmp(out.data + out.start, data, taken) == 0);
    assert(len - taken < 2 || get_u16(data + taken) > len - taken - 2); /* what is left is no whole message */
    if (taken > 0)
        check_sockets(&out, taken);
    framing_fini(&in);
    framing_fini(&out);
    return 0;
}
