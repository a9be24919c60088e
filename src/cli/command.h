/* The commands: each takes the arguments and the output and returns its exit code. */
#ifndef HARK_CLI_COMMAND_H
#define HARK_CLI_COMMAND_H

#include "cli/args.h"
#include "cli/out.h"
#include "cli/status.h"

enum status cmd_system(const struct args *args, struct out *out);
enum status cmd_ask(const struct args *args, struct out *out);
enum status cmd_why(const struct args *args, struct out *out);
enum status cmd_trace(const struct args *args, struct out *out);
enum status cmd_mx(const struct args *args, struct out *out);
enum status cmd_whois(const struct args *args, struct out *out);
enum status cmd_update(const struct args *args, struct out *out);
enum status cmd_ctl(const struct args *args, struct out *out);
enum status cmd_help(const struct args *args, struct out *out);
enum status cmd_version(const struct args *args, struct out *out);

#endif
