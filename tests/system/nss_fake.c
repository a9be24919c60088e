/* NSS modules for tests, which answer without a network. MODULE names it; HABIT says what it does:
 *   ANSWERS   names that end in SUFFIX are 192.0.2.SELF; others are not found
 *   CHANGES   the same with another address in each process
 *   HANGS     never answers
 *   CRASHES   ends the process, without the long words of sanitizers */
#include <errno.h>
#include <netdb.h>
#include <nss.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#define GLUE_(a, b, c) a##b##c
#define GLUE(a, b, c) GLUE_(a, b, c)
#define FUNCTION(name) GLUE(_nss_, MODULE, name)

enum { ANSWERS, CHANGES, HANGS, CRASHES };

static int habit(void)
{
    return HABIT;
}

enum nss_status FUNCTION(_gethostbyname2_r)(
    const char *name, int family, struct hostent *out, char *buf, size_t len, int *errnop, int *h_errnop);

static int is_mine(const char *name)
{
    size_t n = strlen(name), s = strlen(SUFFIX);
    if (s == 0)
        return strchr(name, '.') == NULL && strcasecmp(name, "fileserver") == 0;
    return n > s && strcasecmp(name + n - s, SUFFIX) == 0 && strncasecmp(name, "nobody", 6) != 0;
}

static enum nss_status no(int *errnop, int *h_errnop)
{
    *errnop = ENOENT;
    *h_errnop = HOST_NOT_FOUND;
    return NSS_STATUS_NOTFOUND;
}

enum nss_status FUNCTION(_gethostbyname2_r)(
    const char *name, int family, struct hostent *out, char *buf, size_t len, int *errnop, int *h_errnop)
{
    if (habit() == HANGS)
        for (;;)
            pause();
    if (habit() == CRASHES)
        raise(SIGKILL);
    const uint8_t address[4] = {192, 0, 2, habit() == CHANGES ? (uint8_t)getpid() : SELF};
    size_t name_octets = strlen(name) + 1;
    if (!is_mine(name) || family != AF_INET)
        return no(errnop, h_errnop);
    if (len < 4 * sizeof(char *) + sizeof address + name_octets) {
        *errnop = ERANGE;
        *h_errnop = NETDB_INTERNAL;
        return NSS_STATUS_TRYAGAIN;
    }
    char **lists = (char **)buf;
    char *data = buf + 4 * sizeof(char *), *text = data + sizeof address;
    memcpy(data, address, sizeof address);
    memcpy(text, name, name_octets);
    lists[0] = data;
    lists[1] = lists[2] = NULL;
    *out = (struct hostent){.h_name = text, .h_aliases = &lists[2], .h_addrtype = AF_INET, .h_length = 4};
    out->h_addr_list = &lists[0];
    return NSS_STATUS_SUCCESS;
}
