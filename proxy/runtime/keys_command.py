"""What `npv-proxy keys` does: shows, rotates and thins out the secrets under which attempts are kept.

The order is such that no attempt is counted twice or lost. A fresh key is written under from an instant ahead on, and
read from the moment on that a node has it, so every node must have it before that instant; the one before is read for 31
days more. What was done is noted first, as a version of the directory that changes nothing: who, when and which key.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Final

import typer

from proxy.runtime.clock import SystemClock
from proxy.runtime.directory_desk import PARIS, Desk, at_desk
from proxy.runtime.listing import Listing, show
from proxy.runtime.settings import load_settings
from proxy.runtime.store.directory_changes import noted
from proxy.runtime.store.person_keys import KeyNeeded, PersonKeys, expire, read_keys, rotate
from proxy.runtime.toml_source import ConfigError

HOUR: Final = 3600.0
HEAD: Final = ("key", "written under from", "until", "read until")


def list_keys(config: Path, as_json: bool) -> None:
    """Print the keys of the file, never their secrets. Raises ConfigError."""
    path = load_settings(config).store.keys
    keys = read_keys(path)
    rows = rows_of(keys)
    show(Listing(HEAD, rows, [dict(zip(HEAD, row, strict=True)) for row in rows]), as_json)
    if not as_json:
        typer.echo(f"{path}: the file of the store {keys.fingerprint}", err=True)


def rows_of(keys: PersonKeys) -> list[tuple[str, ...]]:
    """One key a row, the oldest first; the clock is that of Paris."""
    rows: list[tuple[str, ...]] = []
    for index, key in enumerate(keys.keys):
        until = keys.keys[index + 1].since if index + 1 < len(keys.keys) else 0.0
        rows.append((key.name, clock(key.since), clock(until) or "open", clock(keys.needed(index)) or "open"))
    return rows


def rotate_keys(config: Path, hours: float, who: str) -> None:
    """A fresh key, written under in so many hours. Raises ConfigError; ends with 1 while two keys are needed."""
    settings = load_settings(config).store
    now, path = SystemClock().epoch(), settings.keys
    since = now + hours * HOUR
    try:
        read_keys(path).rotated(since, now)
    except KeyNeeded as refused:
        typer.echo(
            f"{path}: the older of its two keys is needed until {clock(refused.until)}: attempts may stand under it; "
            "nothing was changed",
            err=True,
        )
        raise typer.Exit(1) from None
    note(config, who, f"keys: a fresh key from {clock(since)} on")
    name = rotate(path, now, hours * HOUR).keys[-1].name
    typer.echo(f"{path}: key {name} is written under from {clock(since)} on")
    typer.echo("a running proxy takes it over within two seconds")
    if settings.place is not None:
        typer.echo("next, before that: copy the file to every other node")


def expire_keys(config: Path, who: str) -> None:
    """Take out the keys that nothing needs any more. Raises ConfigError."""
    path, now = load_settings(config).store.keys, SystemClock().epoch()
    keys = read_keys(path)
    left = keys.expired(now)
    names = " ".join(key.name for key in keys.keys if key not in left.keys)
    if not names:
        ends = [clock(keys.needed(index)) for index in range(len(keys.keys) - 1)]
        typer.echo(f"{path}: every key is needed" + (f", the oldest until {ends[0]}" if ends else ""))
        return
    note(config, who, f"keys: {names} taken out")
    expire(path, now)
    typer.echo(f"{path}: {names} taken out; a running proxy takes that over; copy the file to every other node")


def note(config: Path, who: str, what: str) -> None:
    """Into the history of the directory. Ends the command when the store does not answer: nothing is done then."""

    async def work(desk: Desk) -> None:
        await noted(desk.store, desk.signature(what))

    at_desk(config, who, work)


def clock(at: float) -> str:
    """An instant on the clock of Paris; nothing for 0."""
    return datetime.fromtimestamp(at, PARIS).isoformat(timespec="seconds") if at else ""


def hours_of(text: str) -> float:
    """How long ahead: whole or broken hours, not below 0. Raises ConfigError."""
    try:
        hours = float(text)
    except ValueError:
        hours = -1.0
    if not 0 <= hours <= 24 * 31:
        raise ConfigError("keys rotate", 0, "--in", "hours from 0 to 744", f"`{text}`")
    return hours
