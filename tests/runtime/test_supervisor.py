"""Several workers as one node, as processes on loopback: calls, deaths, reloads, and what the operator is told."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from stage import HOST, StageError, environment

from proxy.runtime.held_sockets import FIRST
from proxy.runtime.udp import bound_socket
from tests.ladder import ANSWER, Callee, Caller
from tests.runtime.crew import ONE_PORT, OWN_PORTS, Crew, crew_site, is_free, port_in, started
from tests.runtime.ends import PATIENCE
from tests.runtime.test_held_sockets import managed

BOTH = pytest.mark.parametrize("mode", [OWN_PORTS, ONE_PORT])
CALLS = 40
FAIR = 0.4  # of all calls, at least, by each of two workers
HOPS = "npv_worker_hops_total"


@pytest.fixture
async def crew(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Crew]:
    mode = request.node.callspec.params.get("mode", OWN_PORTS) if hasattr(request.node, "callspec") else OWN_PORTS
    site = crew_site(tmp_path, mode)
    with started(site) as proxy:
        made = Crew(site, proxy)
        yield made
        made.close()
        proxy.stop(signal.SIGINT)  # whatever calls are left


@BOTH
async def test_calls_of_one_source_spread_and_every_message_finds_its_worker(crew: Crew, mode: str) -> None:
    a, b = crew.ends.a, crew.ends.b
    for number in range(CALLS):
        talking = await crew.talk(number)
        await talking.hold()
        await talking.hang_up("ab"[number % 2])
    await crew.shows("npv_calls_started_total", CALLS)
    shares = [await crew.metric(f'npv_worker_calls_total{{worker="{number}"}}') for number in (0, 1)]
    assert sum(shares) == CALLS
    assert min(shares) >= FAIR * CALLS
    for number in range(4):  # of both workers
        caller = crew.caller(number)
        callee = await crew.offered(caller)
        crew.answer(callee, 180)
        await a.take("180 INVITE")
        crew.from_a(caller.cancel())
        await a.take("200 CANCEL")
        crew.answer(callee, 200, to=await b.take("CANCEL"))
        crew.answer(callee, 487)
        await b.take("ACK")
        crew.from_a(caller.ack_failure(await a.take("487 INVITE")))
    for number in range(4):
        caller = crew.caller(number)
        invite = caller.invite()
        crew.from_a(invite)
        callee = await crew.offered_by(caller)
        crew.from_a(invite)  # again: the call is not made twice
        crew.answer(callee, 486)
        await b.take("ACK")
        crew.from_a(caller.ack_failure(await a.take("486 INVITE")))
    talking = await crew.talk(CALLS)
    crew.from_a(talking.caller.request("BYE"))  # to the public port, as many do
    await a.take("200 BYE")
    crew.answer(talking.callee, 200, to=await b.take("BYE"))
    assert b.is_quiet()
    assert await crew.metric(HOPS) == 0
    ports = {port_in(talk.callee.invite.header("contact")) for talk in [await crew.talk(one) for one in range(6)]}
    assert len(ports) == (2 if mode == OWN_PORTS else 1)


async def test_what_the_kernel_does_not_sort_takes_one_hop(tmp_path: Path) -> None:
    site = crew_site(tmp_path, ONE_PORT)
    with bound_socket(HOST, site.sip) as held, managed(site, [held]) as proxy:
        assert proxy.files[0] > FIRST
        crew = Crew(site, proxy)
        for number in range(10):
            talking = await crew.talk(number)
            await talking.hold()
            await talking.hang_up("ab"[number % 2])
        await crew.until(crew.has_hopped)
        await crew.shows("npv_calls_active", 0)
        assert "the kernel does not sort" in proxy.output()
        crew.close()


async def test_a_worker_that_is_killed_is_replaced_and_the_others_do_not_notice(crew: Crew) -> None:
    calls = {}
    for number in range(6):
        talking = await crew.talk(number)
        calls[port_in(talking.caller.target)] = (number, talking)
    (survivor_port, (_, survivor)), (_, (called, struck)) = sorted(calls.items())
    before = await crew.metrics()
    ids = crew.worker_ids()
    os.kill(ids[1], signal.SIGKILL)
    await survivor.hold()
    caller = crew.caller(called)
    crew.from_a(caller.invite())  # waits in the socket of the dead
    await crew.until(lambda: crew.has_restarted(1))
    callee = await crew.offered_by(caller)
    crew.answer(callee, 486)
    await crew.ends.b.take("ACK")
    crew.from_a(caller.ack_failure(await crew.ends.a.take("486 INVITE")))
    await struck.hang_up("b")  # its successor knows the call
    await survivor.hang_up()
    assert survivor_port == port_in(survivor.caller.target)
    after = await crew.metrics()
    gone_back = {name for name in before if name.endswith("_total") and after[name] < before[name]}
    assert gone_back == set()
    assert crew.worker_ids()[0] == ids[0]
    assert crew.worker_ids()[1] != ids[1]
    assert "worker 1 has ended (SIGKILL): it is replaced" in crew.proxy.output()


async def test_a_reload_reaches_all_workers_or_changes_nothing(crew: Crew) -> None:
    for number in range(4):
        await crew.ends.refused(mobile_caller(crew, number), 403)
    path = crew.site.folder / "rules" / "10-cli.toml"
    rules = path.read_text(encoding="utf-8")
    path.write_text("broken", encoding="utf-8")
    assert reload(crew) == 1
    head, row, rest = rules.partition('id = "cli.mobile"\nkind = "mobile_cli"\nfrom = 2026')
    path.write_text(head + row + rest.replace('mode = "enforce"', 'mode = "warn"', 1), encoding="utf-8")
    assert reload(crew) == 0
    for number in range(4):
        callee = await crew.offered(mobile_caller(crew, number))
        assert "+33162000001" in callee.invite.header("from")
    await crew.shows('npv_config_reloads_total{outcome="applied"}', 1)
    await crew.shows('npv_config_reloads_total{outcome="refused"}', 1)


async def test_the_node_drains_as_one_and_leaves_nothing_behind(crew: Crew) -> None:
    talking = [await crew.talk(number) for number in range(4)]
    ids = crew.worker_ids()
    crew.proxy.process.send_signal(signal.SIGTERM)
    await crew.until(crew.is_draining)
    for number in range(4):
        await crew.ends.refused(crew.caller(number), 503)
    for one in talking:
        await one.hang_up()
    assert await asyncio.to_thread(crew.proxy.wait, PATIENCE) == 0
    assert all(is_gone(one) for one in ids.values())
    assert is_free(crew.site.sip)
    assert len(crew.records("call")) == 4
    assert len(crew.records("end")) == 2


async def test_workers_do_not_outlive_a_supervisor_that_is_killed_and_leave_their_calls_to_the_next(crew: Crew) -> None:
    talking = [await crew.talk(number) for number in range(8)]
    ids = crew.worker_ids()
    crew.proxy.process.kill()
    crew.proxy.process.wait()  # its files are closed one after the other
    end = time.monotonic() + PATIENCE
    while not all(is_gone(one) for one in ids.values()) or not is_free(crew.site.sip):
        assert time.monotonic() < end
        await asyncio.sleep(0.05)
    assert crew.records("call") == []
    with started(crew.site):
        for one in talking:
            await one.hang_up()
    assert [(record["status"], record["ended_by"]) for record in crew.records("call")] == [(200, "a")] * 8


async def test_the_commands_read_the_records_of_all_workers(crew: Crew) -> None:
    for number in range(4):
        await crew.ends.refused(mobile_caller(crew, number), 403)
    assert len(list(crew.site.folder.glob("records*.jsonl"))) == 2
    await crew.until(crew.has_written(4))
    for record in crew.records("decision"):
        told = command(crew, "explain", record["id"])
        assert "cli.mobile" in told
    assert "4 decisions" in command(crew, "replay")


def test_a_second_proxy_on_the_same_address_does_not_start(tmp_path: Path) -> None:
    site = crew_site(tmp_path)
    with (
        bound_socket(HOST, site.sip),
        pytest.raises(StageError, match=r"key `listen\.udp`: expected a free address"),
        started(site),
    ):
        pass


def test_a_worker_that_cannot_start_ends_the_start(tmp_path: Path) -> None:
    site = crew_site(tmp_path)
    (site.folder / "store.db").write_bytes(b"this is no database at all, whatever its name says" * 100)
    with pytest.raises(StageError, match="cannot start"), started(site):
        pass


def mobile_caller(crew: Crew, number: int) -> Caller:
    """One whose number is refused."""
    return crew.ends.caller("+33612345678", f"+3361234{number:04d}")


def is_gone(process_id: int) -> bool:
    """It has ended, even if whoever takes in orphans has not looked yet."""
    try:
        return Path(f"/proc/{process_id}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def reload(crew: Crew) -> int:
    """The exit code of `npv-proxy reload`."""
    return run(crew, "reload").returncode


def command(crew: Crew, *words: str) -> str:
    """What a command printed."""
    done = run(crew, *words)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def run(crew: Crew, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "proxy", *words, "--config", str(crew.site.config)],
        capture_output=True, text=True, check=False, cwd=crew.site.folder, env=environment(),
    )  # fmt: skip


async def test_limits_count_over_all_workers_and_a_dead_one_holds_no_place(tmp_path: Path) -> None:
    site = crew_site(tmp_path)
    site.change("proxy.toml", "max_calls = 0", "max_calls = 4")
    with started(site) as proxy:
        crew = Crew(site, proxy)
        talking = [await crew.talk(number) for number in range(4)]
        assert len({port_in(one.caller.target) for one in talking}) == 2  # of both workers
        for number in range(4):
            refused = await crew.ends.refused(crew.caller(number), 503)
            assert "capacity.node" in refused.header("reason")
        os.kill(crew.worker_ids()[1], signal.SIGKILL)
        await crew.until(lambda: crew.has_restarted(1))  # it takes its calls up, and counts them again
        await crew.ends.refused(crew.caller(5), 503)
        for one in talking:
            await one.hang_up()
        for one in [await crew.talk(number) for number in range(4)]:
            await one.hang_up("b")
        crew.close()


async def test_a_peer_that_connects_anew_finds_its_call_whatever_worker_accepts(tmp_path: Path) -> None:
    site = crew_site(tmp_path, ONE_PORT)
    site.change(
        "proxy.toml",
        f'[listen]\nudp = "{HOST}:{site.sip}"',
        "".join(f'[[listen]]\ntransport = "{one}"\naddress = "{HOST}:{site.sip}"\n' for one in ("udp", "tcp")),
    )
    with started(site) as proxy:
        crew = Crew(site, proxy)
        for number in range(6):
            caller = crew.caller(number)
            reader, writer = await asyncio.open_connection(HOST, site.sip)
            writer.write(caller.invite())
            callee = Callee(await crew.ends.b.take("INVITE"), f"btag{caller.number}")
            callee.contact = f"sip:gateway@{HOST}:{crew.ends.b.port}"
            crew.answer(callee, 200, body=ANSWER)
            answer = b""
            while b"SIP/2.0 200" not in answer:
                answer = await reader.readuntil(b"\r\n\r\n")
            found = re.search(rb"\nTo: .*;tag=(\S+)\r", answer)
            assert found is not None
            caller.to_tag = found[1].decode()
            writer.write(caller.ack())
            await crew.ends.b.take("ACK")
            writer.close()
            again, other = await asyncio.open_connection(HOST, site.sip)
            other.write(caller.request("BYE"))
            assert (await asyncio.wait_for(again.readline(), PATIENCE)).startswith(b"SIP/2.0 200")
            crew.answer(callee, 200, to=await crew.ends.b.take("BYE"))
            other.close()
        await crew.until(lambda: crew.has_calls(0))
        crew.close()
