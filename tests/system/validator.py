"""A validating resolver that tests ask, on a root of its own. DNSSEC_RESOLVER names another one of tests/lab/peers.py, to see what it makes of
the same zones."""

import contextlib
import itertools
import os
import random
from dataclasses import dataclass
from pathlib import Path

import dns.flags
import dns.message
import dns.query
import dns.rcode
import peers
from conftest import PATIENCE_S, SANITIZER

RESOLVER = os.environ.get("DNSSEC_RESOLVER", "hark")
EDE = 15
PORTS = itertools.count(5390)


@dataclass(frozen=True)
class Heard:
    """What came back: rcode, flags, errors. str() is what a failed test shows."""
    reply: dns.message.Message

    @property
    def rcode(self) -> str:
        return dns.rcode.to_text(self.reply.rcode())

    @property
    def ad(self) -> bool:
        return bool(self.reply.flags & dns.flags.AD)

    @property
    def verdict(self) -> str:
        return "bogus" if self.rcode == "SERVFAIL" else "secure" if self.ad else "insecure"

    @property
    def ede(self) -> set[int]:
        return {int(o.code) for o in self.reply.options if o.otype == EDE}

    @property
    def texts(self) -> list[str]:
        return [o.text or "" for o in self.reply.options if o.otype == EDE]

    def __str__(self) -> str:
        return f"{self.rcode}{' AD' if self.ad else ''} {len(self.reply.answer)} answers, EDE {sorted(self.ede)} {' '.join(self.texts)}"


class Validator:
    def __init__(self, server: peers.Server):
        self.server = server

    def ask(self, name: str, rdtype: str = "A", **more) -> Heard:
        """DO is set; CD by cd=True."""
        flags = dns.flags.RD | (dns.flags.CD if more.pop("cd", False) else 0)
        query = dns.message.make_query(name, rdtype, flags=flags, use_edns=0, payload=1232, want_dnssec=True, **more)
        query.id = random.randrange(65536)
        reply = dns.query.udp(query, self.server.address, port=self.server.port, timeout=PATIENCE_S)
        if reply.flags & dns.flags.TC:
            reply = dns.query.tcp(query, self.server.address, port=self.server.port, timeout=PATIENCE_S)
        return Heard(reply)


@contextlib.contextmanager
def validator(folder: Path, hints: dict[str, list[str]], anchor: str, **more):
    """Started and answering. Ends well, and no sanitizer has spoken."""
    server = peers.start(RESOLVER, folder, hints=hints, anchor=anchor, validate=True, port=next(PORTS), **more)
    try:
        yield Validator(server)
    finally:
        code = server.stop()
        assert RESOLVER != "hark" or code == 0 and not SANITIZER.search(server.log), server.log[-4000:]
