#include "daemon/privileges.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
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

/* Of those names the first that is a user other than root. */
static bool find_user(struct privileges *p, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct passwd *pw = getpwnam(names[i]);
        if (pw && pw->pw_uid != 0) {
            *p = (struct privileges){.wanted = true, .uid = pw->pw_uid, .gid = pw->pw_gid, .name = names[i]};
            return true;
        }
    }
    return false;
}

enum err privileges_plan(struct privileges *out, bool drop, const char *user, struct text *complaint)
{
    static const char *const standard[] = {"hark", "nobody"};
    *out = (struct privileges){.keep = !drop};
    if (!drop || geteuid() != 0)
        return ERR_OK;
    if (user && !find_user(out, &user, 1)) {
        text_printf(complaint, "there is no user %s other than root to become (user)", user);
        return ERR_NOTFOUND;
    }
    if (!user && !find_user(out, standard, sizeof standard / sizeof standard[0])) {
        log_warning("there is neither a user hark nor nobody: staying root");
    } else if (!is_mapped("/proc/self/uid_map", out->uid) || !is_mapped("/proc/self/gid_map", out->gid) ||
               !groups_may_be_set()) {
        log_warning("this user namespace does not have the user %s: staying its root", out->name);
        out->wanted = false;
    }
    return ERR_OK;
}

/* Needs CAP_SETPCAP, which root has and a service manager need not give:
 * what cannot be dropped there is out of reach by no_new_privs. */
static void empty_bounding_set(void)
{
    for (int cap = 0; prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++)
        if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) < 0)
            return;
}

static bool empty_other_sets(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {0}, has[_LINUX_CAPABILITY_U32S_3];
    /* Who was started without any may also have been started without the right to call capset(). */
    if (syscall(SYS_capget, &header, has) == 0 && memcmp(has, none, sizeof none) == 0)
        return true;
    /* A kernel before 4.3 has no ambient set to clear. */
    bool cleared = prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) == 0 || errno == EINVAL;
    return syscall(SYS_capset, &header, none) == 0 && cleared;
}

static void become(const struct privileges *p)
{
    if (setgroups(0, NULL) < 0 || setresgid(p->gid, p->gid, p->gid) < 0 ||
        setresuid(p->uid, p->uid, p->uid) < 0) {
        log_error(
            "cannot become %s: %s (drop-privileges: no lets harkd run as root)", p->name, strerror(errno));
        exit(1);
    }
    if (setuid(0) == 0) {
        log_error("became %s and could become root again", p->name);
        exit(1);
    }
}

/* Memory holds what people asked for: neither a core file nor another process of this user gets to see it. */
static void hide_memory(void)
{
    static const struct rlimit none;
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 || setrlimit(RLIMIT_CORE, &none) < 0)
        log_warning("memory may be dumped: %s", strerror(errno));
}

void privileges_drop(const struct privileges *p, bool core_dumps)
{
    if (!p->keep)
        empty_bounding_set();
    if (p->wanted)
        become(p);
    if (!p->keep && !empty_other_sets()) {
        log_error("cannot give up capabilities: %s (drop-privileges: no keeps them)", strerror(errno));
        exit(1);
    }
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        log_warning("privileges could be gained again: %s", strerror(errno));
    if (!core_dumps)
        hide_memory();
    else
        prctl(PR_SET_DUMPABLE, 1, 0, 0, 0); /* the change of user took it */
    if (p->wanted)
        log_info("running as %s", p->name);
}
