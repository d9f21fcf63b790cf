"""Rows for people and for programs: a table on a terminal, lines with tabs in a pipe, JSON when it is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import msgspec
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

EMPTY: Final = "nothing"


@dataclass(frozen=True)
class Listing:
    """Rows under a head; `objects` are what JSON says, one for each row."""

    head: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    objects: Sequence[object]


def show(listing: Listing, as_json: bool) -> None:
    """Print all rows; in a pipe the first line is the head, and nothing follows it when there is nothing."""
    console = Console()
    if as_json:
        typer.echo(msgspec.json.format(msgspec.json.encode(listing.objects), indent=2))
    elif not console.is_terminal:
        for row in (listing.head, *listing.rows):
            typer.echo("\t".join(map(printable, row)))
    elif listing.rows:
        table = Table(*listing.head, header_style="bold")
        for row in listing.rows:
            table.add_row(*(Text(printable(text)) for text in row))
        console.print(table)
    else:
        console.print(EMPTY, style="dim")


def show_one(pairs: Sequence[tuple[str, str]], value: object, as_json: bool) -> None:
    """Print what is known of one thing."""
    if as_json:
        typer.echo(msgspec.json.format(msgspec.json.encode(value), indent=2))
        return
    console = Console()
    if not console.is_terminal:
        for name, text in pairs:
            typer.echo(f"{name}: {printable(text)}")
        return
    table = Table(show_header=False)
    for name, text in pairs:
        table.add_row(name, Text(printable(text)))
    console.print(table)


def printable(text: str) -> str:
    """A text that moves no cursor and breaks no line."""
    return text if text.isprintable() else "".join(one if one.isprintable() else " " for one in text)
