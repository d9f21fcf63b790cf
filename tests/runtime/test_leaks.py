"""Thousands of calls through a running proxy, and nothing of them is left: no call, transaction, timer or open file."""

from __future__ import annotations

import asyncio
import json
import os
import re
import time
from collections import Counter
from pathlib import Path

import pytest
from stage import HOST, Proxy

from tests.ladder import PRESENTED, Callee, Caller, Seen
from tests.runtime.ends import OPEN, End, Site, site_in

CALLS = 2400
AT_ONCE = 24
WITHIN = 240.0
T1 = 0.5
LATE = 2
"""Files that a process opens in its own time, as the next segment of its log; what calls leave would be thousands."""
MOBILE = "+33612345678"
GAUGES = ("npv_calls_active", "npv_transactions_active", "npv_timers_active")


class Platform(End):
    """Keeps `AT_ONCE` calls going: two of three are answered and hung up, one is refused by the proxy."""

    def __init__(self, site: Site) -> None:
        super().__init__("a", site)
        self.over = asyncio.Event()
        self.begun = 0
        self.answers: dict[int, int] = {}
        self.going: dict[str, Caller] = {}
        self.asked: dict[str, tuple[bytes, float]] = {}

    def call(self) -> None:
        if self.begun == CALLS:
            if not self.going:
                self.over.set()
            return
        self.begun += 1
        person = f"+331400{self.begun:05}"  # nobody is called twice
        caller = Caller(self.begun, MOBILE if self.begun % 3 == 0 else PRESENTED, person)
        caller.contact = f"sip:agent@{HOST}:{self.port}"
        self.going[caller.call_id] = caller
        self.ask(caller, caller.invite())

    def ask(self, caller: Caller, request: bytes) -> None:
        """Send it, and remember it until its end."""
        self.asked[caller.call_id] = (request, time.monotonic())
        self.send(request)

    async def ask_again(self) -> None:
        """What has no final answer after a while was lost by a machine that has much to do."""
        while True:
            await asyncio.sleep(T1)
            for request, at in self.asked.values():
                if at < time.monotonic() - T1:
                    self.send(request)

    def readable(self) -> None:
        seen = Seen("a", self.socket.recv(65535), 0.0)
        caller = self.going.get(seen.header("call-id"))
        if caller is None or seen.message.status < 200:
            return
        if seen.message.method == b"BYE":
            self.end(caller, seen.message.status)
        elif seen.message.status != 200:
            self.send(caller.ack_failure(seen))
            self.end(caller, seen.message.status)
        elif not caller.to_tag:
            caller.learn(seen)
            self.send(caller.ack())
            self.ask(caller, caller.request("BYE"))

    def end(self, caller: Caller, status: int) -> None:
        self.answers[status] = self.answers.get(status, 0) + 1
        del self.going[caller.call_id], self.asked[caller.call_id]
        self.call()


class Carrier(End):
    """Answers every call at once, and every BYE."""

    def __init__(self, site: Site) -> None:
        super().__init__("b", site)
        self.offered = 0

    def readable(self) -> None:
        seen = Seen("b", self.socket.recv(65535), 0.0)
        if seen.message.method == b"ACK":
            return
        callee = Callee(seen, "gateway")
        callee.contact = f"sip:gateway@{HOST}:{self.port}"
        if seen.message.method == b"INVITE":
            self.offered += 1
            self.send(callee.reply(180))
        self.send(callee.reply(200))


@pytest.fixture
def site(tmp_path: Path) -> Site:
    site = site_in(tmp_path)
    for name, milliseconds in (("t1_ms = 500", 100), ("t2_ms = 4000", 400), ("t4_ms = 5000", 200)):
        site.change("proxy.toml", name, f"{name.partition(' ')[0]} = {milliseconds}")
    return site


def figures(proxy: Proxy) -> dict[str, float]:
    """Every series without labels."""
    _, page = proxy.get("/metrics")
    return {name: float(value) for name, value in re.findall(r"^(\w+) ([\d.e+-]+)$", page, re.MULTILINE)}


def open_files(proxy: Proxy) -> int:
    """How many files are open when the connections of scrapes that are over have gone."""
    counts = []
    for _ in range(10):
        counts.append(len(os.listdir(f"/proc/{proxy.process.pid}/fd")))
        time.sleep(0.02)
    return min(counts)


async def place_calls(site: Site) -> tuple[Platform, Carrier]:
    """All calls, from the first INVITE to the last BYE."""
    loop = asyncio.get_running_loop()
    platform, carrier = Platform(site), Carrier(site)
    with platform.socket, carrier.socket:
        for end in (platform, carrier):
            loop.add_reader(end.socket, end.readable)
        again = asyncio.ensure_future(platform.ask_again())
        for _ in range(AT_ONCE):
            platform.call()
        await asyncio.wait_for(platform.over.wait(), WITHIN)
        again.cancel()
        for end in (platform, carrier):
            loop.remove_reader(end.socket)
    return platform, carrier


def gone(proxy: Proxy) -> dict[str, float]:
    """The gauges when everything that lingers had its time."""
    end = time.monotonic() + 60.0
    while True:
        found = figures(proxy)
        left = {name: found[name] for name in GAUGES}
        if not any(left.values()) or time.monotonic() > end:
            return left
        time.sleep(0.1)


async def test_nothing_is_left_of_thousands_of_calls(site: Site) -> None:
    with Proxy(site.config, site.admin, OPEN, site.folder) as proxy:
        figures(proxy)
        files = open_files(proxy)
        platform, carrier = await place_calls(site)
        assert platform.answers == {200: CALLS - CALLS // 3, 403: CALLS // 3}
        assert carrier.offered >= CALLS - CALLS // 3
        assert gone(proxy) == dict.fromkeys(GAUGES, 0.0)
        found = figures(proxy)
        assert (found["npv_faults_total"], found["npv_records_dropped_total"]) == (0, 0)
        assert (found["npv_store_waiting"], found["npv_store_owed"]) == (0, 0)
        end = time.monotonic() + 60.0
        while open_files(proxy) > files + LATE:
            assert time.monotonic() < end
        assert proxy.stop() == 0
    kinds = Counter(json.loads(line)["record"] for line in site.records.read_bytes().splitlines())
    assert kinds == {"begin": 1, "decision": CALLS, "call": CALLS - CALLS // 3, "end": 1}
