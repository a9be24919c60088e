#include "cli/out.h"

#include <errno.h>
#include <langinfo.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/utf8.h"
#include "cli/progress.h"

#define WIDTH_DEFAULT 80u
#define WIDTH_MIN 40u

static const char *const style_codes[STYLE_COUNT] = {
    [STYLE_DIM] = "\033[2m",
    [STYLE_STRONG] = "\033[1m",
    [STYLE_GOOD] = "\033[32m",
    [STYLE_WARN] = "\033[33m",
    [STYLE_BAD] = "\033[31m",
};

static const struct {
    const char *utf8, *ascii;
    unsigned columns, ascii_columns;
} marks[] = {
    [MARK_ARROW] = {"\u2192", "->", 1, 2},
    [MARK_BAR] = {"\u2502", "|", 1, 1},
    [MARK_ELLIPSIS] = {"\u2026", "...", 1, 3},
};

void out_init(struct out *o, FILE *to, enum out_format format)
{
    *o = (struct out){.to = to, .format = format, .width = WIDTH_DEFAULT};
    const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");
    const char *charset = nl_langinfo(CODESET);
    o->utf8 = charset && strcmp(charset, "UTF-8") == 0;
    int fd = fileno(to);
    struct winsize size;
    if (fd < 0 || !isatty(fd))
        return;
    o->terminal = true;
    o->colour = !(no_color && no_color[0]) && !(term && strcmp(term, "dumb") == 0);
    if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col >= WIDTH_MIN)
        o->width = size.ws_col;
}

static void raw(struct out *o, const char *s, size_t n)
{
    if (o->error)
        return;
    progress_answer();
    errno = 0;
    if (fwrite(s, 1, n, o->to) != n)
        o->error = errno ? errno : EIO;
}

/* The same in a style. */
static void styled(struct out *o, enum out_style style, const struct text *t)
{
    const char *code = o->colour && t->len ? style_codes[style] : NULL;
    if (code)
        raw(o, code, strlen(code));
    raw(o, t->data, t->len);
    if (code)
        raw(o, "\033[0m", 4);
}

/* Appends s with everything but printable ASCII and line ends as \DDD (RFC 1035 5.1). */
static void add_printable(struct text *t, const char *s)
{
    for (; *s; s++) {
        unsigned char c = (unsigned char)*s;
        if ((c >= 0x20 && c < 0x7f) || c == '\n')
            text_char(t, (char)c);
        else if (c == '\t')
            text_char(t, ' ');
        else
            text_printf(t, "\\%03u", c);
    }
}

/* Up to the next blank; a number and its unit are one: "82.2 ms". */
static size_t word_len(const char *words)
{
    static const char *const units[] = {"ms", "s"};
    size_t n = strcspn(words, " "), next = words[n] ? strcspn(words + n + 1, " ,;:.") : 0;
    if (words[0] < '0' || words[0] > '9' || next == 0)
        return n;
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
        if (next == strlen(units[i]) && memcmp(words + n + 1, units[i], next) == 0)
            return n + 1 + strcspn(words + n + 1, " ");
    return n;
}

/* Takes words without line ends. Only blanks are folded; a word that is longer than a line stays whole. */
static void add_folded(struct text *t, struct out *o, const char *s)
{
    unsigned indent = (o->hang + 2 < o->width / 2 ? o->hang + 2 : o->width / 2), column = o->column;
    while (*s) {
        size_t blanks = strspn(s, " "), n = word_len(s + blanks);
        if ((blanks || o->blank) && n && column > indent && column + blanks + n > o->width) {
            text_printf(t, "\n%*s", (int)indent, "");
            column = indent;
            s += blanks;
            blanks = 0;
        }
        text_add_n(t, s, blanks + n);
        column += (unsigned)(blanks + n);
        s += blanks + n;
        o->blank = n == 0;
    }
}

void out_put(struct out *o, enum out_style style, const char *s)
{
    struct text t, folded;
    text_init(&t);
    add_printable(&t, s);
    if (o->folds && o->terminal && !strchr(t.data, '\n')) {
        text_init(&folded);
        add_folded(&folded, o, t.data);
        text_fini(&t);
        t = folded;
    }
    styled(o, style, &t);
    const char *line = strrchr(t.data, '\n');
    o->column = line ? (unsigned)strlen(line + 1) : o->column + (unsigned)t.len;
    text_fini(&t);
}

__attribute__((format(printf, 3, 0))) static void put_formatted(
    struct out *o, enum out_style style, const char *format, va_list ap)
{
    char *s = NULL;
    if (vasprintf(&s, format, ap) >= 0)
        out_put(o, style, s);
    free(s);
}

void out_printf(struct out *o, enum out_style style, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    put_formatted(o, style, format, ap);
    va_end(ap);
}

void out_line(struct out *o, enum out_style style, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    put_formatted(o, style, format, ap);
    va_end(ap);
    out_end(o);
}

void out_label(struct out *o, const char *label, unsigned column)
{
    out_put(o, STYLE_DIM, "  ");
    out_put(o, STYLE_DIM, label);
    out_column(o, column);
}

/* What was typed in UTF-8 is repeated so where the terminal takes it; all else as \\DDD. */
static void add_typed(struct text *t, const char *s)
{
    const char *charset = nl_langinfo(CODESET);
    bool utf8 = charset && strcmp(charset, "UTF-8") == 0;
    uint32_t c;
    for (size_t left = strlen(s), len; left; s += len, left -= len) {
        char one[2] = {*s};
        len = utf8 && (unsigned char)*s > 0x7f ? utf8_read(s, left, &c) : 0;
        if (len && utf8_is_harmless(c)) {
            utf8_write(t, c);
        } else {
            len = 1;
            add_printable(t, one);
        }
    }
}

/* Where the terminal takes no UTF-8 a character that is not ASCII is a question mark. */
void out_words(struct out *o, enum out_style style, const char *s)
{
    struct text t;
    uint32_t c;
    size_t left = strlen(s), len;
    text_init(&t);
    for (; left; s += len, left -= len) {
        len = utf8_read(s, left, &c);
        if (len == 0)
            c = '?', len = 1;
        if (!utf8_is_harmless(c))
            continue;
        if (c < 0x80 || o->utf8)
            utf8_write(&t, c);
        else
            text_char(&t, '?');
        o->column++;
    }
    styled(o, style, &t);
    text_fini(&t);
}

void out_mark(struct out *o, enum out_mark mark)
{
    const char *s = o->utf8 ? marks[mark].utf8 : marks[mark].ascii;
    raw(o, s, strlen(s));
    o->column += o->utf8 ? marks[mark].columns : marks[mark].ascii_columns;
}

/* Where the terminal takes UTF-8, to an eighth of a column at the right end. */
void out_bar(struct out *o, enum out_style style, unsigned width, unsigned from, unsigned to, bool hollow)
{
    static const char *const eighths[] = {
        "", "\u258f", "\u258e", "\u258d", "\u258c", "\u258b", "\u258a", "\u2589"};
    const char *full = !o->utf8 ? hollow ? "." : "#" : hollow ? "\u2591" : "\u2588";
    struct text t;
    unsigned begin = from * width / 1000;
    if (begin >= width)
        begin = width - 1;
    unsigned length = to > from ? (to - from) * width * 8 / 1000 : 0, most = (width - begin) * 8;
    length = length > most ? most : length < 1 ? 1 : length;
    if (!o->utf8 || hollow)
        length = (length + 7) / 8 * 8;
    for (unsigned i = 0; i < begin; i++)
        raw(o, " ", 1);
    text_init(&t);
    for (unsigned i = 0; i < length / 8; i++)
        text_add(&t, full);
    text_add(&t, eighths[length % 8]);
    styled(o, style, &t);
    text_fini(&t);
    o->column += begin + (length + 7) / 8;
}

void out_column(struct out *o, unsigned column)
{
    if (o->column == 0 && column == 0)
        return;
    do {
        raw(o, " ", 1);
        o->column++;
    } while (o->column < column);
    o->hang = column;
    o->blank = true;
}

void out_end(struct out *o)
{
    raw(o, "\n", 1);
    o->column = o->hang = 0;
    o->blank = false;
    progress_answer();
    if (!o->error && fflush(o->to) != 0)
        o->error = errno ? errno : EIO;
}

void out_json(struct out *o, json_t *j)
{
    char *s = json_dumps(j, JSON_COMPACT | JSON_ENSURE_ASCII);
    json_decref(j);
    if (!s) {
        o->error = ENOMEM;
        return;
    }
    /* The library leaves DEL as it is. */
    for (const char *p = s; *p; p++) {
        if (*p == 0x7f)
            raw(o, "\\u007f", 6);
        else
            raw(o, p, 1);
    }
    free(s);
    out_end(o);
}

/* As many words as fit; what is longer than a line (a key) is cut. */
static size_t line_len(const char *words, size_t room)
{
    size_t len = 0;
    for (;;) {
        size_t begin = len + strspn(words + len, " "), n = word_len(words + begin);
        if (n == 0 || (len && begin + n > room))
            break;
        len = begin + n;
    }
    return len < room ? len : room;
}

void out_wrapped(struct out *o, enum out_style style, unsigned column, const char *words)
{
    do {
        size_t n = line_len(words, o->width - column);
        out_column(o, column);
        out_printf(o, style, "%.*s", (int)n, words);
        out_end(o);
        words += n + strspn(words + n, " ");
    } while (*words);
}

void out_text_line(struct out *o, enum out_style style, const char *line, size_t len)
{
    struct text t;
    text_init(&t);
    text_add_n(&t, line, len);
    out_words(o, style, t.data);
    text_fini(&t);
    raw(o, "\n", 1);
    o->column = 0;
}

void out_complain(const char *format, ...)
{
    char said[2048];
    va_list ap;
    va_start(ap, format);
    vsnprintf(said, sizeof said, format, ap);
    va_end(ap);
    for (char *p = said; *p; p++)
        if (*p == '\n')
            *p = ' ';
    struct text t;
    text_init(&t);
    text_add(&t, "hark: ");
    add_typed(&t, said);
    text_char(&t, '\n');
    progress_clear();
    /* Nothing is left to be told if stderr is gone too. */
    if (write(STDERR_FILENO, t.data, t.len) < 0)
        errno = 0;
    text_fini(&t);
}

void out_complain_lines(const char *lines)
{
    while (*lines) {
        size_t n = strcspn(lines, "\n");
        out_complain("%.*s", (int)n, lines);
        lines += n + (lines[n] == '\n');
    }
}
