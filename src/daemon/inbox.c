#include "daemon/inbox.h"

#include <assert.h>
#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

static void on_woken(uv_poll_t *poll, int status, int events)
{
    struct inbox *b = poll->data;
    uint64_t times;
    /* Before the mail is taken: what comes in between wakes the loop once more. */
    while (read(b->wake_fd, &times, sizeof times) < 0 && errno == EINTR)
        ;
    b->wake(b->ctx);
}

enum err inbox_init(struct inbox *b, uv_loop_t *loop, inbox_wake_fn *wake, void *ctx)
{
    *b = (struct inbox){.wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), .wake = wake, .ctx = ctx};
    if (b->wake_fd < 0)
        return ERR_SYSTEM;
    int e = uv_poll_init(loop, &b->woken, b->wake_fd);
    if (e) {
        close(b->wake_fd);
        errno = -e;
        return ERR_SYSTEM;
    }
    b->woken.data = b;
    uv_poll_start(&b->woken, UV_READABLE, on_woken);
    return ERR_OK;
}

void inbox_nudge(struct inbox *b)
{
    static const uint64_t once = 1;
    /* Cannot fail but for EINTR: the sum of all that was ever written is far below what the counter holds. */
    while (write(b->wake_fd, &once, sizeof once) < 0 && errno == EINTR)
        ;
}

static struct mail *reversed(struct mail *m)
{
    struct mail *done = NULL, *next;
    for (; m; m = next) {
        next = m->next;
        m->next = done;
        done = m;
    }
    return done;
}

struct mail *inbox_take(struct inbox *b)
{
    /* Of all senders: each one's exchange goes on with what the one before released. */
    struct mail *newest = atomic_exchange_explicit(&b->newest, NULL, memory_order_acquire);
    assert(newest != &b->closed);
    return reversed(newest);
}

struct mail *inbox_close(struct inbox *b)
{
    struct mail *newest = atomic_exchange_explicit(&b->newest, &b->closed, memory_order_acquire);
    uv_close((uv_handle_t *)&b->woken, NULL);
    return reversed(newest);
}

void inbox_fini(struct inbox *b)
{
    close(b->wake_fd);
}

void outbox_add(struct outbox *o, struct mail *m)
{
    m->next = o->newest;
    o->newest = m;
    if (!o->oldest)
        o->oldest = m;
    o->count++;
}

struct mail *outbox_send(struct outbox *o, struct inbox *b)
{
    struct outbox sent = *o;
    *o = (struct outbox){0};
    if (!sent.newest)
        return NULL;
    struct mail *before = atomic_load_explicit(&b->newest, memory_order_relaxed);
    do {
        if (before == &b->closed) {
            sent.oldest->next = NULL;
            return reversed(sent.newest);
        }
        sent.oldest->next = before;
    } while (!atomic_compare_exchange_weak_explicit(
        &b->newest, &before, sent.newest, memory_order_release, memory_order_relaxed));
    if (!before)
        inbox_nudge(b);
    return NULL;
}
