"""The stores under test: an embedded file, one Redis, a cluster, a Sentinel service; servers live as long as the run."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from proxy.policy.inquiry import Inquiry, PersonState
from proxy.runtime.ahead_log import AheadLog
from proxy.runtime.store import redis_calls, redis_notices
from proxy.runtime.store.embedded import EmbeddedLedger
from proxy.runtime.store.inline_ledger import InlineLedger
from proxy.runtime.store.interface import Ledger
from proxy.runtime.store.person_keys import PersonKeys
from proxy.runtime.store.redis_ledger import RedisLedger
from proxy.runtime.store.redis_place import Place
from tests.runtime.sockets import until
from tests.runtime.store.histories import NOON, keys
from tests.runtime.store.redis_servers import RedisServer, cluster, sentinel_of

WAIT = 30.0  # s; a machine that is busy with other things is no silent store
SERVICE = "ledger"


@pytest.fixture(autouse=True, scope="session")
def patient_nodes() -> Iterator[None]:
    """A server that answers late is on a busy machine; a node that ran on it would leave it."""
    with pytest.MonkeyPatch.context() as slow_machine:
        slow_machine.setattr(redis_notices, "PATIENCE", WAIT)
        slow_machine.setattr(redis_calls, "PATIENCE", WAIT)
        yield


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """One server; a test that uses it finds it empty."""
    server = RedisServer(tmp_path_factory.mktemp("redis"), "--save", "").start()
    yield server
    server.kill()


@pytest.fixture(scope="session")
def redis_nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[RedisServer]]:
    """Three masters."""
    nodes = cluster(tmp_path_factory.mktemp("cluster"))
    yield nodes
    for node in nodes:
        node.kill()


@pytest.fixture(scope="session")
def sentinel(redis_server: RedisServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """A Sentinel that watches `redis_server`."""
    server = sentinel_of(tmp_path_factory.mktemp("sentinel"), redis_server, SERVICE)
    yield server
    server.kill()


class Shelf:
    """Opens ledgers on one store, and closes them when the test is over."""

    def __init__(self, kind: str, folder: Path, place: Place | None, servers: list[RedisServer]) -> None:
        self.kind = kind
        self.file = folder / "ledger.db"
        self.place = place
        self.servers = servers
        self.now = NOON
        self.opened: list[Ledger] = []

    async def open(self, with_keys: PersonKeys | None = None) -> Ledger:
        """Another client of the same store."""
        found: Ledger
        used = with_keys or keys()
        if self.kind == "inline":
            found = await InlineClient.opened(self, used)
        elif self.place is None:
            found = embedded = EmbeddedLedger(self.file, used, lambda: self.now, WAIT)
            await embedded.open()
        else:
            found = redis = RedisLedger(self.place, used, lambda: self.now, WAIT)
            await redis.open()
        self.opened.append(found)
        return found

    def everything(self) -> bytes:
        """All that the store keeps, as bytes."""
        if self.place is None:
            return b"".join(path.read_bytes() for path in self.file.parent.glob("ledger.db*"))
        found = b""
        for server in self.servers:
            with server.client() as client:
                for key in client.scan_iter("*"):
                    found += key + client.dump(key)
        return found


class InlineClient:
    """The ledger that a running proxy answers from, as a store like the others: who asks waits until the file has it."""

    def __init__(self, file: EmbeddedLedger, log: AheadLog, epoch: Callable[[], float]) -> None:
        self.file = file
        self.log = log
        self.ledger = InlineLedger(file, log, epoch, lambda _: None, lambda *_: None)

    @classmethod
    async def opened(cls, shelf: Shelf, used: PersonKeys) -> InlineClient:
        file = EmbeddedLedger(shelf.file, used, lambda: shelf.now, WAIT)
        await file.open()
        log = AheadLog(shelf.file.with_name(f"log-{len(shelf.opened)}"), print, 1 << 16)
        made = cls(file, log, lambda: shelf.now)
        await made.ledger.open(log.open().entries)
        absence = made.ledger.absence
        assert absence is not None
        await until(lambda: absence.ready)
        return made

    async def ask(self, inquiries: Sequence[Inquiry]) -> list[PersonState]:
        states = [self.ledger.answer(inquiry) for inquiry in inquiries]
        await self.ledger.settle(WAIT)
        assert None not in states
        return [state for state in states if state is not None]

    async def release(self, inquiry: Inquiry) -> None:
        self.ledger.release(inquiry)
        await self.ledger.settle(WAIT)

    async def refuse(self, customer: str, person: str, at: float, source: str, reference: str) -> None:
        self.ledger.refusal_heard(customer, person, at, source, reference)
        await self.ledger.settle(WAIT)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.file, name)  # what persons say by other ways is written by the file's own methods

    async def close(self) -> None:
        await self.ledger.settle(WAIT)
        self.ledger.close()
        self.log.close()
        await self.file.close()


@pytest.fixture(
    params=[
        "embedded",
        "inline",
        *[pytest.param(kind, marks=pytest.mark.tool) for kind in ("redis", "cluster", "sentinel")],
    ]
)
async def shelf(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Shelf]:
    """Each kind of store in turn, empty."""
    place: Place | None = None
    servers: list[RedisServer] = []
    if request.param == "cluster":
        servers = request.getfixturevalue("redis_nodes")
        place = Place(tuple(server.url for server in servers[:2]), cluster=True)
    elif request.param not in ("embedded", "inline"):
        servers = [request.getfixturevalue("redis_server")]
        place = Place((servers[0].url,))
        if request.param == "sentinel":
            place = Place((request.getfixturevalue("sentinel").url,), sentinel=SERVICE)
    for server in servers:
        with server.client() as client:
            client.flushall()
    found = Shelf(str(request.param), tmp_path, place, servers)
    yield found
    for ledger in found.opened:
        await ledger.close()


@pytest.fixture
async def ledger(shelf: Shelf) -> Ledger:
    """One client of the store."""
    return await shelf.open()
