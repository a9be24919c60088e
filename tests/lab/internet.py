"""The laboratory's Internet: its servers, its zones, and what follows from both.

SERVERS says who has which address and who answers there. ZONES says what a zone holds and which servers it
names. Everything else is derived here, so that it cannot disagree: NS records, addresses, delegations, glue,
DS records. `python3 tests/lab/internet.py` prints the map; with a zone's name, its master file.

Servers and host names live in documentation space (RFC 5737, RFC 3849); root and TLD servers have the
addresses that they have on the Internet. Nothing of it ever leaves the namespace.
"""

from dataclasses import dataclass
from pathlib import Path

# Who answers at an address.
KNOTD = ("root", "tld", "hosting", "deep")  # one knotd each: a server that held a child zone too would not refer to it
SCRIPTED = {  # tests/lab/scripted.py
    "silent": "reads nothing, answers nothing (UDP); lets TCP connect and says nothing",
    "refused": "lame: REFUSED to everything",
    "upward": "lame: refers everything to the root",
    "nonauth": "lame: an empty answer without AA",
    "servfail": "SERVFAIL to everything",
    "formerr-edns": "knows no EDNS: FORMERR without OPT; else honest",
    "drop-edns": "drops every query that carries EDNS; else honest",
    "lowercase": "answers with the question in lower case (breaks 0x20); else honest",
    "tcp-only": "TC=1 to everything over UDP; honest over TCP",
    "tcp-broken": "TC=1 to everything over UDP; closes every TCP connection at once",
    "noisy": "first random bytes, a wrong ID and a wrong question, then the honest answer",
    "late": "honest, after 900 ms",
    "honest": "honest",
}
KERNEL = {
    "refusing": "no listener: port unreachable, connection refused",
    "unreachable": "no route",
}


@dataclass(frozen=True)
class Server:
    name: str
    who: str
    addresses: tuple[str, ...]


@dataclass(frozen=True)
class Zone:
    name: str
    servers: tuple[str, ...]
    sign: str = ""  # "", nsec, nsec3 or optout
    text: str = ""


def number(first: int):
    """Hands out the last part of an address, counting on."""
    while first < 255:
        yield first
        first += 1
    raise ValueError("address block is full")


HOSTS, DEAD = number(1), number(1)


def server(name: str, who: str = "hosting", families: str = "46") -> Server:
    if who in KNOTD:
        n, four, six = next(HOSTS), "203.0.113.", "2001:db8:53::"
    else:
        n, four, six = next(DEAD), "198.51.100.", "2001:db8:dead::"
    return Server(name, who, tuple(a for f, a in (("4", f"{four}{n}"), ("6", f"{six}{n:x}")) if f in families))


def known(who: str, lines: str) -> list[Server]:
    return [Server(name, who, tuple(addresses)) for name, *addresses in map(str.split, lines.strip().splitlines())]


ROOTS = known("root", """
a.root-servers.net. 198.41.0.4     2001:503:ba3e::2:30
b.root-servers.net. 170.247.170.2  2801:1b8:10::b
c.root-servers.net. 192.33.4.12    2001:500:2::c
d.root-servers.net. 199.7.91.13    2001:500:2d::d
e.root-servers.net. 192.203.230.10 2001:500:a8::e
f.root-servers.net. 192.5.5.241    2001:500:2f::f
g.root-servers.net. 192.112.36.4   2001:500:12::d0d
h.root-servers.net. 198.97.190.53  2001:500:1::53
i.root-servers.net. 192.36.148.17  2001:7fe::53
j.root-servers.net. 192.58.128.30  2001:503:c27::2:30
k.root-servers.net. 193.0.14.129   2001:7fd::1
l.root-servers.net. 199.7.83.42    2001:500:9f::42
m.root-servers.net. 202.12.27.33   2001:dc3::35
""")
GTLD = known("tld", """
a.gtld-servers.net. 192.5.6.30     2001:503:a83e::2:30
b.gtld-servers.net. 192.33.14.30   2001:503:231d::2:30
c.gtld-servers.net. 192.26.92.30   2001:503:83eb::30
d.gtld-servers.net. 192.31.80.30   2001:500:856e::30
e.gtld-servers.net. 192.12.94.30   2001:502:1ca1::30
f.gtld-servers.net. 192.35.51.30   2001:503:d414::30
""")
ORG = known("tld", """
a0.org.afilias-nst.info. 199.19.56.1   2001:500:e::1
a2.org.afilias-nst.info. 199.249.112.1 2001:500:40::1
b0.org.afilias-nst.org.  199.19.54.1   2001:500:c::1
b2.org.afilias-nst.org.  199.249.120.1 2001:500:48::1
""")
INFO = known("tld", """
a0.info.afilias-nst.info. 199.254.31.1 2001:500:19::1
b0.info.afilias-nst.org.  199.254.48.1 2001:500:1a::1
""")
SE = known("tld", """
a.ns.se. 192.36.144.107 2a01:3f0:0:301::53
b.ns.se. 192.36.133.107 2001:67c:254c:301::53
""")
ARPA = [server("a.ns.arpa.", "tld"), server("b.ns.arpa.", "tld")]
ZZ = [server("ns1.nic.zz.", "tld"), server("ns2.nic.zz.", "tld")]

SERVERS: list[Server] = [*ROOTS, *GTLD, *ORG, *INFO, *SE, *ARPA, *ZZ]


def names(servers: list[Server]) -> tuple[str, ...]:
    return tuple(s.name for s in servers)


def on(*servers: Server) -> tuple[str, ...]:
    """These servers, entered into the table."""
    SERVERS.extend(servers)
    return names(list(servers))


def first_ones(zone: str, who: str, good: int = 1, families: str = "46") -> tuple[str, ...]:
    """Two servers that answer like `who`, then `good` honest ones."""
    bad = [server(f"ns{n}.{zone}", who, families) for n in (1, 2)]
    return on(*bad, *(server(f"ns{n + 3}.{zone}", "hosting", families) for n in range(good)))


def txt(name: str, strings: int, length: int) -> str:
    """One TXT RRset of `strings` records of `length` octets each."""
    return "\n".join(f'{name} TXT "{f"{n:03} ":x<{length}}"' for n in range(strings))


def chain(last: int, end: str) -> str:
    return "\n".join(f"c{n} CNAME c{n + 1}" for n in range(last)) + f"\nc{last} CNAME {end}"


# Types that mean something to the zone that they stand in, or to DNSSEC.
STRUCTURAL = "ns cname soa dname ds rrsig nsec dnskey nsec3 nsec3param cds cdnskey zonemd opt sig key nxt".split()


def is_beyond_knotd(code: int, data: bytes) -> bool:
    return code == 29 and data[0] != 0  # LOC of another version: SERVFAIL


def vectors() -> str:
    """Every other vector of the fuzzer's seeds at a name of its own, as octets: the server need not know the type."""
    lines = []
    for file in sorted((Path(__file__).resolve().parent.parent / "fuzz/seeds/rdata").glob("vector-*")):
        label, octets = file.name.removeprefix("vector-"), file.read_bytes()
        code, data = int.from_bytes(octets[:2], "big"), octets[2:]
        if not label.endswith("-text") and label.rsplit("-", 1)[0] not in STRUCTURAL and not is_beyond_knotd(code, data):
            lines.append(f"{label} TYPE{code} \\# {len(data)} {data.hex()}")
    return "\n".join(lines)


WWW = "www A 192.0.2.80\nwww AAAA 2001:db8:80::80"
ADDRESS = "@ A 192.0.2.81\n@ AAAA 2001:db8:80::81\n" + WWW

DNS_HOST_COM = on(server("ns1.dns-host.com."), server("ns2.dns-host.com."))
PYTHON = on(server("ns1.python.org."), server("ns2.python.org."))

TLSA = "8a9c3e8a0b07ddc9d0b4b3c0d8ac1b5b1f1fbd5cf1f3b1d0a6b7f0a8f4b0c9de"
MAIL = """
mail         A    188.166.95.178
mail         AAAA 2a03:b0c0:2:d0::71:1
backup       A    192.0.2.25
two          MX   10 mail
two          MX   20 backup
equal        MX   10 mail
equal        MX   10 backup
equal        MX   10 third
third        A    192.0.2.27
implicit     A    188.166.95.178
implicit6    AAAA 2a03:b0c0:2:d0::71:1
alias        CNAME two
implalias    CNAME implicit
nowhere      CNAME not-there
null         MX   0 .
null         A    192.0.2.28
null10       MX   10 .
nullbeside   MX   0 .
nullbeside   MX   10 mail
noaddress    TXT  "neither MX nor an address"
lost         MX   10 not-there
partly       MX   10 not-there
partly       MX   20 mail
tofailing    MX   10 www.all-servfail.org.
failfirst    MX   10 www.all-servfail.org.
failfirst    MX   20 mail
tonodata     MX   10 noaddress
tonodata     MX   20 mail
toalias      MX   10 alias4
alias4       CNAME mail
tocircle     MX   10 self.loop.org.
tocircle     MX   20 backup
toaddress    MX   10 192.0.2.29.
toaddress    MX   20 mail
private      MX   10 inside
inside       A    192.168.1.25
many         MX   10 m1
many         MX   20 m2
many         MX   30 m3
many         MX   40 m4
many         MX   50 m5
m1           A    192.0.2.31
m2           A    192.0.2.32
m3           A    192.0.2.33
m4           A    192.0.2.34
m5           A    192.0.2.35
sts          MX   10 mail
sts          MX   20 backup
_mta-sts.sts TXT  "v=STSv1; id=20261101;"
mta-sts.sts  A    203.0.113.200
_smtp._tls.sts TXT "v=TLSRPTv1; rua=mailto:tls@post.org"
xn--bcher-kva MX  10 mail
"""

ZONES: list[Zone] = [
    Zone(".", names(ROOTS), "nsec"),
    Zone("root-servers.net.", names(ROOTS)),
    Zone("org.", names(ORG), "nsec3"),
    Zone("com.", names(GTLD), "optout"),
    Zone("net.", names(GTLD), "optout"),
    Zone("info.", names(INFO), "nsec3"),
    Zone("se.", names(SE), "nsec"),
    Zone("arpa.", names(ARPA), "nsec"),
    Zone("zz.", names(ZZ)),
    Zone("python.org.", PYTHON, "nsec3", f"""
@          A      151.101.128.223
@          A      151.101.192.223
@          AAAA   2a04:4e42:400::223
@          MX     50 mail.python.org.
@          TXT    "v=spf1 mx ip4:188.166.95.178/32 ip6:2a03:b0c0:2:d0::71:1 -all"
@          TXT    "laboratory: this is not the real python.org"
@          CAA    0 issue "letsencrypt.org"
www        A      151.101.128.223
www        A      151.101.192.223
www        AAAA   2a04:4e42:200::223
www        AAAA   2a04:4e42:400::223
mail       A      188.166.95.178
mail       AAAA   2a03:b0c0:2:d0::71:1
docs       CNAME  python.edge-cdn.com.           ; to another TLD, one more alias there
wiki       CNAME  www
dangling   CNAME  nothing-here.edge-cdn.com.     ; alias to a name that does not exist
*.pages    A      192.0.2.90
*.pages    AAAA   2001:db8:90::90
*.alias    CNAME  www
old        DNAME  legacy.python-archive.com.
a.b.c.d.e  A      192.0.2.91                     ; empty non-terminals for minimisation to meet
only4      A      192.0.2.92                     ; NODATA for AAAA
brief      5 A    192.0.2.93                     ; TTLs to the second
blink      1 A    192.0.2.94
zero       0 A    192.0.2.95
_sip._tcp  SRV    10 60 5060 sip
sip        A      192.0.2.96
{txt("large", 8, 200)}
{txt("huge", 120, 240)}
"""),
    Zone("sub.python.org.", on(server("ns1.sub.python.org.", "deep")), "nsec", ADDRESS + "\na.deep A 192.0.2.97"),
    Zone("types.python.org.", on(server("ns1.types.python.org.", "deep")), "nsec", """
hinfo   HINFO  "RISC-V" "Linux"
loc     LOC    52 22 23.000 N 4 53 32.000 E -2.00m 1m 10000m 10m
naptr   NAPTR  100 10 "u" "E2U+sip" "!^.*$!sip:info@python.org!" .
srv     SRV    0 5 443 www.python.org.
sshfp   SSHFP  4 2 8a9c3e8a0b07ddc9d0b4b3c0d8ac1b5b1f1fbd5cf1f3b1d0a6b7f0a8f4b0c9de
tlsa    TLSA   3 1 1 8a9c3e8a0b07ddc9d0b4b3c0d8ac1b5b1f1fbd5cf1f3b1d0a6b7f0a8f4b0c9de
caa     CAA    128 issue "ca.example.net; account=230123"
uri     URI    10 1 "https://www.python.org/"
https   HTTPS  1 . alpn=h2,h3 ipv4hint=192.0.2.1 ipv6hint=2001:db8::1
svcb    SVCB   16 target port=8443
spf     SPF    "v=spf1 -all"
opaque  TYPE65400 \\# 4 DEADBEEF
escape  TXT    "quote\\" backslash\\\\ \\195\\164 \\000 end"
"""),
    Zone("python-archive.com.", DNS_HOST_COM, "nsec3", "www.legacy A 192.0.2.98\nwww.legacy AAAA 2001:db8:98::98"),
    Zone("edge-cdn.com.", DNS_HOST_COM, "", "python CNAME pop3.edge-cdn.net.\nother A 192.0.2.99"),
    Zone("edge-cdn.net.", DNS_HOST_COM, "nsec3", "pop3 A 192.0.2.100\npop3 AAAA 2001:db8:100::100"),
    Zone("dns-host.com.", DNS_HOST_COM, "nsec", ADDRESS),
    Zone("in-addr.arpa.", DNS_HOST_COM, "nsec", """
223.128.101.151 PTR www.python.org.
178.95.166.188  PTR mail.python.org.
"""),
    Zone("ip6.arpa.", DNS_HOST_COM, "nsec", """
3.2.2.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.2.0.2.4.e.4.4.0.a.2 PTR www.python.org.
"""),
    Zone("signed.se.", on(server("ns1.signed.se."), server("ns2.signed.se.")), "nsec", ADDRESS + "\n*.wild TXT \"wild\""),
    Zone("unsigned.se.", on(server("ns1.unsigned.se."), server("ns2.unsigned.se.")), "", ADDRESS),
    Zone("unsigned.com.", on(server("ns1.unsigned.com.")), "", ADDRESS),
    Zone("hello.zz.", on(server("ns1.hello.zz."), server("ns2.hello.zz.")), "", ADDRESS),
    Zone("xn--bcher-kva.org.", on(server("ns1.xn--bcher-kva.org.")), "nsec3", ADDRESS),
    # Servers with one family, or found only by asking elsewhere.
    Zone("v6only.org.", on(server("ns1.v6only.org.", families="6"), server("ns2.v6only.org.", families="6")), "nsec3",
         ADDRESS),
    Zone("v4only.org.", on(server("ns1.v4only.org.", families="4"), server("ns2.v4only.org.", families="4")), "",
         ADDRESS),
    Zone("glueless.org.", DNS_HOST_COM, "", ADDRESS),
    Zone("glueless2.org.", on(server("ns1.glueless-host.se.")), "", ADDRESS),  # whose own zone is glueless too
    Zone("glueless-host.se.", DNS_HOST_COM, "", ADDRESS),
    Zone("circle-a.org.", on(server("ns.circle-b.com.")), "", ADDRESS),  # each is named by a server in the other:
    Zone("circle-b.com.", on(server("ns.circle-a.org.")), "", ADDRESS),  # nobody can resolve either
    Zone("nowhere.org.", ("ns1.does-not-exist.com.", "ns2.does-not-exist.com."), "", ADDRESS),
    # Some dead servers, then good ones; all dead.
    Zone("silent-first.org.", first_ones("silent-first.org.", "silent"), "", ADDRESS),
    Zone("refusing-first.org.", first_ones("refusing-first.org.", "refusing"), "", ADDRESS),
    Zone("unreachable-first.org.", first_ones("unreachable-first.org.", "unreachable"), "", ADDRESS),
    Zone("mixed-dead.org.", on(server("ns1.mixed-dead.org.", "silent"), server("ns2.mixed-dead.org.", "refusing"),
         server("ns3.mixed-dead.org.", "unreachable"), server("ns4.mixed-dead.org.")), "", ADDRESS),
    Zone("all-silent.org.", first_ones("all-silent.org.", "silent", 0), "", ADDRESS),
    Zone("all-refusing.org.", first_ones("all-refusing.org.", "refusing", 0), "", ADDRESS),
    Zone("all-unreachable.org.", first_ones("all-unreachable.org.", "unreachable", 0), "", ADDRESS),
    # Lame servers (they answer, but not for this zone), then good ones; all lame.
    Zone("lame-refused.org.", first_ones("lame-refused.org.", "refused"), "", ADDRESS),
    Zone("lame-upward.org.", first_ones("lame-upward.org.", "upward"), "", ADDRESS),
    Zone("lame-nonauth.org.", first_ones("lame-nonauth.org.", "nonauth"), "", ADDRESS),
    Zone("lame-servfail.org.", first_ones("lame-servfail.org.", "servfail"), "", ADDRESS),
    Zone("all-refused.org.", first_ones("all-refused.org.", "refused", 0), "", ADDRESS),
    Zone("all-upward.org.", first_ones("all-upward.org.", "upward", 0), "", ADDRESS),
    Zone("all-servfail.org.", first_ones("all-servfail.org.", "servfail", 0), "", ADDRESS),
    # Servers with habits; every one of the zone's servers has the habit.
    Zone("formerr-edns.org.", first_ones("formerr-edns.org.", "formerr-edns", 0), "", ADDRESS),
    Zone("drop-edns.org.", first_ones("drop-edns.org.", "drop-edns", 0), "", ADDRESS),
    Zone("lowercase.org.", first_ones("lowercase.org.", "lowercase", 0), "", ADDRESS),
    Zone("tcp-only.org.", first_ones("tcp-only.org.", "tcp-only", 0), "", ADDRESS),
    Zone("tcp-broken.org.", first_ones("tcp-broken.org.", "tcp-broken", 0), "", ADDRESS),
    Zone("noisy.org.", first_ones("noisy.org.", "noisy", 0), "", ADDRESS),
    Zone("late.org.", first_ones("late.org.", "late", 0), "", ADDRESS),
    # A scripted server that does nothing odd: its log tells who asked what (LAB_DIR/scripted.log).
    Zone("counted.org.", first_ones("counted.org.", "honest", 0), "", ADDRESS + """
brief   5 A 192.0.2.82
steady    A 192.0.2.83
mixed     A 192.0.2.84
deep.er.name A 192.0.2.85
"""),
    # Chains of aliases: short enough to follow, too long, endless.
    Zone("chain.org.", DNS_HOST_COM, "", chain(6, "www.chain.org.") + "\n" + WWW),
    Zone("longchain.org.", DNS_HOST_COM, "", chain(60, "www.longchain.org.") + "\n" + WWW),
    Zone("loop.org.", DNS_HOST_COM, "", "self CNAME self\na CNAME b\nb CNAME a\nfar CNAME far.loop.se."),
    Zone("loop.se.", DNS_HOST_COM, "", "far CNAME far.loop.org."),
    # Mail: what hark mx must see. Each name is a domain of its own. TLSA records count in post.org alone, which is signed.
    Zone("post.org.", on(server("ns1.post.org."), server("ns2.post.org.")), "nsec3", MAIL + f"""
dane         MX   10 mx1.dane
dane         MX   20 mx2.dane
mx1.dane     A    188.166.95.178
mx2.dane     A    192.0.2.26
_25._tcp.mx1.dane TLSA 3 1 1 {TLSA}
_25._tcp.mx2.dane TLSA 1 1 1 {TLSA}
wilddane     MX   10 mail.python.org.        ; secure host without TLSA
mixed        MX   10 mx1.dane
mixed        MX   20 mail.post.zz.           ; insecure host
outalias     MX   10 mx.outalias             ; a secure alias of an insecure host: the alias's TLSA counts (RFC 7672 2.2.2)
mx.outalias  CNAME   mail.post.zz.
_25._tcp.mx.outalias TLSA 3 1 1 {TLSA}
inalias      MX   10 mx.inalias              ; a secure alias of a secure host: its end's TLSA counts
mx.inalias   CNAME   mx1.dane
_25._tcp.mx.inalias TLSA 1 1 1 {TLSA}
"""),
    Zone("post.zz.", on(server("ns1.post.zz.")), "", MAIL + f"""
dane         MX   10 mx1.dane
mx1.dane     A    188.166.95.178
_25._tcp.mx1.dane TLSA 3 1 1 {TLSA}
tosigned     MX   10 mx1.dane.post.org.
"""),
    Zone("vectors.python.org.", on(server("ns1.vectors.python.org.", "deep")), "", vectors()),
]


def labels(name: str) -> list[str]:
    return [x for x in name.lower().split(".") if x]


def below(name: str, zone: str) -> bool:
    """True where `name` is `zone` or lies under it."""
    a, b = labels(name), labels(zone)
    return not b or a[-len(b):] == b


def zone_of(name: str) -> Zone:
    """The deepest zone that `name` lies in."""
    return max((z for z in ZONES if below(name, z.name)), key=lambda z: len(labels(z.name)))


def parent_of(zone: Zone) -> Zone | None:
    above = [z for z in ZONES if z is not zone and below(zone.name, z.name)]
    return max(above, key=lambda z: len(labels(z.name)), default=None)


def children_of(zone: Zone) -> list[Zone]:
    return [z for z in ZONES if parent_of(z) is zone]


BY_NAME = {s.name: s for s in SERVERS}


def who_serves(zone: Zone) -> set[str]:
    return {BY_NAME[n].who for n in zone.servers if n in BY_NAME}


def zones_of(who: str) -> list[Zone]:
    return [z for z in ZONES if who in who_serves(z)]


def addresses_of(who: str) -> list[str]:
    return [a for s in SERVERS if s.who == who for a in s.addresses]


def address_lines(server_: Server, ttl: int) -> list[str]:
    return [f"{server_.name} {ttl} IN {'AAAA' if ':' in a else 'A'} {a}" for a in server_.addresses]


def delegation(child: Zone, parent: Zone, ds: list[str]) -> list[str]:
    ttl = 172800 if parent.name == "." else 86400
    lines = [f"{child.name} {ttl} IN NS {n}" for n in child.servers]
    lines += [f"{child.name} 86400 IN DS {d}" for d in ds]
    for name in child.servers:
        # An address of the parent's own is in the zone anyway; what lies below a cut in it goes there as glue.
        if name in BY_NAME and below(name, parent.name) and zone_of(name) is not parent:
            lines += address_lines(BY_NAME[name], ttl)
    return lines


def master_file(zone: Zone, ds: dict[str, list[str]]) -> str:
    """The zone as a master file; `ds` maps the name of a signed child to the RDATA of its DS records."""
    lines = [f"$ORIGIN {zone.name}", "$TTL 3600",
             f"{zone.name} 3600 IN SOA {zone.servers[0]} hostmaster.{zone.name.lstrip('.')} 2026110100 7200 3600 1209600 300"]
    lines += [f"{zone.name} {518400 if zone.name == '.' else 86400} IN NS {n}" for n in zone.servers]
    for s in SERVERS:
        if zone_of(s.name) is zone:
            lines += address_lines(s, 86400)
    lines += zone.text.strip().splitlines()
    for name in zone.servers:
        # The root's own servers live below a cut: priming gets their addresses as glue (RFC 9609 section 4.1).
        if below(name, zone.name) and zone_of(name) is not zone and name in BY_NAME:
            lines += address_lines(BY_NAME[name], 518400)
    for child in children_of(zone):
        lines += delegation(child, zone, ds.get(child.name, []))
    return "\n".join(dict.fromkeys(lines)) + "\n"


def show_map() -> None:
    for who in (*KNOTD, *SCRIPTED, *KERNEL):
        zones = zones_of(who)
        if zones:
            print(f"{who}: {SCRIPTED.get(who) or KERNEL.get(who) or 'knotd'}")
            for z in zones:
                print(f"    {z.name:24} {z.sign or 'unsigned':9}", *(n for n in z.servers if n in BY_NAME and BY_NAME[n].who == who))


if __name__ == "__main__":
    import sys

    if len(sys.argv) == 1:
        show_map()
    for wanted in sys.argv[1:]:
        print(master_file(zone_of(wanted), {}))
