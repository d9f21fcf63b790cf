"""A flood at a real process: what waits too long makes the gate shut, and nobody who talks or calls for help notices."""

from __future__ import annotations

import asyncio
import socket
import time
from pathlib import Path

from tests.ladder import Caller
from tests.runtime.crew import started
from tests.runtime.ends import Ends, site_in

FLOOD = 1500
ROOM = 8 << 20
PATIENCE = 60.0
AGAIN = 0.5
"""Seconds after which a message is repeated, as SIP does: a small buffer of the kernel loses some."""


def drained(end: socket.socket) -> list[bytes]:
    """Everything that waits there."""
    found = []
    while True:
        try:
            found.append(end.recv(65535))
        except BlockingIOError:
            return found


def whose(data: bytes) -> str:
    """Its Call-ID."""
    return data.partition(b"\r\nCall-ID: ")[2].partition(b"\r\n")[0].decode()


def flood(begin: int) -> list[bytes]:
    """New calls from that number on, each to somebody else."""
    return [Caller(number, called=f"+3314{number:07}").invite() for number in range(begin, begin + FLOOD)]


def total(page: str, name: str) -> float:
    """All samples of that metric added up."""
    return sum(float(line.rpartition(" ")[2]) for line in page.splitlines() if line.startswith(name))


async def test_a_flood_takes_nothing_from_those_who_talk_and_those_who_call_for_help(tmp_path: Path) -> None:
    site = site_in(tmp_path)
    site.change("proxy.toml", "queue_delay_ms = 0", "queue_delay_ms = 1")
    with started(site) as proxy:
        ends = Ends(site)
        ends.a.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, ROOM)
        talking, _ = await ends.talk()
        calling = Caller(9, called="112")
        steady = [calling.invite(), talking.request("BYE")]
        answers: list[tuple[bytes, str]] = []
        refused: set[str] = set()
        reached = ended = False
        begin, over, due = 1000, time.monotonic() + PATIENCE, 0.0
        while not (reached and ended and refused) and time.monotonic() < over:
            if time.monotonic() >= due:
                # made before the first is sent, else a fast proxy reads them as they are made
                for data in [*([] if refused else flood(begin)), *steady]:
                    ends.a.send(data)
                begin, due = begin + FLOOD, time.monotonic() + AGAIN
            await asyncio.sleep(0.01)
            answers += [(data[8:11], whose(data)) for data in drained(ends.a.socket)]
            reached = reached or any(b" sip:112@" in data[:20] for data in drained(ends.b.socket))
            ended = (b"200", talking.call_id) in answers
            refused = {call_id for status, call_id in answers if status == b"503"}
        page = proxy.get("/metrics")[1]
        ends.close()
    assert (reached, ended) == (True, True)
    assert refused
    assert {calling.call_id, talking.call_id}.isdisjoint(refused)
    assert total(page, "npv_overload_calls_total") > 0
    assert total(page, "npv_queue_delay_seconds_count") > 0
