"""A proxy that is killed with calls up, and the next one with the same files: no call is lost, none is told twice."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from stage import Proxy

from tests.ladder import ANSWER, CALLED, OFFER, Callee, Caller, Seen, reply
from tests.runtime.ends import OPEN, Ends, Site, site_in, until
from tests.runtime.store.redis_servers import RedisServer

LATER = (datetime.fromisoformat(OPEN) + timedelta(seconds=30)).isoformat()
TALKS = 200
EARLY = 12


@pytest.fixture
def site(tmp_path: Path) -> Site:
    made = site_in(tmp_path)
    made.change("proxy.toml", "max_calls = 0", f"max_calls = {TALKS + EARLY}")
    return made


@pytest.fixture
def ends(site: Site) -> Iterator[Ends]:
    both = Ends(site)
    yield both
    both.close()


@pytest.fixture
def redis_server(tmp_path: Path) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path / "redis", "--save", "").start()
    yield server
    server.kill()


def calls_of(site: Site) -> list[dict[str, Any]]:  # Any: a JSON object
    lines = [json.loads(line) for line in site.records.read_text(encoding="utf-8").splitlines()]
    return [line for line in lines if line["record"] == "call"]


def person(number: int) -> str:
    """Somebody who is called; each of them may be called four times."""
    return f"+3314000{number:04}"


async def early(ends: Ends, called: str, ringing: bool) -> tuple[Caller, Callee]:
    """A call that nobody has answered."""
    caller = ends.caller(called=called)
    callee = await ends.offered(caller)
    if ringing:
        ends.b.send(callee.reply(180))
        await ends.a.take("180 INVITE")
    return caller, callee


async def end_early(ends: Ends, calls: list[tuple[Caller, Callee]]) -> None:
    """What both ends of early calls get, in whatever order."""
    callers = {caller.call_id: caller for caller, _ in calls}
    callees = {callee.invite.header("call-id"): callee for _, callee in calls}
    for _ in calls:
        failed = await ends.a.take("503 INVITE")
        assert failed.header("retry-after") == "1"
        ends.a.send(callers.pop(failed.header("call-id")).ack_failure(failed))
    cancels: list[Seen] = [await ends.b.take("CANCEL") for _ in calls]
    for cancel in cancels:
        ends.b.send(reply(cancel, 200))
        ends.b.send(callees.pop(cancel.header("call-id")).reply(487))
    for _ in calls:
        await ends.b.take("ACK")


async def reinvite(ends: Ends, caller: Caller, callee: Callee) -> None:
    """New media, and a session that is refreshed."""
    ends.a.send(caller.request("INVITE", body=OFFER, extra=["Session-Expires: 1800;refresher=uac", "Supported: timer"]))
    crossed = await ends.b.take("INVITE")
    ends.b.send(reply(crossed, 200, body=ANSWER, contact=callee.contact, extra=["Session-Expires: 1800;refresher=uac"]))
    assert (await ends.a.take("200 INVITE")).header("session-expires") == "1800;refresher=uac"
    ends.a.send(caller.ack())
    await ends.b.take("ACK")
    ends.b.send(callee.request("UPDATE"))
    update = await ends.a.take("UPDATE")
    ends.a.send(reply(update, 200, contact=caller.contact))
    await ends.b.take("200 UPDATE")


async def hung_up_by_b(ends: Ends, callee: Callee) -> None:
    ends.b.send(callee.request("BYE"))
    await ends.b.take("200 BYE")
    ends.a.send(reply(await ends.a.take("BYE"), 200))


async def active(proxy: Proxy, calls: int) -> None:
    """Until so many calls are left."""
    await until(lambda: f"npv_calls_active {calls}.0" in proxy.get("/metrics")[1])


async def test_a_killed_proxy_loses_no_call(site: Site, ends: Ends) -> None:
    with Proxy(site.config, site.admin, OPEN, site.folder) as first:
        talks = [await ends.talk(called=person(number)) for number in range(TALKS)]
        begun = [await early(ends, person(number), number % 2 == 0) for number in range(EARLY)]
        first.process.kill()
        first.process.wait()
    with Proxy(site.config, site.admin, LATER, site.folder) as second:
        told = f"calls of a process before this one: {TALKS} go on, {EARLY} had no answer and were ended"
        assert told in second.output()
        await end_early(ends, begun)
        pages = second.get("/metrics")[1]
        assert f"npv_calls_active {TALKS}.0" in pages
        assert f'npv_calls_taken_up_total{{outcome="going on"}} {TALKS}.0' in pages
        fresh = [await ends.talk(called=person(900 + number)) for number in range(EARLY)]
        await ends.refused(ends.caller(called=person(999)), 503)
        for caller, callee in (*talks[:5], fresh[0]):
            await reinvite(ends, caller, callee)
        for number, (caller, callee) in enumerate([*talks, *fresh]):
            await (ends.hang_up(caller, callee) if number % 2 else hung_up_by_b(ends, callee))
        await active(second, 0)
        assert "npv_faults_total 0.0" in second.get("/metrics")[1]
    found = calls_of(site)
    assert len(found) == TALKS + 2 * EARLY
    assert set(Counter(record["a_call_id"] for record in found).values()) == {1}
    ended = Counter((record["status"], record["ended_by"], record["reason"]) for record in found)
    half = (TALKS + EARLY) // 2
    assert ended == {(200, "a", ""): half, (200, "b", ""): half, (503, "proxy", "proxy restarted"): EARLY}


async def test_calls_outlive_one_death_after_the_other(site: Site, ends: Ends) -> None:
    with Proxy(site.config, site.admin, OPEN, site.folder) as proxy:
        talks = [await ends.talk()]
        await reinvite(ends, *talks[0])
        proxy.process.kill()
        proxy.process.wait()
    for _ in range(3):
        with Proxy(site.config, site.admin, LATER, site.folder) as proxy:
            assert f"{len(talks)} go on, 0 had no answer" in proxy.output()
            talks.append(await ends.talk(called=person(len(talks) + 1)))
            await reinvite(ends, *talks[0])
            await reinvite(ends, *talks[-1])  # so its ACK has come
            ends.a.send(talks[0][0].request("BYE"))
            await ends.a.take("200 BYE")
            bye = await ends.b.take("BYE")
            proxy.process.kill()
            proxy.process.wait()
        with Proxy(site.config, site.admin, LATER, site.folder) as proxy:
            again = await ends.b.take("BYE")
            assert again.header("call-id") == bye.header("call-id")
            ends.b.send(reply(again, 200))
            talks = talks[1:]
            await active(proxy, len(talks))
            proxy.process.kill()
            proxy.process.wait()
    with Proxy(site.config, site.admin, LATER, site.folder) as proxy:
        for caller, callee in talks:
            await ends.hang_up(caller, callee)
        await active(proxy, 0)


@pytest.mark.parametrize("ringing", [False, True])
async def test_an_attempt_that_died_counts_only_if_the_phone_had_rung(site: Site, ends: Ends, ringing: bool) -> None:
    with Proxy(site.config, site.admin, OPEN, site.folder) as proxy:
        for _ in range(3):
            await ends.hang_up(*await ends.talk())
        begun = await early(ends, CALLED, ringing)
        proxy.process.kill()
        proxy.process.wait()
    with Proxy(site.config, site.admin, LATER, site.folder):
        await end_early(ends, [begun])
        if not ringing:
            await ends.hang_up(*await ends.talk())
        refused = await ends.refused(ends.caller(), 480)
        assert "frequency." in refused.header("warning")


async def test_another_machine_goes_on_with_the_calls_of_its_name(
    site: Site, ends: Ends, redis_server: RedisServer
) -> None:
    site.change("proxy.toml", 'kind = "embedded"', f'kind = "redis"\nurls = ["{redis_server.url}"]')
    with Proxy(site.config, site.admin, OPEN, site.folder) as first:
        talks = [await ends.talk(called=person(number)) for number in range(30)]
        for talk in talks[::10]:
            await reinvite(ends, *talk)
        begun = [await early(ends, person(number), number % 2 == 0) for number in range(4)]
        await until(lambda: "npv_calls_copy_waiting 0.0" in first.get("/metrics")[1])
        first.process.kill()
        first.process.wait()
    site.change("proxy.toml", "[store]", f'[state]\nfolder = "{site.folder / "elsewhere"}"\n\n[store]')
    with Proxy(site.config, site.admin, LATER, site.folder) as second:
        assert "30 go on, 4 had no answer and were ended" in second.output()
        await end_early(ends, begun)
        await reinvite(ends, *talks[0])
        for number, (caller, callee) in enumerate(talks):
            await (ends.hang_up(caller, callee) if number % 2 else hung_up_by_b(ends, callee))
        await active(second, 0)
    found = calls_of(site)
    assert Counter(record["reason"] for record in found) == {"": 30, "proxy restarted": 4}
    assert len({record["a_call_id"] for record in found}) == 34
    with redis_server.client() as client:
        (key,) = [name for name in client.keys("npv:calls:*") if not name.endswith(b":owner")]
        assert list(client.hgetall(key)) == [b"of"]
