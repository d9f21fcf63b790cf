"""What is printed of records, versions and trunks."""

from __future__ import annotations

from pathlib import Path

import pytest

from proxy.runtime.directory_view import day_of, instant, sentence
from proxy.runtime.store.directory_records import Change, Record
from proxy.runtime.toml_source import ConfigError
from tests.runtime.desk import Desk

NUMBER = "+33162000001/a/2026-01-01"
OLD = Record("number", "a", {"number": "+33162000001", "state": "active", "note": "x"})
NEW = Record("number", "a", {"number": "+33162000001", "state": "suspended"})


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.chdir(tmp_path)
    return Desk(tmp_path)


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (None, OLD, f"number {NUMBER} added"),
        (OLD, None, f"number {NUMBER} removed"),
        (OLD, NEW, f"number {NUMBER}: state active -> suspended, note x -> nothing"),
    ],
)
def test_a_change_is_one_sentence(before: Record | None, after: Record | None, told: str) -> None:
    assert sentence(Change("number", NUMBER, before, after)) == told


def test_a_list_is_of_all_or_of_one_customer(desk: Desk) -> None:
    everybody = {line.split("\t")[1] for line in desk.lines("numbers", "list")[1:]}
    assert {"acme", "medirappel", "sonda"} <= everybody
    assert {line.split("\t")[1] for line in desk.lines("numbers", "list", "--customer", "sonda")[1:]} == {"sonda"}
    assert all(line.startswith("acme\t") for line in desk.lines("campaigns", "list", "--customer", "acme")[1:])


def test_json_says_what_silence_means(desk: Desk) -> None:
    one = desk.json("numbers", "list", "--customer", "sonda")[0]
    assert (one["right"], one["state"], one["number"]) == ("assigned", "active", "+33424100001")
    assert "call back never tested" in str(one["warnings"])


def test_a_number_that_is_called_back_in_vain_is_told(desk: Desk) -> None:
    desk.lines("numbers", "assign", "0162000010", "--to", "acme", "callback_target=sip:a@nowhere.example")
    told = {str(one["number"]): str(one["warnings"]) for one in desk.json("numbers", "list")}
    assert "called back in vain: no trunk leads to the call-back target" in told["+33162000010"]
    assert "in vain" not in told["+33162000001"]
    assert any("called back in vain" in line for line in desk.lines("numbers", "show", "0162000010"))


def test_a_record_is_shown_with_the_versions_that_changed_it(desk: Desk) -> None:
    desk.lines("customers", "set", "acme", "note=x", "--as", "zoe")
    lines = desk.lines("customers", "show", "acme")
    assert "note: x" in lines
    assert [line.partition(":")[0] for line in lines if line.startswith("version")] == ["version 1", "version 2"]
    assert lines[-1].endswith(" zoe: customer acme: note")
    assert desk.json("customers", "show", "acme")[0]["versions"] == [1, 2]


def test_history_of_a_number_tells_of_every_right_on_it_even_of_one_that_is_gone(desk: Desk) -> None:
    desk.lines("numbers", "assign", "0162000010", "--to", "acme", "--from", "2026-01-05")
    desk.lines("directory", "rollback", "1")
    found = desk.json("directory", "history", "--name", "01 62 00 00 10")
    assert [one["version"] for one in found] == [3, 2]
    changes = found[0]["changes"]
    assert isinstance(changes, list)
    assert changes[0]["before"]["customer"] == "acme"
    assert changes[0]["after"] is None


def test_an_instant_is_utc() -> None:
    assert instant(0.9) == "1970-01-01T00:00:00Z"


def test_a_day_is_an_iso_date() -> None:
    assert day_of("", "here", "on") is None
    assert day_of("1970-01-02", "here", "on") == 719_164
    with pytest.raises(ConfigError, match="here: key `on`: expected a date such as 2026-08-11, seen"):
        day_of("2.1.70", "here", "on")
