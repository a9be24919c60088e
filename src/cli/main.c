/* hark: looks names up. */
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "cli/batch.h"
#include "cli/command.h"
#include "cli/progress.h"
#include "dns/record.h"

static enum status run(const struct args *args, struct out *out)
{
    switch (args->command) {
    case COMMAND_SYSTEM:
        return cmd_system(args, out);
    case COMMAND_ASK:
        return cmd_ask(args, out);
    case COMMAND_WHY:
        return cmd_why(args, out);
    case COMMAND_TRACE:
        return cmd_trace(args, out);
    case COMMAND_MX:
        return cmd_mx(args, out);
    case COMMAND_WHOIS:
        return cmd_whois(args, out);
    case COMMAND_UPDATE:
        return cmd_update(args, out);
    case COMMAND_CTL:
        return cmd_ctl(args, out);
    case COMMAND_HELP:
        return cmd_help(args, out);
    case COMMAND_VERSION:
        return cmd_version(args, out);
    }
    return STATUS_INTERNAL;
}

/* A caller may have closed the standard streams:
 * then no socket of ours may get their numbers, or output would go to a name server. */
static void fill_standard_streams(void)
{
    int fd;
    do
        fd = open("/dev/null", O_RDWR);
    while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd > STDERR_FILENO)
        close(fd);
}

/* A single look-up of the system minds its own time, and so can say who did not reply. */
static uint32_t time_limit(const struct args *args)
{
    bool own = (args->command == COMMAND_SYSTEM || args->command == COMMAND_WHY) && args->name_count == 1 &&
               args->type_count < 2 && !args->batch;
    return args->given[OPTION_TIMEOUT] && !own ? args->number[OPTION_TIMEOUT] : 0;
}

/* A reader that has seen enough (hark … | head) is no failure; a full disk is. */
static enum status finish(struct out *out, enum status status)
{
    progress_answer();
    if (fflush(out->to) != 0 && !out->error)
        out->error = errno;
    if (out->error == 0 || out->error == EPIPE)
        return status;
    out_complain("cannot write the output: %s", strerror(out->error));
    return STATUS_INTERNAL;
}

/* dig's exit codes: a reply is a success, whatever it says. */
static enum status as_asked(const struct args *args, enum status status)
{
    if (!args->given[OPTION_EXIT])
        return status;
    if (status == STATUS_NO_REPLY)
        return STATUS_DIG_NO_REPLY;
    return status == STATUS_NO_DATA || status == STATUS_FAILURE || status == STATUS_BOGUS ? STATUS_ANSWER
                                                                                          : status;
}

/* Whoever reads one object a line finds one for a line that was not understood too. */
static void tell_mistake(const struct args *args, const char *place, const char *complaint)
{
    out_complain("%s%s%s", place ? place : "", place ? ": " : "", complaint);
    if (!place || !args->on[OPTION_JSON])
        return;
    struct out out;
    json_t *j = json_object();
    out_init(&out, stdout, OUT_JSON);
    record_set_text(j, "place", place);
    record_set_text(j, "error", complaint);
    out_json(&out, j);
}

static enum status run_once(int argc, char *const *argv, const char *place, struct args *args);

static enum status run_batch(const struct args *args, int argc, char *const *argv)
{
    enum status status = batch_run(args->batch, argc, argv, run_once);
    return status == STATUS_NO_BATCH && !args->given[OPTION_EXIT] ? STATUS_USAGE : status;
}

static enum status run_once(int argc, char *const *argv, const char *place, struct args *args)
{
    struct arena arena;
    struct text complaint;
    enum status status = STATUS_USAGE;
    arena_init(&arena);
    text_init(&complaint);
    if (args_parse(args, argc, argv, &arena, &complaint) == ERR_OK) {
        args->place = place;
        struct out out;
        enum out_format format = args->on[OPTION_JSON]    ? OUT_JSON
                                 : args->on[OPTION_SHORT] ? OUT_SHORT
                                                          : OUT_TEXT;
        out_init(&out, stdout, format);
        if (args->given[OPTION_COLOR])
            out.colour = args->on[OPTION_COLOR];
        if (!place)
            progress_begin(time_limit(args));
        if (place && args->name_count == 0)
            tell_mistake(args, place, "no name");
        else if (args->batch && !place)
            status = run_batch(args, argc, argv);
        else
            status = as_asked(args, finish(&out, run(args, &out)));
    } else {
        tell_mistake(args, place, complaint.data);
    }
    text_fini(&complaint);
    arena_fini(&arena);
    return status;
}

int main(int argc, char **argv)
{
    struct args args;
    fill_standard_streams();
    signal(SIGPIPE, SIG_IGN);
    signal(SIGCHLD, SIG_DFL); /* whoever started us may have ignored it */
    setlocale(LC_CTYPE, "");
    enum status status = run_once(argc, argv, NULL, &args);
    progress_end();
    return (int)status;
}
