#include "daemon/arguments.h"

#include <string.h>

#define DNS_PORT 53

const char ARGUMENTS_HELP_TEXT[] =
    "harkd: a caching, recursive name server that starts at the root\n"
    "\n"
    "  harkd [-c FILE] [--listen ADDRESS[@PORT]]...\n"
    "  harkd --check [FILE]\n"
    "  harkd [-c FILE] --print-config\n"
    "\n"
    "  -c, --config FILE         settings (default: the file that HARK_CONFIG names,\n"
    "                            else /etc/hark/hark.yaml if it is there)\n"
    "  --listen ADDRESS[@PORT]   serve there, not where the settings say\n"
    "  --check [FILE]            are these settings good? 0: yes; 1: the mistakes\n"
    "  --print-config            all settings as they would be, with explanations\n"
    "  --help, --version\n"
    "\n"
    "Without settings it serves 127.0.0.1 and ::1 on port 53.\n"
    "Manual: harkd(8), hark.yaml(5).\n";

/* The value of "--name VALUE" or "--name=VALUE" at argv[*i], which moves on to the last word used; NULL if it
 * is another option. *missing: it is this one, without a value. */
static const char *value_of(const char *name, int argc, char **argv, int *i, bool *missing)
{
    size_t n = strlen(name);
    const char *arg = argv[*i];
    if (!arg || strncmp(arg, name, n) != 0)
        return NULL;
    if (arg[n] == '=' && name[1] == '-')
        return arg + n + 1;
    if (arg[n])
        return NULL;
    if (*i + 1 < argc)
        return argv[++*i];
    *missing = true;
    return NULL;
}

/* --check, --check FILE, --check=FILE */
static bool is_check(const char *arg, int argc, char **argv, int *i, struct arguments *out)
{
    static const char name[] = "--check";
    size_t n = sizeof name - 1;
    if (strncmp(arg, name, n) != 0 || (arg[n] && arg[n] != '='))
        return false;
    if (arg[n])
        out->config = arg + n + 1;
    else if (*i + 1 < argc && argv[*i + 1][0] != '-')
        out->config = argv[++*i];
    return true;
}

static bool add_listen(struct arguments *out, const char *text, struct text *complaint)
{
    struct endpoint at;
    if (endpoint_parse(&at, text, DNS_PORT)) {
        text_printf(complaint, "--listen %s: an IPv4 or IPv6 address is expected, or ADDRESS@PORT", text);
        return false;
    }
    for (size_t i = 0; i < out->listen_count; i++)
        if (endpoint_equal(&out->listen[i], &at)) {
            text_printf(complaint, "--listen %s is given twice", text);
            return false;
        }
    out->listen[out->listen_count++] = at;
    return true;
}

void arguments_overrule(const struct arguments *args, struct config *config)
{
    if (!args->listen_count)
        return;
    config->listen = args->listen;
    config->listen_count = args->listen_count;
}

enum arguments_want arguments_read(
    struct arguments *out, int argc, char **argv, struct arena *a, struct text *complaint)
{
    enum arguments_want want = ARGUMENTS_RUN;
    *out = (struct arguments){.listen = ARENA_ARRAY(a, struct endpoint, argc)};
    for (int i = 1; i < argc; i++) {
        bool missing = false;
        const char *arg = argv[i], *value;
        if (strcmp(arg, "--help") == 0 || strcmp(arg, "-h") == 0)
            return ARGUMENTS_HELP;
        if (strcmp(arg, "--version") == 0 || strcmp(arg, "-V") == 0)
            return ARGUMENTS_VERSION;
        if (strcmp(arg, "--print-config") == 0)
            want = ARGUMENTS_PRINT;
        else if (is_check(arg, argc, argv, &i, out))
            want = ARGUMENTS_CHECK;
        else if ((value = value_of("--listen", argc, argv, &i, &missing))) {
            if (!add_listen(out, value, complaint))
                return ARGUMENTS_BAD;
        } else if (!missing && ((value = value_of("-c", argc, argv, &i, &missing)) ||
                                   (!missing && (value = value_of("--config", argc, argv, &i, &missing))))) {
            out->config = value;
        } else if (missing) {
            text_printf(complaint, "%s needs a value; see harkd --help", arg);
            return ARGUMENTS_BAD;
        } else {
            text_printf(complaint, "there is no option %s; see harkd --help", arg);
            return ARGUMENTS_BAD;
        }
    }
    return want;
}
