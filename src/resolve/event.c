#include "resolve/event.h"

const char *event_tag(enum event_kind kind)
{
    static const char *const tags[EVENT_COUNT] = {
#define EVENT(name, tag, text) [EVENT_##name] = tag,
#include "defs/events.def"
#undef EVENT
    };
    return tags[kind];
}
