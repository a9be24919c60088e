#!/usr/bin/python3 -IB
"""Who keeps the register of which names and numbers: from what IANA publishes to the table that is compiled in.

    make.py import FOLDER > registries.txt    FOLDER: rdap-{dns,asn,ipv4,ipv6,object-tags}.json (RFC 9224, RFC 8521), whois-servers.tsv
    make.py table registries.txt > table.c    run by the build

registries.txt is the compact form that people can read and compare: a line a service,

    date KIND DAY                  when IANA published that list
    dns URL TLD…                   RDAP of top-level domains; @ in the URL stands for the TLD
    ipv4 URL PREFIX…   ipv6 URL PREFIX…   asn URL FIRST-LAST…   tag URL TAG
    whois HOST TLD…                WHOIS of top-level domains; @ as above
    numbers HOST URL               WHOIS of the registry whose RDAP that is
"""

import ipaddress
import json
import sys
from pathlib import Path

NUMBERS = {  # the regional registries (RFC 7020)
    "https://rdap.afrinic.net/rdap/": "whois.afrinic.net", "https://rdap.apnic.net/": "whois.apnic.net",
    "https://rdap.arin.net/registry/": "whois.arin.net", "https://rdap.db.ripe.net/": "whois.ripe.net",
    "https://rdap.lacnic.net/rdap/": "whois.lacnic.net",
}


def url_of(urls: list[str]) -> str:
    best = next((u for u in urls if u.startswith("https:")), urls[0])
    return best if best.endswith("/") else best + "/"


def import_from(folder: Path) -> None:
    for kind, file in {"dns": "dns", "ipv4": "ipv4", "ipv6": "ipv6", "asn": "asn", "tag": "object-tags"}.items():
        data = json.loads((folder / f"rdap-{file}.json").read_text())
        print(f"date {kind} {data['publication'][:10]}")
        lines: dict[str, list[str]] = {}
        for service in data["services"]:
            *_, entries, urls = service
            for entry in entries:
                url = url_of(urls)
                if kind == "dns" and len(entries) == 1:
                    url = url.replace(f".{entry}/", ".@/").replace(f"/{entry}/", "/@/")
                lines.setdefault(url, []).append(entry.lower() if kind == "dns" else entry)
        for url, entries in sorted(lines.items()):
            print(kind, url, *sorted(entries))
    print("date whois 2025-04-01")
    hosts: dict[str, list[str]] = {}
    for line in (folder / "whois-servers.tsv").read_text().splitlines():
        if not line.startswith("#"):
            tld, host = line.split("\t")[:2]
            host = host.split(",")[0].split()[0]
            hosts.setdefault("whois.nic.@" if host == f"whois.nic.{tld}" else host, []).append(tld)
    for host, tlds in sorted(hosts.items()):
        print("whois", host, *sorted(tlds))
    for url, host in NUMBERS.items():
        print("numbers", host, url)


class Strings:
    def __init__(self):
        self.text, self.places = b"\0", {"": 0}

    def at(self, s: str) -> int:
        if s not in self.places:
            self.places[s] = len(self.text)
            self.text += s.encode("ascii") + b"\0"
        return self.places[s]


def prefix_row(prefix: str) -> tuple[str, int]:
    net = ipaddress.ip_network(prefix)
    octets = net.network_address.packed.ljust(16, b"\0")
    return f"{{{{{4 if net.version == 4 else 6}, {{{', '.join(map(str, octets))}}}}}, {net.prefixlen}}}", net.prefixlen


def table(file: Path) -> None:
    strings, dates = Strings(), {}
    rdap: dict[str, str] = {}
    whois: dict[str, str] = {}
    prefixes, asns, tags, numbers = [], [], [], []
    for line in file.read_text().splitlines():
        match line.split():
            case ["date", kind, day]:
                dates[kind] = day
            case ["dns", url, *tlds]:
                rdap |= {tld: url.replace("@", tld) for tld in tlds}
            case ["whois", host, *tlds]:
                whois |= {tld: host.replace("@", tld) for tld in tlds}
            case ["ipv4" | "ipv6", url, *nets]:
                prefixes += [(*prefix_row(net), strings.at(url)) for net in nets]
            case ["asn", url, *ranges]:
                for span in ranges:
                    first, _, last = span.partition("-")
                    asns.append((int(first), int(last or first), strings.at(url)))
            case ["tag", url, *names]:
                tags += [(strings.at(name), strings.at(url)) for name in names]
            case ["numbers", host, url]:
                numbers.append((strings.at(url), strings.at(host)))
            case []:
                pass
            case _:
                sys.exit(f"{file}: {line}")
    tlds = [(strings.at(t), strings.at(rdap.get(t, "")), strings.at(whois.get(t, ""))) for t in sorted(rdap.keys() | whois.keys())]
    published = [str(strings.at(dates[kind])) for kind in ("dns", "ipv4", "ipv6", "asn", "tag")]
    print('/* Made by make.py of registries.txt. */\n#include "lib/registries/table.h"\n')
    words = "\n".join(f'    "{word}\\0"' for word in strings.text.decode().split("\0")[:-1])
    print(f"const char registries_text[] =\n{words};\n")
    rows("registries_dates", "uint32_t", published)
    rows("registries_tlds", "struct registries_tld", [f"{{{a}, {b}, {c}}}" for a, b, c in tlds])
    rows("registries_prefixes", "struct registries_prefix", [f"{{{p}, {u}}}" for p, _, u in sorted(prefixes, key=lambda r: -r[1])])
    rows("registries_asns", "struct registries_asn", [f"{{{a}u, {b}u, {u}}}" for a, b, u in sorted(asns)])
    rows("registries_tags", "struct registries_pair", [f"{{{a}, {b}}}" for a, b in tags])
    rows("registries_numbers", "struct registries_pair", [f"{{{a}, {b}}}" for a, b in numbers])


def rows(name: str, kind: str, items: list[str]) -> None:
    print(f"const {kind} {name}[] = {{")
    print("".join(f"    {item},\n" for item in items) + "};")
    print(f"const size_t {name}_count = {len(items)};\n")


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["import", folder]:
            import_from(Path(folder))
        case ["table", file]:
            table(Path(file))
        case _:
            sys.exit(__doc__)
