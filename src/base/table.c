#include "base/table.h"

#include <assert.h>

#include "base/mem.h"

#define BUCKETS_FIRST 64u

void table_init(struct table *t)
{
    *t = (struct table){
        .buckets = mem_alloc(BUCKETS_FIRST * sizeof(*t->buckets)), .bucket_count = BUCKETS_FIRST};
}

void table_fini(struct table *t)
{
    mem_free(t->buckets);
    *t = (struct table){0};
}

static struct table_node **bucket_of(const struct table *t, uint64_t key)
{
    return &t->buckets[key & (t->bucket_count - 1)];
}

static void grow(struct table *t)
{
    struct table old = *t;
    t->bucket_count *= 2;
    t->buckets = mem_alloc(t->bucket_count * sizeof(*t->buckets));
    for (size_t i = 0; i < old.bucket_count; i++) {
        for (struct table_node *n = old.buckets[i], *next; n; n = next) {
            next = n->next;
            struct table_node **b = bucket_of(t, n->key);
            n->next = *b;
            *b = n;
        }
    }
    mem_free(old.buckets);
}

void table_add(struct table *t, struct table_node *n, uint64_t key)
{
    if (t->count >= t->bucket_count)
        grow(t);
    struct table_node **b = bucket_of(t, key);
    n->key = key;
    n->next = *b;
    *b = n;
    t->count++;
}

void table_remove(struct table *t, struct table_node *n)
{
    struct table_node **p = bucket_of(t, n->key);
    while (*p && *p != n)
        p = &(*p)->next;
    assert(*p == n);
    *p = n->next;
    n->next = NULL;
    t->count--;
}

static struct table_node *of_key(struct table_node *n, uint64_t key)
{
    while (n && n->key != key)
        n = n->next;
    return n;
}

struct table_node *table_find(const struct table *t, uint64_t key)
{
    return of_key(*bucket_of(t, key), key);
}

struct table_node *table_next(const struct table_node *n)
{
    return of_key(n->next, n->key);
}

struct table_node *table_any(const struct table *t)
{
    for (size_t i = 0; t->count > 0 && i < t->bucket_count; i++)
        if (t->buckets[i])
            return t->buckets[i];
    return NULL;
}
