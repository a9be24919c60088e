#include "daemon/privileges.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"

/* Does this user namespace know the ID? (user_namespaces(7): "inside outside count" a line) */
static bool is_mapped(const char *map, unsigned id)
{
    FILE *f = fopen(map, "re");
    if (!f)
        return true; /* no /proc: setuid() will tell */
    unsigned long inside, outside, count;
    bool found = false;
    while (!found && fscanf(f, "%lu %lu %lu", &inside, &outside, &count) == 3)
        found = id >= inside && id - inside < count;
    fclose(f);
    return found;
}

static bool groups_may_be_set(void)
{
    char word[16] = "";
    FILE *f = fopen("/proc/self/setgroups", "re");
    if (!f)
        return true;
    if (!fgets(word, sizeof word, f))
        word[0] = 0;
    fclose(f);
    return strncmp(word, "deny", 4) != 0;
}

struct privileges privileges_plan(void)
{
    struct privileges p = {0};
    if (geteuid() != 0)
        return p;
    static const char *const names[] = {"hark", "nobody"};
    for (size_t i = 0; i < sizeof names / sizeof names[0] && !p.wanted; i++) {
        const struct passwd *pw = getpwnam(names[i]);
        if (pw && pw->pw_uid != 0)
            p = (struct privileges){.wanted = true, .uid = pw->pw_uid, .gid = pw->pw_gid, .name = names[i]};
    }
    if (!p.wanted) {
        log_warning("there is neither a user hark nor nobody: staying root");
    } else if (!is_mapped("/proc/self/uid_map", p.uid) || !is_mapped("/proc/self/gid_map", p.gid) ||
               !groups_may_be_set()) {
        log_warning("this user namespace does not have the user %s: staying its root", p.name);
        p.wanted = false;
    }
    return p;
}

void privileges_drop(const struct privileges *p)
{
    if (!p->wanted)
        return;
    if (setgroups(0, NULL) < 0 || setresgid(p->gid, p->gid, p->gid) < 0 ||
        setresuid(p->uid, p->uid, p->uid) < 0) {
        log_error(
            "cannot become %s: %s (drop-privileges: no lets harkd run as root)", p->name, strerror(errno));
        exit(1);
    }
    log_info("running as %s", p->name);
}
