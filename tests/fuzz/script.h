/* The input of fuzz_resolver as a script: octets, and the names and records that they stand for. */
#ifndef HARK_FUZZ_SCRIPT_H
#define HARK_FUZZ_SCRIPT_H

#include "base/cursor.h"
#include "base/mem.h"
#include "dns/msg.h"

struct script {
    struct arena *arena;
    struct reader octets;
    size_t begin;    /* of the first op */
    unsigned rounds; /* times that it may begin again */
    unsigned serial; /* of names and addresses that are others each time */
    bool signs;      /* servers have the records of DNSSEC */
    uint32_t wall_s; /* of signatures */
};

void script_begin(struct script *x, const uint8_t *data, size_t len);
/** Begins anew while rounds are left; then every octet is 0. */
uint8_t script_octet(struct script *x);
bool script_is_over(const struct script *x);
const name_t *script_name(struct script *x, const char *text, const name_t *origin);
struct rdata script_address(struct script *x, unsigned which, bool v6);
/** The key of all zones. */
struct rdata script_key(struct script *x);
/** As the next octets say: an RRset, around the name that was asked. */
void script_add_rr(struct script *x, struct msg_builder *b, enum section s, const name_t *asked);

const name_t *name_above(const name_t *n, unsigned labels);
struct rdata rdata_of_name(const name_t *n);

#endif
