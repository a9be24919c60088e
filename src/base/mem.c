#include "base/mem.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* gcc defines a macro, clang has a feature. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define POISONING
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define POISONING
#endif

#ifdef POISONING
#include <sanitizer/asan_interface.h>
#define REDZONE 16u
#define POISON(p, n) ASAN_POISON_MEMORY_REGION(p, n)
#define UNPOISON(p, n) ASAN_UNPOISON_MEMORY_REGION(p, n)
#else
#define REDZONE 0u
#define POISON(p, n) ((void)(p), (void)(n))
#define UNPOISON(p, n) ((void)(p), (void)(n))
#endif

/* The first chunk holds what a question needs whose zone is known: so many of them may wait at once that each
 * kB counts (threat A16). Who needs more needs more than twice as much. */
#define FIRST_CHUNK_LEN 1024u
#define CHUNK_LEN 4096u
#define ALIGN 16u

struct arena_chunk {
    struct arena_chunk *next;
    size_t len, used;
    _Alignas(ALIGN) unsigned char data[];
};

static void out_of_memory(size_t n)
{
    fprintf(stderr, "hark: out of memory (%zu octets)\n", n);
    abort();
}

void *mem_alloc(size_t n)
{
    void *p = calloc(1, n ? n : 1);
    if (!p)
        out_of_memory(n);
    return p;
}

void *mem_grow(void *p, size_t n)
{
    void *q = realloc(p, n ? n : 1);
    if (!q)
        out_of_memory(n);
    return q;
}

void mem_free(void *p)
{
    free(p);
}

char *mem_strdup(const char *s)
{
    size_t n = strlen(s) + 1;
    return memcpy(mem_alloc(n), s, n);
}

void arena_init(struct arena *a)
{
    *a = (struct arena){0};
}

static void chunk_free(struct arena_chunk *c)
{
    UNPOISON(c->data, c->len);
    free(c);
}

void arena_fini(struct arena *a)
{
    while (a->chunks) {
        struct arena_chunk *next = a->chunks->next;
        chunk_free(a->chunks);
        a->chunks = next;
    }
    a->used = 0;
}

void arena_reset(struct arena *a)
{
    struct arena_chunk *keep = a->chunks;
    if (!keep)
        return;
    a->chunks = keep->next;
    arena_fini(a);
    UNPOISON(keep->data, keep->len);
    memset(keep->data, 0, keep->used);
    POISON(keep->data, keep->len);
    keep->used = 0;
    keep->next = NULL;
    a->chunks = keep;
}

static struct arena_chunk *chunk_new(size_t need, bool first)
{
    size_t len = (first ? FIRST_CHUNK_LEN : CHUNK_LEN) - sizeof(struct arena_chunk);
    if (len < need)
        len = need;
    struct arena_chunk *c = mem_alloc(sizeof *c + len);
    c->len = len;
    POISON(c->data, c->len);
    return c;
}

void *arena_alloc(struct arena *a, size_t n)
{
    size_t need = (n + REDZONE + ALIGN - 1) / ALIGN * ALIGN;
    if (need < n)
        out_of_memory(n);
    struct arena_chunk *c = a->chunks;
    if (!c || c->len - c->used < need) {
        struct arena_chunk *fresh = chunk_new(need, !c);
        /* A big piece gets a chunk of its own behind the current one, which stays in use. */
        if (c && need > CHUNK_LEN / 4) {
            fresh->next = c->next;
            c->next = fresh;
        } else {
            fresh->next = c;
            a->chunks = fresh;
        }
        c = fresh;
    }
    void *p = c->data + c->used;
    c->used += need;
    a->used += n;
    UNPOISON(p, n);
    return p;
}

void *arena_copy(struct arena *a, const void *p, size_t n)
{
    void *q = arena_alloc(a, n);
    if (n)
        memcpy(q, p, n);
    return q;
}

char *arena_strdup(struct arena *a, const char *s)
{
    return arena_copy(a, s, strlen(s) + 1);
}
