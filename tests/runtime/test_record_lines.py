"""Lines of the journal: every field, the masking, and the documentation that must name each field."""

from __future__ import annotations

import json
import re
from datetime import datetime
from pathlib import Path

import msgspec
import pytest

from proxy.b2bua.outputs import CallRecord, DecisionRecord, Fault
from proxy.policy.decide import decide
from proxy.policy.edition import Edition
from proxy.policy.facts import TrunkFacts
from proxy.policy.gather import gather
from proxy.policy.ledger import EMPTY
from proxy.runtime.record_lines import CallLine, DecisionLine, FaultLine, Lines, masked, utc

AT = datetime.fromisoformat("2026-11-24T11:00:00.250+01:00").timestamp()
README = Path(__file__).parents[2] / "config" / "README.md"


def decision(edition: Edition, called: str = "0612345678", caller: str = "0162000001") -> DecisionRecord:
    facts = gather(
        edition, TrunkFacts("vms"), "acme", "follow-up", "", "", "INVITE",
        [("From", caller), ("Diversion", "somebody")], called, AT, False,
    )  # fmt: skip
    return DecisionRecord("d-1", AT, facts, decide(facts, edition, EMPTY), b"call-1@vms", 0.0000123456)


def call(answered_at: float = AT + 5) -> CallRecord:
    return CallRecord(
        "d-1", "acme", "follow-up", "vms", "carrier-1", "+33612345678", AT, AT + 2, answered_at, AT + 65.5, 200, "a",
        "bye", b"call-1@vms", b"b-1",
    )  # fmt: skip


def read(line: bytes) -> dict[str, object]:
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    fields = json.loads(line)
    assert isinstance(fields, dict)
    return fields


def test_a_forwarded_call(edition: Edition) -> None:
    found = read(Lines("edge-1").line(decision(edition), edition))
    rules = found.pop("rules")
    assert isinstance(rules, list)
    assert [rule.partition("@")[0] for rule in rules if rule.endswith(" chose")] == [found["rule"]]
    assert found == {
        "record": "decision",
        "id": "d-1",
        "time": "2026-11-24T10:00:00.250Z",
        "local_time": "2026-11-24T11:00:00+01:00",
        "node": "edge-1",
        "call_id": "call-1@vms",
        "customer": "acme",
        "campaign": "follow-up",
        "purpose": "contract_current",
        "mode": "predictive",
        "method": "INVITE",
        "trunk": "vms",
        "presented": [
            {"source": "From", "number": "+33162000001", "number_class": "npv"},
            {"source": "Diversion", "number": "somebody", "number_class": ""},
        ],
        "called": "+336xxxxxx78",
        "called_class": "mobile",
        "territory": "METRO",
        "action": "forward",
        "presentation": "npv",
        "shown": "+33162000001",
        "display": "ACME Conseil",
        "rule": found["rule"],
        "status": 0,
        "phrase": "",
        "retry_after": 0,
        "warnings": found["warnings"],
        "blind": False,
        "revision": edition.revision,
        "seconds": 0.0000123,
    }
    assert str(found["rule"]).startswith("presentation.")


def test_a_refused_call_shows_nothing_and_says_why(edition: Edition) -> None:
    found = read(Lines("edge-1").line(decision(edition, caller="0698765432"), edition))
    assert (found["action"], found["status"], found["rule"]) == ("refuse", 403, "cli.mobile")
    assert (found["presentation"], found["shown"]) == ("", "")
    assert isinstance(found["rules"], list)
    assert found["rules"][-1].endswith(" refuse")


@pytest.mark.parametrize(
    "called", ["0612345678", "+33 6 12 34 56 78", "0033612345678", "06123456789012345678", "061234567x"]
)
def test_no_line_tells_who_was_called(edition: Edition, called: str) -> None:
    assert b"123456" not in Lines("edge-1").line(decision(edition, called), edition)
    assert b"123456" not in Lines("edge-1").line(call(), edition)


def test_an_ended_call(edition: Edition) -> None:
    assert read(Lines("edge-1").line(call(), edition)) == {
        "record": "call",
        "decision": "d-1",
        "node": "edge-1",
        "started": "2026-11-24T10:00:00.250Z",
        "ringing": "2026-11-24T10:00:02.250Z",
        "answered": "2026-11-24T10:00:05.250Z",
        "ended": "2026-11-24T10:01:05.750Z",
        "seconds": 60.5,
        "customer": "acme",
        "campaign": "follow-up",
        "trunk": "vms",
        "carrier": "carrier-1",
        "called": "+336xxxxxx78",
        "status": 200,
        "ended_by": "a",
        "reason": "bye",
        "a_call_id": "call-1@vms",
        "b_call_id": "b-1",
    }


def test_a_call_that_was_never_answered_lasted_no_time(edition: Edition) -> None:
    found = read(Lines("edge-1").line(call(answered_at=0.0), edition))
    assert (found["answered"], found["seconds"]) == ("", 0.0)


def test_a_defect(edition: Edition) -> None:
    found = read(Lines("edge-1").line(Fault("Traceback\nKeyError: 5", b"c\xe9"), edition))
    assert (found["record"], found["node"], found["call_id"], found["text"]) == (
        "fault", "edge-1", "cé", "Traceback\nKeyError: 5",
    )  # fmt: skip
    assert str(found["time"]).endswith("Z")


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("+33612345678", "+336xxxxxx78"),
        ("+590590123456", "+590xxxxxxx56"),
        ("3949", "3949"),
        ("112", "112"),
        ("urn:service:sos", "urn:service:sos"),
        ("sales", "sales"),
        ("", ""),
        ("0612345", "0612x45"),
    ],
)
def test_masking(number: str, shown: str) -> None:
    assert masked(number) == shown


def test_an_instant_that_never_came_is_empty() -> None:
    assert utc(0.0) == ""


@pytest.mark.parametrize(("section", "shape"), [("decision", DecisionLine), ("call", CallLine), ("fault", FaultLine)])
def test_every_field_is_documented(section: str, shape: type[msgspec.Struct]) -> None:
    part = README.read_text(encoding="utf-8").partition(f"### `{section}`\n")[2].partition("\n#")[0]
    cells = re.findall(r"^\| (`[^|]+`) \|", part, re.MULTILINE)
    documented = [name for cell in cells for name in re.findall(r"`(\w+)`", cell)]
    assert sorted(documented) == sorted(field.encode_name for field in msgspec.structs.fields(shape))
