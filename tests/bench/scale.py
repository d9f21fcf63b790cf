"""`make scale`: what one call takes, measured now, and what thousands of calls a second would take of machines.

Measured on one core, with SIPp on the others: processor time of a node on its own file and of one on Redis, what the Redis spends,
memory of a held call, datagrams and bytes of a call, bytes of its records. The rest is multiplication with the assumptions that are
printed with it. `docs/scale.md` is this page with what follows from it.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[2]))
sys.path.append(str(Path(__file__).parents[2] / "sipp-scenarios"))

import argparse
import re
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from math import ceil

import msgspec
from stage import HOST, free_port

from proxy.runtime import build
from tests.bench import held_node
from tests.bench.contenders import Proxy, Site, accounts_csv, called_csv
from tests.bench.edge import lines_of, with_keys
from tests.bench.figures import CALL, Load
from tests.bench.nodes import between, used
from tests.bench.pair import Bench, Sipp, running
from tests.bench.processes import Cores
from tests.bench.run import cores_for_load, machine, written
from tests.runtime.store.redis_servers import RedisServer

RATES = (1_000, 10_000, 100_000)
NOTES = ("hset", "hdel", "hmset", "del")
COPIED = 5000
"""Calls whose copies on Redis are looked at."""
FRAME = 20 + 8 + 38
"""Bytes that a datagram takes on an Ethernet beside its own: IPv4, UDP, and frame with preamble and gap."""
SENT = re.compile(r"UDP message (?:sent \((\d+) bytes\)|received \[(\d+)\] bytes)")


@dataclass(frozen=True)
class Assumed:
    """What is not measured. Hours and days are those in which the law lets consumers be called."""

    busy: float = 0.6
    """Share of a core that is used at most."""
    cores: int = 8
    talk: float = 30.0
    """Mean time that a call is in progress, in s."""
    hours: float = 9.0
    days: int = 21
    """Of a month."""
    attempts: float = 2.0
    """Mean attempts on one person by one customer in a month."""
    redis_busy: float = 0.6
    shard: float = 32e9
    """Bytes of memory of one Redis master that are planned for attempts; as much again is its replica's."""
    person: int = 199
    """Bytes of a person in a cluster (ledger_memory); attempts beside the first take 11 each."""


@dataclass
class PerCall:
    """What one call takes: processor time in ms, memory in KiB, the rest in bytes or as its name says."""

    build: str
    rate: int
    node_ms: float = 0.0
    node_redis_ms: float = 0.0
    redis_ms: float = 0.0
    redis_questions: float = 0.0
    redis_notes: float = 0.0
    """Commands that copy the call; many go together."""
    redis_call_bytes: float = 0.0
    """Memory of Redis for a call in progress."""
    redis_in: float = 0.0
    redis_out: float = 0.0
    held_kib: float = 0.0
    datagrams: int = 0
    sip_bytes: int = 0
    record_bytes: float = 0.0

    @property
    def wire_bits(self) -> float:
        """On both networks, in both directions, as Ethernet frames."""
        return 8.0 * (self.sip_bytes + self.datagrams * FRAME)


class OnRedis(Proxy):
    """The proxy with its ledger on Redis."""

    def __init__(self, url: str) -> None:
        super().__init__("proxy on Redis")
        self._url = url

    def command(self, site: Site) -> list[str]:
        """As the proxy's, with another store."""
        command = super().command(site)
        path = site.folder / "proxy.toml"
        keys = {"store.kind": '"redis"', "store.urls": f'["{self._url}"]'}
        path.write_text(with_keys(path.read_text(encoding="utf-8"), keys), encoding="utf-8")
        return command


def traffic(trace: str) -> list[int]:
    """Bytes of each datagram that a SIPp sent and received, from its trace."""
    return [int(sent or came) for sent, came in SENT.findall(trace)]


def one_call(bench: Bench, cores: Cores) -> list[int]:
    """The datagrams of a single call on both sides."""
    folder = bench.site.folder
    (folder / "accounts.csv").write_text(accounts_csv(), encoding="utf-8")
    (folder / "called.csv").write_text(called_csv(19), encoding="utf-8")
    rows = ["-inf", str(folder / "accounts.csv"), "-inf", str(folder / "called.csv"), "-trace_msg"]
    with bench.carrier("-trace_msg") as uas:
        with Sipp(
            "call_uac", free_port(), folder, cores, *rows, "-m", "1", "-d", "300", f"{HOST}:{bench.site.port}"
        ) as uac:
            uac.wait(20.0)
        time.sleep(0.5)
        return [size for one in (uac, uas) for size in traffic(one.trace.read_text(encoding="utf-8", errors="replace"))]


def measured(rate: int, seconds: float, held: int, folder: Path, cores: Cores, rounds: int) -> PerCall:
    """All of it; the best of some rounds, since what else runs on a machine only adds."""
    found = PerCall(f"{build.kind()} {build.version()}", rate)
    load = Load(CALL, rate, seconds)
    with running(Proxy("proxy"), folder / "file", cores) as bench:
        bench.play(Load(CALL, 100, 2.0))
        sizes = one_call(bench, cores)
        found.datagrams, found.sip_bytes = len(sizes), sum(sizes)
        found.node_ms = min(bench.play(load).cpu_ms for _ in range(rounds))
        files = sorted(bench.site.folder.rglob("*.jsonl*"))
        lines = [line for line in lines_of(files) if b'"record":"decision"' in line or b'"record":"call"' in line]
        found.record_bytes = 2.0 * sum(map(len, lines)) / max(len(lines), 1)
    found.held_kib = held_node.hold(held, rate, held_node.WARM, folder / "held", cores, {}).own_each / 1024
    server = RedisServer(folder / "redis", "--save", "").start()
    try:
        with running(OnRedis(server.url), folder / "shared", cores) as bench:
            bench.play(Load(CALL, 100, 2.0))
            for turn in range(rounds):
                before = used([server])
                outcome = bench.play(load)
                cost = between(before, used([server]), outcome.well)
                if not turn or outcome.cpu_ms < found.node_redis_ms:
                    found.node_redis_ms, found.redis_ms = outcome.cpu_ms, 1000 * cost.processor / max(cost.calls, 1)
                    found.redis_questions = cost.commands.get("fcall", 0.0) / max(cost.calls, 1)
                    found.redis_notes = sum(cost.commands.get(name, 0.0) for name in NOTES) / max(cost.calls, 1)
                    found.redis_in, found.redis_out = cost.came / max(cost.calls, 1), cost.went / max(cost.calls, 1)
            bench.hold(COPIED, rate, 2.0)
            found.redis_call_bytes = copied(server)
    finally:
        server.kill()
    return found


def copied(server: RedisServer) -> float:
    """Bytes of memory of a call that is copied there."""
    with server.client() as client:
        hashes = [name for name in client.keys("npv:calls:*") if client.type(name) == b"hash"]
        calls = sum(int(client.hlen(name)) - 1 for name in hashes)
        used = sum(int(client.memory_usage(name, samples=0) or 0) for name in hashes)
    return used / max(calls, 1)


def taken(one: PerCall, rate: int, assumed: Assumed) -> dict[str, str]:
    """What that many calls per second take."""
    cores = ceil(rate * one.node_redis_ms / 1000 / assumed.busy)
    pairs = rate * 3600 * assumed.hours * assumed.days / assumed.attempts
    attempts = pairs * (assumed.person - 33 + 11 * (assumed.attempts - 1))
    shards = max(ceil(rate * one.redis_ms / 1000 / assumed.redis_busy), ceil(attempts / assumed.shard))
    day = rate * 3600 * assumed.hours * one.record_bytes
    return {
        "cores of nodes": f"{cores}",
        f"nodes of {assumed.cores} cores, one spare": f"{ceil(cores / assumed.cores) + 1}",
        "calls in progress": f"{round(rate * assumed.talk):,}",
        "memory of these calls, GiB": f"{rate * assumed.talk * one.held_kib / 2**20:.1f}",
        "datagrams per second": f"{rate * one.datagrams:,}",
        "Gbit/s of SIP, all directions": f"{rate * one.wire_bits / 1e9:.2f}",
        "Redis questions per second": f"{round(rate * one.redis_questions):,}",
        "Redis cores": f"{rate * one.redis_ms / 1000 / assumed.redis_busy:.1f}",
        "Redis memory of these calls, GiB": f"{rate * assumed.talk * one.redis_call_bytes / 2**30:.1f}",
        "Redis Mbit/s": f"{8 * rate * (one.redis_in + one.redis_out) / 1e6:.0f}",
        "persons with attempts, millions": f"{pairs / 1e6:,.0f}",
        "memory of attempts, GB": f"{attempts / 1e9:,.0f}",
        "Redis masters": f"{shards}",
        "records a day, GB": f"{day / 1e9:,.0f}",
    }


def table(one: PerCall, assumed: Assumed) -> str:
    """As markdown, a column for each rate."""
    columns = [taken(one, rate, assumed) for rate in RATES]
    lines = ["| | " + " | ".join(f"{rate:,} calls/s" for rate in RATES) + " |", "|---|" + "---:|" * len(RATES)]
    lines += [f"| {name} | " + " | ".join(column[name] for column in columns) + " |" for name in columns[0]]
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code: 0 when it was measured, 2 when nothing can be measured here."""
    parser = argparse.ArgumentParser(description="What a call takes, and what many would.")
    parser.add_argument("--rate", type=int, default=500, help="calls per second")
    parser.add_argument("--seconds", type=float, default=15.0)
    parser.add_argument("--held", type=int, default=held_node.CALLS)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--nice", type=int, default=0, help="of everything that is started")
    parser.add_argument("--out", type=Path, default=Path("var/scale"), help="folder of the JSON file")
    asked = parser.parse_args(arguments)
    cores = cores_for_load(asked.nice, {"sipp": "sip-tester", "redis-server": "redis-server"})
    if cores is None:
        return 2
    with tempfile.TemporaryDirectory(prefix="npv-scale-") as made:
        one = measured(asked.rate, asked.seconds, asked.held, Path(made), cores, asked.rounds)
    assumed = Assumed()
    body = {
        "machine": machine(),
        "call": asdict(one),
        "assumed": asdict(assumed),
        "taken": {str(r): taken(one, r, assumed) for r in RATES},
    }
    path = written(asked.out, msgspec.json.format(msgspec.json.encode(body), indent=1))
    shown = [
        f"  {name}: {value if isinstance(value, str | int) else round(value, 3)}" for name, value in asdict(one).items()
    ]
    sys.stdout.write("of one call\n" + "\n".join(shown) + f"\n  wire bits: {one.wire_bits:,.0f}\nassumed\n")
    sys.stdout.write("\n".join(f"  {name}: {value}" for name, value in asdict(assumed).items()) + "\n\n")
    sys.stdout.write(table(one, assumed) + f"\n\neverything: {path}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
