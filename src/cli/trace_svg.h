/* The walk as a picture (SVG 1.1): for a slide, a ticket, a wall. It needs nothing beside itself, runs
 * nothing, and what strangers sent is text in it and nothing else. */
#ifndef HARK_CLI_TRACE_SVG_H
#define HARK_CLI_TRACE_SVG_H

#include "base/text.h"
#include "cli/trace_walk.h"

/** Appends the picture. title: how it was done, "from the root, with an empty cache". */
void trace_svg_draw(struct text *svg, const struct trace_walk *w, const struct question *q,
    const struct outcome *o, const char *title);

#endif
