#include "proofs.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "dns/rdata.h"
#include "dns/rrtype.h"
#include "sign_rrset.h"

const name_t *proofs_name(const char *text, const name_t *zone, struct arena *a)
{
    name_t *n = arena_alloc(a, NAME_MAX_LEN);
    enum err e = name_from_text(n, text, strlen(text), zone);
    assert(!e);
    (void)e;
    return n;
}

/* "#name" and its neighbours, by the parameters of the line; other words as they are. */
static const char *hash_word(const char *word, const struct nsec3 *param, const name_t *zone, struct arena *a)
{
    uint8_t hash[NSEC3_HASH_LEN];
    if (!strchr("#<>", *word))
        return word;
    const name_t *name = proofs_name(word + 1, zone, a);
    sign_nsec3_hash(hash, name, param->iterations, param->salt, param->salt_len);
    hash[NSEC3_HASH_LEN - 1] = (uint8_t)(hash[NSEC3_HASH_LEN - 1] + (*word == '>') - (*word == '<'));
    struct text t;
    text_init(&t);
    text_base32hex(&t, hash, sizeof hash);
    const char *label = arena_strdup(a, t.data);
    text_fini(&t);
    return label;
}

/* "1 flags iterations salt next types": hashes put in. */
static const char *hash_line(const char **owner, char *rest, const name_t *zone, struct arena *a)
{
    char *save, *word[5];
    uint8_t salt[UINT8_MAX];
    for (unsigned i = 0; i < 5; i++)
        word[i] = strtok_r(i ? NULL : rest, " ", &save);
    assert(word[4]);
    struct nsec3 param = {.iterations = (uint16_t)atoi(word[2]), .salt = salt};
    if (strcmp(word[3], "-") != 0)
        param.salt_len = (uint8_t)text_unhex(word[3], strlen(word[3]), salt, sizeof salt);
    *owner = hash_word(*owner, &param, zone, a);
    struct text t;
    text_init(&t);
    text_printf(&t, "%s %s %s %s %s %s", word[0], word[1], word[2], word[3],
        hash_word(word[4], &param, zone, a), save ? save : "");
    const char *line = arena_strdup(a, t.data);
    text_fini(&t);
    return line;
}

static void add_record(struct rrset_list *list, char *line, const name_t *zone, struct arena *a)
{
    char *save;
    const char *owner = strtok_r(line, " \n", &save), *mnemonic = strtok_r(NULL, " \n", &save), *rest = save;
    uint16_t type;
    struct rdata rd;
    assert(owner && mnemonic && rest);
    enum err e = rrtype_from_text(&type, mnemonic, strlen(mnemonic));
    assert(!e);
    if (type == TYPE_NSEC3)
        rest = hash_line(&owner, save, zone, a);
    e = rdata_from_text(&rd, type, CLASS_IN, rest, strlen(rest), zone, a);
    assert(!e);
    (void)e;
    const name_t *name = proofs_name(owner, zone, a);
    struct rrset *set = rrset_list_find(list, name, type);
    if (!set) {
        set = ARENA_NEW(a, struct rrset);
        *set = (struct rrset){.owner = name, .type = type, .class = CLASS_IN, .ttl = 3600};
        rrset_list_add(list, set, a);
    }
    rrset_add(set, rd, a);
}

struct rrset_list proofs_records(const char *text, const name_t *zone, struct arena *a)
{
    struct rrset_list list = {0};
    while (*text) {
        size_t len = strcspn(text, "|");
        char *line = arena_alloc(a, len + 1);
        memcpy(line, text, len);
        add_record(&list, line, zone, a);
        text += len + (text[len] == '|');
    }
    return list;
}

static void say(struct text *t, const struct denial_result *r)
{
    char name[NAME_TEXT_LEN];
    static const char *const words[] = {[DENIAL_PROVEN] = "proven",
        [DENIAL_OPT_OUT] = "opt-out",
        [DENIAL_INSECURE] = "insecure",
        [DENIAL_SPENT] = "spent"};
    text_add(t, r->denial == DENIAL_NONE ? fault_tag(r->fault.kind) : words[r->denial]);
    if (r->closest)
        text_printf(t, " closest %s", name_text(r->closest, name));
    if (r->no_name)
        text_add(t, " no-name");
    if (r->empty)
        text_add(t, " empty");
    if (r->wildcard)
        text_add(t, " wildcard");
}

const char *proofs_ask(struct proofs *p, const char *question)
{
    static char buf[NAME_TEXT_LEN + 100];
    char *line = arena_strdup(p->arena, question);
    const char *proof = strtok(line, " "), *owner = strtok(NULL, " "), *more = strtok(NULL, " ");
    const name_t *name = proofs_name(owner, p->zone, p->arena);
    struct denial_result r;
    struct text t;
    text_init_fixed(&t, buf, sizeof buf);
    if (!strcmp(proof, "nxdomain")) {
        r = denial_nxdomain(p, name);
    } else if (!strcmp(proof, "nodata")) {
        uint16_t type;
        enum err e = rrtype_from_text(&type, more, strlen(more));
        assert(!e || !strcmp(more, "ANY"));
        r = denial_nodata(p, name, e ? 255 : type);
    } else if (!strcmp(proof, "wildcard")) {
        r = denial_wildcard(p, name, (unsigned)atoi(more));
    } else {
        enum cut_denial cut = denial_ds(p, name, &r);
        text_add(&t, cut == CUT_NONE ? "none: " : cut == CUT_INSECURE ? "cut: " : "");
    }
    say(&t, &r);
    return buf;
}

const char *proofs_wrong(const char *zone, const struct proof_case *cases, size_t count)
{
    static char wrong[2048];
    struct dnssec_policy policy;
    struct arena a;
    bool right = true;
    dnssec_policy_default(&policy);
    arena_init(&a);
    const name_t *apex = proofs_name(zone, NULL, &a);
    for (size_t i = 0; i < count && right; i++) {
        struct budget budget = {0};
        struct rrset_list list = proofs_records(cases[i].records, apex, &a);
        struct proofs p = {.zone = apex, .list = &list, .policy = &policy, .budget = &budget, .arena = &a};
        const char *answer = proofs_ask(&p, cases[i].question);
        right = strcmp(answer, cases[i].answer) == 0;
        snprintf(wrong, sizeof wrong, "%s of [%s]: \"%s\", expected \"%s\"", cases[i].question,
            cases[i].records, answer, cases[i].answer);
    }
    arena_fini(&a);
    return right ? NULL : wrong;
}
