#include "daemon/inbox.h"

#include <assert.h>

void inbox_init(struct inbox *b, uv_loop_t *loop, uv_async_cb wake, void *data)
{
    int bad = uv_mutex_init(&b->lock) || uv_async_init(loop, &b->async, wake);
    assert(!bad);
    (void)bad;
    b->async.data = data;
    b->first = NULL;
    b->last = &b->first;
    b->open = true;
}

bool inbox_post(struct inbox *b, struct pending *q)
{
    q->next = NULL;
    uv_mutex_lock(&b->lock);
    bool open = b->open;
    if (open) {
        bool first = !b->first;
        *b->last = q;
        b->last = &q->next;
        if (first)
            uv_async_send(&b->async);
    }
    uv_mutex_unlock(&b->lock);
    return open;
}

void inbox_nudge(struct inbox *b)
{
    uv_mutex_lock(&b->lock);
    if (b->open)
        uv_async_send(&b->async);
    uv_mutex_unlock(&b->lock);
}

struct pending *inbox_take(struct inbox *b)
{
    uv_mutex_lock(&b->lock);
    struct pending *all = b->first;
    b->first = NULL;
    b->last = &b->first;
    uv_mutex_unlock(&b->lock);
    return all;
}

void inbox_close(struct inbox *b)
{
    uv_mutex_lock(&b->lock);
    b->open = false;
    uv_mutex_unlock(&b->lock);
    uv_close((uv_handle_t *)&b->async, NULL);
}

void inbox_fini(struct inbox *b)
{
    uv_mutex_destroy(&b->lock);
}
