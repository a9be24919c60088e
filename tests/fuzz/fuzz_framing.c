/* Messages on a stream: the same ones come out however the octets are cut,
 * and going out again they are the same octets. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/cursor.h"
#include "net/framing.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

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
    framing_fini(&in);
    framing_fini(&out);
    return 0;
}
