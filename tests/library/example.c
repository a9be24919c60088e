/* The example of hark/hark.h as a whole program: it sees the public header alone, and is linked with the
 * shared library alone. */
#include <hark/hark.h>
#include <stdio.h>
#include <string.h>

/* DNS with two hosts. */
static void look_up(void *context, const char *name, uint16_t type, struct hark_answer *answer)
{
    static const uint8_t mx[] = "\0\12\4mail\7example\3org", a[] = {192, 0, 2, 25};
    static const struct hark_rdata mx_record = {mx, sizeof mx}, a_record = {a, sizeof a};
    (void)context;
    answer->found = HARK_NO_DATA;
    if (type == 15 && strcmp(name, "example.org") == 0)
        *answer = (struct hark_answer){.found = HARK_FOUND, .records = &mx_record, .count = 1};
    if (type == 1 && strcmp(name, "mail.example.org") == 0)
        *answer = (struct hark_answer){.found = HARK_FOUND, .records = &a_record, .count = 1};
}

int main(void)
{
    struct hark_mx_settings settings = {.look_up = look_up};
    struct hark_mx_plan *plan = hark_mx_plan("user@example.org", &settings, NULL);
    printf("%s\n", hark_mx_verdict_text(plan->verdict));
    for (size_t i = 0; i < plan->host_count; i++)
        if (plan->hosts[i].state == HARK_MX_HOST_USED)
            for (size_t j = 0; j < plan->hosts[i].address_count; j++)
                printf("%s %s 25\n", plan->hosts[i].name, plan->hosts[i].addresses[j]);
    hark_mx_plan_free(plan);
    return 0;
}
