"""Refusals and consents as they are written, and what is wrong with them, line by line."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from proxy.runtime.mistakes import ConfigErrors
from proxy.runtime.person_entries import CONSENT, REFUSAL, Context, Entry, consents, entries, refusals
from proxy.runtime.toml_source import ConfigError
from tests.runtime.store.directory_shelf import numbering

NOW = datetime.fromisoformat("2026-11-22T11:00:00+01:00").timestamp()
CONTEXT = Context(numbering(), frozenset({"acme"}), NOW, "command of zoe")


def at(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def one(**said: str) -> list[Entry]:
    return [Entry("here", 0, {"customer": "acme", "number": "06 12 34 56 78", **said})]


def test_a_refusal_is_of_now_and_of_this_command_if_nothing_else_is_said() -> None:
    heard = refusals(one(), CONTEXT)[0]
    assert (heard.customer, heard.person, heard.at) == ("acme", "+33612345678", NOW)
    assert (heard.source, heard.reference) == ("command of zoe", "")


def test_a_consent_is_good_for_a_year_if_nothing_else_is_said() -> None:
    consent = consents(one(reference="f"), CONTEXT)[0]
    assert (consent.at, consent.basis) == (NOW, "register")
    assert consent.until - consent.at == 365 * 86_400


def test_a_day_is_noon_in_paris_and_as_an_end_the_whole_of_it() -> None:
    consent = consents(one(reference="f", at="2026-09-01", until="2027-08-31"), CONTEXT)[0]
    assert consent.at == at("2026-09-01T12:00:00+02:00")
    assert consent.until == at("2027-09-01T00:00:00+02:00")


def test_a_slot_is_two_instants() -> None:
    said = {"slot_from": "2026-11-24T18:00:00+01:00", "slot_until": "2026-11-24T19:00:00+01:00"}
    consent = consents(one(reference="f", **said), CONTEXT)[0]
    assert (consent.slot_from, consent.slot_until) == (at(said["slot_from"]), at(said["slot_until"]))


def test_csv_and_toml_say_the_same(tmp_path: Path) -> None:
    csv = written(tmp_path, "r.csv", "customer;number;at;reference\nacme;0612345678;2026-09-01;x\n\n")
    toml = written(
        tmp_path, "r.toml", '[[refusal]]\ncustomer = "acme"\nnumber = "0612345678"\nat = 2026-09-01\nreference = "x"\n'
    )
    assert refusals(entries(csv, REFUSAL), CONTEXT) == refusals(entries(toml, REFUSAL), CONTEXT)


def test_an_instant_of_toml_is_taken(tmp_path: Path) -> None:
    text = '[[consent]]\ncustomer = "acme"\nnumber = "0612345678"\nreference = "x"\nat = 2026-09-01T10:00:00+02:00\n'
    found = consents(entries(written(tmp_path, "c.toml", text), CONSENT), CONTEXT)
    assert found[0].at == at("2026-09-01T10:00:00+02:00")


def test_every_line_that_is_wrong_is_told(tmp_path: Path) -> None:
    lines = (
        "acme,0612345678,2026-09-01,2028-01-01,a\nacme,12,2026-09-01,,b\nzz,0612345678,,,c\nacme,0612345678\n"
        "acme,0612345678,2026-09-01T10:00:00,,d\nacme,0612345678,2026-09-01,,\nacme,0612345678,2026-09-01,,fine\n"
    )
    path = written(tmp_path, "c.csv", "customer,number,at,until,reference\n" + lines)
    with pytest.raises(ConfigErrors) as caught:
        consents(entries(path, CONSENT), CONTEXT)
    told = [(mistake.line, mistake.key) for mistake in caught.value.mistakes]
    assert told == [(2, ""), (3, "number"), (4, "customer"), (5, ""), (6, "at"), (7, "")]
    assert "one year at most (C. conso R223-4)" in caught.value.mistakes[0].expected


def test_a_refusal_of_tomorrow_is_none() -> None:
    with pytest.raises(ConfigError, match="expected an instant that is not to come"):
        refusals(one(at="2026-11-23"), CONTEXT)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("r.csv", "customer,colour\n", "r.csv:1: key `colour`: expected each column once"),
        ("r.csv", "number,number\n", "r.csv:1: key `number`: expected each column once"),
        ("r.toml", "[[refusal]]\ncolour = 1\n", "r.toml:2: key `colour`: expected one of `customer`"),
        ("r.toml", "[[refusal]]\nnumber = 1\n", "r.toml:2: key `number`: expected a text in quotes"),
        ("r.toml", "[[consent]]\n", "the unknown key `consent`"),
    ],
)
def test_a_file_of_another_shape_is_refused(tmp_path: Path, name: str, text: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        entries(written(tmp_path, name, text), REFUSAL)
    assert message in str(caught.value)


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="expected a readable file"):
        entries(tmp_path / "x.csv", REFUSAL)
    (tmp_path / "y.csv").write_bytes(b"\xff")
    with pytest.raises(ConfigError, match="expected UTF-8 text"):
        entries(tmp_path / "y.csv", REFUSAL)
