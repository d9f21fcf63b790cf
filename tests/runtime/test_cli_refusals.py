"""Refusals and consents by command."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from proxy.runtime import cli, cli_refusals, person_entries
from tests.runtime.desk import Desk

PERSON = "06 12 34 56 78"


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.chdir(tmp_path)
    return Desk(tmp_path)


def test_the_kinds_are_those_of_the_entries() -> None:
    assert (cli_refusals.REFUSAL, cli_refusals.CONSENT) == (person_entries.REFUSAL, person_entries.CONSENT)


@pytest.mark.parametrize("group", ["refusals", "consents"])
def test_every_group_has_its_commands(group: str) -> None:
    told = CliRunner().invoke(cli.app, [group, "--help"]).output
    for command in ("add", "remove", "list", "import"):
        assert f" {command} " in told


def test_a_refusal_is_recorded_found_and_taken_back(desk: Desk) -> None:
    assert desk.lines("refusals", "add", PERSON, "--customer", "acme", "--as", "zoe") == ["1 refusal recorded"]
    found = desk.json("refusals", "list", "--customer", "acme", "--number", "+33612345678")
    assert [(one["customer"], one["source"]) for one in found] == [("acme", "command of zoe")]
    assert "612345678" not in str(found)
    assert desk.lines("refusals", "list", "--customer", "acme", "--number", "0612345679") == [
        "person\tat\tsource\treference"
    ]
    removed = desk.lines("refusals", "remove", PERSON, "--customer", "acme", "--as", "yann")
    assert removed == ["1 refusal removed"]
    (newest, *_) = desk.json("directory", "history")
    assert newest["who"] == "yann"
    assert f"refusals: that of person {found[0]['person']} to acme" in str(newest["what"])
    assert desk.ran("refusals", "remove", PERSON, "--customer", "acme").exit_code == 1


def test_a_consent_is_recorded_found_and_withdrawn(desk: Desk) -> None:
    words = (
        "--reference",
        "form-1",
        "--at",
        "2026-09-01",
        "--until",
        "2027-08-31",
        "--proof",
        "p",
        "--campaign",
        "spring",
    )
    assert desk.lines("consents", "add", PERSON, "--customer", "acme", *words) == ["1 consent recorded"]
    one = desk.json("consents", "list", "--customer", "acme")[0]
    assert (one["at"], one["until"]) == ("2026-09-01T10:00:00Z", "2027-08-31T22:00:00Z")
    assert (one["reference"], one["proof"], one["campaign"], one["withdrawn_at"]) == ("form-1", "p", "spring", "")
    assert desk.lines("consents", "remove", PERSON, "--customer", "acme", "--reference", "form-1") == [
        "1 consent withdrawn"
    ]
    assert desk.json("consents", "list", "--customer", "acme")[0]["withdrawn_at"] != ""
    assert desk.lines("consents", "list", "--customer", "acme")[1].split("\t")[4:6] == ["form-1", "spring"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--customer", "nobody"), "key `customer`: expected the id of a customer in the directory, seen `nobody`"),
        (("--customer", "acme", "--at", "2040-01-01"), "key `at`: expected an instant that is not to come"),
        (("--customer", "acme", "--at", "noon"), "key `at`: expected a day such as `2026-08-11`"),
    ],
)
def test_what_is_refused(desk: Desk, words: tuple[str, ...], message: str) -> None:
    assert message in desk.told("refusals", "add", PERSON, *words)[0]
