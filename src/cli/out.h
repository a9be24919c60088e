/* The one place that prints. Whatever comes in, what goes out is printable ASCII and line ends (beside the
 * marks and colours that are ours, and harmless letters of other scripts by out_words()): octets of strangers
 * can neither move the cursor nor turn the text around.
 */
#ifndef HARK_CLI_OUT_H
#define HARK_CLI_OUT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#include "base/text.h"

enum out_format { OUT_TEXT, OUT_SHORT, OUT_JSON };
enum out_style { STYLE_PLAIN, STYLE_DIM, STYLE_STRONG, STYLE_GOOD, STYLE_WARN, STYLE_BAD, STYLE_COUNT };
enum out_mark { MARK_ARROW, MARK_BAR, MARK_ELLIPSIS };

struct out {
    FILE *to;
    enum out_format format;
    bool colour;
    bool terminal;   /* somebody looks at it */
    bool utf8;       /* marks may be other than ASCII */
    unsigned width;  /* columns of the terminal; 80 if it is none */
    unsigned column; /* of the current line, from 0 */
    bool folds;    /* what out_put() finds no room for goes on in the next line, two columns behind `hang` */
    bool blank;    /* the line ends in a blank: it may be folded there */
    unsigned hang; /* the last out_column() of this line */
    int error;     /* errno of the first write that failed, 0 if none did */
};

/** Looks at the stream: is it a terminal, how wide, what does the locale allow,
 * is NO_COLOR set (no-color.org)? */
void out_init(struct out *o, FILE *to, enum out_format format);
/** A piece of the current line; a line end in it ends the line. */
void out_put(struct out *o, enum out_style style, const char *s);
__attribute__((format(printf, 3, 4))) void out_printf(
    struct out *o, enum out_style style, const char *format, ...);
/** The same, and the end of the line. */
__attribute__((format(printf, 3, 4))) void out_line(
    struct out *o, enum out_style style, const char *format, ...);
/** A piece of the current line in UTF-8, for what is read in its own script: names of people and firms. What
 * steers a terminal or turns text around is left out (base/utf8.h), line ends too. */
void out_words(struct out *o, enum out_style style, const char *s);
void out_mark(struct out *o, enum out_mark mark);
/** A bar `width` columns wide of which the part from `from` to `to`, in thousandths, is filled; some of it
 * always. hollow: the part is of another kind. */
void out_bar(struct out *o, enum out_style style, unsigned width, unsigned from, unsigned to, bool hollow);
/** Words from that column on, on as many lines as they need, and the end of the last one; a word that is
 * longer than a line (a key) is cut. */
void out_wrapped(struct out *o, enum out_style style, unsigned column, const char *words);
/** Spaces up to that column; where the line is already there, one. */
void out_column(struct out *o, unsigned column);
/** The beginning of a row of a page: "  label", dim, and its value begins at that column. */
void out_label(struct out *o, const char *label, unsigned column);
/** Ends the line and hands it on: whoever watches sees it at once. */
void out_end(struct out *o);
/** One object, one line. Takes the reference. */
void out_json(struct out *o, json_t *j);
/** One line of dig-like text, which may have names in their own script: as out_words() prints. With its end.
 */
void out_text_line(struct out *o, enum out_style style, const char *line, size_t len);
/** One line to stderr: "hark: …", whatever the format. */
__attribute__((format(printf, 1, 2))) void out_complain(const char *format, ...);
/** The same for each of the text's lines. */
void out_complain_lines(const char *lines);

#endif
