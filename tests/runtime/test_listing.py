"""Rows for a pipe, for a terminal and for programs."""

from __future__ import annotations

import json

import pytest
from rich.console import Console

from proxy.runtime import listing
from proxy.runtime.listing import Listing, printable, show, show_one

ROWS = Listing(("id", "note"), [("a", "[bold]x\ty\n"), ("b", "")], [{"id": "a"}, {"id": "b"}])


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "Console", lambda: Console(force_terminal=True, width=60, no_color=True))


def test_in_a_pipe_each_row_is_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    show(ROWS, as_json=False)
    assert capsys.readouterr().out == "id\tnote\na\t[bold]x y \nb\t\n"


def test_json_is_json(capsys: pytest.CaptureFixture[str]) -> None:
    show(ROWS, as_json=True)
    assert json.loads(capsys.readouterr().out) == [{"id": "a"}, {"id": "b"}]
    show_one([("id", "a")], {"id": "a"}, as_json=True)
    assert json.loads(capsys.readouterr().out) == {"id": "a"}


@pytest.mark.usefixtures("terminal")
def test_on_a_terminal_it_is_a_table_and_text_is_not_markup(capsys: pytest.CaptureFixture[str]) -> None:
    show(ROWS, as_json=False)
    out = capsys.readouterr().out
    assert "━" in out
    assert "[bold]x y" in out
    show(Listing(("id",), [], []), as_json=False)
    assert "nothing" in capsys.readouterr().out
    show_one([("id", "a[b]")], {}, as_json=False)
    assert "a[b]" in capsys.readouterr().out


def test_one_thing_in_a_pipe(capsys: pytest.CaptureFixture[str]) -> None:
    show_one([("id", "a"), ("note", "x\x1b[2J")], {}, as_json=False)
    assert capsys.readouterr().out == "id: a\nnote: x [2J\n"


def test_no_text_moves_the_cursor() -> None:
    assert printable("é\r\n\x1b") == "é   "
