/* What a picture of a walk shows, row by row. */
#ifndef HARK_CLI_TRACE_ROWS_H
#define HARK_CLI_TRACE_ROWS_H

#include "cli/out.h"
#include "cli/trace_walk.h"

#define TRACE_ROWS_MAX 200u /* a picture that nobody reads is none */

enum trace_row_kind { TRACE_ROW_HOP, TRACE_ROW_ALIAS, TRACE_ROW_LINE };

struct trace_row {
    enum trace_row_kind kind;
    const struct walk_step *step; /* HOP */
    unsigned depth;               /* of sub-questions */
    const char *text;             /* ALIAS, LINE */
    enum out_style style;         /* LINE; STRONG: a question */
    const char *time;             /* at the right end; NULL: none */
    bool bar;
    int64_t from_ms, to_ms;
};

struct trace_rows {
    const struct trace_walk *walk;
    struct arena arena;
    struct trace_row items[TRACE_ROWS_MAX];
    unsigned count, left_out;
};

/** The walk is borrowed. */
void trace_rows_init(struct trace_rows *p, const struct trace_walk *w);
void trace_rows_fini(struct trace_rows *p);

#endif
