/* An OPT record: the first two octets are its class, the next four its TTL, the rest its RDATA. What is read
 * is written and read again; the two must be equal, and the text must be clean. */
#include <assert.h>
#include <string.h>

#include "dns/edns.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void same_options(const struct edns *x, const struct edns *y)
{
    assert((x->nsid_asked || x->nsid.len) == y->nsid_asked && x->nsid.len == y->nsid.len);
    assert(x->nsid.len == 0 || memcmp(x->nsid.data, y->nsid.data, x->nsid.len) == 0);
    assert(x->cookie_len == y->cookie_len && memcmp(x->cookie, y->cookie, x->cookie_len) == 0);
    assert(x->cookie_len == 0 || x->cookie_len == 8 ||
           (x->cookie_len >= 16 && x->cookie_len <= EDNS_COOKIE_MAX));
    assert(x->subnet_present == y->subnet_present && addr_equal(&x->subnet, &y->subnet));
    assert(x->subnet_source == y->subnet_source && x->subnet_scope == y->subnet_scope);
    assert(x->keepalive_present == y->keepalive_present && x->keepalive_100ms == y->keepalive_100ms);
    assert(x->padding_present == y->padding_present && x->padding_len == y->padding_len);
    assert(x->ede_count == y->ede_count && x->ede_count <= EDNS_EDES_MAX);
    for (unsigned i = 0; i < x->ede_count; i++)
        assert(x->ede[i].code == y->ede[i].code && strcmp(x->ede[i].text, y->ede[i].text) == 0);
    assert((x->report_agent != NULL) == (y->report_agent != NULL));
    if (x->report_agent)
        assert(name_same_case(x->report_agent, y->report_agent));
}

static void write_and_read(const struct edns *e, struct arena *a)
{
    struct edns again;
    size_t size = edns_size(e);
    uint8_t *p = arena_alloc(a, size);
    struct writer w = writer_of(p, size);
    edns_write(&w, e);
    assert(!w.bad && w.pos == size);
    assert(memcmp(p, "\0\0\x29", 3) == 0 && get_u16(p + 9) == size - 11);
    assert(edns_read(&again, get_u16(p + 3), get_u32(p + 5), p + 11, size - 11, a) == ERR_OK);
    assert(e->udp_size == again.udp_size && e->version == again.version && e->ext_rcode == again.ext_rcode);
    assert(e->dnssec_ok == again.dnssec_ok && e->compact_ok == again.compact_ok);
    same_options(e, &again);
    w = writer_of(p, size - 1);
    edns_write(&w, e);
    assert(w.bad);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    if (len < 6)
        return 0;
    struct arena a;
    struct edns e;
    arena_init(&a);
    enum err err = edns_read(&e, get_u16(data), get_u32(data + 2), data + 6, len - 6, &a);
    assert(e.present && e.option_count <= EDNS_OPTIONS_MAX);
    if (err == ERR_OK) {
        struct text t;
        write_and_read(&e, &a);
        text_init(&t);
        edns_to_text(&t, &e);
        for (size_t i = 0; i < t.len; i++)
            assert((t.data[i] >= 0x20 && t.data[i] < 0x7f) || t.data[i] == '\n');
        text_fini(&t);
    }
    arena_fini(&a);
    return 0;
}
