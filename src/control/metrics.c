#include "control/metrics.h"

#include "dns/msg.h"

enum metric_kind { METRIC_COUNTER, METRIC_GAUGE };

static json_t *metric_json(const char *name, enum metric_kind kind, const char *unit, const char *help)
{
    return json_pack("{s:s, s:s, s:s, s:s}", "name", name, "kind",
        kind == METRIC_COUNTER ? "counter" : "gauge", "unit", unit, "help", help);
}

json_t *control_by_rcode(const uint64_t *values)
{
    json_t *o = json_object();
    for (uint16_t i = 0; i < SERVE_RCODES; i++) {
        char buf[32];
        struct text t;
        text_init_fixed(&t, buf, sizeof buf);
        rcode_to_text(&t, i);
        if (values[i])
            json_object_set_new(o, t.data, json_integer((json_int_t)values[i]));
    }
    return o;
}

json_t *control_by_algorithm(const uint64_t *values)
{
    static const struct {
        unsigned number;
        const char *name;
    } rows[] = {
#define ALGORITHM(name, number, text, use) {number, text},
#include "defs/algorithm.def"
#undef ALGORITHM
    };
    json_t *o = json_object();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (values[rows[i].number])
            json_object_set_new(o, rows[i].name, json_integer((json_int_t)values[rows[i].number]));
    return o;
}

json_t *control_metrics_json(const struct control_figures *f)
{
    json_t *list = json_array(), *m;
#define METRIC(name, kind, unit, value, help)                                                                \
    m = metric_json(#name, METRIC_##kind, unit, help);                                                       \
    json_object_set_new(m, "value", json_integer((json_int_t)(value)));                                      \
    json_array_append_new(list, m);
#define METRIC_BY(name, by, unit, values, help)                                                              \
    m = metric_json(#name, METRIC_COUNTER, unit, help);                                                      \
    json_object_set_new(m, "label", json_string(#by));                                                       \
    json_object_set_new(m, "values", control_by_##by(values));                                               \
    json_array_append_new(list, m);
#include "defs/metrics.def"
#undef METRIC
#undef METRIC_BY
    return json_pack("{s:o}", "metrics", list);
}
