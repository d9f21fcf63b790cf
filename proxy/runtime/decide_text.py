"""A decided call for people: a table with colours on a terminal, aligned columns in a pipe."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from proxy.runtime.decide_command import Answer, Explained

HEADINGS = ("rule", "version", "mode", "verdict", "saw", "basis", "conf.")
COLOURS = {"hit": "bold red", "warn": "yellow", "need": "yellow", "unknown": "yellow", "pass": "green"}


def summary(answer: Answer) -> list[tuple[str, str]]:
    """The decision as name and value, without what does not apply."""
    pairs = [
        ("action", answer.action if answer.status is None else f"{answer.action} {answer.status}"),
        ("rule", answer.rule),
        ("presentation", answer.presentation or ""),
        ("number", answer.number or ""),
        ("warnings", " ".join(answer.warnings)),
        ("next opening", answer.next_opening or ""),
        ("territory", answer.territory or ""),
        ("local time", answer.local_time or ""),
    ]
    return [(name, value) for name, value in pairs if value]


def rows_of(found: Explained) -> list[tuple[str, ...]]:
    """One row per rule, in the order of HEADINGS."""
    return [
        (
            step.id,
            f"{step.since}..{step.until or ''}",
            step.mode,
            step.verdict,
            step.saw,
            step.basis,
            step.confidence,
        )
        for step in found.rules
    ]


def plain_text(found: Explained) -> str:
    """Aligned columns, for a pipe."""
    lines = [f"{name:<14}{value}" for name, value in summary(found.decision)]
    lines.append("")
    lines.extend(aligned([HEADINGS, *rows_of(found)]))
    return "\n".join(lines) + "\n"


def aligned(rows: Sequence[tuple[str, ...]]) -> list[str]:
    """Columns as wide as their widest cell."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def print_rich(found: Explained, console: Console) -> None:
    """A table, for a terminal."""
    for name, value in summary(found.decision):
        console.print(f"[bold]{name:<14}[/bold]{value}", highlight=False)
    table = Table(*HEADINGS)
    for row in rows_of(found):
        table.add_row(*row, style=COLOURS.get(row[3], "dim"))
    console.print(table)
