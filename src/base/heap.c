#include "base/heap.h"

#include "base/mem.h"

static void put(struct heap *h, struct heap_node *n, size_t i)
{
    h->nodes[i] = n;
    n->place = i + 1;
}

static void rise(struct heap *h, size_t i)
{
    struct heap_node *n = h->nodes[i];
    for (; i > 0 && h->nodes[(i - 1) / 2]->at > n->at; i = (i - 1) / 2)
        put(h, h->nodes[(i - 1) / 2], i);
    put(h, n, i);
}

static void sink(struct heap *h, size_t i)
{
    struct heap_node *n = h->nodes[i];
    for (size_t child; (child = 2 * i + 1) < h->count; i = child) {
        if (child + 1 < h->count && h->nodes[child + 1]->at < h->nodes[child]->at)
            child++;
        if (h->nodes[child]->at >= n->at)
            break;
        put(h, h->nodes[child], i);
    }
    put(h, n, i);
}

void heap_fini(struct heap *h)
{
    mem_free(h->nodes);
    *h = (struct heap){0};
}

void heap_set(struct heap *h, struct heap_node *n, int64_t at)
{
    n->at = at;
    if (n->place == 0) {
        if (h->count == h->cap) {
            h->cap = h->cap ? 2 * h->cap : 64;
            h->nodes = mem_grow(h->nodes, h->cap * sizeof(*h->nodes));
        }
        put(h, n, h->count++);
    }
    rise(h, n->place - 1);
    sink(h, n->place - 1);
}

void heap_remove(struct heap *h, struct heap_node *n)
{
    if (n->place == 0)
        return;
    size_t i = n->place - 1;
    struct heap_node *last = h->nodes[--h->count];
    n->place = 0;
    if (last == n)
        return;
    put(h, last, i);
    rise(h, i);
    sink(h, last->place - 1);
}

struct heap_node *heap_first(const struct heap *h)
{
    return h->count ? h->nodes[0] : NULL;
}
