"""`proxy.toml` as typed settings: the node, its addresses, its files and its limits. Its peers live in the directory.

Unknown keys are refused, every section is read even when another one is wrong, and all mistakes are told at once.
Paths of files that are read are relative to `proxy.toml`; the path of the records is relative to the working directory,
or the configuration shipped with the package would write beside the code. The keys are explained in `config/README.md`;
a test compares.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from proxy.b2bua.logins import AuthPolicy
from proxy.b2bua.trunks import Limits, Topology
from proxy.runtime import addresses
from proxy.runtime.addresses import Endpoint
from proxy.runtime.auth_settings import read_policy
from proxy.runtime.listen_settings import Listening, bound, read_listeners
from proxy.runtime.mistakes import Mistakes
from proxy.runtime.record_settings import Records, read_records
from proxy.runtime.state_settings import StateSettings, read_state
from proxy.runtime.store_settings import StoreSettings, read_store
from proxy.runtime.toml_source import ConfigError, Table, TomlSource, read_toml, seen
from proxy.runtime.trunk_checks import FACES
from proxy.runtime.trunk_settings import NAME
from proxy.runtime.worker_settings import read_workers, worker_mistakes

# these may differ between the nodes of one cluster; the digest that nodes compare leaves them out
LOCAL_SECTIONS: Final = ("node", "listen", "admin", "records", "state", "dns")
HEADER_SAFE: Final = 64
TRUNKS_ELSEWHERE: Final = (
    "no trunk in this file: put it into the file of [files] trunks, which fills a new store, or change the directory by "
    "`npv-proxy trunks import trunks.toml`"
)


@dataclass(frozen=True)
class Node:
    """`[node]`"""

    name: str
    server_name: str
    workers: int


@dataclass(frozen=True)
class Files:
    """`[files]`"""

    customers: Path
    trunks: Path
    numbering: Path
    rules: Path
    headers: Path


@dataclass(frozen=True)
class Timers:
    """`[timers]`: RFC 3261 timers, in seconds."""

    t1: float = 0.5
    t2: float = 4.0
    t4: float = 5.0


@dataclass(frozen=True)
class Settings:
    """One `proxy.toml`. `admin` is None when it is switched off; `topology` is the node without any trunk.

    `digest` is equal on nodes that have in common what nodes of a cluster should. `workers` share the node's calls; in
    one of several, `worker` is its number, and `listen`, `records` and `admin` are its own (`worker_place`).
    """

    path: Path
    node: str
    listen: tuple[Listening, ...]
    admin: Endpoint | None
    files: Files
    records: Records
    store: StoreSettings
    state: StateSettings
    timers: Timers
    topology: Topology
    digest: str
    name_servers: tuple[str, ...] = ()
    workers: int = 1
    worker: int = 0


def load_settings(path: Path) -> Settings:
    """Read the file. Raises ConfigError for one mistake, ConfigErrors for several."""
    source = read_toml(path)
    root, mistakes = source.root, Mistakes()
    node = mistakes.attempt(lambda: read_node(root.table("node")))
    listen = read_listeners(root, mistakes)
    admin = mistakes.attempt(lambda: read_admin(root.table("admin")))
    files = mistakes.attempt(lambda: read_files(root.table("files"), path.parent))
    records = mistakes.attempt(lambda: read_records(root.table("records")))
    store = mistakes.attempt(lambda: read_store(root.table("store")))
    state = mistakes.attempt(lambda: read_state(root.table("state")))
    limits = mistakes.attempt(lambda: read_limits(root.table("limits")))
    name_servers = mistakes.attempt(lambda: read_dns(root.table("dns"))) or ()
    timers = mistakes.attempt(lambda: read_timers(root.table("timers"))) or Timers()
    auth = mistakes.attempt(lambda: read_policy(root.table("auth"))) or AuthPolicy()
    for faces in FACES:
        for table in (mistakes.attempt(partial(root.tables, faces)) or [])[:1]:
            mistakes.add(ConfigError(source.file, table.line, faces, TRUNKS_ELSEWHERE, f"`[[{faces}]]`"))
    if node is not None and records is not None:
        for wrong in worker_mistakes(root, node.workers, listen, records):
            mistakes.add(wrong)
    mistakes.attempt(root.close)
    mistakes.raise_any()
    if node is None or files is None or records is None or store is None or state is None or limits is None:
        raise mistakes.error()
    return Settings(
        path=path,
        node=node.name,
        listen=listen,
        admin=admin,
        files=files,
        records=records,
        store=store,
        state=state,
        timers=timers,
        topology=Topology(
            listeners=tuple(one.shown for one in listen),
            platforms=(),
            carriers=(),
            limits=limits,
            server_name=node.server_name,
            node=node.name,
            auth=auth,
            timers=(timers.t1, timers.t2, timers.t4),
        ),
        digest=shared_digest(source),
        name_servers=name_servers,
        workers=node.workers,
    )


def read_node(table: Table) -> Node:
    """`[node]`"""
    name = table.text("name", "edge-1")
    if not NAME.fullmatch(name):
        raise table.error("name", "up to 64 lower-case letters, digits, dots and dashes")
    server_name = table.text("server_name", "")
    if not server_name.isprintable() or len(server_name) > HEADER_SAFE:
        raise table.error("server_name", "up to 64 printable characters")
    workers = read_workers(table)
    table.close()
    return Node(name, server_name, workers)


def read_admin(table: Table) -> Endpoint | None:
    """`[admin]`; an empty `listen` switches it off."""
    found = bound(table, "listen", "127.0.0.1:9460") if table.text("listen", "127.0.0.1:9460") else None
    table.close()
    return found


def read_files(table: Table, folder: Path) -> Files:
    """`[files]`; what the files hold is read by their own loaders."""
    files = Files(
        customers=(folder / table.text("customers", "customers.toml")).resolve(),
        trunks=(folder / table.text("trunks", "trunks.toml")).resolve(),
        numbering=(folder / table.text("numbering", "numbering.toml")).resolve(),
        rules=(folder / table.text("rules", "rules")).resolve(),
        headers=(folder / table.text("headers", "headers.toml")).resolve(),
    )
    table.close()
    return files


def read_limits(table: Table) -> Limits:
    """`[limits]`"""
    limits = Limits(
        answer_timeout=float(at_least(table, "answer_timeout", 180, 1)),
        longest_call=float(at_least(table, "longest_call", 14_400, 1)),
        session_refresh=float(at_least(table, "session_refresh", 1_800, 0)),
        decision_timeout=at_least(table, "decision_timeout_ms", 50, 1) / 1000.0,
        max_calls=at_least(table, "max_calls", 0, 0),
        calls_per_second=float(at_least(table, "calls_per_second", 0, 0)),
        queue_delay=at_least(table, "queue_delay_ms", 50, 0) / 1000.0,
    )
    table.close()
    return limits


def read_dns(table: Table) -> tuple[str, ...]:
    """`[dns]`: the name servers, those of the system when none is named."""
    servers = table.texts("servers")
    for text in servers:
        host, port = addresses.split_port(text)
        if not addresses.is_ip(host) or (port is not None and not port.isdigit()):
            raise table.error("servers", "an IP address, or `address:port`", seen(text))
    table.close()
    return servers


def read_timers(table: Table) -> Timers:
    """`[timers]` (RFC 3261 table 4)."""
    t1 = at_least(table, "t1_ms", 500, 1)
    t2 = at_least(table, "t2_ms", 4000, t1)
    t4 = at_least(table, "t4_ms", 5000, 1)
    table.close()
    return Timers(t1 / 1000.0, t2 / 1000.0, t4 / 1000.0)


def at_least(table: Table, key: str, default: int, least: int) -> int:
    """A whole number with a lower bound."""
    number = table.integer(key, default)
    if number < least:
        raise table.error(key, f"a whole number of at least {least}")
    return number


def shared_digest(source: TomlSource) -> str:
    """A hash of everything that the nodes of a cluster have in common."""
    shared = {key: value for key, value in source.root.values.items() if key not in LOCAL_SECTIONS}
    return hashlib.sha256(json.dumps(shared, sort_keys=True, default=str).encode()).hexdigest()
