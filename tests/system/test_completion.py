"""Completion, as bash, zsh and fish themselves do it: the line is typed, TAB is pressed."""

import os
import pty
import re
import shutil
import subprocess
import time

import pytest
from conftest import PATIENCE_S, TOP

COMMANDS = ["lookup", "query", "why", "trace", "mx", "whois", "update", "ctl", "help"]

# What is typed, and what it becomes where only one thing can follow. The last word is what TAB works on.
UNIQUE = {
    "hark tra": "hark trace",
    "hark -p 53 tra": "hark -p 53 trace",
    "hark +short tra": "hark +short trace",
    "hark ctl rel": "hark ctl reload",
    "hark ctl cache fl": "hark ctl cache flush",
    "hark ctl cache flush --z": "hark ctl cache flush --zone",
    "hark ctl nta ad": "hark ctl nta add",
    "hark ctl events timeo": "hark ctl events timeout",
    "hark ctl events timeout failu": "hark ctl events timeout failures",
    "hark help upd": "hark help update",
    "hark help exi": "hark help exit",
    "hark x.org +dnss": "hark x.org +dnssec",
    "hark x.org +nodnss": "hark x.org +nodnssec",
    "hark x.org --subn": "hark x.org --subnet",
    "hark trace x.org --dnss": "hark trace x.org --dnssec",
    "hark mx --nex": "hark mx --next",
    "hark whois x.org +rd": "hark whois x.org +rdap",
    "hark update --che": "hark update --check",
    "hark ctl --sock": "hark ctl --socket",
    "hark x.org DNSK": "hark x.org DNSKEY",
    "hark x.org -t TLS": "hark x.org -t TLSA",
    "hark trace x.org NSEC3P": "hark trace x.org NSEC3PARAM",
    "hark -c C": "hark -c CH",
    "hark --exit-compat d": "hark --exit-compat dig",
    "hark x.org A @127": "hark x.org A @127.0.0.1",
    "hark x.org A @:": "hark x.org A @::1",
    "hark -f tests/system/test_compl": "hark -f tests/system/test_completion.py",
}
# Nothing of other commands, and no type after what takes none: the line stays.
NOTHING = ["hark mx +dnss", "hark trace x.org --nex", "hark update DNSK", "hark ctl DNSK", "hark x.org -p 5", "hark x.org tra", "hark ctl status no"]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The folder with the three files, as they are installed."""
    folder = tmp_path_factory.mktemp("completion")
    for shell, name in (("bash", "hark.bash"), ("zsh", "_hark"), ("fish", "hark.fish")):
        text = subprocess.run([TOP / "completion/make", shell, TOP / "src"], stdout=subprocess.PIPE, check=True).stdout
        (folder / name).write_bytes(text)
    return folder


def type_into(command: list[str], lines: list[str]) -> str:
    """What a terminal shows."""
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(TOP)
        os.environ |= {"TERM": "dumb", "COLUMNS": "500", "PS1": "", "HISTFILE": "/dev/null"}
        os.execvp(command[0], command)
    shown = b""
    end = time.monotonic() + PATIENCE_S
    os.write(terminal, "".join(f"{line}\n" for line in [*lines, "exit"]).encode())
    while time.monotonic() < end:
        try:
            piece = os.read(terminal, 65536)
        except OSError:
            break
        if not piece:
            break
        shown += piece
    os.close(terminal)
    os.waitpid(child, 0)
    return shown.decode(errors="replace")


def typed(shell: str, made) -> list[str]:
    """Each line with a TAB, run: hark is a function that says what it got."""
    lines = [*UNIQUE, *NOTHING]
    says = "hark() { printf '%s[hark %s]\\n' got \"$*\"; }"
    tabbed = [line + "\t" for line in lines]
    if shell == "bash":
        shown = type_into(["bash", "--norc", "--noprofile", "-i"], [f"source {made}/hark.bash; {says}; bind 'set bell-style none'", *tabbed])
    elif shell == "zsh":
        shown = type_into(["zsh", "-f", "-i"], [f"fpath=({made} $fpath); autoload -Uz compinit; compinit -D -u; {says}; setopt nobeep nolistbeep noautolist", *tabbed])
    else:
        script = f"source {made}/hark.fish\n" + "".join(f"set -l c (complete -C {line!r}); echo \"got[\"(string join ' ' -- (string split ' ' -- {line!r})[1..-2] $c)\"]\"\n"
                                                        for line in lines)
        shown = subprocess.run(["fish", "--no-config", "-c", script], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, timeout=PATIENCE_S,
                               check=True, cwd=TOP).stdout
        shown = re.sub(r"\t[^\]\n]*\]", "]", shown)  # what it says of them
    return [got.strip() for got in re.findall(r"got\[(hark .*?)\]", shown)]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_what_only_one_thing_can_follow_is_completed(made, shell):
    assert shutil.which(shell), f"{shell}: ./dev setup"
    got = typed(shell, made)
    kept = [line if shell != "fish" else line.rsplit(" ", 1)[0] for line in NOTHING]
    wanted = [*UNIQUE.values(), *kept]
    assert list(zip([*UNIQUE, *NOTHING], got)) == list(zip([*UNIQUE, *NOTHING], wanted))


def test_every_option_of_a_command_is_offered(made, hark):
    """As fish tells it: with what the help says."""
    for command in COMMANDS[:-1]:
        shown = {word.split("=")[0].split("[")[0].rstrip(",") for line in hark("help", command).stdout.splitlines() if line.startswith("  ")
                 for word in line.split()[:2] if re.match(r"[-+]", word)}
        lines = [f"hark {command} x {sign}" for sign in ("-", "--", "+")]
        script = f"source {made}/hark.fish; " + "; ".join(f"complete -C {line!r}" for line in lines)
        said = subprocess.run(["fish", "--no-config", "-c", script], stdout=subprocess.PIPE, text=True, timeout=PATIENCE_S, check=True).stdout
        offered = {line.split("\t")[0].rstrip("=") for line in said.splitlines()}
        assert len(shown) > 2 and shown <= offered, (command, shown - offered)
