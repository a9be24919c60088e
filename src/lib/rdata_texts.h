/* The data of records as text, in a form that goes through a pipe: each once, in order of their letters. */
#ifndef HARK_LIB_RDATA_TEXTS_H
#define HARK_LIB_RDATA_TEXTS_H

#include "dns/rdata.h"

#define RDATA_TEXTS_OCTETS 4096u

/* Invariant: `len` octets of `text` are `count` strings, each with its terminating zero. */
struct rdata_texts {
    uint32_t count, len;
    uint32_t left_out; /* that found no place */
    char text[RDATA_TEXTS_OCTETS];
};

void rdata_texts_add(struct rdata_texts *l, uint16_t type, const struct rdata *rd);
/** The first with at NULL, the one behind `at` otherwise; NULL: there is none. */
const char *rdata_texts_next(const struct rdata_texts *l, const char *at);
/** Have they one in common, in whatever letters? */
bool rdata_texts_overlap(const struct rdata_texts *a, const struct rdata_texts *b);
bool rdata_texts_equal(const struct rdata_texts *a, const struct rdata_texts *b);

#endif
