"""`[store]` of `proxy.toml`: where the ledger and the directory are kept, and how long a decision may wait for them.

Paths are relative to the working directory, or the configuration shipped with the package would write beside the code.
The keys are explained in `config/README.md`.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from redis.asyncio.connection import parse_url

from proxy.runtime.store.redis_place import Login, Place
from proxy.runtime.toml_source import Table, seen

EMBEDDED: Final = "embedded"
REDIS: Final = "redis"
KINDS: Final = (EMBEDDED, REDIS)
LONGEST_WAIT: Final = 10_000
REFUSALS_HELD: Final = 200_000  # of 155 to 180 bytes each


@dataclass(frozen=True)
class StoreSettings:
    """`place` is where Redis is, none for the file at `path`; `keys` is the key file; `wait` is in seconds;
    `refusals_held` are the most refusals in memory; `share_limits`: with the other nodes on Redis."""

    path: Path
    place: Place | None
    keys: Path
    wait: float
    refusals_held: int = REFUSALS_HELD
    share_limits: bool = True


def read_store(table: Table) -> StoreSettings:
    """`[store]`. Raises ConfigError."""
    kind = table.one_of("kind", KINDS, EMBEDDED)
    path = table.text("path", "var/store.db")
    keys = table.text("keys", "var/store.keys")
    wait = table.integer("wait_ms", 40)
    held = table.integer("refusals_held", REFUSALS_HELD)
    share_limits = table.flag("share_limits", True)
    place = read_place(table)
    if held < 1:
        raise table.error("refusals_held", "a whole number of at least 1")
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
    found = place if kind == REDIS else None
    return StoreSettings(Path(path).resolve(), found, Path(keys).resolve(), wait / 1000.0, held, share_limits)


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
    login, sentinel_login = read_login(table, ""), read_login(table, "sentinel_")
    if sentinel_login != Login() and not sentinel:
        raise table.error("sentinel", "the name of a service, beside the login at its sentinels", "none")
    return Place(urls, sentinel, cluster, login, sentinel_login)


def read_login(table: Table, prefix: str) -> Login:
    """A user, and a password that stands in a file or in the environment. No message repeats what was found there."""
    username = table.text(f"{prefix}username", "")
    file_key, env_key = f"{prefix}password_file", f"{prefix}password_env"
    file, name = table.text(file_key, ""), table.text(env_key, "")
    if file and name:
        raise table.error(env_key, f"either `{file_key}` or `{env_key}`", "both")
    password = ""
    if file:
        try:
            password = Path(file).read_text(encoding="utf-8").rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            reason = (error.strerror if isinstance(error, OSError) else None) or "no text"
            raise table.error(file_key, "a file with the password", f"`{reason.lower()}`") from None
        if not password:
            raise table.error(file_key, "a file with the password", "an empty one")
    elif name:
        password = os.environ.get(name, "")
        if not password:
            raise table.error(env_key, "the name of an environment variable that is set", "one that is not")
    return Login(username, password)
