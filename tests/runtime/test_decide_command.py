from __future__ import annotations

import pytest

from proxy.policy.edition import Edition
from proxy.policy.facts import TrunkFacts
from proxy.runtime.decide_command import BadRequest, Decider, Request, explained, one_of, user_of

OPEN = "2026-11-23T11:00:00+01:00"
NOW = 1_795_428_000.0  # 2026-11-23T10:00:00Z


@pytest.fixture
def decider(edition: Edition) -> Decider:
    return Decider(edition, {"abroad": TrunkFacts("abroad", origin="international")}, lambda: NOW)


@pytest.mark.parametrize(
    ("text", "user"),
    [
        ("0612345678", "0612345678"),
        ("sip:+33612345678@host;user=phone", "+33612345678"),
        ("SIP:0612345678@host", "0612345678"),
        ("sips:0612345678:secret@host", "0612345678:secret"),
        ("tel:+33-6-12-34-56-78", "+33-6-12-34-56-78"),
        ("tel:612345678;phone-context=+33", "612345678;phone-context=+33"),
        ('"Somebody" <sip:+33612345678@host>;tag=1', "+33612345678"),
        ("<tel:+33612345678>", "+33612345678"),
        ("+33612345678@host", "+33612345678"),
        ("sip:host", ""),
        ("urn:service:sos", "urn:service:sos"),
        ("", ""),
    ],
)
def test_user_of(text: str, user: str) -> None:
    assert user_of(text) == user


def test_the_calls_of_the_first_page(decider: Decider) -> None:
    def told(request: Request) -> tuple[object, ...]:
        answer = decider.answer(request, decider.facts(request))
        return answer.action, answer.rule, answer.presentation, answer.number, answer.next_opening

    to = "0140000000"
    assert told(Request(to=to, from_="0612345678", customer="acme", at=OPEN)) == (
        "refuse",
        "cli.mobile",
        None,
        None,
        None,
    )
    assert told(Request(to=to, from_="0162000001", customer="acme", at=OPEN)) == (
        "forward",
        "presentation.presented",
        "npv",
        "+33162000001",
        None,
    )
    assert told(Request(to=to, from_="0140000000", customer="nonumber", at=OPEN)) == (
        "forward",
        "presentation.withheld",
        "withheld",
        None,
        None,
    )
    assert told(Request(to=to, from_="0162000001", customer="acme", at="2026-11-23T13:30:00+01:00")) == (
        "refuse",
        "hours.consumer",
        None,
        None,
        "2026-11-23T14:00:00+01:00",
    )
    assert (
        told(Request(to="0696000000", from_="0162000001", customer="acme", at=OPEN))[4] == "2026-11-23T10:00:00-04:00"
    )
    assert told(Request(to="15", customer="nobody", at=OPEN))[:3] == ("forward", "destination.emergency", "unchanged")


def test_status_territory_and_local_time(decider: Decider) -> None:
    request = Request(to="+262692000000", from_="0612345678", customer="acme", at=OPEN, id=7)
    answer = decider.answer(request, decider.facts(request))
    assert (answer.id, answer.status, answer.territory, answer.local_time) == (
        7,
        403,
        "RE",
        "2026-11-23T14:00:00+04:00",
    )
    abroad = Request(to="+442079460000", from_="0162000001", customer="acme", at=OPEN)
    answer = decider.answer(abroad, decider.facts(abroad))
    assert (answer.territory, answer.local_time) == (None, None)
    nobody = Request(to="nobody", at=OPEN)
    assert decider.answer(nobody, decider.facts(nobody)).territory is None


def test_without_an_instant_it_is_now(decider: Decider) -> None:
    assert decider.facts(Request(to="15")).at == NOW
    assert decider.facts(Request(to="15", at=OPEN)).at == NOW
    assert decider.facts(Request(to="15", at="2026-11-23T10:00:00Z")).at == NOW


def test_identities_in_any_writing(decider: Decider) -> None:
    request = Request(to="15", from_="sip:+33162000001@host", pai=["tel:+33-1-62-00-00-01", "<sip:anonymous@invalid>"])
    presented = decider.facts(request).presented
    assert [(one.source, one.number and one.number.canonical) for one in presented] == [
        ("From", "+33162000001"),
        ("P-Asserted-Identity", "+33162000001"),
        ("P-Asserted-Identity", None),
    ]
    single = decider.facts(Request(to="15", pai="0162000001")).presented
    assert [one.source for one in single] == ["P-Asserted-Identity"]


@pytest.mark.parametrize("at", ["1970-01-01T00:00:00+14:00", "2099-12-31T23:59:59-14:00"])
def test_the_first_and_the_last_instant_are_decided(decider: Decider, at: str) -> None:
    request = Request(to="0140000000", customer="acme", from_="0162000001", at=at)
    assert decider.answer(request, decider.facts(request)).rule


def test_a_named_trunk(decider: Decider) -> None:
    assert decider.facts(Request(to="15", trunk="abroad")).trunk.origin == "international"
    assert decider.facts(Request(to="15")).trunk.origin == "national"


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        (Request(to="15", purpose="sales"), "field `purpose`: expected one of `prospecting_consumer`, "),
        (Request(to="15", mode="auto"), "field `mode`: expected one of `broadcast`, "),
        (Request(to="15", method="BYE"), "field `method`: expected one of `INVITE`, `MESSAGE`, seen `BYE`"),
        (Request(to="15", trunk="x"), "field `trunk`: expected one of `abroad`, seen `x`"),
        (Request(to="15", at="noon"), "field `at`: expected an instant with its offset such as "),
        (Request(to="15", at="9999-12-31T23:59:59-23:59"), "field `at`: expected a year from 1970 to 2099, seen"),
        (Request(to="15", at="0001-01-01T00:00:00+23:59"), "field `at`: expected a year from 1970 to 2099, seen"),
        (Request(to="15", at="2026-11-23T11:00:00"), "seen `2026-11-23T11:00:00` without an offset"),
    ],
)
def test_what_cannot_be_used(decider: Decider, request_: Request, message: str) -> None:
    with pytest.raises(BadRequest) as caught:
        decider.facts(request_)
    assert message in str(caught.value)


def test_no_trunks_at_all(edition: Edition) -> None:
    with pytest.raises(BadRequest, match="expected no trunk name, seen `x`"):
        Decider(edition, {}, lambda: NOW).facts(Request(to="15", trunk="x"))


def test_distinct_instants_are_not_kept_for_ever(decider: Decider, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("proxy.runtime.decide_command.KEPT_INSTANTS", 2)
    found = [decider.instant(f"2026-11-23T11:00:0{second}+01:00") for second in range(5)]
    assert found == [NOW, NOW + 1, NOW + 2, NOW + 3, NOW + 4]


def test_explained_lists_every_rule(decider: Decider, edition: Edition) -> None:
    found = explained(decider, Request(to="0140000000", from_="0612345678", customer="acme", at=OPEN))
    assert found.decision.rule == "cli.mobile"
    assert found.revision == edition.revision
    by_id = {step.id: step for step in found.rules}
    assert set(by_id) == {rule.id for rule in edition.book.rules}
    assert (by_id["cli.mobile"].since, by_id["cli.mobile"].until) == ("2026-01-01", None)
    assert by_id["cli.mobile"].verdict == "hit"
    older = explained(decider, Request(to="0140000000", customer="acme", at="2026-08-10T11:00:00+02:00"))
    assert next(step for step in older.rules if step.id == "hours.consumer").until == "2026-08-10"


def test_one_of() -> None:
    assert one_of(("a", "b")) == "one of `a`, `b`"
