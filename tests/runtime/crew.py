"""A proxy of several workers between a platform and a carrier, both of which send where our Contact says."""

from __future__ import annotations

import asyncio
import json
import re
import socket
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from ports import free_port
from stage import HOST, Proxy

from tests.ladder import ANSWER, OFFER, Callee, Caller, Seen
from tests.runtime.ends import OPEN, PATIENCE, Ends, Site, site_in, written_lines

OWN_PORTS = "own ports"
ONE_PORT = "one port"
IN_RURI = b"sip:10.0.0.1:5060 SIP/2.0"


def crew_site(folder: Path, mode: str = OWN_PORTS, workers: int = 2) -> Site:
    """The files of a proxy with that many workers."""
    site = site_in(folder)
    site.change("proxy.toml", 'name = "edge-1"', f'name = "edge-1"\nworkers = {workers}')
    if mode == OWN_PORTS:
        site.change("proxy.toml", "[listen]\n", f"[listen]\nworker_ports = {free_port(workers)}\n")
    return site


class Crew:
    """Calls through one running proxy."""

    def __init__(self, site: Site, proxy: Proxy) -> None:
        self.site = site
        self.proxy = proxy
        self.ends = Ends(site)

    def close(self) -> None:
        self.ends.close()

    def from_a(self, data: bytes, port: int = 0) -> None:
        self.ends.a.socket.sendto(data, (HOST, port or self.site.sip))

    def from_b(self, data: bytes, port: int) -> None:
        self.ends.b.socket.sendto(data, (HOST, port))

    def caller(self, number: int) -> Caller:
        """One who calls another person than the others do."""
        return self.ends.caller(called=f"+3361234{number:04d}")

    async def offered(self, caller: Caller) -> Callee:
        """Call until the carrier has the INVITE."""
        self.from_a(caller.invite())
        return await self.offered_by(caller)

    async def offered_by(self, caller: Caller) -> Callee:
        """The carrier's side of the call that was made."""
        await self.ends.a.take("100 INVITE")
        callee = Callee(await self.ends.b.take("INVITE"), f"btag{caller.number}")
        callee.contact = f"sip:gateway@{HOST}:{self.ends.b.port}"
        return callee

    async def talk(self, number: int) -> Talking:
        """Call until both ends talk."""
        caller = self.caller(number)
        callee = await self.offered(caller)
        self.answer(callee, 200, body=ANSWER)
        ok = await self.ends.a.take("200 INVITE")
        caller.learn(ok)
        caller.target = ok.header("contact").strip("<>")
        talking = Talking(self, caller, callee)
        talking.send_a(caller.ack())
        await self.ends.b.take("ACK")
        return talking

    def answer(self, callee: Callee, status: int, *, body: bytes = b"", to: Seen | None = None) -> None:
        """The carrier answers, by the port that Via names."""
        seen = to or callee.invite
        self.from_b(callee.reply(status, body=body, to=to), port_in(seen.header("via")))

    async def metrics(self) -> dict[str, float]:
        """Every sample by its name and labels."""
        status, page = await asyncio.to_thread(self.proxy.get, "/metrics")
        assert status == 200
        return {name: float(value) for name, value in re.findall(r"^(npv_\S+|process_\S+) (\S+)$", page, re.MULTILINE)}

    async def metric(self, name: str) -> float:
        return (await self.metrics())[name]

    async def shows(self, name: str, value: float) -> None:
        """Wait until a scrape says so."""

        async def shown() -> bool:
            return await self.metric(name) == value

        await self.until(shown)

    async def until(self, condition: Callable[[], Awaitable[object]], patience: float = PATIENCE) -> None:
        """Let time pass until it holds."""
        end = time.monotonic() + patience
        while not await condition():
            assert time.monotonic() < end, self.proxy.output()
            await asyncio.sleep(0.05)

    async def has_restarted(self, worker: int) -> bool:
        """It was replaced, and all are up."""
        found = await self.metrics()
        return found[f'npv_worker_restarts_total{{worker="{worker}"}}'] > 0 and found["npv_workers_up"] == 2

    async def has_calls(self, count: int) -> bool:
        """So many are in progress."""
        return await self.metric("npv_calls_active") == count

    async def has_hopped(self) -> bool:
        """Messages were passed on."""
        return (await self.metrics()).get("npv_worker_hops_total", 0) > 0

    async def is_draining(self) -> bool:
        """All refuse new calls."""
        return (await asyncio.to_thread(self.proxy.get, "/readyz")) == (503, "draining\n")

    def has_written(self, decisions: int) -> Callable[[], Awaitable[bool]]:
        """So many decisions stand in the files."""

        async def written() -> bool:
            return len(self.records("decision")) == decisions

        return written

    def worker_ids(self) -> dict[int, int]:
        """The processes of the workers, by their numbers."""
        return workers_of(self.proxy.process.pid)

    def records(self, kind: str) -> list[dict[str, Any]]:  # Any: a JSON object
        """What all workers wrote."""
        lines = [
            json.loads(line) for path in sorted(self.site.folder.glob("records*.jsonl")) for line in written_lines(path)
        ]
        return [line for line in lines if line["record"] == kind]


class Talking:
    """A call that is up: each side sends its requests where our Contact says."""

    def __init__(self, crew: Crew, caller: Caller, callee: Callee) -> None:
        self.crew = crew
        self.caller = caller
        self.callee = callee

    def send_a(self, data: bytes) -> None:
        self.crew.from_a(data, port_in(self.caller.target))

    def send_b(self, data: bytes) -> None:
        contact = self.callee.invite.header("contact").strip("<>")
        self.crew.from_b(data.replace(IN_RURI, f"{contact} SIP/2.0".encode(), 1), port_in(contact))

    async def hang_up(self, side: str = "a") -> None:
        """One side ends the call, and the other agrees."""
        a, b = self.crew.ends.a, self.crew.ends.b
        if side == "a":
            self.send_a(self.caller.request("BYE"))
            await a.take("200 BYE")
            self.crew.answer(self.callee, 200, to=await b.take("BYE"))
        else:
            self.send_b(self.callee.request("BYE"))
            await b.take("200 BYE")
            bye = await a.take("BYE")
            self.crew.from_a(self.callee.reply(200, to=bye), port_in(bye.header("via")))

    async def hold(self) -> None:
        """A re-INVITE of the caller crosses, with its ACK.

        Where workers pass messages on it may overtake the ACK before it: then it is turned away and sent again.
        """
        a, b = self.crew.ends.a, self.crew.ends.b
        while True:
            self.send_a(self.caller.request("INVITE", body=OFFER))
            crossed, turned_away = (asyncio.ensure_future(one) for one in (b.take("INVITE"), a.take("500 INVITE")))
            await asyncio.wait((crossed, turned_away), return_when=asyncio.FIRST_COMPLETED)
            other = turned_away if crossed.done() else crossed
            other.cancel()
            await asyncio.wait([other])
            if crossed is not other:
                break
            failed = turned_away.result()
            assert failed.header("retry-after")
            self.send_a(self.caller.ack_failure(failed))
        self.crew.answer(self.callee, 200, body=ANSWER, to=crossed.result())
        await b.take("ACK")
        await a.take("200 INVITE")
        self.send_a(self.caller.ack())


def port_in(text: str) -> int:
    """The port of a Via or a URI of ours."""
    found = re.search(re.escape(HOST) + r":(\d+)", text)
    assert found is not None, text
    return int(found[1])


def workers_of(process_id: int) -> dict[int, int]:
    """The worker processes of that supervisor, by their numbers."""
    found = {}
    for child in Path(f"/proc/{process_id}/task/{process_id}/children").read_text(encoding="ascii").split():
        words = Path(f"/proc/{child}/cmdline").read_bytes().split(b"\0")
        if b"--place" in words:
            found[json.loads(words[words.index(b"--place") + 1])["number"]] = int(child)
    return found


def started(site: Site) -> Proxy:
    """To be entered."""
    return Proxy(site.config, site.admin, OPEN, site.folder)


def is_free(port: int) -> bool:
    """Nobody holds this UDP port of ours."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as tried:
        try:
            tried.bind((HOST, port))
        except OSError:
            return False
    return True


__all__ = [
    "ONE_PORT",
    "OWN_PORTS",
    "PATIENCE",
    "Crew",
    "Talking",
    "crew_site",
    "is_free",
    "port_in",
    "started",
    "workers_of",
]
