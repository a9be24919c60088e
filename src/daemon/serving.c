#include "daemon/serving.h"

#include <string.h>
#include <unistd.h>

#include "net/stream.h"

static const char VERSION_TEXT[] = "hark " HARK_VERSION;

void serving_init(struct serving *s, struct random *rng)
{
    struct hash_key key;
    *s = (struct serving){.secrets = {.count = 1, .daily = true}};
    random_octets(rng, s->secrets.octets[0], sizeof s->secrets.octets[0]);
    random_octets(rng, &key, sizeof key);
    s->strangers = strangers_new(&key);
    if (gethostname(s->host, sizeof s->host - 1) < 0)
        s->host[0] = 0;
}

void serving_fini(struct serving *s)
{
    strangers_free(s->strangers);
}

/* The config's texts; "auto" is `automatic`, where there is such. */
static const char *told(const char *text, const char *automatic)
{
    if (text && strcmp(text, "auto") == 0)
        return automatic[0] ? automatic : NULL;
    return text;
}

struct serve_settings serving_settings(const struct serving *s, const struct config *config)
{
    struct serve_settings out = {
        .access = config->access,
        .access_deny = config->access_deny,
        .snoopers = config->snoopers,
        .local_zones = config->local_zones,
        .local_off = config->local_off.items,
        .local_off_count = config->local_off.count,
        .udp_size = config->client_udp_size,
        .keepalive_100ms = (uint16_t)(STREAM_LIMITS_DEFAULT.idle_ms / 100),
        .rotate = config->rotate,
        .cookies = config->cookies,
        .cookies_require = config->cookies_require,
        .cookie_secrets = s->secrets,
        .identity = told(config->identity, s->host),
        .version = told(config->version, VERSION_TEXT),
        .strangers = s->strangers,
    };
    const struct config_secrets *shared = &config->cookie_secrets;
    if (shared->count) {
        out.cookie_secrets = (struct cookie_secrets){.count = shared->count};
        memcpy(out.cookie_secrets.octets, shared->octets, sizeof shared->octets);
    }
    return out;
}
