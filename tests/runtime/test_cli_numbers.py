"""The life of a number by command: assigned, released, resting, and given to somebody else."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.runtime.desk import Desk

NUMBER = "0162000010"


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.chdir(tmp_path)
    return Desk(tmp_path)


def test_a_number_goes_from_one_customer_to_the_next(desk: Desk) -> None:
    desk.lines("numbers", "assign", NUMBER, "--to", "acme", "--from", "2026-01-05")
    told = desk.told("numbers", "assign", NUMBER, "--to", "sonda", "--from", "2026-02-01")[0]
    assert "since `acme` holds it from 2026-01-05 on" in told
    assert "seen `+33162000010` for `sonda` from 2026-02-01 on" in told
    assert (
        "expected 45 to 120 days after `until` (decision 2022-1583 of Arcep"
        in (desk.told("numbers", "release", NUMBER, "--on", "2026-03-31", "--quarantine", "30")[0])
    )
    desk.lines("numbers", "release", NUMBER, "--on", "2026-03-31")
    assert desk.json("numbers", "show", NUMBER)[0]["quarantine_until"] == "2026-05-15"
    desk.lines("numbers", "quarantine", NUMBER, "--days", "60")
    assert desk.json("numbers", "show", NUMBER)[0]["quarantine_until"] == "2026-05-30"
    assert (
        "it rests until 2026-05-30"
        in desk.told("numbers", "assign", NUMBER, "--to", "sonda", "--from", "2026-05-30")[0]
    )
    desk.lines("numbers", "assign", NUMBER, "--to", "sonda", "--from", "2026-05-31")
    holders = [
        line.split("\t")[1] for line in desk.lines("numbers", "list") if line.startswith(("+33162000010", "0162"))
    ]
    assert holders == ["acme", "sonda"]


def test_a_ported_number_does_not_rest(desk: Desk) -> None:
    desk.lines("numbers", "assign", NUMBER, "--to", "acme", "--from", "2026-01-05")
    desk.lines("numbers", "release", NUMBER, "--on", "2026-03-31", "--ported-out", "--customer", "acme")
    shown = desk.json("numbers", "show", NUMBER)[0]
    assert shown["state"] == "ported_out"
    assert "quarantine_until" not in shown


def test_a_day_that_is_none_is_told(desk: Desk) -> None:
    assert "key `since`: expected a date" in desk.told("numbers", "assign", NUMBER, "--to", "acme", "--from", "1/2")[0]
    assert "key `on`: expected a date" in desk.told("numbers", "release", NUMBER, "--on", "1/2")[0]
    assert "expected a right that has ended" in desk.told("numbers", "quarantine", "0162000001", "--days", "60")[0]
