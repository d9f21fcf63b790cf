"""The faults, each a function that plays it and says what it took. `FAULTS` names them in the order of the table."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from stage import HOST, free_port

from proxy.runtime.store.redis_place import Place
from tests.bench import processes
from tests.bench.contenders import trunks_toml
from tests.bench.edge import Edge
from tests.bench.mix import ANSWERED, Pair, pair, platform
from tests.chaos.bad_wire import BadWire
from tests.chaos.evidence import Evidence
from tests.chaos.ground import Ground, judged, until
from tests.chaos.verdict import Verdict
from tests.runtime.store.redis_servers import RedisServer, sentinel_of, watch_closely

STALL = 3.0
DISK = 256
"""Megabytes of the disk that is filled."""
LASTING = ("--save", "", "--appendonly", "yes", "--appendfsync", "everysec")
SERVICE = "ledger"
ONCE = "0123457890"
"""Kinds of calls on a bad wire: without the one whose INVITE SIPp itself does not send again."""
NEW = "0123789"
"""Kinds of calls that begin while something is killed: without those in which a carrier awaits more than BYE."""
CHANGING = "0123457895"
"""Kinds of calls that go on while something is killed: the carrier is not judged by its own count then, but by the wire."""
LASTING_TALKS = "01235"
"""Those that the platform ends: the carrier ends its own after a second."""
BETWEEN = 6.0
"""Seconds between two kills: each worker lives twice as long, so that the supervisor replaces it at once."""


def moment(ground: Ground) -> None:
    """Wait until the load is well under way."""
    time.sleep(max(1.0, 0.3 * ground.size.seconds))


def node_stalls(ground: Ground) -> Verdict:
    """All processes of the node stop for three seconds, and go on."""
    verdict = Verdict("node stalled for 3 s (SIGSTOP)")
    with ground.node() as edge, pair(edge.site, ground.cores, 2.0) as load:
        load.begin(ground.size.calls, ground.size.rate)
        moment(ground)
        family = edge.family()
        for one in family:
            os.kill(one, signal.SIGSTOP)
        time.sleep(STALL)
        for one in family:
            os.kill(one, signal.SIGCONT)
        judged(verdict, edge, [load])
    return verdict


def bad_wires(ground: Ground) -> Verdict:
    """Both wires lose 5 % of the datagrams, double 5 % and hold up 20 %, so that others overtake them."""
    verdict = Verdict("both wires lose 5 %, double 5 %, reorder 20 %")
    edge = ground.node()
    with (
        BadWire(edge.site.port, 7, 0.05, 0.05, 0.2) as before,
        BadWire(edge.site.carrier_port, 8, 0.05, 0.05, 0.2) as behind,
    ):
        edge.use_trunks(trunks_toml(edge.site).replace(f":{edge.site.carrier_port}", f":{behind.front}"))
        with edge, pair(edge.site, ground.cores, 4.0) as load:
            load.begin(ground.size.calls // 4, max(10, ground.size.rate // 4), ONCE, before.front)
            judged(verdict, edge, [load])
        verdict.notes |= {"datagrams lost": before.lost + behind.lost, "of": before.carried + behind.carried}
    return verdict


def node_killed(ground: Ground) -> Verdict:
    """All processes of the node die with talks up and calls coming; a service manager starts it again at once."""
    size = ground.size
    verdict = Verdict(f"node killed with {size.held} talks up (kill -9)")
    hold = 2.0 * size.held / size.rate + 6.0
    with (
        ground.node({"limits.max_calls": str(size.held + 10 * size.rate)}) as edge,
        pair(edge.site, ground.cores, hold) as talks,
        platform(edge.site, ground.cores, 1.0) as calls,
        Evidence(ground.folder / "evidence") as evidence,
    ):
        evidence.watch(talks, calls)
        talks.begin(size.held, size.rate, ANSWERED)
        if not until(lambda: edge.metrics().get("npv_calls_active", 0) >= size.held, hold + 5.0, 0.2):
            verdict.lost.append(f"{size.held} talks were never up")
        calls.begin(size.calls, size.rate, NEW)
        time.sleep(1.0)
        evidence.kill(edge.family())
        edge.kill()
        begun = time.monotonic()
        edge.start()
        verdict.notes["s until it took calls again"] = round(time.monotonic() - begun, 1)
        verdict.notes["calls that it went on with"] = round(edge.metrics().get("npv_calls_active", 0))
        judged(verdict, edge, [talks, calls], evidence=evidence)
    return verdict


def worker_killed(ground: Ground) -> Verdict:
    """One of two workers dies with talks up and calls coming; the supervisor starts another in its place."""
    size = ground.size
    verdict = Verdict(f"one of two workers killed with {size.held} talks up (kill -9)")
    hold = 2.0 * size.held / size.rate + 6.0
    with (
        ground.node({"node.workers": "2", "limits.max_calls": str(size.held + 10 * size.rate)}) as edge,
        pair(edge.site, ground.cores, hold) as talks,
        platform(edge.site, ground.cores, 1.0) as calls,
        Evidence(ground.folder / "evidence") as evidence,
    ):
        evidence.watch(talks, calls)
        talks.begin(size.held, size.rate, ANSWERED)
        if not until(lambda: edge.metrics().get("npv_calls_active", 0) >= size.held, hold + 5.0, 0.2):
            verdict.lost.append(f"{size.held} talks were never up")
        before = workers_of(edge)
        calls.begin(size.calls, size.rate, NEW)
        time.sleep(1.0)
        evidence.kill(before[-1:])
        if not until(lambda: len(workers_of(edge)) == len(before) and before[-1] not in workers_of(edge), 60.0):
            verdict.lost.append("no worker took the place of the one that died")
        judged(verdict, edge, [talks, calls], evidence=evidence)
        verdict.notes["workers"] = len(before)
    return verdict


def workers_killed(ground: Ground) -> Verdict:
    """The two workers die in turns, again and again, while calls of nearly every kind begin, change and end at a high rate."""
    size = ground.size
    verdict = Verdict(f"two workers killed in turns, {size.kills} times (kill -9)")
    lasts = size.kills * BETWEEN + 4.0
    up = size.held / size.rate
    with (
        ground.node({"node.workers": "2", "limits.max_calls": str(size.held + 20 * size.rate)}) as edge,
        pair(edge.site, ground.cores, 1.0) as calls,
        platform(edge.site, ground.cores, lasts + up) as talks,
        Evidence(ground.folder / "evidence") as evidence,
    ):
        evidence.watch(talks, calls)
        talks.begin(size.held, size.rate, LASTING_TALKS)
        if not until(lambda: edge.metrics().get("npv_calls_active", 0) >= size.held, lasts, 0.2):
            verdict.lost.append(f"{size.held} talks were never up")
        calls.begin(round(lasts * size.rate), size.rate, CHANGING)
        for turn in range(size.kills):
            time.sleep(BETWEEN)
            workers = sorted(workers_of(edge))
            evidence.kill(workers[:1])  # the one that has lived longest
            if not until(partial(replaced, edge, set(workers)), 60.0):
                verdict.lost.append(f"no worker took the place of the one that died, {turn}")
        judged(verdict, edge, [talks, calls], carriers=False, evidence=evidence)
        verdict.notes["kills"] = len(evidence.deaths)
    return verdict


def replaced(edge: Edge, before: set[int]) -> bool:
    """Whether a worker is there that was not, beside those that stayed."""
    return len(set(workers_of(edge)) - before) == 1


def workers_of(edge: Edge) -> list[int]:
    """The processes that the supervisor started."""
    return [one for one in edge.family()[1:] if processes.spent([one]).total]


def redis_keys(*urls: str, more: str = "") -> dict[str, str]:
    """The keys of a node on Redis."""
    quoted = ", ".join(f'"{url}"' for url in urls)
    keys = {
        "store.kind": '"redis"',
        "store.urls": f"[{quoted}]",
        "store.wait_ms": "300",
        "limits.decision_timeout_ms": "400",
    }
    return keys | ({"store.sentinel": f'"{more}"'} if more else {})


def redis_killed(ground: Ground) -> Verdict:
    """The one Redis is killed and comes back after two seconds with what it had on its disk."""

    def again(server: RedisServer) -> None:
        server.kill()
        time.sleep(2.0)
        server.start()

    return _redis(ground, "Redis killed, back after 2 s", again)


def redis_stalls(ground: Ground) -> Verdict:
    """The one Redis stops for three seconds, and goes on."""

    def stall(server: RedisServer) -> None:
        server.send(signal.SIGSTOP)
        time.sleep(STALL)
        server.send(signal.SIGCONT)

    return _redis(ground, "Redis stalled for 3 s", stall)


def _redis(ground: Ground, name: str, fault: Callable[[RedisServer], None]) -> Verdict:
    verdict = Verdict(name)
    server = RedisServer(ground.folder / "redis", *LASTING).start()
    try:
        with ground.node(redis_keys(server.url)) as edge, pair(edge.site, ground.cores, 2.0) as load:
            load.begin(ground.size.calls, ground.size.rate)
            moment(ground)
            fault(server)
            judged(verdict, edge, [load], Place((server.url,)))
    finally:
        server.kill()
    return verdict


def redis_fails_over(ground: Ground) -> Verdict:
    """The master is killed; Sentinel makes its replica the master."""
    verdict = Verdict("Redis master killed, Sentinel fails over")
    master = RedisServer(ground.folder / "master", *LASTING).start()
    with ExitStack() as running:
        running.callback(master.kill)
        replica = RedisServer(ground.folder / "replica", *LASTING, "--replicaof", HOST, str(master.port)).start()
        running.callback(replica.kill)
        until(lambda: linked(replica), 20.0)
        watcher = sentinel_of(ground.folder / "sentinel", master, SERVICE)
        running.callback(watcher.kill)
        with watcher.client() as asked:
            until(lambda: bool(asked.execute_command("SENTINEL", "REPLICAS", SERVICE)), 20.0)
        watch_closely(watcher, SERVICE)
        with ground.node(redis_keys(watcher.url, more=SERVICE)) as edge, pair(edge.site, ground.cores, 2.0) as load:
            load.begin(ground.size.calls, ground.size.rate)
            moment(ground)
            master.kill()
            judged(verdict, edge, [load], Place((replica.url,)))
    return verdict


def kill_carrier(load: Pair) -> None:
    """End the carrier of a load where it stands."""
    if load.uas is not None:
        load.uas.process.kill()


def linked(replica: RedisServer) -> bool:
    """Whether it has all that its master has."""
    with replica.client() as client:
        return str(client.info("replication").get("master_link_status")) == "up"


def carrier_dies(ground: Ground) -> Verdict:
    """The first carrier of the route dies with calls up; its platform ends them, and new ones go to the second."""
    verdict = Verdict("first carrier of the route killed")
    edge = ground.node({"limits.answer_timeout": "10"})  # whoever rang there rings no longer
    spare = free_port()
    carrier = trunks_toml(edge.site).partition("[[carrier]]")[2]
    second = carrier.replace('"carrier-1"', '"carrier-2"').replace(f":{edge.site.carrier_port}", f":{spare}")
    more = "no_progress = 2\nprobe_every = 1\n"
    route = '[[route]]\nname = "both"\ncarriers = ["carrier-1:1", "carrier-2:2"]\n'
    trunks = trunks_toml(edge.site).replace('carrier = "carrier-1"', 'route = "both"').partition("[[carrier]]")[0]
    edge.use_trunks(f"{trunks}[[carrier]]{carrier}{more}\n[[carrier]]{second}{more}\n{route}")
    with (
        edge,
        pair(edge.site, ground.cores, 6.0) as load,
        pair(edge.site, ground.cores, 6.0, carrier_port=spare) as other,
    ):
        load.begin(ground.size.calls, ground.size.rate, "0123")
        moment(ground)
        kill_carrier(load)
        judged(verdict, edge, [load], carriers=False, probing=True)
        verdict.notes["by the second"] = other.carrier().counts.created
        if not other.carrier().counts.created:
            verdict.lost.append("no call went to the second carrier")
    return verdict


def disk_full(ground: Ground) -> Verdict:
    """The disk of the node's state and records is full for some seconds."""
    verdict = Verdict("disk of state and records full for 3 s")
    edge = ground.node()
    disk = edge.site.folder / "var"
    disk.mkdir()
    if not mounted(disk):
        verdict.skipped = "no small file system can be mounted here"
        return verdict
    try:
        with edge, pair(edge.site, ground.cores, 2.0) as load:
            load.begin(ground.size.calls, ground.size.rate)
            moment(ground)
            filler = fill(disk)
            time.sleep(STALL)
            filler.unlink()
            judged(verdict, edge, [load])
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=False)
    return verdict


def fill(disk: Path) -> Path:
    """Take every byte that is left; the file that has them."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as opened:
        size = 1 << 20
        while size:
            try:
                opened.write(b"\0" * size)
            except OSError:
                size //= 2
    return filler


def mounted(folder: Path) -> bool:
    """Whether a file system in memory is there now; it takes root."""
    if os.geteuid() or not shutil.which("mount"):
        return False
    command = ["mount", "-t", "tmpfs", "-o", f"size={DISK}m", "tmpfs", str(folder)]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


@dataclass(frozen=True)
class Fault:
    """One case: its word on the command line, what plays it, and whether it is short enough for every test run."""

    word: str
    play: Callable[[Ground], Verdict]
    short: bool = False


FAULTS = (
    Fault("stall", node_stalls, short=True),
    Fault("node", node_killed, short=True),
    Fault("worker", worker_killed, short=True),
    Fault("kills", workers_killed),
    Fault("wires", bad_wires),
    Fault("carrier", carrier_dies),
    Fault("redis-kill", redis_killed),
    Fault("redis-stall", redis_stalls),
    Fault("sentinel", redis_fails_over),
    Fault("disk", disk_full),
)
