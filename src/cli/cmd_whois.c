/* hark whois NAME…: who registered it. */
#include "cli/command.h"

enum status cmd_whois(const struct args *args, struct out *out)
{
    (void)args;
    (void)out;
    out_complain("whois is not there yet");
    return STATUS_INTERNAL;
}
