"""Many nodes on one Redis Cluster, all real processes on loopback: does the law's limit hold over them, and what does a call cost?

    PYTHONPATH=. python tests/bench/nodes.py [--nodes 20]

Every node is called by a platform of its own; one carrier takes the calls of all. Persons are called through all nodes at the
same moment, and four of these calls may reach them. Then a node is killed and another one added, with nobody telling the
others; a customer is suspended by a command on one node. Beside it stands what each call took of the cluster: commands,
processor time, bytes in and out, memory.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[2]))
sys.path.append(str(Path(__file__).parents[2] / "sipp-scenarios"))

import argparse
import asyncio
import shutil
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field

import msgspec
from stage import environment, free_port

from proxy.runtime import build
from tests.bench.contenders import account
from tests.bench.edge import Edge
from tests.bench.processes import before_others
from tests.bench.run import machine, written
from tests.runtime.crowd import Carrier, Placed, Platform
from tests.runtime.ends import Site
from tests.runtime.store.redis_servers import RedisServer, cluster

MOST = 4
"""Attempts that the law allows (C. conso D223-9)."""
BUSY, OVER = 486, 480
PATIENT = {"limits.decision_timeout_ms": "6000", "store.wait_ms": "5000", "limits.queue_delay_ms": "0"}
AT_ONCE = 8
"""Persons that are called at the same moment."""
STARTED_TOGETHER = 4
WARM = 40
"""Calls to different persons that come to each of three masters, whatever the keys of the store make of their names."""
PROPAGATES_IN = 30.0
CUSTOMER, SUSPENDED = account(0), account(1)


@dataclass
class Cost:
    """What some calls took of the cluster: of all masters together."""

    calls: int = 0
    seconds: float = 0.0
    commands: dict[str, float] = field(default_factory=dict)
    processor: float = 0.0
    came: float = 0.0
    went: float = 0.0
    memory: float = 0.0

    def told(self) -> str:
        """Of each call."""
        n = max(self.calls, 1)
        asked = ", ".join(
            f"{name} {count / n:.2f}" for name, count in sorted(self.commands.items()) if count / n >= 0.005
        )
        return (
            f"{self.calls} calls in {self.seconds:.1f} s; of each: {asked}; {1e6 * self.processor / n:.0f} us of Redis, "
            f"{self.came / n:.0f} bytes in, {self.went / n:.0f} out"
        )


def used(masters: Iterable[RedisServer]) -> Cost:
    """So far, added up."""
    found = Cost(seconds=time.monotonic())
    for master in masters:
        with master.client() as client:
            info = client.info("everything")
        for name, row in info.items():
            if name.startswith("cmdstat_"):
                word = name.removeprefix("cmdstat_")
                found.commands[word] = found.commands.get(word, 0.0) + row["calls"]
        found.processor += info["used_cpu_user"] + info["used_cpu_sys"]
        found.came += info["total_net_input_bytes"]
        found.went += info["total_net_output_bytes"]
        found.memory += info["used_memory_dataset"]
    return found


def between(before: Cost, after: Cost, calls: int) -> Cost:
    """What was taken between the two."""
    commands = {name: count - before.commands.get(name, 0.0) for name, count in after.commands.items()}
    return Cost(
        calls, after.seconds - before.seconds, {name: count for name, count in commands.items() if count},
        after.processor - before.processor, after.came - before.came, after.went - before.went, after.memory - before.memory,
    )  # fmt: skip


class Fleet:
    """Nodes that share a cluster and a carrier."""

    def __init__(self, folder: Path, masters: list[RedisServer], running: ExitStack) -> None:
        self.folder = folder
        self.masters = masters
        self.carrier_port = free_port()
        self.nodes: list[Edge] = []
        self.platforms: list[Platform] = []
        self._running = running

    def made(self) -> Edge:
        """One more, not started: nothing in it names another node."""
        urls = ", ".join(f'"{one.url}"' for one in self.masters[:2])
        place = len(self.nodes)
        edge = Edge(
            self.folder / f"node-{place}",
            PATIENT | {"node.name": f'"edge-{place}"', "store.kind": '"redis"', "store.cluster": "true", "store.urls": f"[{urls}]"},
        )  # fmt: skip
        trunks = (edge.site.folder / "trunks.toml").read_text(encoding="utf-8")
        edge.use_trunks(trunks.replace(f":{edge.site.carrier_port}", f":{self.carrier_port}"))
        (edge.site.folder / "var").mkdir()
        keys = self.folder / "node-0" / "var" / "store.keys"
        if place:
            shutil.copy(keys, edge.site.folder / "var" / "store.keys")
        self.nodes.append(edge)
        return edge

    async def start(self, edges: list[Edge]) -> None:
        """Some at a time; each gets its platform."""
        for first in range(0, len(edges), STARTED_TOGETHER):
            await asyncio.gather(*[asyncio.to_thread(edge.start) for edge in edges[first : first + STARTED_TOGETHER]])
        for edge in edges:
            self._running.callback(edge.kill)
            place = self.nodes.index(edge)
            self.platforms.append(await Platform(self.site(edge), place * 1_000_000).open())

    def site(self, edge: Edge) -> Site:
        """For those who call it."""
        return Site(edge.site.folder, edge.site.port, edge.admin, self.carrier_port)

    async def everywhere(self, persons: list[str], platforms: Sequence[Platform]) -> list[Placed]:
        """Each person is called through all of these nodes at one moment."""
        found: list[Placed] = []
        for first in range(0, len(persons), AT_ONCE):
            some = persons[first : first + AT_ONCE]
            found += await asyncio.gather(*[one.call(person, CUSTOMER) for person in some for one in platforms])
        return found


@dataclass
class Report:
    """What was seen; `wrong` says what should not have been."""

    build: str
    nodes: int
    wrong: list[str] = field(default_factory=list)
    seen: dict[str, object] = field(default_factory=dict)
    costs: dict[str, Cost] = field(default_factory=dict)

    def expect(self, what: str, found: object, wanted: object) -> None:
        """Note it, and whether it is as it must be."""
        self.seen[what] = found
        if found != wanted:
            self.wrong.append(f"{what}: {found}, not {wanted}")


def persons(start: int, count: int) -> list[str]:
    """People whom nobody has called."""
    return [f"+3361{start + number:07}" for number in range(count)]


def statuses(calls: Iterable[Placed]) -> dict[int, int]:
    """How many calls ended how."""
    return dict(sorted(Counter(call.status for call in calls).items()))


async def holds(fleet: Fleet, carrier: Carrier, report: Report, count: int) -> None:
    """The limit over all nodes."""
    people, platforms = persons(1, count), fleet.platforms
    before = used(fleet.masters)
    calls = await fleet.everywhere(people, platforms)
    report.costs["limit"] = between(before, used(fleet.masters), len(calls))
    reached = Counter(carrier.reached[person, BUSY] for person in people)
    report.expect("times a person was reached, called through all nodes at once", dict(reached), {MOST: count})
    report.expect(
        "answers to these calls", statuses(calls), {OVER: count * (len(platforms) - MOST), BUSY: count * MOST}
    )


async def spread(fleet: Fleet, report: Report, each: int) -> None:
    """Different persons through every node: what a call takes of the cluster."""
    before = used(fleet.masters)
    lists = [persons(1_000_000 + place * 10_000, each) for place in range(len(fleet.platforms))]

    async def one(platform: Platform, people: list[str]) -> list[Placed]:
        found = []
        for first in range(0, len(people), AT_ONCE):
            found += await asyncio.gather(
                *[platform.call(person, CUSTOMER) for person in people[first : first + AT_ONCE]]
            )
        return found

    parts = await asyncio.gather(
        *[one(platform, people) for platform, people in zip(fleet.platforms, lists, strict=True)]
    )
    calls = [call for part in parts for call in part]
    report.costs["spread"] = between(before, used(fleet.masters), len(calls))
    report.expect("answers to calls of different persons", statuses(calls), {BUSY: len(calls)})
    waited = sorted(call.took for call in calls)
    report.seen["INVITE to final answer, ms: p50, p99"] = [
        round(1000 * waited[int(len(waited) * share)], 1) for share in (0.5, 0.99)
    ]


async def lost_and_added(fleet: Fleet, carrier: Carrier, report: Report, count: int) -> None:
    """A node dies while its calls come, another one is started; nobody is told."""
    people = persons(2_000_000, count)
    dead = fleet.platforms.pop(len(fleet.platforms) // 2)
    victim = next(edge for edge in fleet.nodes if edge.site.port == dead.proxy[1])
    calling = asyncio.gather(*[fleet.everywhere(people, fleet.platforms)])
    await asyncio.sleep(0.2)
    await asyncio.to_thread(victim.kill)
    dead.close()
    await fleet.start([fleet.made()])
    calls = (await calling)[0]
    reached = Counter(carrier.reached[person, BUSY] for person in people)
    report.expect("times a person was reached while a node died", dict(reached), {MOST: count})
    report.expect("calls through the others without an answer", sum(call.status == 0 for call in calls), 0)
    late = await fleet.everywhere(people, fleet.platforms[-1:])
    report.expect("answers of the node that was added, about persons who had their four", statuses(late), {OVER: count})
    fresh = persons(3_000_000, count)
    report.expect(
        "its answers about others", statuses(await fleet.everywhere(fresh, fleet.platforms[-1:])), {BUSY: count}
    )


async def told(fleet: Fleet, report: Report) -> None:
    """A customer is suspended by a command on one node."""
    edge = fleet.nodes[0]
    command = [
        sys.executable,
        "-m",
        "proxy",
        "customers",
        "set",
        SUSPENDED,
        "status=suspended",
        "--config",
        str(edge.config),
    ]
    before = time.monotonic()
    await asyncio.to_thread(
        subprocess.run, command, check=True, capture_output=True, cwd=edge.site.folder, env=environment(), timeout=60
    )
    done = time.monotonic()
    answers: dict[int, int] = {}
    while time.monotonic() < done + PROPAGATES_IN and set(answers) != {403}:
        placed = await asyncio.gather(*[
            platform.call(f"+3361{4_000_000 + place:07}", SUSPENDED) for place, platform in enumerate(fleet.platforms)
        ])  # fmt: skip
        answers = statuses(placed)
    report.expect("answers of all nodes to calls of a customer suspended on one", answers, {403: len(fleet.platforms)})
    report.seen["s from the end of the command until all knew"] = round(time.monotonic() - done, 1)
    report.seen["s that the command took"] = round(done - before, 1)


async def played(report: Report, folder: Path, masters: list[RedisServer], count: int, each: int) -> None:
    """All of it."""
    with ExitStack() as running:
        fleet = Fleet(folder, masters, running)
        carrier = await Carrier(Site(folder, 0, 0, fleet.carrier_port), lambda number: BUSY).open()
        begun = time.monotonic()
        await fleet.start([fleet.made()])
        await fleet.start([fleet.made() for _ in range(report.nodes - 1)])
        report.seen["s until all nodes took calls"] = round(time.monotonic() - begun, 1)
        await fleet.everywhere(persons(5_000_000, WARM), fleet.platforms[:1])  # each master is given the functions once
        await holds(fleet, carrier, report, count)
        await spread(fleet, report, each)
        await lost_and_added(fleet, carrier, report, count)
        await told(fleet, report)
        for platform in fleet.platforms:
            platform.close()
        carrier.close()
        await asyncio.sleep(0)  # in which the sockets are given back


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code: 0 when all was as it must be."""
    parser = argparse.ArgumentParser(description="Many nodes on one Redis Cluster.")
    parser.add_argument("--nodes", type=int, default=20)
    parser.add_argument("--persons", type=int, default=100, help="called through all nodes at once")
    parser.add_argument("--each", type=int, default=250, help="calls of each node to persons of its own")
    parser.add_argument("--nice", type=int, default=0, help="of everything that is started")
    parser.add_argument("--out", type=Path, default=Path("var/nodes"), help="folder of the JSON file")
    asked = parser.parse_args(arguments)
    if asked.nodes <= MOST + 1:
        parser.error(f"more nodes are needed than a person may be called times and one that dies: {MOST + 2}")
    before_others(asked.nice)
    report = Report(f"{build.kind()} {build.version()}", asked.nodes)
    with tempfile.TemporaryDirectory(prefix="npv-nodes-") as made:
        masters = cluster(Path(made, "redis"))
        try:
            asyncio.run(played(report, Path(made), masters, asked.persons, asked.each))
        finally:
            for one in masters:
                one.kill()
    path = written(
        asked.out, msgspec.json.format(msgspec.json.encode({"machine": machine(), "report": report}), indent=1)
    )
    lines = [f"{asked.nodes} nodes ({report.build}) on a Redis Cluster of three masters"]
    lines += [f"  {what}: {found}" for what, found in report.seen.items()]
    lines += [f"  {name}: {cost.told()}" for name, cost in report.costs.items()]
    lines += [f"WRONG: {one}" for one in report.wrong] or ["all as it must be"]
    sys.stdout.write("\n".join(lines) + f"\neverything measured: {path}\n")
    return 1 if report.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
