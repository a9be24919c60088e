#include "cli/https.h"

#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/now.h"
#include "base/text.h"
#include "cli/progress.h"
#include "lib/library.h"

#undef curl_easy_setopt
#undef curl_easy_getinfo
#define LIBRARY "libcurl.so.4"

/* The functions of libcurl that are used. */
#define FUNCTIONS(FUNCTION)                                                                                  \
    FUNCTION(CURL *, init, curl_easy_init, (void))                                                           \
    FUNCTION(CURLcode, setopt, curl_easy_setopt, (CURL *, CURLoption, ...))                                  \
    FUNCTION(CURLcode, perform, curl_easy_perform, (CURL *))                                                 \
    FUNCTION(CURLcode, getinfo, curl_easy_getinfo, (CURL *, CURLINFO, ...))                                  \
    FUNCTION(void, cleanup, curl_easy_cleanup, (CURL *))                                                     \
    FUNCTION(const char *, error, curl_easy_strerror, (CURLcode))                                            \
    FUNCTION(struct curl_slist *, append, curl_slist_append, (struct curl_slist *, const char *))            \
    FUNCTION(void, free_list, curl_slist_free_all, (struct curl_slist *))

struct curl {
    FUNCTIONS(LIBRARY_FIELD)
};

/* One GET while it runs. */
struct getting {
    const struct https_request *request;
    struct arena *arena;
    struct curl curl;
    CURL *handle;
    struct text body;
    char said[CURL_ERROR_SIZE];
    bool too_long, refused;
};

static size_t take_body(char *data, size_t size, size_t n, void *context)
{
    struct getting *g = context;
    size_t len = size * n;
    if (len > g->request->max_octets - g->body.len) {
        g->too_long = true;
        return 0;
    }
    text_add_n(&g->body, data, len);
    return len;
}

static curl_socket_t open_socket(void *context, curlsocktype purpose, struct curl_sockaddr *to)
{
    struct getting *g = context;
    struct endpoint e = endpoint_of_sockaddr(&to->addr);
    (void)purpose;
    if (e.addr.family == FAMILY_NONE || (!g->request->private_allowed && addr_is_private(&e.addr))) {
        g->refused = true;
        return CURL_SOCKET_BAD;
    }
    return socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
}

static bool is_https(const char *url)
{
    return strncasecmp(url, "https://", 8) == 0;
}

static void set_up(struct getting *g, const char *url, int64_t left_ms)
{
    const struct curl *c = &g->curl;
    const char *authorities = secure_getenv("SSL_CERT_FILE");
    enum family family = g->request->family;
    c->setopt(g->handle, CURLOPT_URL, url);
    c->setopt(g->handle, CURLOPT_PROTOCOLS_STR, is_https(url) ? "https" : "http");
    c->setopt(g->handle, CURLOPT_NOSIGNAL, 1L);
    c->setopt(g->handle, CURLOPT_PROXY, ""); /* who the proxy reaches could not be seen */
    c->setopt(g->handle, CURLOPT_TIMEOUT_MS, (long)left_ms);
    c->setopt(g->handle, CURLOPT_ACCEPT_ENCODING, "gzip"); /* what take_body() counts is unpacked */
    c->setopt(g->handle, CURLOPT_WRITEFUNCTION, take_body);
    c->setopt(g->handle, CURLOPT_WRITEDATA, g);
    c->setopt(g->handle, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    c->setopt(g->handle, CURLOPT_OPENSOCKETDATA, g);
    c->setopt(g->handle, CURLOPT_ERRORBUFFER, g->said);
    c->setopt(g->handle, CURLOPT_USERAGENT, "hark/" HARK_VERSION);
    c->setopt(g->handle, CURLOPT_IPRESOLVE,
        family == FAMILY_V4   ? (long)CURL_IPRESOLVE_V4
        : family == FAMILY_V6 ? (long)CURL_IPRESOLVE_V6
                              : (long)CURL_IPRESOLVE_WHATEVER);
    if (authorities)
        c->setopt(g->handle, CURLOPT_CAINFO, authorities);
}

static const char *failure_text(struct getting *g, CURLcode code)
{
    if (g->too_long)
        return arena_printf(g->arena, "it sends more than %zu octets", g->request->max_octets);
    if (g->refused)
        return "it is at a private address, and those are not asked";
    if (code == CURLE_OPERATION_TIMEDOUT)
        return "no whole reply in time";
    return arena_strdup(g->arena, g->said[0] ? g->said : g->curl.error(code));
}

static void take_reply(struct getting *g, struct https_reply *out)
{
    long status = 0;
    char *type = NULL;
    g->curl.getinfo(g->handle, CURLINFO_RESPONSE_CODE, &status);
    g->curl.getinfo(g->handle, CURLINFO_CONTENT_TYPE, &type);
    out->doc.status = (int)status;
    out->doc.type = type ? arena_strdup(g->arena, type) : NULL;
    out->doc.body = arena_copy(g->arena, g->body.data, g->body.len + 1);
    out->doc.length = g->body.len;
}

/* Where a redirect leads, in the arena; NULL: the reply is none. */
static const char *next_url(struct getting *g)
{
    char *url = NULL;
    g->curl.getinfo(g->handle, CURLINFO_REDIRECT_URL, &url);
    return url ? arena_strdup(g->arena, url) : NULL;
}

/* One exchange. Returns where to go on, or NULL: `out` is what there is. */
static const char *get_once(struct getting *g, struct https_reply *out, const char *url)
{
    int64_t left_ms = g->request->until_ms - now_read(false).mono_ms;
    out->url = url;
    out->doc = (struct hark_document){.why = "no whole reply in time"};
    progress_says("%s", url);
    if (left_ms <= 0)
        return NULL;
    struct curl_slist *headers = NULL;
    char accept[128];
    struct text t;
    text_init_fixed(&t, accept, sizeof accept);
    text_printf(&t, "Accept: %s", g->request->accept ? g->request->accept : "*/*");
    headers = g->curl.append(headers, accept);
    text_clear(&g->body);
    g->said[0] = 0;
    set_up(g, url, left_ms);
    g->curl.setopt(g->handle, CURLOPT_HTTPHEADER, headers);
    CURLcode code = g->curl.perform(g->handle);
    const char *next = NULL;
    if (code == CURLE_OK && !(next = next_url(g)))
        take_reply(g, out);
    else if (code != CURLE_OK)
        out->doc.why = failure_text(g, code);
    g->curl.free_list(headers);
    return next;
}

static void follow(struct getting *g, struct https_reply *out)
{
    const char *url = g->request->url;
    for (unsigned n = 0;; n++) {
        if (!is_https(url) && !(g->request->plain && strncasecmp(url, "http://", 7) == 0)) {
            out->doc.why = "it is no https URL";
            return;
        }
        const char *next = get_once(g, out, url);
        if (!next)
            return;
        if (n == g->request->redirects) {
            out->doc.why = n ? "it redirects again and again" : "it redirects, which is not followed here";
            return;
        }
        if (is_https(url) && !is_https(next)) {
            out->doc.why = "it redirects to where nothing is encrypted";
            return;
        }
        url = next;
    }
}

void https_get(struct https_reply *out, const struct https_request *request, struct arena *a)
{
    struct getting g = {.request = request, .arena = a};
    *out =
        (struct https_reply){.url = request->url, .doc.why = LIBRARY " is not there, so there is no HTTPS"};
    if (!LIBRARY_LOAD(LIBRARY, FUNCTIONS, &g.curl))
        return;
    g.handle = g.curl.init();
    if (!g.handle)
        return;
    text_init(&g.body);
    follow(&g, out);
    g.curl.cleanup(g.handle);
    text_fini(&g.body);
}
