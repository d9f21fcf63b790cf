"""`[node] workers` and `worker_ports` of listeners: how many processes carry the node's calls, and what each has of its own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Final

from proxy.runtime.journal import STDOUT
from proxy.runtime.listen_settings import HIGHEST, Listening
from proxy.runtime.record_settings import Records
from proxy.runtime.toml_source import ConfigError, Table, seen
from proxy.runtime.worker_marks import MOST
from proxy.sip.hop import UDP

A_FILE: Final = "a file, or nothing, for several workers: each chains its records in a file of its own"


def read_workers(table: Table) -> int:
    """`workers` of `[node]`; 0 in the file is one for each core that this process may use."""
    workers = table.integer("workers", 1)
    if not 0 <= workers <= MOST:
        raise table.error("workers", f"a whole number from 0 to {MOST}")
    return workers or min(len(os.sched_getaffinity(0)), MOST)


def worker_mistakes(
    root: Table, workers: int, listen: tuple[Listening, ...], records: Records
) -> Iterator[ConfigError]:
    """What does not fit together once there are several workers."""
    if workers > 1 and records.path == STDOUT:
        yield root.table("records").error("path", A_FILE, seen(STDOUT))
    taken = {one.address for one in listen if one.transport == UDP}
    for one in listen:
        if not one.worker_ports:
            continue
        last = one.worker_ports + workers - 1
        ports = [one.address._replace(port=port) for port in range(one.worker_ports, last + 1)]
        table = root.table("listen") if one.where == ("listen", "udp") else root.tables("listen")[int(one.where[1])]
        if last > HIGHEST:
            yield table.error("worker_ports", f"a port with {workers - 1} more above it")
        elif taken.intersection(ports):
            yield table.error(
                "worker_ports", f"{workers} ports from here on that no listener has", seen(one.worker_ports)
            )
        taken.update(ports)
