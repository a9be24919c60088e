"""The servers of the laboratory that misbehave: one process, one small function a habit.

The honest part answers from the same table as everything else (internet.py), so a zone behind a crooked server
has the right answers for whoever gets past the habit. Each query is logged to stdout as one line:
time, address, transport, habit, name, type, EDNS or not.
"""

import ipaddress
import os
import random
import selectors
import socket
import struct
import sys
import time

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset
import dns.zone

import internet

LATE_S = 0.9
IDLE_S = 10
DICE = random.Random(1)  # the same bytes in every run


def load_zones() -> dict[dns.name.Name, dns.zone.Zone]:
    served = [z for z in internet.ZONES if internet.who_serves(z) & internet.SCRIPTED.keys()]
    return {dns.name.from_text(z.name): dns.zone.from_text(internet.master_file(z, {}), z.name, relativize=False)
            for z in served}


def reply_to(query: dns.message.Message, rcode: int = dns.rcode.NOERROR) -> dns.message.Message:
    reply = dns.message.make_response(query)
    reply.set_rcode(rcode)
    return reply


def honest(query, zones):
    """An authoritative answer: data, a name without that data, or no such name. These zones need no more."""
    question = query.question[0]
    reply = reply_to(query)
    origin = next((o for o in zones if question.name.is_subdomain(o)), None)
    if origin is None:
        reply.set_rcode(dns.rcode.REFUSED)
        return reply
    reply.flags |= dns.flags.AA
    zone = zones[origin]
    found = zone.get_rdataset(question.name, question.rdtype)
    if found:
        reply.answer.append(dns.rrset.from_rdata_list(question.name, found.ttl, found))
        return reply
    if not any(name.is_subdomain(question.name) for name in zone):
        reply.set_rcode(dns.rcode.NXDOMAIN)
    soa = zone.get_rdataset(origin, "SOA")
    reply.authority.append(dns.rrset.from_rdata_list(origin, soa[0].minimum, soa))
    return reply


# A habit gets a query and says what goes back: a list of (seconds to wait, bytes). Over TCP, None closes.

def wire(reply, tcp):
    return reply.to_wire(max_size=65535 if tcp else 1232)


def upward(query):
    reply = reply_to(query)
    reply.authority.append(dns.rrset.from_text_list(".", 518400, "IN", "NS", internet.names(internet.ROOTS)))
    return reply


def truncated(query):
    reply = reply_to(query)
    reply.flags |= dns.flags.TC
    return reply


def without_edns(query, zones):
    reply = honest(query, zones)
    reply.use_edns(False)
    return reply


def in_lower_case(query, zones):
    query.question[0].name = dns.name.from_text(query.question[0].name.to_text().lower())
    return honest(query, zones)


def noise(query, zones, tcp):
    good = wire(honest(query, zones), tcp)
    other = dns.message.make_query("unasked.org.", "A")
    other.id = query.id
    wrong_question = wire(reply_to(other, dns.rcode.NXDOMAIN), tcp)
    return [(0, DICE.randbytes(40)), (0, good[:7]), (0, struct.pack("!H", query.id ^ 0x5555) + good[2:]),
            (0, wrong_question), (0.05, good)]


def act(habit: str, query, zones, tcp: bool):
    def now(reply):
        return [(0, wire(reply, tcp))]

    match habit:
        case "silent":
            return []
        case "refused":
            return now(reply_to(query, dns.rcode.REFUSED))
        case "servfail":
            return now(reply_to(query, dns.rcode.SERVFAIL))
        case "upward":
            return now(upward(query))
        case "nonauth":
            return now(reply_to(query))
        case "formerr-edns" if query.edns >= 0:
            reply = reply_to(query, dns.rcode.FORMERR)
            reply.use_edns(False)
            return now(reply)
        case "drop-edns" if query.edns >= 0:
            return []
        case "formerr-edns" | "drop-edns":
            return now(without_edns(query, zones))
        case "lowercase":
            return now(in_lower_case(query, zones))
        case "tcp-only" | "tcp-broken" if not tcp:
            return now(truncated(query))
        case "tcp-broken":
            return None
        case "noisy":
            return noise(query, zones, tcp) if not tcp else now(honest(query, zones))
        case "late":
            return [(LATE_S, wire(honest(query, zones), tcp))]
    return now(honest(query, zones))


class Servers:
    """Every scripted address, UDP and TCP, in one loop."""

    def __init__(self):
        self.zones = load_zones()
        self.selector = selectors.DefaultSelector()
        self.later = []  # (when, function)
        for server in internet.SERVERS:
            if server.who in internet.SCRIPTED:
                for address in server.addresses:
                    self.listen(address, server.who)

    def listen(self, address: str, habit: str):
        family = socket.AF_INET6 if ipaddress.ip_address(address).version == 6 else socket.AF_INET
        udp = socket.socket(family, socket.SOCK_DGRAM)
        udp.bind((address, 53))
        tcp = socket.create_server((address, 53), family=family)
        for s in (udp, tcp):
            s.setblocking(False)
        if habit == "silent":  # bound, and never read: not even a log line
            self.kept = [*getattr(self, "kept", []), udp, tcp]
            return
        self.selector.register(udp, selectors.EVENT_READ, lambda: self.datagram(udp, address, habit))
        self.selector.register(tcp, selectors.EVENT_READ, lambda: self.accept(tcp, address, habit))

    def parse(self, data: bytes, address: str, habit: str, transport: str):
        try:
            query = dns.message.from_wire(data)
            question = query.question[0]
        except Exception as error:  # any bytes may come; a server that dies of them is no use
            print(f"{time.time():.3f} {address} {transport} {habit} unreadable: {error!r}", flush=True)
            return None
        print(f"{time.time():.3f} {address} {transport} {habit} {question.name} "
              f"{dns.rdatatype.to_text(question.rdtype)} {'edns' if query.edns >= 0 else 'plain'}", flush=True)
        return query

    def after(self, seconds: float, function):
        if seconds:
            self.later.append((time.monotonic() + seconds, function))
        else:
            function()

    def datagram(self, udp, address, habit):
        data, peer = udp.recvfrom(65535)
        query = self.parse(data, address, habit, "udp")
        for wait, reply in (act(habit, query, self.zones, tcp=False) or []) if query else []:
            self.after(wait, lambda reply=reply: udp.sendto(reply, peer))

    def accept(self, tcp, address, habit):
        stream, _ = tcp.accept()
        stream.setblocking(False)
        if habit == "tcp-broken":
            stream.close()
            return
        got = bytearray()
        self.selector.register(stream, selectors.EVENT_READ, lambda: self.read(stream, got, address, habit))
        self.after(IDLE_S, lambda: self.close(stream))

    def close(self, stream):
        if stream.fileno() >= 0:
            self.selector.unregister(stream)
            stream.close()

    def read(self, stream, got, address, habit):
        try:
            data = stream.recv(65535)
        except OSError:
            data = b""
        if not data:
            self.close(stream)
            return
        got += data
        while len(got) >= 2 and len(got) >= 2 + int.from_bytes(got[:2]):
            end = 2 + int.from_bytes(got[:2])
            query = self.parse(bytes(got[2:end]), address, habit, "tcp")
            del got[:end]
            for wait, reply in (act(habit, query, self.zones, tcp=True) or []) if query else []:
                self.after(wait, lambda reply=reply: self.send(stream, reply))

    def send(self, stream, reply):
        try:
            stream.setblocking(True)
            stream.sendall(struct.pack("!H", len(reply)) + reply)
            stream.setblocking(False)
        except OSError:
            self.close(stream)

    def turn(self):
        due = min((when for when, _ in self.later), default=time.monotonic() + 60)
        for key, _ in self.selector.select(max(0, due - time.monotonic())):
            try:
                key.data()
            except OSError as error:
                print(f"{time.time():.3f} {error}", file=sys.stderr, flush=True)
        ready = [x for x in self.later if x[0] <= time.monotonic()]
        self.later = [x for x in self.later if x not in ready]
        for _, function in ready:
            function()


def main():
    servers = Servers()
    os.close(int(sys.argv[1]))  # whoever started us waits for this end of a pipe to close: we are ready
    while True:
        servers.turn()


if __name__ == "__main__":
    main()
