/* Memory: allocation that never returns NULL, and arenas. */
#ifndef HARK_BASE_MEM_H
#define HARK_BASE_MEM_H

#include <stdarg.h>
#include <stddef.h>

/** Zeroed memory of n octets; out of memory ends the process with a line on stderr. Free with mem_free(). */
void *mem_alloc(size_t n);
/** Grow or shrink; new octets are not zeroed. */
void *mem_grow(void *p, size_t n);
void mem_free(void *p);
/* Of a large variable that is written before it is read: the compiler is told to zero all others. */
#define MEM_UNSET __attribute__((uninitialized))
char *mem_strdup(const char *s);

/* Pieces of one size that come and go all the time: some that were given back are kept for the next. Zeroes:
 * an empty pool of that size and limit. Not shared between threads. Under AddressSanitizer none are kept, so
 * that it sees who uses one that was given back. */
struct mem_pool {
    size_t size;
    unsigned keep; /* at most so many */
    unsigned count;
    void *spare;
};

/** Zeroed, as mem_alloc. */
void *mem_pool_alloc(struct mem_pool *p);
void mem_pool_free(struct mem_pool *p, void *piece);
/** Frees those that are kept. The pool may be used again. */
void mem_pool_fini(struct mem_pool *p);

/* An arena: memory that is born together and dies together. Not shared between threads. */
struct arena_chunk;
struct arena {
    struct arena_chunk *chunks;  /* newest first */
    size_t used;                 /* octets handed out since init or reset */
    struct arena_chunks *shared; /* where chunks come from and go to; NULL: the heap */
};

/* Chunks that many arenas, one after the other, use. */
struct arena_chunks {
    struct mem_pool first, further;
};

/** So many of each of the two sizes are kept: about 5 KB together. */
void arena_chunks_init(struct arena_chunks *c, unsigned keep);
void arena_chunks_fini(struct arena_chunks *c);

/** Caller's storage; allocates nothing yet. */
void arena_init(struct arena *a);
/** Likewise; c must outlive it. */
void arena_init_shared(struct arena *a, struct arena_chunks *c);
/** Frees everything ever handed out. The arena may be used again. */
void arena_fini(struct arena *a);
/** As arena_fini, but keeps one chunk for what comes next. */
void arena_reset(struct arena *a);
/** Zeroed, aligned for any type. Never NULL. n may be 0. */
void *arena_alloc(struct arena *a, size_t n);
/** A copy of n octets. */
void *arena_copy(struct arena *a, const void *p, size_t n);
char *arena_strdup(struct arena *a, const char *s);
/** What printf would print, as long as it is. */
__attribute__((format(printf, 2, 3))) char *arena_printf(struct arena *a, const char *format, ...);
__attribute__((format(printf, 2, 0))) char *arena_vprintf(struct arena *a, const char *format, va_list ap);

#define ARENA_NEW(a, type) ((type *)arena_alloc((a), sizeof(type)))
#define ARENA_ARRAY(a, type, n) ((type *)arena_alloc((a), sizeof(type) * (size_t)(n)))

#endif
