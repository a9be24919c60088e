#include "daemon/errand.h"

#include <stdatomic.h>
#include <string.h>
#include <uv.h>

#include "base/mem.h"

#define WAIT_NS 500000000u /* whoever is busier than that is left out */

struct told {
    struct text text;
    bool done; /* under the lock; text is the worker's until then, and nobody's to change after */
    bool seen; /* the waiter's: it was done when the wait ended */
};

struct errand {
    atomic_uint holders;
    uv_mutex_t lock;
    uv_cond_t news;
    unsigned workers, missing;
    errand_fn *run;
    void *what;
    struct told *told;
};

struct errand *errand_new(unsigned workers, errand_fn *run, const void *what, size_t len)
{
    struct errand *e = mem_alloc(sizeof *e);
    atomic_init(&e->holders, 1);
    uv_mutex_init(&e->lock);
    uv_cond_init(&e->news);
    e->workers = e->missing = workers;
    e->run = run;
    e->what = mem_alloc(len);
    if (len)
        memcpy(e->what, what, len);
    e->told = mem_alloc(workers * sizeof *e->told);
    for (unsigned i = 0; i < workers; i++)
        text_init(&e->told[i].text);
    return e;
}

struct errand *errand_hold(struct errand *e)
{
    atomic_fetch_add_explicit(&e->holders, 1, memory_order_relaxed);
    return e;
}

void errand_release(struct errand *e)
{
    if (!e || atomic_fetch_sub_explicit(&e->holders, 1, memory_order_acq_rel) > 1)
        return;
    for (unsigned i = 0; i < e->workers; i++)
        text_fini(&e->told[i].text);
    uv_mutex_destroy(&e->lock);
    uv_cond_destroy(&e->news);
    mem_free(e->told);
    mem_free(e->what);
    mem_free(e);
}

void errand_run(struct errand *e, struct worker *w, unsigned index)
{
    e->run(w, e->what, &e->told[index].text);
    uv_mutex_lock(&e->lock);
    e->told[index].done = true;
    if (--e->missing == 0)
        uv_cond_signal(&e->news);
    uv_mutex_unlock(&e->lock);
}

void errand_wait(struct errand *e)
{
    uint64_t until = uv_hrtime() + WAIT_NS, now;
    uv_mutex_lock(&e->lock);
    while (e->missing > 0 && (now = uv_hrtime()) < until)
        uv_cond_timedwait(&e->news, &e->lock, until - now);
    for (unsigned i = 0; i < e->workers; i++)
        e->told[i].seen = e->told[i].done;
    uv_mutex_unlock(&e->lock);
}

const struct text *errand_told(const struct errand *e, unsigned index)
{
    return e->told[index].seen ? &e->told[index].text : NULL;
}
