/* A growing hash table of nodes that live inside the caller's structs. Keys are 64 bits, already well mixed
 * or counting up; equal keys may occur. */
#ifndef HARK_BASE_TABLE_H
#define HARK_BASE_TABLE_H

#include <stddef.h>
#include <stdint.h>

struct table_node {
    struct table_node *next;
    uint64_t key;
};

struct table {
    struct table_node **buckets;
    size_t bucket_count, count; /* bucket_count is a power of two */
};

void table_init(struct table *t);
/** Frees the buckets; the nodes are the caller's. */
void table_fini(struct table *t);
void table_add(struct table *t, struct table_node *n, uint64_t key);
void table_remove(struct table *t, struct table_node *n);
/** First node of that key, or NULL; table_next gives the further ones. */
struct table_node *table_find(const struct table *t, uint64_t key);
struct table_node *table_next(const struct table_node *n);
/** Any node, or NULL: to empty a table. */
struct table_node *table_any(const struct table *t);

/** The struct that holds `node` as its member. */
#define HOLDER(node, type, member) ((type *)(void *)((char *)(node)-offsetof(type, member)))

#endif
