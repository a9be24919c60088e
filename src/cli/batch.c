#include "cli/batch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/out.h"
#include "cli/progress.h"

#define WORDS_MAX 64u     /* of a line */
#define PLACE_OCTETS 300u /* a file's name is cut at that */

struct batch {
    const char *file;
    int argc;
    char *const *argv;
    batch_fn *run;
    size_t line;
};

/* What stands behind a # that begins a word: the one of @SERVER#PORT is none. */
static void cut_comment(char *line)
{
    for (char *p = line; (p = strchr(p, '#')); p++) {
        if (p == line || strchr(" \t", p[-1])) {
            *p = 0;
            return;
        }
    }
}

static enum status run_line(struct batch *b, char *line)
{
    char place[PLACE_OCTETS], *rest = NULL;
    char **argv = mem_alloc(((size_t)b->argc + WORDS_MAX + 1) * sizeof *argv);
    int argc = b->argc;
    struct args args;
    enum status status = STATUS_ANSWER;
    memcpy(argv, b->argv, (size_t)b->argc * sizeof *argv);
    cut_comment(line);
    char *w = strtok_r(line, " \t\r\n", &rest);
    for (; w && argc < b->argc + (int)WORDS_MAX; w = strtok_r(NULL, " \t\r\n", &rest))
        argv[argc++] = w;
    snprintf(
        place, sizeof place, "%s line %zu", strcmp(b->file, "-") == 0 ? "standard input" : b->file, b->line);
    if (w) {
        out_complain("%s: more than %u words", place, WORDS_MAX);
        status = STATUS_USAGE;
    } else if (argc > b->argc)
        status = b->run(argc, argv, place, &args);
    mem_free(argv);
    return status;
}

enum status batch_run(const char *file, int argc, char *const *argv, batch_fn *run)
{
    struct batch b = {.file = file, .argc = argc, .argv = argv, .run = run};
    bool standard = strcmp(file, "-") == 0;
    enum status worst = STATUS_ANSWER;
    FILE *f = standard ? stdin : fopen(file, "re");
    char *line = NULL;
    size_t cap = 0;
    if (!f) {
        out_complain("cannot read %s: %s", file, strerror(errno));
        return STATUS_NO_BATCH;
    }
    errno = 0;
    while (getline(&line, &cap, f) >= 0 && !ferror(stdout)) {
        b.line++;
        progress_line(b.line);
        worst = status_worst(worst, run_line(&b, line));
    }
    int problem = errno;
    free(line);
    if (ferror(f)) { /* a folder opens as a file does */
        out_complain("cannot read %s: %s", file, strerror(problem));
        worst = status_worst(worst, STATUS_NO_BATCH);
    }
    if (!standard)
        fclose(f);
    return worst;
}
