#include <string.h>
#include <strings.h>

#include "cli/system_question.h"
#include "dns/record.h"

bool system_question_is_alias(const struct system_question *q)
{
    const struct system_said *said = &q->look.whole.said;
    return !q->reverse && said->name[0] && strcasecmp(said->name, q->query) != 0;
}

static json_t *addresses_json(const struct system_said *said)
{
    char buf[ADDR_TEXT_LEN];
    json_t *list = json_array();
    for (uint32_t i = 0; i < said->count; i++)
        json_array_append_new(list, json_string(addr_text(&said->addresses[i].addr, buf)));
    return list;
}

static json_t *part_json(const struct system_question *q, const struct system_part *p)
{
    static const char *const statuses[NSSWITCH_STATUS_COUNT] = {"success", "notfound", "unavail", "tryagain"};
    json_t *j = json_object();
    struct text t;
    text_init(&t);
    record_set_text(j, "source", p->source->name);
    if (p->begun) {
        json_object_set_new(j, "status", json_string(statuses[p->status]));
        json_object_set_new(j, "time_us", json_integer(p->child.time_us));
        json_object_set_new(j, "addresses", addresses_json(&p->said));
        json_object_set_new(j, "counts", json_boolean(p->counts));
    }
    if (p->said.name[0])
        record_set_text(j, "name", p->said.name);
    if (p->counts) {
        system_question_whence(&t, q, p->source);
        record_set_text(j, "from", t.data);
    }
    if (p->counts && strcmp(p->source->name, "dns") == 0 && q->harkd.remembers)
        json_object_set_new(j, "age_s", json_integer(q->harkd.age_s));
    if (p->counts && strcmp(p->source->name, "files") == 0) {
        json_t *lines = json_array();
        for (size_t i = 0; i < q->hosts.count; i++)
            json_array_append_new(lines, json_integer(q->hosts.items[i].line));
        json_object_set_new(j, "hosts_lines", lines);
    }
    text_fini(&t);
    return j;
}

json_t *system_question_to_json(const struct system_question *q)
{
    const struct system_said *said = &q->look.whole.said;
    json_t *j = json_object(), *list = json_array();
    record_set_text(j, "name", q->query);
    json_object_set_new(j, "source", json_string("system"));
    if (system_question_is_alias(q))
        record_set_text(j, "canonical", said->name);
    if (q->reverse && said->name[0])
        record_set_text(j, "pointer", said->name);
    json_object_set_new(j, "addresses", addresses_json(said));
    if (q->service && said->count)
        json_object_set_new(j, "port", json_integer(said->addresses[0].port));
    if (said->error)
        record_set_text(j, "error", gai_strerror(said->error));
    for (unsigned i = 0; i < q->look.conf.count; i++)
        json_array_append_new(list, part_json(q, &q->look.parts[i]));
    json_object_set_new(j, "sources", list);
    json_object_set_new(j, "agrees", json_boolean(q->look.agrees));
    json_object_set_new(j, "nscd", json_boolean(q->nscd));
    return j;
}
