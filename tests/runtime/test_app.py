"""The whole process: calls through real sockets, reload, drain, stop, and what the operator is told.

In this process on asyncio, and as `python -m proxy run` on uvloop, of the build that the tests run on.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from stage import HOST, Proxy, environment, free_port

from proxy.b2bua.trunks import TlsClient
from proxy.runtime import build
from proxy.runtime.app import App
from proxy.runtime.clock import FixedClock
from proxy.runtime.configuration import load_configuration
from proxy.runtime.directory_desk import opened
from proxy.runtime.directory_edits import added, altered
from proxy.runtime.mistakes import ConfigErrors
from proxy.runtime.store.directory_changes import rolled_back
from proxy.runtime.store.directory_records import CUSTOMER, TRUNK
from proxy.runtime.tls import client_context
from proxy.runtime.toml_source import ConfigError
from tests.ladder import EPOCH, datagram
from tests.runtime.certificates import Authority, shown_at
from tests.runtime.ends import OPEN, PATIENCE, End, Ends, Site, open_files, site_in, until, written_lines
from tests.runtime.name_server import name_server

MOBILE = "+33612345678"
CALLBACK = "callback_target=sip:accueil@fresh.example"
NEWCOMER = (
    "id=fresh", "name=Fresh (fictional)", "siren=000000099", "status=active", "purpose=service", "mode=broadcast",
    "kyc.status=verified", "kyc.evidence=kyc/99",
)  # fmt: skip


def allow_mobile(site: Site) -> None:
    """From the next reload on, the rule on mobile callers only warns."""
    path = site.folder / "rules" / "10-cli.toml"
    head, row, rest = path.read_text(encoding="utf-8").partition('id = "cli.mobile"\nkind = "mobile_cli"\nfrom = 2026')
    assert row
    path.write_text(head + row + rest.replace('mode = "enforce"', 'mode = "warn"', 1), encoding="utf-8")


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return site_in(tmp_path)


@pytest.fixture
def ends(site: Site) -> Iterator[Ends]:
    both = Ends(site)
    yield both
    both.close()


def app_of(site: Site) -> App:
    return App(load_configuration(site.config), FixedClock(EPOCH, running=True))


@pytest.fixture
async def app(site: Site) -> AsyncIterator[App]:
    started = app_of(site)
    await started.start()
    yield started
    await started.stop()


@pytest.fixture
def process(site: Site) -> Iterator[Proxy]:
    with Proxy(site.config, site.admin, OPEN, site.folder) as started:
        yield started


async def ask(site: Site, method: str, path: str) -> tuple[int, str]:
    """Status and body of an admin page."""
    url = f"http://{HOST}:{site.admin}{path}"
    async with aiohttp.ClientSession() as session, session.request(method, url) as answer:
        return answer.status, await answer.text()


async def version_in_force(site: Site, version: int) -> None:
    """Let time pass until calls are decided by that version of the directory."""
    end = time.monotonic() + PATIENCE
    while f"npv_directory_version {version}.0" not in (await ask(site, "GET", "/metrics"))[1]:
        assert time.monotonic() < end
        await asyncio.sleep(0.02)


def records(site: Site, kind: str) -> list[dict[str, Any]]:  # Any: a JSON object
    lines = [json.loads(line) for line in written_lines(site.records)]
    return [line for line in lines if line["record"] == kind]


def options() -> bytes:
    return datagram(
        "OPTIONS sip:edge SIP/2.0",
        [
            "Via: SIP/2.0/UDP 10.1.0.1:5070;branch=z9hG4bKoptions;rport", "Max-Forwards: 70",
            "From: <sip:probe@10.1.0.1>;tag=probe", "To: <sip:edge>", "Call-ID: probe", "CSeq: 1 OPTIONS",
        ],
    )  # fmt: skip


# -- calls -------------------------------------------------------------------


async def test_a_call_shows_the_npv_and_is_written_down(app: App, site: Site, ends: Ends) -> None:
    caller, callee = await ends.talk()
    for header in ("from", "p-asserted-identity"):
        assert "<sip:+33162000001@" in callee.invite.header(header)
    assert b"45001234" not in callee.invite.data
    assert app.engine.active_calls() == 1
    await ends.hang_up(caller, callee)
    await until(lambda: app.engine.active_calls() == 0)
    await app.stop()
    (decision,), (call,) = records(site, "decision"), records(site, "call")
    assert (decision["action"], decision["presentation"], decision["shown"]) == ("forward", "npv", "+33162000001")
    assert (call["decision"], call["status"], call["ended_by"]) == (decision["id"], 200, "a")


async def test_the_carrier_hangs_up(app: App, ends: Ends) -> None:
    _, callee = await ends.talk()
    ends.b.send(callee.request("BYE"))
    await ends.b.take("200 BYE")
    bye = await ends.a.take("BYE")
    ends.a.send(callee.reply(200, to=bye))
    await until(lambda: app.engine.active_calls() == 0)


async def test_a_refused_call_never_reaches_the_carrier(app: App, site: Site, ends: Ends) -> None:
    answer = await ends.refused(ends.caller(MOBILE), 403)
    assert "cli.mobile" in answer.header("warning")
    assert ends.b.is_quiet()
    assert app.engine.active_calls() == 0
    status, page = await ask(site, "GET", "/metrics")
    assert status == 200
    assert 'npv_decisions_total{rule="cli.mobile",verdict="refused"} 1.0' in page


async def test_options_and_the_pages_say_that_calls_are_welcome(app: App, site: Site, ends: Ends) -> None:
    ends.a.send(options())
    await ends.a.take("200 OPTIONS")
    assert await ask(site, "GET", "/readyz") == (200, "ready\n")
    assert app.admin_port == site.admin


@pytest.mark.usefixtures("app")
async def test_hostile_datagrams_leave_calls_alone(ends: Ends) -> None:
    caller, callee = await ends.talk()
    for data in (b"", b"\x00" * 65_000, b"INVITE", b"SIP/2.0 200 OK\r\n\r\n", b"\r\n\r\n", os.urandom(1400)):
        ends.a.send(data)
    await ends.hang_up(caller, callee)


# -- reload ------------------------------------------------------------------


async def test_a_reload_decides_the_next_call(app: App, site: Site, ends: Ends) -> None:
    await ends.refused(ends.caller(MOBILE), 403)
    talking = await ends.talk()
    before = app.digest
    allow_mobile(site)
    assert await ask(site, "POST", "/reload") == (200, json.dumps({"outcome": "applied", "config": app.digest}))
    assert app.digest != before
    await ends.hang_up(*talking)
    callee = await ends.offered(ends.caller(MOBILE))
    assert "+33162000001" in callee.invite.header("from")
    assert app.reloads == {"applied": 1, "refused": 0}


async def test_a_reload_leaves_the_directory_to_the_store(app: App, site: Site, ends: Ends) -> None:
    site.change("customers.toml", 'default_npv = "+33162000001"', 'default_npv = "+33162000002"')
    await app.reload()
    _, callee = await ends.talk()
    assert "+33162000001" in callee.invite.header("from")


async def test_a_change_of_the_directory_is_live_within_two_seconds(app: App, site: Site, ends: Ends) -> None:
    talking = await ends.talk()
    async with opened(site.config, "zoe") as desk:
        edit = altered(desk.numbering, CUSTOMER, "acme", {"default_npv": "+33162000002"})
        assert await desk.change(edit, "another number") is not None
    await version_in_force(site, 2)
    _, callee = await ends.talk()
    assert "+33162000002" in callee.invite.header("from")
    await ends.hang_up(*talking)
    await app.reload()  # the directory in force stays
    _, callee = await ends.talk()
    assert "+33162000002" in callee.invite.header("from")
    await app.stop()
    assert [line["revision"].partition(".")[2] for line in records(site, "decision")] == ["1", "2", "2"]


async def test_records_tell_the_rules_that_decided(app: App, site: Site, ends: Ends) -> None:
    await ends.refused(ends.caller(MOBILE), 403)
    site.change("rules/10-cli.toml", "until = 2025-12-31", "until = 2026-01-01")
    site.change("rules/10-cli.toml", "from = 2026-01-01", "from = 2026-01-02")
    await app.reload()
    await ends.refused(ends.caller(MOBILE), 403)
    await app.stop()
    first, second = records(site, "decision")
    assert "cli.mobile@2026-01-01 refuse" in first["rules"]
    assert "cli.mobile@2026-01-02 refuse" in second["rules"]
    assert first["revision"] != second["revision"]


async def test_a_reload_takes_new_limits_and_trunks(app: App, site: Site, ends: Ends) -> None:
    site.change("proxy.toml", "max_calls = 0", "max_calls = 1")
    site.change("trunks.toml", 'customer_header = "X-Account"', 'customer = "nobody"')
    with pytest.raises(ConfigError, match=r"trunks\.toml:\d+: key `customer`"):
        await app.reload()
    site.change("trunks.toml", '"nobody"', '"nonumber"')
    await app.reload()
    one = await ends.talk()  # of the customer it names: the trunks in force are those of the directory
    await ends.refused(ends.caller(), 503)
    await ends.hang_up(*one)


async def test_trunks_of_the_directory_hold_from_the_next_call_on(app: App, site: Site, ends: Ends) -> None:
    talking = await ends.talk()
    other = End("b", replace(site, carrier=free_port()))
    async with opened(site.config, "zoe") as desk:
        stated: dict[str, object | None] = {"kind": "carrier", "name": "c2", "address": f"{HOST}:{other.port}"}
        await desk.change(added(desk.numbering, TRUNK, stated), "another carrier")
        await desk.change(altered(desk.numbering, TRUNK, "vms", {"carrier": "c2"}), "it takes the calls")
    await version_in_force(site, 3)
    before, ends.b = ends.b, other
    one = await ends.talk()
    await ends.hang_up(*one)
    ends.b = before
    await ends.hang_up(*talking)  # a call stays where it is
    async with opened(site.config, "zoe") as desk:
        await rolled_back(desk.store, desk.numbering, 1, desk.signature("back"))
    await version_in_force(site, 4)
    await ends.hang_up(*await ends.talk())
    other.socket.close()
    async with opened(site.config) as desk:
        stated = {"customer_header": None, "customer": "nonumber"}
        await desk.change(altered(desk.numbering, TRUNK, "vms", stated), "of one customer")
    await version_in_force(site, 5)
    _, callee = await ends.talk(account="")
    assert "anonymous" in callee.invite.header("from")
    await app.stop()
    assert [line["carrier"] for line in records(site, "call")][:3] == ["c2", "carrier-1", "carrier-1"]


async def test_a_directory_of_other_customers_leaves_the_topology_alone(app: App, site: Site) -> None:
    topology = app.engine.fabric.topology
    async with opened(site.config) as desk:
        await desk.change(altered(desk.numbering, CUSTOMER, "acme", {"note": "x"}), "a note")
    await version_in_force(site, 2)
    assert app.engine.fabric.topology is topology


async def test_a_carrier_whose_name_does_not_resolve_stops_no_directory(
    site: Site, ends: Ends, capsys: pytest.CaptureFixture[str]
) -> None:
    async with name_server() as server:  # it knows no name; those of the machine may be out of reach
        site.change("proxy.toml", "[admin]", f'[dns]\nservers = ["{server.address}"]\n\n[admin]')
        app = app_of(site)
        await app.start()
        try:
            await a_name_for_the_carrier(site, ends, capsys)
        finally:
            await app.stop()


async def a_name_for_the_carrier(site: Site, ends: Ends, capsys: pytest.CaptureFixture[str]) -> None:
    """Which nobody can resolve."""
    async with opened(site.config) as desk:
        stated: dict[str, object | None] = {"address": "gw.no-such-host.invalid"}
        await desk.change(altered(desk.numbering, TRUNK, "carrier-1", stated), "a name")
    await version_in_force(site, 2)
    assert (await ends.refused(ends.caller(), 503, asked=True)).header("retry-after") == "30"
    await until(lambda: "the carrier carrier-1 at gw.no-such-host.invalid: " in capsys.readouterr().err)


@pytest.mark.usefixtures("app")
async def test_a_limit_in_the_directory_holds_from_the_next_call_on(site: Site, ends: Ends) -> None:
    one = await ends.talk()
    async with opened(site.config) as desk:
        await desk.change(altered(desk.numbering, CUSTOMER, "acme", {"most_calls": 1}), "no more at once")
    await version_in_force(site, 2)
    answer = await ends.refused(ends.caller(), 503)
    assert "capacity.customer" in answer.header("warning")
    assert answer.header("retry-after") == "1"
    assert ends.b.is_quiet()
    await ends.hang_up(*one)
    await ends.hang_up(*await ends.talk())


async def test_a_reload_shows_a_new_certificate_and_leaves_open_connections_alone(site: Site, tmp_path: Path) -> None:
    authority, port, shown = Authority(tmp_path), free_port(), tmp_path / "edge.pem"
    shutil.copy(authority.certificate("old.example"), shown)
    place = f'[[listen]]\naddress = "{HOST}:{site.sip}"\n\n[[listen]]\ntransport = "tls"\naddress = "{HOST}:{port}"\n'
    site.change("proxy.toml", f'[listen]\nudp = "{HOST}:{site.sip}"', f'{place}certificate = "{shown}"')
    app = app_of(site)
    await app.start()
    context = client_context(TlsClient(ca=str(authority.file)))
    reader, writer = await asyncio.open_connection(HOST, port, ssl=context, server_hostname="old.example")
    shutil.copy(authority.certificate("new.example"), shown)
    assert await shown_at(port, authority) == ["old.example"]
    await app.reload()
    assert await shown_at(port, authority) == ["new.example"]
    writer.write(b"\r\n\r\n")
    assert await asyncio.wait_for(reader.readexactly(2), PATIENCE) == b"\r\n"
    shown.write_text("no certificate", encoding="ascii")
    with pytest.raises(ConfigError, match="certificate chain"):
        await app.reload()
    assert await shown_at(port, authority) == ["new.example"]
    writer.close()
    await app.stop()


async def test_a_refused_reload_keeps_everything_and_says_why(app: App, site: Site, ends: Ends) -> None:
    before = app.digest
    allow_mobile(site)
    site.change("customers.toml", 'status = "active"', 'status = "asleep"')
    status, body = await ask(site, "POST", "/reload")
    assert status == 422
    assert "customers.toml:" in json.loads(body)["error"]
    assert "`asleep`" in json.loads(body)["error"]
    assert app.digest == before
    await ends.refused(ends.caller(MOBILE), 403)
    assert app.reloads == {"applied": 0, "refused": 1}


async def test_a_reload_that_would_need_a_restart_is_refused(app: App, site: Site) -> None:
    site.change("proxy.toml", f'"{site.records}"', '"elsewhere.jsonl"')
    with pytest.raises(ConfigError, match=r"key `path`: .*restart the proxy"):
        await app.reload()
    assert app.reloads == {"applied": 0, "refused": 1}


async def test_a_rule_file_that_vanishes_is_a_mistake_of_the_operator(app: App, site: Site) -> None:
    (site.folder / "rules" / "20-hours.toml").rename(site.folder / "rules" / "20-hours.off")
    (site.folder / "rules" / "20-hours.toml").symlink_to("nowhere")
    with pytest.raises(ConfigError, match="expected a readable file"):
        await app.reload()


async def test_reloads_at_once_are_made_one_after_the_other(app: App) -> None:
    digests = await asyncio.gather(*(app.reload() for _ in range(3)))
    assert digests == [app.digest] * 3
    assert app.reloads["applied"] == 3


async def test_sighup_reloads_and_reopens_the_records(
    app: App, site: Site, ends: Ends, capsys: pytest.CaptureFixture[str]
) -> None:
    old = site.folder / "records.1"
    site.records.rename(old)
    await app.hang_up()
    assert capsys.readouterr().err == f"npv-proxy: reloaded, configuration {app.digest}\n"
    await until(site.records.exists)
    await ends.refused(ends.caller(MOBILE), 403)
    await until(lambda: records(site, "decision"))
    kinds = [json.loads(line)["record"] for line in old.read_text(encoding="utf-8").splitlines()]
    assert kinds == ["begin", "end"]


# -- drain and stop ----------------------------------------------------------


async def test_draining_takes_no_call_and_ends_with_the_last_one(
    app: App, site: Site, ends: Ends, capsys: pytest.CaptureFixture[str]
) -> None:
    one, other = await ends.talk(), await ends.talk()
    app.terminate()
    assert "draining, 2 calls in progress" in capsys.readouterr().err
    assert await ask(site, "GET", "/readyz") == (503, "draining\n")
    assert (await ask(site, "GET", "/healthz"))[0] == 200
    assert "npv_draining 1.0" in (await ask(site, "GET", "/metrics"))[1]
    assert (await ends.refused(ends.caller(), 503)).header("retry-after")
    ends.a.send(options())
    assert (await ends.a.take("503 OPTIONS")).header("retry-after")
    await ends.hang_up(*one)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(app.serve(), 0.3)
    await ends.hang_up(*other)
    await asyncio.wait_for(app.serve(), PATIENCE)


async def test_without_calls_a_drain_ends_at_once(app: App) -> None:
    app.terminate()
    await asyncio.wait_for(app.serve(), PATIENCE)


async def test_the_second_terminate_does_not_wait(app: App, ends: Ends) -> None:
    await ends.talk()
    app.terminate()
    app.terminate()
    await asyncio.wait_for(app.serve(), PATIENCE)
    assert app.engine.active_calls() == 1


async def test_a_stop_hangs_up_what_is_left_and_records_it(app: App, site: Site, ends: Ends) -> None:
    await ends.talk()
    await app.stop()
    assert [(record["status"], record["reason"]) for record in records(site, "call")] == [(200, "proxy stopped")]


async def test_an_interrupt_does_not_wait(app: App, ends: Ends) -> None:
    await ends.talk()
    app.stop_now()
    await asyncio.wait_for(app.serve(), PATIENCE)


async def test_stop_gives_everything_back(site: Site) -> None:
    files = open_files()
    for _ in range(2):  # the ports can be taken again
        app = app_of(site)
        await app.start()
        assert (app.ready, app.admin_port) == (True, site.admin)
        await app.stop()
        await app.stop()  # twice does no harm
        assert (app.ready, app.admin_port) == (False, site.admin)
    await until(lambda: open_files() <= files)
    await until(lambda: len(asyncio.all_tasks()) == 1)


@pytest.mark.parametrize(
    ("key", "value", "reason"),
    [
        ("records.path", '"{folder}/rules"', "is a directory"),
        ("listen.udp", '"127.0.0.1:{taken}"', "address already in use"),
        ("listen.udp", '"192.0.2.77:{taken}"', "cannot assign requested address"),
        ("admin.listen", '"127.0.0.1:{taken}"', "address already in use"),
    ],
)
async def test_what_cannot_be_had_is_named_and_the_rest_given_back(
    key: str, value: str, reason: str, site: Site
) -> None:
    written = {
        "records.path": f'"{site.records}"',
        "listen.udp": f'"{HOST}:{site.sip}"',
        "admin.listen": f'"{HOST}:{site.admin}"',
    }[key]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp, socket.socket() as tcp:
        taken = free_port()
        udp.bind((HOST, taken))
        tcp.bind((HOST, taken))
        tcp.listen()
        value = value.format(folder=site.folder, taken=taken)
        site.change("proxy.toml", written, value)
        line = site.config.read_text(encoding="utf-8").splitlines().index(f"{key.partition('.')[2]} = {value}") + 1
        files = open_files()
        app = app_of(site)
        with pytest.raises(ConfigError) as caught:
            await app.start()
        assert str(caught.value).startswith(f"{site.config}:{line}: key `{key}`: expected ")
        assert str(caught.value).endswith(f"seen `{value[1:-1]}` ({reason})")
        await app.stop()
        assert not app.ready
        await until(lambda: open_files() <= files)
    await until(lambda: len(asyncio.all_tasks()) == 1)


# -- the process -------------------------------------------------------------


async def test_a_process_says_what_it_is_carries_a_call_and_drains(process: Proxy, site: Site, ends: Ends) -> None:
    first = process.output().splitlines()[0]
    assert first.startswith(
        f"npv-proxy: version {build.version()}, {build.kind()} build, SIP on udp {HOST}:{site.sip}, "
    )
    assert f"admin on port {site.admin}, configuration " in first
    caller, callee = await ends.talk()
    assert "+33162000001" in callee.invite.header("from")
    process.process.send_signal(signal.SIGTERM)
    await until(lambda: "draining, 1 calls" in process.output())
    await ends.refused(ends.caller(), 503)
    assert process.process.poll() is None
    await ends.hang_up(caller, callee)
    assert process.wait(PATIENCE) == 0
    assert [line["status"] for line in records(site, "call")] == [200]
    assert len(process.output().splitlines()) == 2


async def test_a_process_stops_at_the_second_signal(process: Proxy, ends: Ends) -> None:
    await ends.talk()
    process.process.send_signal(signal.SIGTERM)
    await until(lambda: "draining" in process.output())
    process.process.send_signal(signal.SIGTERM)
    assert process.wait(PATIENCE) == 0


async def test_a_process_is_interrupted(process: Proxy, ends: Ends) -> None:
    await ends.talk()
    assert process.stop(signal.SIGINT) == 0


async def test_a_process_reloads_at_sighup(process: Proxy, site: Site, ends: Ends) -> None:
    await ends.refused(ends.caller(MOBILE), 403)
    allow_mobile(site)
    site.change("proxy.toml", "max_calls = 0", "max_calls = -1")
    process.process.send_signal(signal.SIGHUP)
    await until(lambda: "reload refused, the old configuration stays:\n" in process.output())
    assert "key `max_calls`" in process.output()
    await ends.refused(ends.caller(MOBILE), 403)
    site.change("proxy.toml", "max_calls = -1", "max_calls = 0")
    process.process.send_signal(signal.SIGHUP)
    await until(lambda: "reloaded, configuration " in process.output())
    await ends.failed(ends.caller(MOBILE), 486)


async def test_a_command_changes_the_directory_of_a_process(process: Proxy, site: Site, ends: Ends) -> None:
    answer = await ends.refused(ends.caller(), 403, account="fresh")
    assert "customer.unknown" in answer.header("warning")
    command(site, "customers", "add", *NEWCOMER)
    command(site, "numbers", "assign", "+33162990001", "--to", "fresh", "since=2023-02-01", CALLBACK)
    command(site, "customers", "set", "fresh", "default_npv=+33162990001")
    await version_in_force(site, 4)
    caller, callee = await ends.talk("fresh")
    assert "+33162990001" in callee.invite.header("from")
    await ends.hang_up(caller, callee)
    assert len(process.output().splitlines()) == 1


def test_sighup_while_the_files_are_read_does_not_end_the_process(site: Site) -> None:
    customers = site.folder / "customers.toml"
    text = customers.read_bytes()
    customers.unlink()
    os.mkfifo(customers)
    command = [sys.executable, "-m", "proxy", "run", "--config", str(site.config)]
    with subprocess.Popen(command, cwd=site.folder, env=environment(), stderr=subprocess.PIPE, text=True) as started:
        try:
            with customers.open("wb") as slow:  # opens when the proxy is about to read it
                started.send_signal(signal.SIGHUP)
                customers.unlink()
                customers.write_bytes(text)  # should it be read again
                slow.write(text)
            assert started.stderr is not None
            assert "SIP on" in started.stderr.readline()
            started.send_signal(signal.SIGTERM)
            assert started.wait(PATIENCE) == 0
        finally:
            started.kill()


def command(site: Site, *words: str) -> None:
    """A command of the operator that goes well."""
    done = subprocess.run(
        [sys.executable, "-m", "proxy", *words, "--config", str(site.config)],
        cwd=site.folder, env=environment(), capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def run(site: Site, *options: str) -> subprocess.CompletedProcess[str]:
    """A proxy that is expected to end by itself."""
    return subprocess.run(
        [sys.executable, "-m", "proxy", "run", "--config", str(site.config), *options],
        cwd=site.folder, env=environment(), capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip


def test_a_process_whose_port_is_taken_ends_with_one_line(site: Site) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind((HOST, site.sip))
        ended = run(site)
    assert ended.returncode == 1
    assert ended.stderr == (
        f"npv-proxy: cannot start: {site.config}:7: key `listen.udp`: expected a free address of this machine, "
        f"seen `{HOST}:{site.sip}` (address already in use)\n"
    )


def test_a_process_with_wrong_files_ends_with_the_mistakes(site: Site) -> None:
    site.change("proxy.toml", "max_calls = 0", "max_calls = -1")
    site.change("proxy.toml", "t1_ms = 500", "t1_ms = 0")
    ended = run(site)
    assert ended.returncode == 1
    assert [line.split(": ")[1] for line in ended.stderr.splitlines()] == ["key `max_calls`", "key `t1_ms`"]
    with pytest.raises(ConfigErrors):
        load_configuration(site.config)


@pytest.mark.parametrize(("clock", "status"), [("2026-11-23T11:00:00+01:00", 0), ("2026-11-23T21:00:00+01:00", 480)])
async def test_the_fixed_clock_is_the_one_that_decides(clock: str, status: int, site: Site, ends: Ends) -> None:
    with Proxy(site.config, site.admin, clock, site.folder):
        if status:
            answer = await ends.refused(ends.caller(), status)
            assert "hours." in answer.header("warning")
        else:
            await ends.hang_up(*await ends.talk())
