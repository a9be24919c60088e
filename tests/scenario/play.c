/* play: plays scenarios and reports in TAP (Test Anything Protocol, version 13); see README.md. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "player.h"
#include "setup.h"

#define SEEDS_MAX 10000u
#define LINE_MAX_LEN 1024u
#define LIST_MAX 65536u

struct run {
    unsigned seeds, askers;
    bool events;
    enum minimise minimise; /* asked for on the command line; BOTH: as the file says */
    uint16_t minimise_type;
    const char *only; /* of a list: paths that hold this text */
    unsigned tests, failed, skipped, excused, scenarios;
};

/* How one scenario is to be played; a line of a list. */
struct item {
    const char *name; /* as it is reported */
    const char *path;
    const char *mode;   /* "on", "off", "both", or NULL: as the file says */
    const char *excuse; /* why it may fail, or NULL */
    uint16_t minimise_type;
    bool insecure, whole;
};

static void print_diagnostics(const struct text *t)
{
    const char *p = t->data ? t->data : "";
    while (*p) {
        size_t n = strcspn(p, "\n");
        printf("# %.*s\n", (int)n, p);
        p += n + (p[n] == '\n');
    }
}

static void play_mode(struct run *r, const struct item *it, const struct scenario *s, bool minimise)
{
    struct text report;
    text_init(&report);
    struct play_options o = {.minimise = minimise,
        .minimise_type = it->minimise_type ? it->minimise_type : r->minimise_type,
        .askers = r->askers,
        .events = r->events,
        .whole = it->whole,
        .insecure = it->insecure};
    bool ok = true;
    for (unsigned i = 0; ok && i < r->seeds; i++) {
        o.seed = i + 1;
        text_clear(&report);
        ok = play(s, &o, &report);
        if (!ok)
            text_printf(&report, "-- seed %u\n", (unsigned)o.seed);
    }
    printf("%s %u - %s minimise=%s%s%s\n", ok ? "ok" : "not ok", ++r->tests, it->name,
        minimise ? "on" : "off", it->excuse ? " # TODO " : "", it->excuse ? it->excuse : "");
    if (!ok || r->events)
        print_diagnostics(&report);
    if (it->excuse)
        r->excused++;
    else
        r->failed += !ok;
    text_fini(&report);
}

static void play_read(struct run *r, const struct item *it, const struct scenario *s)
{
    struct text lacks, why;
    text_init(&lacks);
    text_init(&why);
    struct setup *setup = mem_alloc(sizeof *setup);
    bool ok = setup_read(setup, s, &why);
    static const char *const modes[] = {"both", "on", "off"};
    if (ok && it->mode && strcmp(it->mode, modes[setup->minimise]) != 0) {
        text_printf(&why, "the list says minimise=%s, the scenario %s", it->mode, modes[setup->minimise]);
        ok = false;
    }
    if (!ok) {
        printf("not ok %u - %s\n", ++r->tests, it->name);
        print_diagnostics(&why);
        r->failed++;
    } else if (setup_lacks(s, &lacks) > 0) {
        printf("ok %u - %s # SKIP needs %s\n", ++r->tests, it->name, lacks.data);
        r->skipped++;
    } else {
        r->scenarios++;
        if (setup->minimise != MINIMISE_OFF && r->minimise != MINIMISE_OFF)
            play_mode(r, it, s, true);
        if (setup->minimise != MINIMISE_ON && r->minimise != MINIMISE_ON)
            play_mode(r, it, s, false);
    }
    setup_fini(setup);
    mem_free(setup);
    text_fini(&lacks);
    text_fini(&why);
}

static void play_item(struct run *r, const struct item *it)
{
    struct scenario *s = mem_alloc(sizeof *s);
    if (scenario_read_file(s, it->path))
        play_read(r, it, s);
    else {
        printf("not ok %u - %s\n# %s\n", ++r->tests, it->name, s->error);
        r->failed++;
    }
    scenario_fini(s);
    mem_free(s);
    fflush(stdout);
}

/* "file mode [probe=TYPE] [expect=insecure] [minimal=no] [excuse: text]" */
static bool play_line(struct run *r, const char *folder, char *line)
{
    struct item it = {0};
    char *excuse = strstr(line, "excuse: ");
    if (excuse) {
        it.excuse = excuse + strlen("excuse: ");
        *excuse = 0;
    }
    char *save = NULL;
    it.name = strtok_r(line, " \t", &save);
    it.mode = strtok_r(NULL, " \t", &save);
    if (!it.name)
        return true;
    if (!it.mode)
        return false;
    for (const char *word; (word = strtok_r(NULL, " \t", &save));) {
        if (strcmp(word, "expect=insecure") == 0)
            it.insecure = true;
        else if (strcmp(word, "minimal=no") == 0)
            it.whole = true;
        else if (strncmp(word, "probe=", 6) != 0 ||
                 rrtype_from_text(&it.minimise_type, word + 6, strlen(word + 6)) != ERR_OK)
            return false;
    }
    if (r->only && !strstr(it.name, r->only))
        return true;
    struct text path;
    text_init(&path);
    text_printf(&path, "%s/%s", folder, it.name);
    it.path = path.data;
    play_item(r, &it);
    text_fini(&path);
    return true;
}

static bool play_list(struct run *r, const char *list)
{
    FILE *f = fopen(list, "r");
    if (!f) {
        fprintf(stderr, "play: %s: %s\n", list, strerror(errno));
        return false;
    }
    const char *slash = strrchr(list, '/');
    char *folder = slash ? mem_strdup(list) : mem_strdup(".");
    if (slash)
        folder[slash - list] = 0;
    char line[LINE_MAX_LEN];
    bool ok = true;
    for (unsigned n = 1; ok && fgets(line, sizeof line, f); n++) {
        line[strcspn(line, "\r\n#")] = 0;
        ok = play_line(r, folder, line);
        if (!ok)
            fprintf(stderr, "play: %s: line %u is not of the form\n", list, n);
    }
    mem_free(folder);
    fclose(f);
    return ok;
}

/* ---- --list ---- */

struct waiting {
    char *lacks;
    const char *path;
};

static int by_lacks(const void *a, const void *b)
{
    const struct waiting *x = a, *y = b;
    int c = strcmp(x->lacks, y->lacks);
    return c ? c : strcmp(x->path, y->path);
}

/* Does the text of a list name this path's last two parts? */
static bool is_listed(const char *list, const char *path)
{
    const char *at = list ? strstr(list, path) : NULL;
    return at && (at == list || at[-1] == '\n');
}

static void print_waiting(const struct waiting *w, size_t count, const char *list)
{
    printf("# What the other scenarios wait for\n\nWritten by `play --list --from list.txt deckard/*.rpl "
           "unbound/*.rpl`: the switches in "
           "a scenario's configuration that this\nplayer, or hark, lacks. What is played is in list.txt.\n");
    for (size_t i = 0; i < count;) {
        size_t end = i, shown = 0;
        for (; end < count && strcmp(w[i].lacks, w[end].lacks) == 0; end++)
            shown += !is_listed(list, w[end].path);
        if (shown)
            printf("\n## %s (%zu)\n\n", w[i].lacks[0] ? w[i].lacks : "No switch: see README.md", shown);
        for (; i < end; i++)
            if (!is_listed(list, w[i].path))
                printf("- %s\n", w[i].path);
    }
}

static char *read_text(const char *path)
{
    FILE *f = path ? fopen(path, "r") : NULL;
    if (!f)
        return NULL;
    char *text = mem_alloc(LIST_MAX + 1);
    text[fread(text, 1, LIST_MAX, f)] = 0;
    fclose(f);
    return text;
}

static bool list_waiting(char **paths, size_t count, const char *list_path)
{
    struct waiting *w = mem_alloc(sizeof *w * (count + 1));
    bool ok = true;
    for (size_t i = 0; i < count; i++) {
        struct scenario *s = mem_alloc(sizeof *s);
        struct text lacks;
        text_init(&lacks);
        if (!scenario_read_file(s, paths[i])) {
            fprintf(stderr, "play: %s: %s\n", paths[i], s->error);
            ok = false;
        }
        setup_lacks(s, &lacks);
        w[i] = (struct waiting){.lacks = mem_strdup(lacks.data ? lacks.data : ""), .path = paths[i]};
        text_fini(&lacks);
        scenario_fini(s);
        mem_free(s);
    }
    qsort(w, count, sizeof *w, by_lacks);
    char *list = read_text(list_path);
    print_waiting(w, count, list);
    mem_free(list);
    for (size_t i = 0; i < count; i++)
        mem_free(w[i].lacks);
    mem_free(w);
    return ok;
}

/* ---- main ---- */

static int usage(void)
{
    fputs("usage: play [OPTION]... FILE...          play scenarios, report in TAP\n"
          "       play [OPTION]... --from LIST      those of a list\n"
          "       play --list [--from LIST] FILE... say what those not in LIST wait for\n"
          "  --minimise on|off   only so, where the scenario leaves it open\n"
          "  --probe TYPE        the type of minimised questions\n"
          "  --seeds N           play each with N seeds (4)\n"
          "  --askers N          each question is asked by N clients at once (1)\n"
          "  --only TEXT         of a list, only paths that hold TEXT\n"
          "  --events            tell what the core did\n",
        stderr);
    return 1;
}

static bool number_between(const char *text, unsigned least, unsigned most, unsigned *out)
{
    char *end;
    unsigned long v = strtoul(text, &end, 10);
    *out = (unsigned)v;
    return end != text && *end == 0 && v >= least && v <= most;
}

static bool read_option(struct run *r, int option, const char *arg)
{
    switch (option) {
    case 'm':
        r->minimise = strcmp(arg, "on") == 0 ? MINIMISE_ON : MINIMISE_OFF;
        return strcmp(arg, "on") == 0 || strcmp(arg, "off") == 0;
    case 'p':
        return rrtype_from_text(&r->minimise_type, arg, strlen(arg)) == ERR_OK;
    case 's':
        return number_between(arg, 1, SEEDS_MAX, &r->seeds);
    case 'a':
        return number_between(arg, 1, PLAY_ASKERS_MAX, &r->askers);
    case 'o':
        r->only = arg;
        return true;
    case 'e':
        r->events = true;
        return true;
    default:
        return false;
    }
}

int main(int argc, char **argv)
{
    static const struct option options[] = {{"minimise", required_argument, NULL, 'm'},
        {"probe", required_argument, NULL, 'p'}, {"seeds", required_argument, NULL, 's'},
        {"askers", required_argument, NULL, 'a'}, {"only", required_argument, NULL, 'o'},
        {"events", no_argument, NULL, 'e'}, {"from", required_argument, NULL, 'f'},
        {"list", no_argument, NULL, 'l'}, {0}};
    struct run r = {.seeds = 4, .askers = 1};
    const char *list = NULL;
    bool waiting = false;
    for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (c == 'f')
            list = optarg;
        else if (c == 'l')
            waiting = true;
        else if (!read_option(&r, c, optarg))
            return usage();
    }
    if (waiting)
        return list_waiting(argv + optind, (size_t)(argc - optind), list) ? 0 : 1;
    if (!list && optind == argc)
        return usage();
    bool ok = !list || play_list(&r, list);
    for (int i = optind; i < argc; i++)
        play_item(&r, &(struct item){.name = argv[i], .path = argv[i]});
    printf("1..%u\n", r.tests);
    printf("# %u scenarios played, %u of %u tests failed, %u skipped, %u excused\n", r.scenarios, r.failed,
        r.tests, r.skipped, r.excused);
    return ok && r.failed == 0 ? 0 : 1;
}
