#include "base/mem.h"

#include <assert.h>
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

/* ---- pieces of one size ---- */

/* A spare piece begins with the next one. */
static void *spare_take(struct mem_pool *p)
{
    void *piece = p->spare;
    if (piece) {
        memcpy(&p->spare, piece, sizeof p->spare);
        p->count--;
    }
    return piece;
}

static bool spare_add(struct mem_pool *p, void *piece)
{
#ifdef POISONING
    return false;
#endif
    if (p->count >= p->keep)
        return false;
    memcpy(piece, &p->spare, sizeof p->spare);
    p->spare = piece;
    p->count++;
    return true;
}

void *mem_pool_alloc(struct mem_pool *p)
{
    void *piece = spare_take(p);
    return piece ? memset(piece, 0, p->size) : mem_alloc(p->size);
}

void mem_pool_free(struct mem_pool *p, void *piece)
{
    if (piece && !spare_add(p, piece))
        mem_free(piece);
}

void mem_pool_fini(struct mem_pool *p)
{
    for (void *piece; (piece = spare_take(p));)
        mem_free(piece);
}

/* ---- arenas ---- */

void arena_chunks_init(struct arena_chunks *c, unsigned keep)
{
    *c = (struct arena_chunks){
        .first = {.size = FIRST_CHUNK_LEN, .keep = keep}, .further = {.size = CHUNK_LEN, .keep = keep}};
}

void arena_chunks_fini(struct arena_chunks *c)
{
    mem_pool_fini(&c->first);
    mem_pool_fini(&c->further);
}

void arena_init(struct arena *a)
{
    *a = (struct arena){0};
}

void arena_init_shared(struct arena *a, struct arena_chunks *c)
{
    *a = (struct arena){.shared = c};
}

static struct mem_pool *pool_of(const struct arena *a, size_t size)
{
    if (!a->shared)
        return NULL;
    return size == FIRST_CHUNK_LEN ? &a->shared->first : size == CHUNK_LEN ? &a->shared->further : NULL;
}

static void chunk_free(const struct arena *a, struct arena_chunk *c)
{
    struct mem_pool *pool = pool_of(a, sizeof *c + c->len);
    UNPOISON(c->data, c->len);
    if (!pool || !spare_add(pool, c))
        mem_free(c);
}

void arena_fini(struct arena *a)
{
    while (a->chunks) {
        struct arena_chunk *next = a->chunks->next;
        chunk_free(a, a->chunks);
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
    POISON(keep->data, keep->len);
    keep->used = 0;
    keep->next = NULL;
    a->chunks = keep;
}

/* Not zeroed: each piece is when it is handed out, so that what is left over costs nothing. */
static struct arena_chunk *chunk_new(const struct arena *a, size_t need)
{
    size_t len = (a->chunks ? CHUNK_LEN : FIRST_CHUNK_LEN) - sizeof(struct arena_chunk);
    if (len < need)
        len = need;
    struct mem_pool *pool = pool_of(a, sizeof(struct arena_chunk) + len);
    struct arena_chunk *c = pool ? spare_take(pool) : NULL;
    if (!c)
        c = mem_grow(NULL, sizeof *c + len);
    c->next = NULL;
    c->len = len;
    c->used = 0;
    POISON(c->data, c->len);
    return c;
}

static void *take(struct arena *a, size_t n)
{
    size_t need = (n + REDZONE + ALIGN - 1) / ALIGN * ALIGN;
    if (need < n)
        out_of_memory(n);
    struct arena_chunk *c = a->chunks;
    if (!c || c->len - c->used < need) {
        struct arena_chunk *fresh = chunk_new(a, need);
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

void *arena_alloc(struct arena *a, size_t n)
{
    return memset(take(a, n), 0, n);
}

void *arena_copy(struct arena *a, const void *p, size_t n)
{
    void *q = take(a, n);
    if (n)
        memcpy(q, p, n);
    return q;
}

char *arena_strdup(struct arena *a, const char *s)
{
    return arena_copy(a, s, strlen(s) + 1);
}

char *arena_vprintf(struct arena *a, const char *format, va_list ap)
{
    va_list again;
    assert(format); /* gcc 12 with UBSan says otherwise that it may be NULL */
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, format, again);
    va_end(again);
    char *s = arena_alloc(a, n > 0 ? (size_t)n + 1 : 1);
    if (n > 0)
        vsnprintf(s, (size_t)n + 1, format, ap);
    return s;
}

char *arena_printf(struct arena *a, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    char *s = arena_vprintf(a, format, ap);
    va_end(ap);
    return s;
}
