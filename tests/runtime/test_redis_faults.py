"""Redis stops, goes on, is killed and comes back while calls keep coming: no call hangs, and in the end the counts are right.

Half of the calls are prospecting, which its rules refuse while the store is silent; the other half are service calls of a
campaign that counts its attempts, which go ahead and are counted later. One in five that reach the carrier is taken
back. The waits are those of the shipped configuration.
"""

from __future__ import annotations

import asyncio
import json
import random
import re
import signal
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from stage import Proxy

from proxy.policy.inquiry import Inquiry
from proxy.runtime.store.person_keys import read_keys
from proxy.runtime.store.redis_ledger import RedisLedger
from proxy.runtime.store.redis_place import Place
from tests.ladder import EPOCH
from tests.runtime.crowd import Carrier, Placed, Platform
from tests.runtime.ends import OPEN, Site, site_in
from tests.runtime.store.redis_servers import RedisServer, until

pytestmark = pytest.mark.tool

LASTING = ("--save", "", "--appendonly", "yes", "--appendfsync", "always")
RATE = 250  # calls a second
BETWEEN = 375  # calls between one trouble and the next
OUTAGE = 250  # calls during one
PROSPECTS = [f"+3314300{number:04}" for number in range(500)]
PATIENTS = [f"+3314301{number:04}" for number in range(500)]
BUSY, FAILED = 486, 503  # the second says that nobody was reached
RECALL = """[[customer.campaign]]
id = "recall"
purpose = "service"
mode = "predictive"
attempts = { most = 400, minutes_between = 0 }
[[customer.campaign]]
id = "checkups"
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RedisServer]:
    """It keeps what it confirmed."""
    found = RedisServer(tmp_path / "redis", *LASTING)
    try:
        yield found.start()
    finally:
        found.kill()


@pytest.fixture
def site(tmp_path: Path, server: RedisServer) -> Site:
    found = site_in(tmp_path)
    found.change("proxy.toml", 'kind = "embedded"\nwait_ms = 4000', f'kind = "redis"\nurls = ["{server.url}"]')
    found.change("proxy.toml", "decision_timeout_ms = 5000", "decision_timeout_ms = 50")
    found.change("customers.toml", '[[customer.campaign]]\nid = "checkups"\n', RECALL)
    return found


@pytest.fixture
def proxy(site: Site) -> Iterator[Proxy]:
    with Proxy(site.config, site.admin, OPEN, site.folder) as started:
        yield started


class Traffic:
    """Calls at a steady rate, each to its end."""

    def __init__(self, platform: Platform) -> None:
        self.platform = platform
        self.calls: list[asyncio.Future[Placed]] = []
        self.chance = random.Random(9)

    async def go_on(self, count: int) -> None:
        """So many more calls, each begun in its time or later."""
        for _ in range(count):
            self.calls.append(asyncio.ensure_future(self._placed(len(self.calls))))
            await asyncio.sleep(1 / RATE)

    async def _placed(self, number: int) -> Placed:
        if number % 2:
            return await self.platform.call(self.chance.choice(PROSPECTS))
        return await self.platform.call(self.chance.choice(PATIENTS), "medirappel", ["X-Campaign: recall"])


async def troubled(traffic: Traffic, server: RedisServer) -> list[Placed]:
    """What happens to the server between the calls; in the end it answers again."""
    await traffic.go_on(BETWEEN)
    server.send(signal.SIGSTOP)
    await traffic.go_on(OUTAGE)
    server.send(signal.SIGCONT)
    await traffic.go_on(BETWEEN)
    server.kill()
    await traffic.go_on(OUTAGE)
    starting = asyncio.ensure_future(asyncio.to_thread(server.start))
    await traffic.go_on(2 * BETWEEN)
    await starting
    return await asyncio.gather(*traffic.calls)


def owed(proxy: Proxy) -> float:
    """What the ledger must still be told; something, while the proxy does not say."""
    page = proxy.get("/metrics")[1]
    return sum(map(float, re.findall(r"^npv_store_owed(?:\{[^}]*\})? (\S+)$", page, re.MULTILINE) or ["1"]))


def decisions(site: Site) -> dict[str, list[dict[str, Any]]]:  # Any: a JSON object
    """The decision lines of each call of the platform."""
    found: dict[str, list[dict[str, Any]]] = {}
    for text in site.records.read_text(encoding="utf-8").splitlines():
        line = json.loads(text)
        if line["record"] == "decision":
            found.setdefault(line["call_id"], []).append(line)
    return found


def assert_answered_once(calls: list[Placed]) -> None:
    """Each has one final answer."""
    assert {len(call.finals) for call in calls} == {1}


def assert_written_down(site: Site, calls: list[Placed]) -> None:
    """Each was decided once, and what was decided blind went as its rule says."""
    written = decisions(site)
    assert sorted(written) == sorted(call.caller.call_id for call in calls)
    blind: Counter[str] = Counter()
    for call in calls:
        (line,) = written[call.caller.call_id]
        if not line["expired"]:
            assert line["rule"] != "ledger.unreachable"
            assert not line["blind"]
            continue
        blind[call.account] += 1
        if call.account == "acme":
            assert (line["action"], line["status"], line["rule"]) == ("refuse", 480, "ledger.unreachable")
            assert (call.status, "ledger.unreachable" in call.rule) == (480, True)
        else:
            assert (line["action"], line["blind"]) == ("forward", True)
            assert "ledger.unreachable" in line["warnings"]
    assert min(blind["acme"], blind["medirappel"]) > OUTAGE / 2


async def counted(server: RedisServer, site: Site, account: str, campaign: str, persons: list[str]) -> dict[str, int]:
    """The attempts that the ledger holds of each person."""
    keys = read_keys(site.folder / "store.keys")
    ledger = RedisLedger(Place((server.url,)), keys, lambda: EPOCH, 60.0)
    await ledger.open()
    asked = [Inquiry(account, person, campaign, "look", EPOCH, reserve=False) for person in persons]
    states = await ledger.ask(asked)
    await ledger.close()
    return {person: state.attempts for person, state in zip(persons, states, strict=True)}


async def test_no_call_hangs_and_the_counts_are_right(server: RedisServer, site: Site, proxy: Proxy) -> None:
    platform = await Platform(site).open()
    carrier = await Carrier(site, lambda number: BUSY if number % 5 else FAILED).open()
    try:
        calls = await troubled(Traffic(platform), server)
    finally:
        platform.close()
        carrier.close()
    await asyncio.to_thread(until, lambda: owed(proxy) == 0, "ledger that was told everything")
    assert await asyncio.to_thread(proxy.stop) == 0
    assert_answered_once(calls)
    assert_written_down(site, calls)
    for account, campaign, persons in (("acme", "", PROSPECTS), ("medirappel/recall", "recall", PATIENTS)):
        stands = {person: carrier.reached[person, BUSY] for person in persons}
        assert await counted(server, site, account, campaign, persons) == stands
