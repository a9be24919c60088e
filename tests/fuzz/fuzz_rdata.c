/* RDATA: the first two octets choose the type, the rest is taken as wire and as text. What is accepted must
 * survive the way through text unchanged. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "dns/rdata.h"
#include "dns/rr.h"
#include "dns/rrtype.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void count_piece(void *ctx, const uint8_t *p, size_t len, bool compressible_name)
{
    size_t *sum = ctx;
    require(len > 0);
    require(!compressible_name || name_check(p, len) == len);
    *sum += len;
}

/* Good RDATA: text and back, canonical form, pieces, target. */
static void round_trip(uint16_t type, const struct rdata *rd, struct arena *a)
{
    struct text t;
    struct rdata back;
    text_init(&t);
    rdata_to_text(&t, type, CLASS_IN, rd);
    require(strlen(t.data) == t.len);
    require(rdata_from_text(&back, type, CLASS_IN, t.data, t.len, NULL, a) == ERR_OK);
    require(rdata_compare(rd, &back) == 0);
    text_fini(&t);

    struct rdata canonical = {.len = rd->len};
    uint8_t *octets = arena_alloc(a, rd->len);
    rdata_canonical(octets, type, rd);
    canonical.data = octets;
    require(rdata_check(type, CLASS_IN, octets, canonical.len) == ERR_OK);

    size_t sum = 0;
    rdata_pieces(type, rd, count_piece, &sum);
    require(sum == rd->len);
    const name_t *target = rdata_target(type, rd);
    require(!target || name_check(target, rd->len - (size_t)(target - rd->data)) > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    if (len < 2 || len - 2 > 65535)
        return 0;
    uint16_t type = (uint16_t)(data[0] << 8 | data[1]);
    struct arena a;
    struct rdata rd;
    arena_init(&a);

    struct reader r = reader_of(data, len);
    r.pos = 2;
    if (rdata_read(&r, type, CLASS_IN, (uint16_t)(len - 2), &a, &rd) == ERR_OK) {
        require(r.pos == len && !r.bad);
        require(rdata_check(type, CLASS_IN, rd.data, rd.len) == ERR_OK);
        round_trip(type, &rd, &a);
    } else {
        require(rdata_check(type, CLASS_IN, data + 2, len - 2) != ERR_OK);
    }
    if (rdata_from_text(&rd, type, CLASS_IN, (const char *)data + 2, len - 2, NAME_ROOT, &a) == ERR_OK)
        round_trip(type, &rd, &a);
    arena_fini(&a);
    return 0;
}
