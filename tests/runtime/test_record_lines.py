"""Lines of the journal: every field, the masking, and the documentation that must name each field."""

from __future__ import annotations

import json
import random
from datetime import datetime

import msgspec
import pytest

from proxy.b2bua.outputs import CallRecord, DecisionRecord, Fault
from proxy.policy.decide import decide
from proxy.policy.decision import Presentation, forward, refuse
from proxy.policy.edition import Edition
from proxy.policy.facts import TrunkFacts
from proxy.policy.gather import gather
from proxy.policy.inquiry import PersonState
from proxy.policy.ledger import NOTHING_KNOWN, LedgerView, Load
from proxy.runtime.record_lines import Lines, masked, rounded
from proxy.runtime.record_shapes import CallLine, DecisionLine
from tests.runtime.recorded import Dice, call_of

AT = datetime.fromisoformat("2026-11-24T11:00:00.250+01:00").timestamp()
STATE = (
    "refusal_at", "consent_at", "consent_until", "slot_from", "slot_until", "slot_at", "attempts", "first_attempt",
    "last_attempt", "campaign_attempts", "campaign_last",
)  # fmt: skip


def decision(
    edition: Edition, called: str = "0612345678", caller: str = "0162000001", ledger: LedgerView = NOTHING_KNOWN
) -> DecisionRecord:
    facts = gather(
        edition, TrunkFacts("vms"), "acme", "follow-up", "", "", "INVITE",
        [("From", caller), ("Diversion", "somebody")], called, AT, False,
    )  # fmt: skip
    decided = decide(facts, edition, NOTHING_KNOWN)
    return DecisionRecord("d-1", AT, facts, decided, b"call-1@vms", 0.0000123456, ledger, 0.00123)


def call(answered_at: float = AT + 5) -> CallRecord:
    return CallRecord(
        "d-1", "acme", "follow-up", "vms", "carrier-1", "+33612345678", AT, AT + 2, answered_at, AT + 65.5, 200, "a",
        "bye", b"call-1@vms", b"b-1",
    )  # fmt: skip


def read(line: bytes) -> dict[str, object]:
    assert b"\n" not in line
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
        "instant": AT,
        "local_time": "2026-11-24T11:00:00+01:00",
        "node": "edge-1",
        "call_id": "call-1@vms",
        "customer": "acme",
        "campaign": "follow-up",
        "purpose": "contract_current",
        "mode": "predictive",
        "method": "INVITE",
        "attested": False,
        "trunk": "vms",
        "trunk_facts": {
            "origin": "national",
            "emergency": "pass",
            "unopened": "pass",
            "profile": "law",
            "destinations": [],
        },
        "presented": [
            {
                "source": "From",
                "number": "+33162000001",
                "number_class": "npv",
                "territory": "METRO",
                "zone": "01",
            },
            {"source": "Diversion", "number": "somebody", "number_class": ""},
        ],
        "called": "+336xxxxxx78",
        "called_class": "mobile",
        "territory": "METRO",
        "called_zone": "METRO",
        "called_range": "allocated",
        "called_length": "right",
        "called_repaired": False,
        "state": {**dict.fromkeys(STATE, 0), "consent_id": "", "reserved": True},
        "load": None,
        "expired": False,
        "action": "forward",
        "presentation": "npv",
        "shown": "+33162000001",
        "display": "ACME Conseil",
        "rule": found["rule"],
        "status": 0,
        "phrase": "",
        "retry_after": 0,
        "next_opening": 0.0,
        "warnings": found["warnings"],
        "blind": False,
        "revision": edition.revision,
        "seconds": 0.0000123,
        "waited": 0.00123,
        "held": None,
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
        "direction": "out",
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


@pytest.mark.parametrize("caller", ["0698765432", "0398765432", "0698 76 54 32", "0698765x32"])
def test_a_presented_number_that_nobody_holds_is_masked(edition: Edition, caller: str) -> None:
    line = Lines("edge-1").line(decision(edition, caller=caller), edition)
    assert b"9876" not in line
    assert b"98 76" not in line
    assert b"9876" in Lines("edge-1", whole=True).line(decision(edition, caller=caller), edition).replace(b" ", b"")


def test_a_whole_line_tells_who_was_called(edition: Edition) -> None:
    assert read(Lines("edge-1", whole=True).line(decision(edition), edition))["called"] == "+33612345678"
    assert read(Lines("edge-1", whole=True).line(call(), edition))["called"] == "+33612345678"


def test_what_the_store_and_the_engine_said(edition: Edition) -> None:
    ledger = LedgerView(PersonState(attempts=3, first_attempt=AT - 5, reserved=True), Load("trunk", 7), True)
    found = read(Lines("edge-1").line(decision(edition, ledger=ledger), edition))
    assert found["state"] == {
        **dict.fromkeys(STATE, 0), "consent_id": "", "attempts": 3, "first_attempt": AT - 5, "reserved": True,
    }  # fmt: skip
    assert found["load"] == {"over": "trunk", "retry_after": 7}
    assert found["expired"] is True
    remembered = LedgerView(None, None, True, PersonState(refusal_at=AT - 9))
    held = read(Lines("edge-1").line(decision(edition, ledger=remembered), edition))
    assert held["state"] is None
    assert held["held"] == {**dict.fromkeys(STATE, 0), "consent_id": "", "refusal_at": AT - 9, "reserved": False}
    silent = read(Lines("edge-1").line(decision(edition, ledger=LedgerView()), edition))
    assert (silent["state"], silent["load"]) == (None, None)


@pytest.mark.parametrize(
    ("called", "length", "repaired"),
    [("0612345678", "right", False), ("061234567", "short", False), ("06123456789", "long", False),
     ("+33590123456", "right", True)],
)  # fmt: skip
def test_how_a_number_fits_the_plan(edition: Edition, called: str, length: str, repaired: bool) -> None:
    found = read(Lines("edge-1").line(decision(edition, called), edition))
    assert (found["called_length"], found["called_repaired"]) == (length, repaired)


def called_back(edition: Edition, rule: str, called: str) -> DecisionRecord:
    facts = gather(
        edition, TrunkFacts("carrier-1"), "acme", "", "service", "manual", "INVITE",
        [("From", "0612345678")], called, AT, False,
    )  # fmt: skip
    answer = forward(rule, Presentation.CALLER, None, "", (), False)
    if rule != "callback.forwarded":
        answer = refuse(rule, 404, "Not Found", (), 0.0, 0)
    return DecisionRecord("d-2", AT, facts, answer, b"back-1@carrier", 0.0)


def test_a_call_back_shows_the_number_and_not_the_person(edition: Edition) -> None:
    found = read(Lines("edge-1").line(called_back(edition, "callback.forwarded", "0162000001"), edition))
    assert (found["action"], found["presentation"], found["rule"]) == ("forward", "caller", "callback.forwarded")
    assert (found["called"], found["shown"], found["rules"]) == ("+33162000001", "", [])
    assert found["presented"][0]["number"] == "+336xxxxxx78"  # type: ignore[index]  # a list of identities
    unknown = read(Lines("edge-1").line(called_back(edition, "callback.unknown", "0140000000"), edition))
    assert unknown["called"] == "+331xxxxxx00"


def test_the_record_of_a_call_back_names_the_number(edition: Edition) -> None:
    ended = CallRecord(
        "d-2", "acme", "", "carrier-1", "vms", "+33162000001", AT, AT, 0.0, AT, 486, "b", "", b"a", b"b", "back"
    )  # fmt: skip
    found = read(Lines("edge-1").line(ended, edition))
    assert (found["direction"], found["called"]) == ("back", "+33162000001")


@pytest.mark.parametrize("whole", [False, True])
def test_lines_are_as_their_shapes_are_written(edition: Edition, whole: bool) -> None:
    dice, lines = Dice(3, edition), Lines('edge "1"', whole)
    for number in range(1500):
        record = dice.record(f"d-{number}")
        line = lines.line(record, edition)
        assert msgspec.json.encode(msgspec.json.decode(line, type=DecisionLine)) == line
        ended = lines.line(call_of(record), edition)
        assert msgspec.json.encode(msgspec.json.decode(ended, type=CallLine)) == ended


def test_another_edition_has_other_pieces(edition: Edition) -> None:
    lines, record = Lines("edge-1"), decision(edition)
    other = Edition(edition.plan, edition.calendar, edition.book, edition.directory, "other")
    assert read(lines.line(record, edition))["revision"] == edition.revision
    assert read(lines.line(record, other))["revision"] == "other"
    assert read(lines.line(record, edition))["revision"] == edition.revision


@pytest.mark.parametrize("places", [3, 6, 7])
def test_a_number_is_rounded_as_everywhere(places: int) -> None:
    dice, scale = random.Random(places), 10.0**places
    halves = [(2 * number + 1) / 2 ** dice.randint(1, 12) for number in range(2000)]
    for value in [
        0.0,
        0.5,
        -1.25,
        1e9,
        2.5e-7,
        *halves,
        *(dice.uniform(0, 10.0 ** dice.randint(-7, 4)) for _ in halves),
    ]:
        assert rounded(value, scale, places) == round(value, places)
