"""The two ends of calls through real sockets: a platform and a carrier on loopback, and the files of a proxy for them.

`Caller` and `Callee` of `tests.ladder` write the messages; here they only get an address that can be reached.
"""

from __future__ import annotations

import asyncio
import gc
import os
import shutil
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from stage import HOST, free_port

from tests.ladder import ANSWER, CALLED, PRESENTED, Callee, Caller, Seen

CONFIG = Path(__file__).parents[2] / "config"
OPEN = "2026-11-23T11:00:00+01:00"
PATIENCE = 30.0  # s; a machine that is busy with other things is no failure


@dataclass(frozen=True)
class Site:
    """The files of one proxy and its ports."""

    folder: Path
    sip: int
    admin: int
    carrier: int

    @property
    def config(self) -> Path:
        return self.folder / "proxy.toml"

    @property
    def records(self) -> Path:
        return self.folder / "records.jsonl"

    def change(self, name: str, old: str, new: str) -> None:
        """Replace the first `old` in a file."""
        path = self.folder / name
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")


def site_in(folder: Path) -> Site:
    """The shipped configuration with free ports."""
    for name in ("proxy.toml", "customers.toml", "trunks.toml", "numbering.toml", "headers.toml"):
        shutil.copy(CONFIG / name, folder)
    shutil.copytree(CONFIG / "rules", folder / "rules")
    site = Site(folder, free_port(), free_port(), free_port())
    changes = {
        "127.0.0.1:5060": f"{HOST}:{site.sip}",
        "127.0.0.1:9460": f"{HOST}:{site.admin}",
        "var/records.jsonl": f"{site.records}",
        "var/store.db": f"{site.folder / 'store.db'}",
        "var/audit-key.pem": f"{site.folder / 'audit-key.pem'}",
        "var/store.keys": f"{site.folder / 'store.keys'}",
    }
    for old, new in changes.items():
        site.change("proxy.toml", f'"{old}"', f'"{new}"')
    site.change("proxy.toml", "prospecting_path", "# prospecting_path")  # all records in one file, in their order
    site.change("trunks.toml", '"127.0.0.1:5080"', f'"{HOST}:{site.carrier}"')
    # a machine that is busy with other tests must not decide calls without their answer, nor refuse them as too many
    site.change("proxy.toml", "decision_timeout_ms = 50", "decision_timeout_ms = 5000")
    site.change("proxy.toml", "queue_delay_ms = 50", "queue_delay_ms = 0")
    site.change("proxy.toml", 'kind = "embedded"', 'kind = "embedded"\nwait_ms = 4000')
    return site


class End:
    """One socket of a peer; `side` is `a` for the platform, `b` for the carrier."""

    def __init__(self, side: str, site: Site) -> None:
        self.side = side
        self.proxy = (HOST, site.sip)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setblocking(False)
        self.socket.bind((HOST, site.carrier if side == "b" else 0))
        self.port: int = self.socket.getsockname()[1]
        self._taken: set[bytes] = set()

    def send(self, data: bytes) -> None:
        """To the proxy."""
        self.socket.sendto(data, self.proxy)

    async def take(self, label: str) -> Seen:
        """The next message, which must be this one; a copy of an earlier one is passed over."""
        loop = asyncio.get_running_loop()
        while True:
            data = await asyncio.wait_for(loop.sock_recv(self.socket, 65535), PATIENCE)
            if data not in self._taken:
                break
        self._taken.add(data)
        seen = Seen(self.side, data, 0.0)
        assert seen.label == f"{self.side} {label}", seen.head
        return seen

    def is_quiet(self) -> bool:
        """Nothing waits to be read but copies of what was taken, which a slow machine is sent."""
        while True:
            try:
                data = self.socket.recv(65535)
            except BlockingIOError:
                return True
            if data not in self._taken:
                return False


class Ends:
    """Platform and carrier around one proxy, and the calls that they make."""

    def __init__(self, site: Site) -> None:
        self.a = End("a", site)
        self.b = End("b", site)
        self._calls = 0

    def close(self) -> None:
        """Give both ports back."""
        self.a.socket.close()
        self.b.socket.close()

    def caller(self, user: str = PRESENTED, called: str = CALLED) -> Caller:
        """The platform's side of one more call."""
        self._calls += 1
        caller = Caller(self._calls, user, called)
        caller.contact = f"sip:agent@{HOST}:{self.a.port}"
        return caller

    async def offered(self, caller: Caller, account: str = "acme") -> Callee:
        """Call until the carrier has the INVITE."""
        self.a.send(caller.invite(account=account))
        await self.a.take("100 INVITE")
        callee = Callee(await self.b.take("INVITE"), f"btag{caller.number}")
        callee.contact = f"sip:gateway@{HOST}:{self.b.port}"
        return callee

    async def talk(self, account: str = "acme", called: str = CALLED) -> tuple[Caller, Callee]:
        """Call until both ends talk."""
        caller = self.caller(called=called)
        callee = await self.offered(caller, account)
        self.b.send(callee.reply(180))
        await self.a.take("180 INVITE")
        self.b.send(callee.reply(200, body=ANSWER))
        caller.learn(await self.a.take("200 INVITE"))
        self.a.send(caller.ack())
        await self.b.take("ACK")
        return caller, callee

    async def failed(self, caller: Caller, status: int, account: str = "acme") -> Seen:
        """Call and get this failure from the carrier; returns what the platform got."""
        callee = await self.offered(caller, account)
        self.b.send(callee.reply(status))
        await self.b.take("ACK")
        answer = await self.a.take(f"{status} INVITE")
        self.a.send(caller.ack_failure(answer))
        return answer

    async def hang_up(self, caller: Caller, callee: Callee) -> None:
        """The caller ends the call."""
        self.a.send(caller.request("BYE"))
        await self.a.take("200 BYE")
        self.b.send(callee.reply(200, to=await self.b.take("BYE")))

    async def refused(self, caller: Caller, status: int, account: str = "acme", *, asked: bool = False) -> Seen:
        """Call and be refused; returns the answer. `asked`: only after the ledger was waited for."""
        self.a.send(caller.invite(account=account))
        if asked:
            await self.a.take("100 INVITE")
        answer = await self.a.take(f"{status} INVITE")
        self.a.send(caller.ack_failure(answer))
        return answer


def open_files() -> int:
    """How many this process has, without those that nobody can reach any more."""
    gc.collect()
    return len(os.listdir("/proc/self/fd"))


def written_lines(path: Path) -> list[bytes]:
    """The whole lines of a file that somebody may be writing."""
    return [line for line in path.read_bytes().splitlines(keepends=True) if line.endswith(b"\n")]


async def until(condition: Callable[[], object]) -> None:
    """Let time pass until it holds."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "never came"
        await asyncio.sleep(0.01)
