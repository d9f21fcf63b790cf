"""Calls through real sockets that one another's memory decides: attempts, refusals, and a restart in between."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from proxy.b2bua.fabric import NoMemory
from proxy.runtime.app import App
from proxy.runtime.clock import FixedClock
from proxy.runtime.configuration import load_configuration
from proxy.runtime.store import inline_ledger
from tests.ladder import CALLED, EPOCH
from tests.runtime.ends import Ends, Site, site_in, until, written_lines

OTHER = "+33140000017"
DAY = 86_400.0
MOST = 4


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return site_in(tmp_path)


@pytest.fixture
def ends(site: Site) -> Iterator[Ends]:
    both = Ends(site)
    yield both
    both.close()


async def started(site: Site, epoch: float = EPOCH) -> App:
    app = App(load_configuration(site.config), FixedClock(epoch, running=True))
    await app.start()
    return app


@pytest.fixture
async def app(site: Site) -> AsyncIterator[App]:
    running = await started(site)
    yield running
    await running.stop()


def decisions(site: Site) -> list[dict[str, Any]]:  # Any: a JSON object
    lines = [json.loads(line) for line in written_lines(site.records)]
    return [line for line in lines if line["record"] == "decision"]


async def called(ends: Ends, times: int) -> None:
    """So many calls to the same person, each answered and hung up."""
    for _ in range(times):
        await ends.hang_up(*await ends.talk())


async def test_the_fifth_call_to_one_person_is_refused(app: App, site: Site, ends: Ends) -> None:
    await called(ends, MOST)
    answer = await ends.refused(ends.caller(), 480)
    assert "frequency.consumer" in answer.header("warning")
    assert 0 < int(answer.header("retry-after")) <= 31 * DAY
    assert ends.b.is_quiet()
    await ends.offered(ends.caller(called=OTHER))
    await app.stop()
    lines = decisions(site)
    assert [line["state"]["attempts"] for line in lines] == [0, 1, 2, 3, 4, 0]
    assert [line["state"]["reserved"] for line in lines] == [True, True, True, True, False, True]
    assert [line["rule"] for line in lines[:5]] == [*[lines[0]["rule"]] * MOST, "frequency.consumer"]
    assert not any(line["expired"] or line["blind"] for line in lines)
    assert all(line["waited"] == 0 for line in lines)  # it was answered in the same turn


async def test_calls_that_share_a_call_id_count_each(app: App, site: Site, ends: Ends) -> None:
    shared = ends.caller()
    for _ in range(2):
        again = ends.caller()
        again.call_id = shared.call_id
        await ends.failed(again, 486)
    await app.stop()
    assert [line["state"]["attempts"] for line in decisions(site)] == [0, 1]


async def test_the_next_customer_has_a_count_of_its_own(app: App, ends: Ends) -> None:
    await called(ends, MOST)
    await ends.refused(ends.caller(), 480)
    await ends.offered(ends.caller(), account="nonumber")
    assert app.shared.desk is not None
    assert app.shared.desk.operations["ask", "answered"] == MOST + 2


@pytest.mark.usefixtures("app")
async def test_a_person_who_refused_is_not_called_again(site: Site, ends: Ends) -> None:
    await ends.failed(ends.caller(), 607)
    answer = await ends.refused(ends.caller(), 403)
    assert "refusal.consumer" in answer.header("warning")
    assert ends.b.is_quiet()
    await ends.hang_up(*await ends.talk("nonumber"))  # the refusal was meant for one customer
    await ends.offered(ends.caller(called=OTHER))


async def test_a_person_who_refused_is_not_called_by_a_blind_proxy_either(
    app: App, site: Site, ends: Ends, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inline_ledger, "MOST", 0)  # as much waits for the file as may: nothing is said of anybody
    assert app.shared.desk is not None
    app.shared.desk.refusal_heard("acme", CALLED, EPOCH, "607", "call-0")
    answer = await ends.refused(ends.caller(), 403, asked=True)
    assert "refusal.consumer" in answer.header("warning")
    answer = await ends.refused(ends.caller(called=OTHER), 480, asked=True)
    assert "ledger.unreachable" in answer.header("warning")
    monkeypatch.undo()
    await app.stop()
    lines = decisions(site)
    assert [(line["expired"], bool(line["held"])) for line in lines] == [(True, True), (True, False)]
    assert lines[0]["held"]["refusal_at"] == EPOCH


async def test_who_was_never_reached_was_not_called(app: App, site: Site, ends: Ends) -> None:
    for _ in range(MOST + 1):
        await ends.failed(ends.caller(), 503)
    await called(ends, MOST)
    await ends.refused(ends.caller(), 480)
    await app.stop()
    assert [line["state"]["attempts"] for line in decisions(site)] == [0] * (MOST + 1) + [0, 1, 2, 3, 4]


async def test_a_busy_person_was_called(app: App, site: Site, ends: Ends) -> None:
    await ends.failed(ends.caller(), 486)
    await ends.failed(ends.caller(), 486)
    await app.stop()
    assert [line["state"]["attempts"] for line in decisions(site)] == [0, 1]


@pytest.mark.parametrize("disk", ["full", "stuck"])
async def test_a_disk_that_takes_no_records_stops_no_call(site: Site, ends: Ends, disk: str) -> None:
    path = Path("/dev/full") if disk == "full" else site.folder / "pipe"
    site.change("proxy.toml", f'path = "{site.records}"', f'path = "{path}"\nqueue = 4')
    if disk == "stuck":
        os.mkfifo(path)
        reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        filler = os.open(path, os.O_WRONLY | os.O_NONBLOCK)
        with suppress(BlockingIOError):
            while True:
                os.write(filler, b"x" * 4096)
    app = await started(site)
    try:
        await called(ends, MOST)
        await until(lambda: app.journal.dropped > 0)
    finally:
        if disk == "stuck":
            os.close(reader)
            os.close(filler)
        await app.stop()


async def test_a_restart_keeps_the_count_and_the_refusals(app: App, site: Site, ends: Ends) -> None:
    await called(ends, MOST)
    await ends.failed(ends.caller(called=OTHER), 607)
    await app.stop()
    again = await started(site, EPOCH + 60)
    assert "frequency.consumer" in (await ends.refused(ends.caller(), 480)).header("warning")
    assert "refusal.consumer" in (await ends.refused(ends.caller(called=OTHER), 403)).header("warning")
    await again.stop()
    later = await started(site, EPOCH + 31 * DAY + 3600)
    await ends.hang_up(*await ends.talk())
    await later.stop()


async def test_a_call_given_up_while_its_answer_is_on_the_way_does_not_count(app: App, site: Site, ends: Ends) -> None:
    app.engine.fabric.ledger = NoMemory()  # as with a store that is asked over the network
    caller = ends.caller()
    ends.a.send(caller.invite())
    ends.a.send(caller.cancel())
    await ends.a.take("100 INVITE")
    await ends.a.take("200 CANCEL")
    ends.a.send(caller.ack_failure(await ends.a.take("487 INVITE")))
    assert ends.b.is_quiet()
    assert app.shared.desk is not None
    told = app.shared.desk.operations
    await until(lambda: ("release", "answered") in told)
    await app.stop()
    again = await started(site)
    await ends.hang_up(*await ends.talk())
    await again.stop()
    assert decisions(site)[-1]["state"]["attempts"] == 0


async def test_nobody_whole_is_in_the_store(app: App, site: Site, ends: Ends) -> None:
    await called(ends, 1)
    await ends.failed(ends.caller(), 607)
    await app.stop()
    kept = b"".join(path.read_bytes() for path in site.folder.glob("store.db*"))
    assert CALLED[1:].encode() not in kept
    assert CALLED[3:].encode() not in kept
