/* Times in order: a binary heap of nodes that live inside the caller's structs. */
#ifndef HARK_BASE_HEAP_H
#define HARK_BASE_HEAP_H

#include <stddef.h>
#include <stdint.h>

/* Zeroed: not in a heap. */
struct heap_node {
    int64_t at;
    size_t place; /* index + 1; 0: not in the heap */
};

struct heap {
    struct heap_node **nodes;
    size_t count, cap;
};

void heap_fini(struct heap *h);
/** Puts the node in at that time, or moves it there. */
void heap_set(struct heap *h, struct heap_node *n, int64_t at);
/** Takes it out if it is in. */
void heap_remove(struct heap *h, struct heap_node *n);
/** The earliest, or NULL. */
struct heap_node *heap_first(const struct heap *h);

#endif
