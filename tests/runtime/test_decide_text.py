from __future__ import annotations

import io

import pytest
from rich.console import Console

from proxy.policy.edition import Edition
from proxy.runtime.decide_command import Decider, Explained, Request, explained
from proxy.runtime.decide_text import HEADINGS, aligned, plain_text, print_rich, summary


@pytest.fixture
def refused(edition: Edition) -> Explained:
    request = Request(to="0140000000", from_="0162000001", customer="acme", at="2026-11-23T13:30:00+01:00")
    return explained(Decider(edition, {}, lambda: 0.0), request)


def test_summary_leaves_out_what_does_not_apply(refused: Explained) -> None:
    assert summary(refused.decision) == [
        ("action", "refuse 480"),
        ("rule", "hours.consumer"),
        ("next opening", "2026-11-23T14:00:00+01:00"),
        ("territory", "METRO"),
        ("local time", "2026-11-23T13:30:00+01:00"),
    ]


def test_plain_text_is_aligned_and_has_no_colours(refused: Explained, edition: Edition) -> None:
    text = plain_text(refused)
    assert "\x1b" not in text
    lines = text.splitlines()
    heading = next(line for line in lines if line.startswith("rule  ") and "verdict" in line)
    table = lines[lines.index(heading) + 1 :]
    assert len(table) == len({rule.id for rule in edition.book.rules})
    column = heading.index("verdict")
    assert {line[column - 1] for line in table} == {" "}
    assert next(line for line in table if line.startswith("hours.consumer"))[column:].startswith("hit")


def test_aligned() -> None:
    assert aligned([("a", "bb", "c"), ("aaa", "b", "")]) == ["a    bb  c", "aaa  b"]


def test_a_terminal_gets_a_table(refused: Explained) -> None:
    sink = io.StringIO()
    print_rich(refused, Console(file=sink, width=200, force_terminal=True))
    text = sink.getvalue()
    assert "\x1b[" in text
    assert "hours.consumer" in text
    for heading in HEADINGS:
        assert heading in text
