/* Every figure of a running harkd, by one table (defs/metrics.def). */
#ifndef HARK_CONTROL_METRICS_H
#define HARK_CONTROL_METRICS_H

#include "control/control.h"

/** {"metrics": [{"name", "kind": "counter"|"gauge", "unit", "help", "value"}, or with "label" and "values":
 * {"NOERROR": 5} instead of "value"]}. */
json_t *control_metrics_json(const struct control_figures *f);
/** {"NOERROR": 5, …} of SERVE_RCODES values, or of those of struct verifier_counters; those that are 0 are
 * left out. */
json_t *control_by_rcode(const uint64_t *values);
json_t *control_by_algorithm(const uint64_t *values);

#endif
