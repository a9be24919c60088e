/* What the plan is about to look up, told beforehand, so that the caller may do it side by side. The plan
 * asks for it all the same, in its own order: nothing of it depends on who was faster. */
#include <string.h>

#include "defs/limits.h"
#include "lib/mx_inner.h"
#include "lib/reverse.h"

struct wishes {
    struct mx *m;
    struct hark_wish *list;
    size_t count, room;
};

static struct wishes wishes_of(struct mx *m, size_t room)
{
    return (struct wishes){.m = m, .list = ARENA_ARRAY(&m->arena, struct hark_wish, room), .room = room};
}

static void wish(struct wishes *w, const char *name, uint16_t type)
{
    for (size_t i = 0; i < w->count; i++)
        if (w->list[i].type == type && strcasecmp(w->list[i].name, name) == 0)
            return;
    if (w->count < w->room)
        w->list[w->count++] = (struct hark_wish){.name = name, .type = type};
}

static void tell(const struct wishes *w)
{
    const struct hark_mx_settings *s = w->m->settings;
    if (w->count)
        s->ahead(s->context, w->list, w->count);
}

static void wish_pointers(struct wishes *w, const char *name, uint16_t type)
{
    struct hark_answer answer = mx_look_up(w->m, name, type);
    for (size_t i = 0; answer.found == HARK_FOUND && i < answer.count && i < MX_ADDRESSES_MAX; i++) {
        const struct hark_rdata *rd = &answer.records[i];
        char buf[REVERSE_TEXT_LEN];
        struct text t;
        if (rd->length != (type == TYPE_A ? 4 : 16))
            continue;
        struct addr a = type == TYPE_A ? addr_v4(rd->data) : addr_v6(rd->data);
        if (addr_is_private(&a))
            continue;
        text_init_fixed(&t, buf, sizeof buf);
        reverse_text(&t, &a);
        wish(w, arena_strdup(&w->m->arena, buf), TYPE_PTR);
    }
}

void mx_ahead_hosts(struct mx *m)
{
    const struct hark_mx_settings *s = m->settings;
    unsigned families = s->families ? s->families : HARK_IPV4 | HARK_IPV6;
    if (!s->ahead || m->plan.literal)
        return;
    struct wishes hosts = wishes_of(m, 2 * m->plan.host_count + 2);
    struct wishes pointers = wishes_of(m, 2 * m->plan.host_count * MX_ADDRESSES_MAX);
    for (size_t i = 0; i < m->plan.host_count; i++) {
        if (m->hosts[i].state != HARK_MX_HOST_USED)
            continue;
        if (families & HARK_IPV6)
            wish(&hosts, m->hosts[i].name, TYPE_AAAA);
        if (families & HARK_IPV4)
            wish(&hosts, m->hosts[i].name, TYPE_A);
    }
    if (!s->no_tls) {
        wish(&hosts, arena_printf(&m->arena, "_mta-sts.%s", m->plan.domain), TYPE_TXT);
        wish(&hosts, arena_printf(&m->arena, "_smtp._tls.%s", m->plan.domain), TYPE_TXT);
    }
    tell(&hosts);
    for (size_t i = 0; !s->no_pointers && i < hosts.count; i++)
        if (hosts.list[i].type != TYPE_TXT)
            wish_pointers(&pointers, hosts.list[i].name, hosts.list[i].type);
    tell(&pointers);
}

void mx_ahead_tlsa(struct mx *m)
{
    if (!m->settings->ahead || m->plan.literal)
        return;
    struct wishes w = wishes_of(m, 2 * m->plan.host_count);
    for (size_t i = 0; i < m->plan.host_count; i++) {
        const struct hark_mx_host *h = &m->hosts[i];
        if (h->state == HARK_MX_HOST_USED && h->secure)
            wish(
                &w, arena_printf(&m->arena, "_25._tcp.%s", h->canonical ? h->canonical : h->name), TYPE_TLSA);
    }
    tell(&w);
}
