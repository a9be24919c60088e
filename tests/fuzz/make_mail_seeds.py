#!/usr/bin/python3 -IB
"""Seeds of fuzz_sts: policies and TXT records."""

from pathlib import Path

HERE = Path(__file__).resolve().parent
STS = {
    "rfc": "version: STSv1\nmode: enforce\nmx: mail.example.com\nmx: *.example.net\nmx: backupmx.example.com\nmax_age: 604800\n",
    "crlf": "version: STSv1\r\nmode: testing\r\nmax_age: 1\r\nmx: a\r\n", "none": "version: STSv1\nmode: none\nmax_age: 0",
    "age": "version: STSv1\nmode: none\nmax_age: 31557601\n", "star": "version: STSv1\nmode: enforce\nmax_age: 1\nmx: a.*.b\n",
    "html": "<html>\n", "empty": "", "many": "version: STSv1\nmode: enforce\nmax_age: 1\n" + "".join(f"mx: m{n}\n" for n in range(70)),
    "txt": "\x14v=STSv1; id=20261101", "txt-pieces": "\x08v=STSv1;\x0c id=2026; x=y",
}


def write(folder: str, name: str, data: bytes) -> None:
    (HERE / "seeds" / folder).mkdir(parents=True, exist_ok=True)
    (HERE / "seeds" / folder / name).write_bytes(data)


for name, text in STS.items():
    write("sts", name, text.encode("latin-1"))
