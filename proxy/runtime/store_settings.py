"""`[store]` of `proxy.toml`: where the ledger and the directory are kept, and how long a decision may wait for them.

Paths are relative to the working directory, or the configuration shipped with the package would write beside the code.
The keys are explained in `config/README.md`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from redis.asyncio.connection import parse_url

from proxy.runtime.store.redis_place import Place
from proxy.runtime.toml_source import Table, seen

EMBEDDED: Final = "embedded"
REDIS: Final = "redis"
KINDS: Final = (EMBEDDED, REDIS)
LONGEST_WAIT: Final = 10_000


@dataclass(frozen=True)
class StoreSettings:
    """`place` is where Redis is, none for the file at `path`; `keys` is the key file; `wait` is in seconds."""

    path: Path
    place: Place | None
    keys: Path
    wait: float


def read_store(table: Table) -> StoreSettings:
    """`[store]`. Raises ConfigError."""
    kind = table.one_of("kind", KINDS, EMBEDDED)
    path = table.text("path", "var/store.db")
    keys = table.text("keys", "var/store.keys")
    wait = table.integer("wait_ms", 40)
    place = read_place(table)
    if not path:
        raise table.error("path", "a file")
    if not keys:
        raise table.error("keys", "a file")
    if not 1 <= wait <= LONGEST_WAIT:
        raise table.error("wait_ms", f"a whole number from 1 to {LONGEST_WAIT}")
    if kind == REDIS and not place.urls:
        raise table.error("urls", "at least one URL such as `redis://127.0.0.1:6379/0`")
    if kind == EMBEDDED and place.urls:
        raise table.error("urls", f'no URL, or `kind = "{REDIS}"`', "URLs")
    table.close()
    return StoreSettings(Path(path).resolve(), place if kind == REDIS else None, Path(keys).resolve(), wait / 1000.0)


def read_place(table: Table) -> Place:
    """Where Redis is."""
    urls = table.texts("urls")
    sentinel = table.text("sentinel", "")
    cluster = table.flag("cluster", False)
    for url in urls:
        try:
            parse_url(url)
        except ValueError:
            raise table.error("urls", "URLs such as `redis://127.0.0.1:6379/0`", seen(url.rpartition("@")[2])) from None
    if cluster and sentinel:
        raise table.error("cluster", "either `sentinel` or `cluster`", "both")
    if not cluster and not sentinel and len(urls) > 1:
        raise table.error("urls", "one URL, or `sentinel` or `cluster` beside them", f"{len(urls)}")
    return Place(urls, sentinel, cluster)
