"""The admin pages over a real loopback connection."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from proxy.b2bua.counters import Counters
from proxy.runtime import build
from proxy.runtime.admin import Admin, is_local, start_admin
from proxy.runtime.clock import Clock, SystemClock
from proxy.runtime.handover import Handover
from proxy.runtime.loop_lag import LoopLag
from proxy.runtime.metric_samples import Snapshot
from proxy.runtime.metrics import snapshot
from proxy.runtime.stream_counts import StreamCounts
from proxy.runtime.toml_source import ConfigError
from tests.runtime.observed import FakeAhead, FakeCalls, FakeGate, FakeShared


class FakeRouting:
    def states(self, now: float) -> dict[tuple[str, str], int]:
        return {("carrier-1", "up"): 1}

    def throttles(self, now: float) -> list[tuple[str, float, int]]:
        return [("carrier-1", 0.5, 3)]


@dataclass
class FakeEngine:
    counters: Counters = field(default_factory=Counters)
    gate: FakeGate = field(default_factory=FakeGate)
    routing: FakeRouting = field(default_factory=FakeRouting)

    def active_calls(self) -> int:
        return 0

    def transaction_count(self) -> int:
        return 0

    def timer_count(self) -> int:
        return 0

    def retransmissions(self) -> dict[tuple[str, str], int]:
        return {}


@dataclass
class FakeJournal:
    written: int = 0
    dropped: int = 0


@dataclass
class FakeNode:
    engine: FakeEngine = field(default_factory=FakeEngine)
    clock: Clock = field(default_factory=SystemClock)
    journal: FakeJournal = field(default_factory=FakeJournal)
    lag: LoopLag = field(default_factory=LoopLag)
    reloads: dict[str, int] = field(default_factory=dict)
    digest: str = "c0ffee"
    draining: bool = False
    number: int = 0
    handover: Handover | None = None
    ready: bool = True
    ahead: FakeAhead = field(default_factory=FakeAhead)
    calls: FakeCalls = field(default_factory=FakeCalls)
    mistake: ConfigError | None = None
    shared: FakeShared = field(default_factory=FakeShared)
    streams: StreamCounts = field(default_factory=lambda: StreamCounts(["tls"]))

    @property
    def topology(self) -> FakeNode:
        return self

    def conformance_trunks(self) -> int:
        return 0

    async def asked(self, carrier: str) -> list[dict[str, str]]:
        return [{"carrier": carrier, "serves": "yes"}] if carrier == "carrier-1" else []

    def process_ids(self) -> tuple[str, ...]:
        return ("self",)

    async def taken(self) -> Snapshot:
        return snapshot(self)

    async def reload(self) -> str:
        if self.mistake is not None:
            raise self.mistake
        return "fresh"


@pytest.fixture
def node() -> FakeNode:
    return FakeNode()


@pytest.fixture
async def admin(node: FakeNode) -> AsyncIterator[Admin]:
    started = await start_admin("127.0.0.1", 0, node)
    yield started
    await started.stop()


async def ask(admin: Admin, method: str, path: str, headers: dict[str, str] | None = None) -> tuple[int, str, str]:
    """Status, content type and body."""
    url = f"http://127.0.0.1:{admin.port}{path}"
    async with aiohttp.ClientSession() as session, session.request(method, url, headers=headers) as answer:
        return answer.status, answer.content_type, await answer.text()


async def test_metrics_show_what_was_counted(admin: Admin, node: FakeNode) -> None:
    node.engine.counters.count_decision("refused", "cli.mobile")
    status, content_type, text = await ask(admin, "GET", "/metrics")
    assert (status, content_type) == (200, "text/plain")
    assert 'npv_decisions_total{rule="cli.mobile",verdict="refused"} 1.0' in text


async def test_scrapes_at_once_do_not_disturb_each_other(admin: Admin) -> None:
    answers = await asyncio.gather(*(ask(admin, "GET", "/metrics") for _ in range(8)))
    assert [status for status, _, _ in answers] == [200] * 8
    assert all("npv_config_info" in text for _, _, text in answers)


async def test_health_is_the_loop_turning(admin: Admin, node: FakeNode) -> None:
    node.ready, node.draining = False, True
    assert await ask(admin, "GET", "/healthz") == (200, "text/plain", "ok\n")


@pytest.mark.parametrize(
    ("ready", "draining", "status", "text"),
    [(True, False, 200, "ready\n"), (False, False, 503, "starting\n"), (True, True, 503, "draining\n")],
)
async def test_readiness(admin: Admin, node: FakeNode, ready: bool, draining: bool, status: int, text: str) -> None:
    node.ready, node.draining = ready, draining
    assert await ask(admin, "GET", "/readyz") == (status, "text/plain", text)


async def test_version(admin: Admin) -> None:
    _, content_type, text = await ask(admin, "GET", "/version")
    assert content_type == "application/json"
    assert text == f'{{"version": "{build.version()}", "build": "{build.kind()}", "config": "c0ffee"}}'


async def test_reload_applied(admin: Admin) -> None:
    assert await ask(admin, "POST", "/reload") == (
        200, "application/json", '{"outcome": "applied", "config": "fresh"}',
    )  # fmt: skip


async def test_reload_refused_tells_the_mistake(admin: Admin, node: FakeNode) -> None:
    node.mistake = ConfigError("rules/a.toml", 7, "since", "a date", "`soon`")
    status, _, text = await ask(admin, "POST", "/reload")
    assert status == 422
    assert "rules/a.toml:7: key `since`: expected a date, seen `soon`" in text


async def test_reload_is_not_for_pages_in_a_browser(admin: Admin, node: FakeNode) -> None:
    node.mistake = ConfigError("never", 0, "", "to be", "asked")
    status, _, text = await ask(admin, "POST", "/reload", {"Origin": "http://127.0.0.1"})
    assert status == 403
    assert "this machine only" in text


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
async def test_reload_is_a_post(admin: Admin, method: str) -> None:
    assert (await ask(admin, method, "/reload"))[0] == 405


async def test_a_page_that_is_not_there(admin: Admin) -> None:
    assert (await ask(admin, "GET", "/decide"))[0] == 404


@pytest.mark.parametrize(
    ("remote", "local"),
    [("127.0.0.1", True), ("127.8.9.10", True), ("::1", True), ("192.0.2.1", False), ("", False), ("nonsense", False)],
)
def test_who_is_local(remote: str, local: bool) -> None:
    request: web.Request = make_mocked_request("POST", "/reload").clone(remote=remote)
    assert is_local(request) is local


async def test_an_address_in_use_is_told_and_nothing_is_left_open(admin: Admin, node: FakeNode) -> None:
    with pytest.raises(OSError, match="in use"):
        await start_admin("127.0.0.1", admin.port, node)


async def test_a_carrier_is_tested_for_this_machine_only(admin: Admin) -> None:
    status, _, body = await ask(admin, "POST", "/carriers/test?name=carrier-1")
    assert (status, json.loads(body)) == (200, {"gateways": [{"carrier": "carrier-1", "serves": "yes"}]})
    status, _, body = await ask(admin, "POST", "/carriers/test?name=gone")
    assert (status, "seen `gone`" in body) == (404, True)
    status, _, _ = await ask(admin, "POST", "/carriers/test?name=carrier-1", {"Origin": "https://elsewhere.example"})
    assert status == 403
