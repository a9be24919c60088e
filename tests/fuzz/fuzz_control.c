/* A line on the control socket: exactly one reply, an object, with an error or without; nothing is changed
 * for who may not. The first octet says who asks. */
#include <assert.h>
#include <string.h>

#include "../unit/control/source.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

struct asked {
    struct control_call call;
    unsigned replies;
};

static void count_reply(struct control_call *call, json_t *reply)
{
    struct asked *a = (struct asked *)call;
    a->replies++;
    assert(json_is_object(reply) && json_object_size(reply) > 0);
    /* An error stands alone, or says that it is of whoever asked. */
    size_t alone = json_object_get(reply, "usage") ? 2 : 1;
    assert(!json_object_get(reply, "error") || json_object_size(reply) == alone);
    char *text = json_dumps(reply, JSON_COMPACT);
    assert(text && !strchr(text, '\n'));
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct source_counts counts = {0};
    const struct control_source source = source_counting(&counts);
    struct asked a = {.call = {.reply = count_reply}};
    if (len == 0)
        return 0;
    a.call.may_write = data[0] & 1;
    control_ask(&source, &a.call, (const char *)data + 1, len - 1);
    assert(a.replies == 1);
    assert(counts.reloads + counts.ntas == 0 || a.call.may_write);
    return 0;
}
