/* A line of a walk, from whoever holds the control socket: read, and said again, it stays what it is; and the
 * reader may rely on what resolve/event_json.h promises. */
#include <assert.h>
#include <string.h>

#include "resolve/event_json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static char *printed(json_t *j)
{
    char *s = json_dumps(j, JSON_COMPACT | JSON_SORT_KEYS);
    json_decref(j);
    assert(s);
    return s;
}

static void check_event(const struct event *e, struct arena *a)
{
    struct event again;
    assert(e->qname && e->kind < EVENT_COUNT);
    json_t *j = event_to_json(e, 0);
    assert(event_from_json(&again, j, a) == ERR_OK);
    char *first = printed(j), *second = printed(event_to_json(&again, 0));
    assert(strcmp(first, second) == 0);
    free(first);
    free(second);
}

static void check_outcome(const struct outcome *o, uint32_t ms, struct arena *a)
{
    struct outcome again;
    struct question q = {.name = NAME_ROOT};
    json_t *j = outcome_to_json(&q, o, ms);
    assert(outcome_from_json(&again, &ms, j, a) == ERR_OK);
    char *first = printed(j), *second = printed(outcome_to_json(&q, &again, ms));
    assert(strcmp(first, second) == 0);
    free(first);
    free(second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct arena a;
    struct event e;
    struct outcome o;
    uint32_t ms;
    json_t *j = json_loadb((const char *)data, len, JSON_REJECT_DUPLICATES, NULL);
    if (!j)
        return 0;
    arena_init(&a);
    if (event_from_json(&e, j, &a) == ERR_OK)
        check_event(&e, &a);
    if (outcome_from_json(&o, &ms, j, &a) == ERR_OK)
        check_outcome(&o, ms, &a);
    json_decref(j);
    arena_fini(&a);
    return 0;
}
