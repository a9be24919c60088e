#include "daemon/supervise.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"

#define SEND_S_MAX 1 /* a manager that takes nothing for so long does without the message */
/* sd_watchdog_enabled(3) recommends a sign in half of the time; an answer is looked at one tick after it was
 * asked for, so with four ticks the sign comes twice. */
#define TICKS 4u

struct supervise {
    uv_timer_t tick;
    int fd; /* -1: nobody to tell */
    struct sockaddr_un at;
    socklen_t at_len;
    struct supervise_beats beats;
    bool asked, stalled;
};

/* A path, or "@name" for one without a file. False: neither. */
static bool address_of(struct supervise *s, const char *text)
{
    size_t n = strlen(text);
    if ((text[0] != '/' && text[0] != '@') || n < 2 || n >= sizeof s->at.sun_path)
        return false;
    s->at.sun_family = AF_UNIX;
    memcpy(s->at.sun_path, text, n + 1);
    s->at_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n + (text[0] == '/'));
    if (text[0] == '@')
        s->at.sun_path[0] = 0;
    return true;
}

static void open_socket(struct supervise *s)
{
    const char *text = getenv("NOTIFY_SOCKET");
    s->fd = -1;
    if (!text)
        return;
    struct timeval patience = {.tv_sec = SEND_S_MAX};
    if (!address_of(s, text))
        log_warning(
            "NOTIFY_SOCKET %s is neither a path nor @NAME: the service manager is told nothing", text);
    else if ((s->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) < 0)
        log_warning("the service manager is told nothing: %s", strerror(errno));
    else
        setsockopt(s->fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
}

/* The time within which the manager wants a sign; 0: it does not watch this process. */
static uint64_t watchdog_ms(void)
{
    const char *usec = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");
    char *end;
    if (!usec || (pid && strtol(pid, NULL, 10) != (long)getpid()))
        return 0;
    errno = 0;
    unsigned long long n = strtoull(usec, &end, 10);
    return errno || *end || usec[0] == '-' ? 0 : n / 1000;
}

static void tell(struct supervise *s, const char *message)
{
    if (s->fd < 0)
        return;
    if (sendto(s->fd, message, strlen(message), MSG_NOSIGNAL, (struct sockaddr *)&s->at, s->at_len) < 0)
        log_warning("the service manager could not be told: %s", strerror(errno));
}

static void on_tick(uv_timer_t *timer)
{
    struct supervise *s = timer->data;
    unsigned missing = s->asked ? s->beats.missing(s->beats.ctx) : 0;
    if (missing == 0) {
        if (s->stalled)
            log_notice("all workers answer again");
        s->stalled = false;
        tell(s, "WATCHDOG=1");
        s->beats.ask(s->beats.ctx);
        s->asked = true;
    } else if (!s->stalled) {
        s->stalled = true;
        log_error("%u of the workers did not answer for %u ms: the service manager gets no sign of life",
            missing, (unsigned)uv_timer_get_repeat(timer));
    }
}

struct supervise *supervise_open(uv_loop_t *loop, const struct supervise_beats *beats)
{
    struct supervise *s = mem_alloc(sizeof *s);
    s->beats = *beats;
    open_socket(s);
    uv_timer_init(loop, &s->tick);
    s->tick.data = s;
    uint64_t patience = s->fd >= 0 ? watchdog_ms() : 0;
    if (patience) {
        uint64_t period = patience / TICKS ? patience / TICKS : 1;
        uv_timer_start(&s->tick, on_tick, period, period);
        uv_unref((uv_handle_t *)&s->tick);
        log_info("the service manager wants a sign of life every %llu ms", (unsigned long long)patience);
    }
    unsetenv("NOTIFY_SOCKET");
    unsetenv("WATCHDOG_USEC");
    unsetenv("WATCHDOG_PID");
    return s;
}

void supervise_ready(struct supervise *s, const char *status)
{
    char buf[512];
    struct text t;
    text_init_fixed(&t, buf, sizeof buf);
    text_add(&t, "READY=1");
    if (status)
        text_printf(&t, "\nSTATUS=%s", status);
    tell(s, buf);
}

void supervise_reloading(struct supervise *s)
{
    char buf[128];
    struct text t;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    text_init_fixed(&t, buf, sizeof buf);
    text_printf(&t, "RELOADING=1\nMONOTONIC_USEC=%lld\nSTATUS=reading the settings",
        (long long)now.tv_sec * 1000000 + now.tv_nsec / 1000);
    tell(s, buf);
}

void supervise_stopping(struct supervise *s)
{
    tell(s, "STOPPING=1\nSTATUS=replying to questions that are pending");
}

static void on_closed(uv_handle_t *h)
{
    mem_free(h->data);
}

void supervise_close(struct supervise *s)
{
    if (s->fd >= 0)
        close(s->fd);
    s->fd = -1;
    uv_close((uv_handle_t *)&s->tick, on_closed);
}
