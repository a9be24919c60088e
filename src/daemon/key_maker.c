#include "daemon/key_maker.h"

#include <stdlib.h>

void key_makers_limit(void)
{
    setenv("UV_THREADPOOL_SIZE", "1", 0);
}

static void make(uv_work_t *work)
{
    struct key_maker *m = work->data;
    m->ready = verifier_prepare(m->wish);
}

/* In the loop's thread again. Cancelled or not: what is not made is NULL. */
static void on_made(uv_work_t *work, int status)
{
    struct key_maker *m = work->data;
    (void)status;
    m->busy = false;
    verifier_fulfil(m->verifier, m->ready);
}

void key_maker_look(struct key_maker *m, uv_loop_t *loop, struct verifier *v)
{
    if (m->busy || !verifier_wish(v, m->wish))
        return;
    m->work.data = m;
    m->verifier = v;
    m->ready = NULL;
    m->busy = uv_queue_work(loop, &m->work, make, on_made) == 0;
    if (!m->busy)
        verifier_fulfil(v, NULL);
}
