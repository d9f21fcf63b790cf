"""Two proxies on one Redis, the same persons called through both at once: never more attempts than allowed, never fewer."""

from __future__ import annotations

import asyncio
import random
import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from stage import Proxy

from tests.runtime.crowd import Carrier, Placed, Platform
from tests.runtime.ends import OPEN, Site, site_in
from tests.runtime.store.redis_servers import RedisServer

pytestmark = pytest.mark.tool

CALLS = 1000
PERSONS = 150
TOGETHER = 48  # calls in progress at one time
MOST = 4
BUSY = 486


def sharing(folder: Path, server: RedisServer) -> Site:
    """A site whose store is that server."""
    folder.mkdir()
    site = site_in(folder)
    site.change("proxy.toml", 'kind = "embedded"', f'kind = "redis"\nurls = ["{server.url}"]')
    return site


@pytest.fixture
def sites(tmp_path: Path) -> Iterator[list[Site]]:
    """Two proxies that run, with the same keys."""
    with ExitStack() as stack:
        server = RedisServer(tmp_path / "redis", "--save", "")
        stack.callback(server.kill)
        server.start()
        found = [sharing(tmp_path / name, server) for name in ("one", "two")]
        stack.enter_context(Proxy(found[0].config, found[0].admin, OPEN, found[0].folder))
        shutil.copy(found[0].folder / "store.keys", found[1].folder)
        stack.enter_context(Proxy(found[1].config, found[1].admin, OPEN, found[1].folder))
        yield found


async def test_a_person_is_reached_as_often_as_allowed_and_no_more(sites: list[Site]) -> None:
    chance = random.Random(4)
    wanted = Counter(f"+3314300{chance.randrange(PERSONS):04}" for _ in range(CALLS))
    platforms = [await Platform(site, CALLS * number).open() for number, site in enumerate(sites)]
    carrier = await Carrier(sites[0], lambda _: BUSY).open()  # of both: trunks are in the directory that they share
    room = asyncio.Semaphore(TOGETHER)

    async def placed(platform: Platform, person: str) -> tuple[str, Placed]:
        async with room:
            return person, await platform.call(person)

    order = [person for person, calls in wanted.items() for _ in range(calls)]  # one person's calls at one moment
    try:
        calls = await asyncio.gather(*[placed(platforms[at % 2], person) for at, person in enumerate(order)])
    finally:
        for platform in platforms:
            platform.close()
        carrier.close()
    assert carrier.reached == {(person, BUSY): min(MOST, calls) for person, calls in wanted.items()}
    by_node = [Counter(call.status for _, call in calls[node::2]) for node in (0, 1)]
    assert min(counts[BUSY] for counts in by_node) > 100
    assert {len(call.finals) for _, call in calls} == {1}
    refused = [(person, call) for person, call in calls if call.status != BUSY]
    assert Counter(person for person, _ in refused) == Counter(
        {person: calls - MOST for person, calls in wanted.items() if calls > MOST}
    )
    assert {call.status for _, call in refused} == {480}
    assert all("frequency.consumer" in call.rule for _, call in refused)
