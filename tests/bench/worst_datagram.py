"""How long one datagram can keep the proxy busy: `python tests/bench/worst_datagram.py`.

Each shape is grown to 16, 32 and 64 KiB, as a first INVITE of a platform and as an INFO inside its call, and taken in
by an engine; printed is the processor time, from the worst on, and by how much it grows when the size doubles (2.0 is
linear). Legal shapes are forwarded or refused by a rule, illegal ones answered 400 or dropped.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.append(str(Path(__file__).parents[2]))

from tests.fuzz.world import PLATFORM, World
from tests.ladder import Caller

SIZES = (16_000, 32_000, 64_000)
REPEATS = 3
MOST_LINES = 240  # the parser takes 256 header lines
LINE = 8_000  # and 8,192 bytes of each


def spread(name: str, one: Callable[[int], str], size: int, joined: str = ", ") -> list[str]:
    """Lines `name` full of `one(n)`, joined, until `size` is reached."""
    lines: list[str] = []
    made, at = 0, 0
    while made < size:
        value, n = [one(at)], len(one(at))
        at += 1
        while n < LINE - 200 and made + n < size:
            value.append(one(at))
            n += len(value[-1]) + len(joined)
            at += 1
        lines.append(f"{name}: {joined.join(value)}")
        made += n
    return lines


def number(at: int) -> str:
    return f"<sip:+331{at:08d}@a{at}.example>"


def taken() -> list[str]:
    """As many identities as are taken."""
    return [f"P-Asserted-Identity: {number(n)}" for n in range(20)]


Shape = tuple[list[str], bytes]
SDP = "Content-Type: application/sdp"
MIXED = "Content-Type: multipart/mixed;boundary=x"


def shapes(size: int) -> dict[str, Shape]:
    """Header lines and body of each shape, about `size` bytes."""
    lines = min(MOST_LINES, size // 40)
    wide = "x" * max(1, size // lines - 8)
    return {
        "many Vias on one line": (spread("Via", lambda n: f"SIP/2.0/UDP h{n};branch=z9hG4bK{n}", size), b""),
        "many Via lines": ([f"Via: SIP/2.0/UDP h;branch=z9hG4bK{n};x={wide[:7000]}" for n in range(lines)], b""),
        "commas": (spread("Contact", lambda n: "", size, ","), b""),
        "quotes in Via": ([f'Via: SIP/2.0/UDP h;x={chr(34) * 7000}' for _ in range(size // 7000)], b""),
        "quoted identities": (spread("P-Asserted-Identity", lambda n: f'"a\\"{n},<" <sip:u{n}@h{n}.example>', size), b""),
        "nested brackets": ([f"P-Asserted-Identity: {'<' * 7900}" for _ in range(size // 8000)], b""),
        "headers of one letter": ([f"X-{n}: {wide}"[:8000] for n in range(lines)], b""),
        "folded": (["Subject: a" + "\r\n b" * (size // 4 - 10)], b""),
        "long display names": ([f'Diversion: "{"d" * 7900}" <sip:a@b>' for _ in range(size // 8000)], b""),
        "parameters": (spread("Diversion", lambda n: f"<sip:a{n}@b>" + ";p=1" * 50, size), b""),
        "options": (spread("Supported", lambda n: f"o{n}", size), b""),
        "required": (spread("Require", lambda n: f"o{n}", size), b""),
        "record-routes": (spread("Record-Route", lambda n: f"<sip:p{n}.example;lr>", size), b""),
        "escapes": (spread("P-Asserted-Identity", lambda n: f"<sip:{'%41' * 30}{n}@b>", size), b""),
        "many identities, long SDP": (
            [*spread("P-Asserted-Identity", number, size // 2), SDP], b"a=x:0145\r\n" * (size // 20)),
        "many identities, shown in SDP": (
            [*spread("P-Asserted-Identity", number, size // 2), SDP],
            b"".join(b"a=x:+331%08d\r\n" % n for n in range(size // 30))),
        "most identities, shown in SDP of short lines": (
            [*taken(), SDP],
            b"v=0\r\n" + b"".join(b"a=x:+331%08d\r\n" % n for n in range(21)) + b"a=12345678\n" * ((size - 5000) // 11)),
        "most identities, shown in multipart": (
            [*taken(), MIXED], b"".join(b"C: +331%08d\r\n" % n for n in range(21)) + b"content-:\n" * ((size - 5000) // 10)),
        "most identities, plain text": ([*taken(), "Content-Type: text/plain"], b"1" * (size - 4000)),
        "most identities, lines that cross": (
            [*taken(), *[f"Accept: {n}{'1' * (size // 200)}" for n in range(180)]], b""),
        "a name full of numbers": (
            [f'P-Asserted-Identity: "{" x".join(f"{n:09d}" for n in range(85))}" <sip:a@b>', SDP],
            b"v=0\r\n" + b"".join(b"a=x:%09d\r\n" % n for n in range(85)) + b"a=12345678\n" * ((size - 5000) // 11)),
        "SDP of one line": ([SDP], b"v=0\r\na=" + b"1" * size),
        "SDP of short lines": ([SDP], b"a\n" * (size // 2)),
        "SDP of CRs": ([SDP], b"\r" * size),
        "boundaries": ([MIXED], b"--x\r\nContent-Type: application/sdp\r\n\r\n" * (size // 42)),
        "secret boundary": (["Content-Type: multipart/mixed;boundary=0145001234"], b"--0145001234\r\n" * (size // 14)),
        "many identities, boundaries": (
            [*spread("P-Asserted-Identity", number, size // 2), MIXED], b"Content-X: a\r\n" * (size // 28)),
        "crossing lines, many identities": (
            [*spread("P-Asserted-Identity", number, size // 2), *spread("Accept", lambda n: f"a/b{n}", size // 2)], b""),
        "no colon": ([wide[:200] for _ in range(lines)], b""),
        "one header too long": ([f"X: {'y' * size}"], b""),
        "unclosed quote": ([f'P-Asserted-Identity: "{chr(92) * 7900}' for _ in range(size // 8000)], b""),
    }  # fmt: skip


def invite(shape: Shape) -> bytes:
    lines, body = shape
    typed = [] if any(line.startswith("Content-Type") for line in lines) else [SDP]
    return Caller(5).invite(extra=[*lines, *typed], body=body)


def info(shape: Shape) -> bytes:
    lines, body = shape
    caller = Caller(1)
    caller.branches, caller.to_tag = 40, "t1"
    return caller.request("INFO", extra=lines, body=body, cseq=9)


def spent(data: bytes) -> tuple[float, str]:
    """The processor time of one datagram in an engine with a call, the least of some, and what came of it."""
    best, label = 1e9, "dropped"
    for _ in range(REPEATS):
        world = World()
        world.set_up()
        begun = time.process_time()
        world.engine.receive(data, PLATFORM, world.now, world.epoch)
        best = min(best, time.process_time() - begun)
        sent = world.engine.take_sends()
        if sent:
            label = sent[-1].data.partition(b"\r\n")[0][:60].decode("latin-1")
    return best, label


def main() -> None:
    """Print the table, the worst first."""
    rows = []
    for kind, make in (("INVITE", invite), ("INFO", info)):
        tables = [shapes(size) for size in SIZES]
        for name in tables[0]:
            data = [make(table[name])[:65_000] for table in tables]
            times = [spent(one) for one in data]
            growth = times[2][0] / max(times[1][0], 1e-6)
            rows.append((times[2][0] * 1000, growth, len(data[2]), kind, name, times[2][1]))
    for took, growth, size, kind, name, label in sorted(rows, reverse=True):
        sys.stdout.write(f"{took:8.2f} ms  x{growth:4.1f}  {size:6} bytes  {kind:6} {name}: {label}\n")


if __name__ == "__main__":
    main()
