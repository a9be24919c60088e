/* A walk as lines of JSON, from whoever holds the control socket, becomes a page and a picture: whatever they
 * say is printable ASCII in both. */
#include <assert.h>
#include <string.h>

#include "cli/trace_page.h"
#include "cli/trace_svg.h"
#include "dns/rrtype.h"
#include "resolve/event_json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check_ascii(const char *s, size_t len)
{
    for (size_t i = 0; i < len; i++)
        assert((s[i] >= 0x20 && s[i] < 0x7f) || s[i] == '\n');
}

static void draw(const struct trace_walk *w, const struct outcome *o)
{
    const struct question q = {
        .name = w->first ? w->first->name : NAME_ROOT, .type = TYPE_A, .class = CLASS_IN};
    struct text svg;
    struct out out;
    char *page = NULL;
    size_t len;
    FILE *f = open_memstream(&page, &len);
    assert(f);
    out_init(&out, f, OUT_TEXT);
    out.utf8 = false;
    trace_page_print(&out, w, false);
    trace_page_print(&out, w, true);
    fclose(f);
    check_ascii(page, len);
    free(page);
    text_init(&svg);
    trace_svg_draw(&svg, w, &q, o, "");
    check_ascii(svg.data, svg.len);
    text_fini(&svg);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct trace_walk w;
    struct arena arena;
    struct outcome o = {.reason = {.ede = EDE_NONE}};
    uint32_t ms = 0;
    trace_walk_init(&w, 0);
    arena_init(&arena);
    while (len > 0) {
        const uint8_t *end = memchr(data, '\n', len);
        size_t line = end ? (size_t)(end - data) : len;
        json_t *j = json_loadb((const char *)data, line, 0, NULL);
        struct event e;
        struct outcome said;
        if (j && event_from_json(&e, j, &arena) == ERR_OK)
            trace_walk_event(&w, &e);
        else if (j && outcome_from_json(&said, &ms, j, &arena) == ERR_OK)
            o = said;
        json_decref(j);
        data += end ? line + 1 : line;
        len -= end ? line + 1 : line;
    }
    trace_walk_end(&w, ms);
    draw(&w, &o);
    trace_walk_fini(&w);
    arena_fini(&arena);
    return 0;
}
