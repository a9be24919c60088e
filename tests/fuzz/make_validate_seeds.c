/* make_validate_seeds FOLDER: seeds of fuzz_validate, messages of signed zones with the keys beside them. */
#include <stdio.h>
#include <string.h>

#include "sign_zone.h"

static const char ZONE[] =
    "@ SOA Ns hostmaster 1 2 3 4 300\n@ NS Ns\nns A 10.0.0.2\nns A 10.0.0.1\nmail MX 10 Ns\n"
    "mail MX 5 NS\nb.ent SRV 1 2 3 Ns\n*.w A 192.0.2.2\nalias CNAME mail\nout DNAME other.\n"
    "unsigned NS ns.unsigned\nns.unsigned A 10.0.0.3\nsigned NS ns.unsigned\n";

static const struct {
    const char *name;
    uint16_t type;
} questions[] = {{"ns.Example.", TYPE_A}, {"mail.example.", TYPE_MX}, {"b.ent.example.", TYPE_SRV},
    {"ent.example.", TYPE_A}, {"no.example.", TYPE_A}, {"x.w.example.", TYPE_A}, {"x.w.example.", TYPE_MX},
    {"alias.example.", TYPE_MX}, {"x.out.example.", TYPE_A}, {"x.unsigned.example.", TYPE_A},
    {"signed.example.", TYPE_DS}, {"unsigned.example.", TYPE_DS}, {"example.", TYPE_DNSKEY},
    {"example.", TYPE_SOA}};

static void put(const char *folder, struct sign_zone *z, unsigned q, unsigned zone, uint8_t options)
{
    static uint8_t buf[5 + MSG_MAX_LEN];
    char path[4096];
    struct arena a;
    arena_init(&a);
    struct msg query = {.qdcount = 1, .question = {.type = questions[q].type, .class = CLASS_IN}};
    name_from_text(query.question.name, questions[q].name, strlen(questions[q].name), NULL);
    struct sign_reply r;
    struct sign_zone *zones[] = {z};
    sign_zone_answer(zones, 1, &query.question, true, &r, &a);
    rrset_list_add(&r.sections[SECTION_ADDITIONAL], sign_zone_set(z, "@", TYPE_DNSKEY), &a);
    struct rrset ds = {.owner = z->origin, .type = TYPE_DS, .class = CLASS_IN, .ttl = 300};
    rrset_add(&ds, sign_key_ds(z->plan.ksk, z->origin, 2, &a), &a);
    rrset_add(&ds, sign_key_ds(z->plan.ksk, z->origin, 1, &a), &a);
    rrset_list_add(&r.sections[SECTION_ADDITIONAL], &ds, &a);
    buf[0] = options;
    put_u32(buf + 1, 1500000000);
    size_t n = 5 + sign_reply_write(&r, &query, buf + 5, MSG_MAX_LEN);
    snprintf(path, sizeof path, "%s/zone%u_question%u_options%u", folder, zone, q, options);
    FILE *f = fopen(path, "wb");
    if (!f || fwrite(buf, 1, n, f) != n || fclose(f) != 0)
        perror(path);
    arena_fini(&a);
}

int main(int argc, char **argv)
{
    static const uint8_t options[] = {2, 3, 0x1a, 0x42};
    struct sign_key *ksk = sign_key_new_fake(SIGN_KSK, 13, 1), *zsk = sign_key_new_fake(SIGN_ZSK, 13, 2);
    struct sign_key *other = sign_key_new_fake(SIGN_KSK, 15, 3);
    for (unsigned i = 0; argc == 2 && i < 3; i++) {
        struct sign_zone *z = sign_zone_new(&(struct sign_zone_plan){.origin = "Example.",
            .text = ZONE,
            .ksk = ksk,
            .zsk = i ? zsk : NULL,
            .extra = i == 2 ? other : NULL,
            .denial = (enum sign_denial)i,
            .iterations = 1,
            .salt_len = 2,
            .salt = {0xaa, 0xbb},
            .opt_out = true});
        for (unsigned q = 0; q < sizeof questions / sizeof *questions; q++)
            put(argv[1], z, q, i, options[q % sizeof options]);
        sign_zone_free(z);
    }
    sign_key_free(ksk);
    sign_key_free(zsk);
    sign_key_free(other);
    return argc == 2 ? 0 : 1;
}
