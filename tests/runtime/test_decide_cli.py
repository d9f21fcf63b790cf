"""`decide`: one request in three forms, and a stream of them."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest

from proxy.runtime.decide_cli import answer
from proxy.runtime.decide_command import Request

CONFIG = Path(__file__).parents[2] / "config" / "proxy.toml"
OPEN = "2026-11-24T11:00:00+01:00"
MOBILE = Request(to="0140000000", from_="0612345678", customer="acme", trunk="vms", at=OPEN)


def test_a_pipe_gets_columns(capsys: pytest.CaptureFixture[str]) -> None:
    assert answer(CONFIG, MOBILE, as_json=False, as_lines=False) == 0
    told = capsys.readouterr().out
    assert told.startswith("action        refuse 403\nrule          cli.mobile\n")
    assert "\ndestination.emergency " in told


def test_a_terminal_gets_a_table(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert answer(CONFIG, MOBILE, as_json=False, as_lines=False) == 0
    told = capsys.readouterr().out
    assert "cli.mobile" in told
    assert "\x1b[" in told


def test_json_holds_the_decision_and_every_rule(capsys: pytest.CaptureFixture[str]) -> None:
    assert answer(CONFIG, MOBILE, as_json=True, as_lines=False) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["decision"]["rule"] == "cli.mobile"
    assert "cli.mobile" in [rule["id"] for rule in told["rules"] if rule["verdict"] == "hit"]


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        (Request(to="0140000000", trunk="nowhere"), "field `trunk`: expected one of `vms`, seen `nowhere`"),
        (Request(to="0140000000", at="noon"), "field `at`: expected an instant"),
    ],
)
def test_a_request_that_cannot_be_used(request_: Request, message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert answer(CONFIG, request_, as_json=False, as_lines=False) == 1
    assert message in capsys.readouterr().err


def test_lines_are_answered_with_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    source = io.TextIOWrapper(
        io.BytesIO(b'{"to":"0140000000","customer":"acme","from":"0612345678","id":1}\n{"to":"15","id":2}\n')
    )
    sink = io.TextIOWrapper(io.BytesIO())
    monkeypatch.setattr(sys, "stdin", source)
    monkeypatch.setattr(sys, "stdout", sink)
    assert answer(CONFIG, Request(to=""), as_json=False, as_lines=True) == 0
    sink.seek(0)
    found = [json.loads(line) for line in sink]
    assert [(one["id"], one["rule"]) for one in found] == [(1, "cli.mobile"), (2, "destination.emergency")]
