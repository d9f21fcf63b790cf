"""The evidence holds what is about its subject, all of it and nothing else."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from proxy.b2bua.outputs import DecisionRecord
from proxy.policy.decision import Action, Presentation, forward
from proxy.policy.edition import Edition
from proxy.policy.facts import TrunkFacts
from proxy.policy.gather import gather
from proxy.runtime.audit_command import Evidence, Subject, known, told
from proxy.runtime.audit_file import verify
from proxy.runtime.audit_key import public_text
from proxy.runtime.record_archive import Keeping
from proxy.runtime.record_files import RecordFile
from proxy.runtime.record_lines import Lines
from proxy.runtime.store.directory_records import Change, Record, Version
from tests.runtime.recorded import write_day
from tests.runtime.sealed import KEY, records

NOW = 1_795_428_000.0
RIGHT = Record("number", "acme", {"number": "0162000001", "since": date(2026, 1, 1)})
VERSIONS = (
    Version(1, NOW, "seed", "first filled", (
        Change("customer", "acme", None, Record("customer", "", {"id": "acme"})),
        Change("customer", "medirappel", None, Record("customer", "", {"id": "medirappel"})),
        Change("number", "+33162000001/acme/2026-01-01", None, RIGHT),
        Change("number", "+33162000099/medirappel/2026-01-01", None, Record("number", "medirappel", {})),
        Change("campaign", "acme/spring", None, Record("campaign", "acme", {})),
    )),
    Version(2, NOW, "me", "released", (Change("number", "+33162000001/acme/2026-01-01", RIGHT, None),)),
)  # fmt: skip


def gathered(folder: Path, edition: Edition, subject: Subject, *files: Path) -> list[dict[str, Any]]:
    made = Evidence(subject, edition, NOW, folder / "key.pem")
    made.write(list(files), VERSIONS, folder / "out.jsonl", lambda done: None)
    data = (folder / "out.jsonl").read_bytes()
    assert verify(data, made.public_key).faults == []
    return [json.loads(line) for line in data.splitlines()]


def of(lines: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [line for line in lines if line["record"] == kind]


def test_a_number(tmp_path: Path, edition: Edition) -> None:
    path = tmp_path / "r.jsonl"
    made = write_day(path, edition, 800)
    number = "+33162000001"
    lines = gathered(tmp_path, edition, Subject(number, ""), path)
    head = lines[0]
    assert (head["record"], head["number"], head["revision"]) == ("audit", number, edition.revision)
    about = {
        record.id for record in made
        if (record.decision.number is not None and record.decision.number.canonical == number)
        or any(shown.number is not None and shown.number.canonical == number for shown in record.facts.presented)
    }  # fmt: skip
    decisions = [line["text"] for line in of(lines, "line") if line["text"]["record"] == "decision"]
    calls = [line["text"] for line in of(lines, "line") if line["text"]["record"] == "call"]
    assert about
    assert {one["id"] for one in decisions} == about
    assert {one["decision"] for one in calls} == {
        record.id for record in made if record.id in about and record.decision.action == Action.FORWARD
    }
    right = of(lines, "right")[0]
    entry = edition.directory.entries(number)[0]
    assert (right["number"], right["customer"], right["state"]) == (number, entry.customer, entry.state)
    assert right["since"].count("-") == 2
    assert of(lines, "customer")[0]["kyc_evidence"]
    versions = {rule.partition(" ")[0] for one in decisions for rule in one["rules"]}
    assert {rule["version"] for rule in of(lines, "rule")} == versions
    assert all(rule["known"] and rule["basis"] and "/" not in rule["file"] for rule in of(lines, "rule"))
    assert lines[-1]["record"] == "signature"


def test_calls_to_the_number_are_evidence_too(tmp_path: Path, edition: Edition) -> None:
    facts = gather(
        edition, TrunkFacts("carrier-1"), "acme", "", "service", "manual", "INVITE", [("From", "0612345678")],
        "0162000001", NOW, False,
    )  # fmt: skip
    answer = forward("callback.forwarded", Presentation.CALLER, None, "", (), False)
    record = DecisionRecord("back-1", NOW, facts, answer, b"c", 0.0)
    path = tmp_path / "r.jsonl"
    file = RecordFile(str(path), "edge-1", Keeping())
    file.open(1.0)
    file.add([Lines("edge-1").line(record, edition)], 0, 2.0)
    file.close(3.0)
    for subject in (Subject("+33162000001", ""), Subject("", "acme")):
        lines = gathered(tmp_path, edition, subject, path)
        assert [line["text"]["id"] for line in of(lines, "line")] == ["back-1"]
        assert of(lines, "rule") == []
    assert of(gathered(tmp_path, edition, Subject("+33162000002", ""), path), "line") == []


def test_who_changed_what_in_the_directory(tmp_path: Path, edition: Edition) -> None:
    def changes(subject: Subject) -> list[tuple[int, str]]:
        return [(line["version"], line["kind"]) for line in of(gathered(tmp_path, edition, subject), "change")]

    assert changes(Subject("+33162000001", "")) == [(1, "customer"), (1, "number"), (2, "number")]
    assert changes(Subject("", "acme")) == [(1, "customer"), (1, "number"), (1, "campaign"), (2, "number")]
    last = of(gathered(tmp_path, edition, Subject("+33162000001", "")), "change")[-1]
    assert (last["who"], last["what"], last["after"]) == ("me", "released", None)
    assert last["before"] == {"number": "0162000001", "since": "2026-01-01"}


def test_a_line_is_taken_over_as_it_stands(tmp_path: Path, edition: Edition) -> None:
    path = tmp_path / "r.jsonl"
    write_day(path, edition, 100)
    source = path.read_bytes().splitlines()
    out = gathered(tmp_path, edition, Subject("", "acme"), path)
    raw = (tmp_path / "out.jsonl").read_bytes()
    for line in of(out, "line"):
        assert line["file"] == "r.jsonl"
        assert source[line["line"] - 1] in raw


def test_a_customer(tmp_path: Path, edition: Edition) -> None:
    path = tmp_path / "r.jsonl"
    made = write_day(path, edition, 300)
    lines = gathered(tmp_path, edition, Subject("", "acme"), path)
    decisions = [line["text"] for line in of(lines, "line") if line["text"]["record"] == "decision"]
    assert {one["id"] for one in decisions} == {record.id for record in made if record.facts.customer_id == "acme"}
    assert len(of(lines, "right")) == len(edition.directory.numbers_of("acme"))
    assert len(of(lines, "campaign")) == len(edition.directory.campaigns_of("acme"))


def test_the_state_of_the_records_is_told(tmp_path: Path, edition: Edition) -> None:
    path = tmp_path / "r.jsonl"
    write_day(path, edition, 20)
    whole = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*whole[:3], *whole[4:]]))
    source = of(gathered(tmp_path, edition, Subject("", "acme"), path), "source")[0]
    assert source["faults"] == ["line 4: 1 line is missing before it"]
    assert source["lines"] == len(whole) - 1
    assert source["signed_by"] == ""


def test_who_signed_a_file_of_records_is_told(tmp_path: Path, edition: Edition) -> None:
    path = tmp_path / "r.jsonl"
    records(path, 2)
    source = of(gathered(tmp_path, edition, Subject("", "acme"), path), "source")[0]
    assert (source["faults"], source["signed_by"]) == ([], public_text(KEY))


def test_a_line_that_cannot_be_read_is_told(tmp_path: Path, edition: Edition) -> None:
    path = tmp_path / "r.jsonl"
    path.write_bytes(b'{"seq":0,"prev":"x","record":"decision","customer":"acme"}\n')
    assert of(gathered(tmp_path, edition, Subject("", "acme"), path), "unreadable")[0]["line"] == 1


def test_a_version_that_the_book_has_not_is_told(tmp_path: Path, edition: Edition) -> None:
    path = tmp_path / "r.jsonl"
    write_day(path, edition, 50)
    path.write_bytes(path.read_bytes().replace(b"customer.unknown@", b"customer.was@"))
    rules = of(gathered(tmp_path, edition, Subject("", "acme"), path), "rule")
    assert [rule["known"] for rule in rules if rule["version"].startswith("customer.was@")] == [False]


@pytest.mark.parametrize(
    ("text", "canonical"), [("0162000001", "+33162000001"), ("0033 162 00 00 01", "+33162000001"), ("nobody", "")]
)
def test_a_number_in_any_writing(edition: Edition, text: str, canonical: str) -> None:
    assert known(edition, text, NOW) == canonical


def test_what_is_no_record_has_no_fields() -> None:
    assert told("text") == {}
