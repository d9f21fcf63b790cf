"""REFER inside a call: judged like a new call where the trunk says so, refused everywhere else."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from proxy.b2bua.outputs import Count, Release
from proxy.policy.edition import Edition
from proxy.policy.inquiry import PersonState
from tests.ladder import ANSWER, Callee, Caller, Ladder, Seen, Talk, carrier, hang_up, platform, reply, set_up, topology

MakeLadder = Callable[..., Ladder]
TARGET = "+33155660002"
REFERS = [f"Refer-To: <sip:{TARGET}@10.1.0.1>", "Contact: <sip:agent@10.1.0.1:5070>"]
OTHER = {"a": "b", "b": "a"}


def deciding(ladder_of: MakeLadder, over: Edition | None = None, **changes: object) -> Talk:
    """A call between two trunks that may transfer."""
    both = topology(platform_trunk=platform(transfer=True), carrier_trunk=carrier(transfer=True, **changes))
    ladder = ladder_of(both, over) if over is not None else ladder_of(both)
    if over is None:
        return set_up(ladder)
    return parked(ladder)


def parked(ladder: Ladder) -> Talk:
    """As `set_up`, with a ledger that knows nothing."""
    caller = Caller()
    ladder.feed("a", caller.invite())
    ladder.expect("a 100 INVITE")
    ladder.arrived(ladder.fetches()[-1].call, PersonState(reserved=True))
    callee = Callee(ladder.one("b INVITE"))
    ladder.feed("b", callee.reply(200, body=ANSWER))
    caller.learn(ladder.expect("a 200 INVITE", "b ACK")[0])
    ladder.feed("a", caller.ack())
    ladder.expect()
    return Talk(ladder, caller, callee)


def refer(talk: Talk, side: str = "a", lines: list[str] = REFERS) -> None:
    who = talk.caller if side == "a" else talk.callee
    talk.ladder.feed(side, who.request("REFER", extra=lines))


def notify(talk: Talk, side: str, state: str, event: str = "refer", status: str = "180 Ringing") -> None:
    who = talk.callee if side == "b" else talk.caller
    body = f"SIP/2.0 {status}\r\nContact: <sip:+33145001234@10.1.0.1>\r\n".encode()
    lines = [f"Event: {event}", f"Subscription-State: {state}", "Content-Type: message/sipfrag;version=2.0"]
    talk.ladder.feed(side, who.request("NOTIFY", extra=lines, body=body))


def crossing(talk: Talk, side: str = "a") -> Seen:
    refer(talk, side)
    return talk.ladder.one(f"{OTHER[side]} REFER")


@pytest.mark.parametrize(
    ("numbers", "written"), [("e164", TARGET), ("00", "0033155660002"), ("national", "0155660002")]
)
def test_the_carrier_is_asked_to_call_a_target_that_may_be_called(
    ladder_of: MakeLadder, numbers: str, written: str
) -> None:
    talk = deciding(ladder_of, numbers=numbers)
    ladder = talk.ladder
    seen = crossing(talk)
    assert seen.header("refer-to") == f"<sip:{written}@10.2.0.1:5080;user=phone>"
    assert seen.header("contact") == "<sip:10.0.0.1:5060>"
    assert seen.header("cseq") == "2 REFER"
    ladder.feed("b", reply(seen, 202, contact="sip:gw@10.2.0.1:5080"))
    accepted = ladder.one("a 202 REFER")
    assert accepted.header("contact") == "<sip:10.0.0.1:5060>"
    first, second = ladder.decisions()
    assert second.facts.called is not None
    assert second.facts.called.canonical == TARGET
    assert (second.facts.customer_id, second.a_call_id) == (first.facts.customer_id, first.a_call_id)
    assert second.facts.attempt != first.facts.attempt
    hang_up(talk)


def test_nothing_of_the_referrer_crosses(ladder_of: MakeLadder) -> None:
    talk = deciding(ladder_of)
    refer(talk, "a", [
        *REFERS, "Referred-By: <sip:+33145001234@10.1.0.1>", "Subject: +33145001234", "Target-Dialog: x;local-tag=y",
        "P-Asserted-Identity: <sip:+33145001234@10.1.0.1>", "X-Caller: Jean Dupont",
    ])  # fmt: skip
    seen = talk.ladder.one("b REFER")
    assert b"145001234" not in seen.data
    assert b"10.1.0.1" not in seen.data
    assert b"Dupont" not in seen.data
    assert seen.header("referred-by") == ""


def test_a_carriers_target_comes_back_to_us_and_is_not_counted_twice(ladder_of: MakeLadder, careful: Edition) -> None:
    talk = deciding(ladder_of, careful)
    ladder = talk.ladder
    refer(talk, "b")
    ladder.expect()
    fetch = ladder.fetches()[-1]
    assert fetch.inquiry.person == TARGET
    assert not ladder.engine.state_arrived(fetch.call, PersonState(reserved=True), ladder.now, ladder.epoch)
    ladder.drain()
    seen = ladder.one("a REFER")
    assert seen.header("refer-to") == f"<sip:{TARGET}@10.0.0.1:5060>"
    ladder.feed("a", reply(seen, 202))
    ladder.expect("b 202 REFER")
    notify(talk, "a", "active;expires=60")
    told = ladder.one("b NOTIFY")
    assert (told.header("event"), told.body) == ("refer", b"SIP/2.0 180 Ringing\r\n")
    assert b"145001234" not in told.data


def test_a_target_that_may_not_be_called_is_refused_as_a_call_would_be(ladder_of: MakeLadder) -> None:
    talk = deciding(ladder_of)
    refer(talk, "a", ["Refer-To: <sip:0899000000@10.1.0.1>"])
    refused = talk.ladder.unread[-1]
    talk.ladder.unread = []
    record = talk.ladder.decisions()[-1]
    assert refused.message.method == b"REFER"
    assert refused.message.status == record.decision.status >= 400
    assert record.decision.rule in refused.header("reason")
    assert record.id in refused.header("warning")
    hang_up(talk)


@pytest.mark.parametrize(
    "target",
    [
        f"<sip:{TARGET}@x?Replaces=a%3Bto-tag%3Db%3Bfrom-tag%3Dc>", f"<sip:{TARGET}@x;method=BYE>",
        f"<sip:{TARGET}@x?From=sip%3Ax>", "<sip:alice@x.example>", "<http://x.example/>", "<urn:service:sos>",
        "<sip:x.example>",
    ],
)  # fmt: skip
def test_what_is_no_telephone_number_or_replaces_a_call_is_403(ladder_of: MakeLadder, target: str) -> None:
    talk = deciding(ladder_of)
    refer(talk, "a", [f"Refer-To: {target}"])
    talk.ladder.expect("a 403 REFER")
    assert len(talk.ladder.decisions()) == 1
    refer(talk)  # another one may follow
    talk.ladder.expect("b REFER")


@pytest.mark.parametrize("lines", [[], ["Refer-To: <sip:broken"], [REFERS[0], REFERS[0]]])
def test_a_refer_that_cannot_be_read_is_400(ladder_of: MakeLadder, lines: list[str]) -> None:
    talk = deciding(ladder_of)
    refer(talk, "a", lines)
    talk.ladder.expect("a 400 REFER")
    hang_up(talk)
    talk.ladder.advance(40)
    talk.ladder.assert_empty()


@pytest.mark.parametrize("side", ["a", "b"])
def test_only_the_side_whose_trunk_says_so_may_transfer(ladder_of: MakeLadder, side: str) -> None:
    other = OTHER[side]
    given = topology(platform_trunk=platform(transfer=side == "a"), carrier_trunk=carrier(transfer=side == "b"))
    talk = set_up(ladder_of(given))
    refer(talk, other)
    talk.ladder.expect(f"{other} 403 REFER")
    notify(talk, other, "active")
    talk.ladder.expect(f"{other} 403 NOTIFY")
    crossing(talk, side)


def test_before_the_answer_nobody_transfers(ladder_of: MakeLadder) -> None:
    ladder = ladder_of(topology(carrier_trunk=carrier(transfer=True)))
    caller = Caller()
    ladder.feed("a", caller.invite())
    callee = Callee(ladder.expect("a 100 INVITE", "b INVITE")[1])
    ladder.feed("b", callee.reply(180))
    ladder.expect("a 180 INVITE")
    ladder.feed("b", callee.request("REFER", extra=REFERS))
    ladder.expect("b 403 REFER")


def test_the_progress_crosses_back_and_ends_with_the_last_notify(ladder_of: MakeLadder) -> None:
    talk = deciding(ladder_of)
    ladder = talk.ladder
    seen = crossing(talk)
    ladder.feed("b", reply(seen, 202))
    ladder.expect("a 202 REFER")
    notify(talk, "b", "active;expires=60;x=y", "refer;id=2")
    told = ladder.one("a NOTIFY")
    assert told.header("event") == f"refer;id={talk.caller.cseq}"
    assert told.header("subscription-state") == "active;expires=60"
    assert (told.body, told.header("content-type")) == (b"SIP/2.0 180 Ringing\r\n", "message/sipfrag;version=2.0")
    ladder.feed("a", reply(told, 200))
    ladder.expect("b 200 NOTIFY")
    notify(talk, "b", "terminated;reason=noresource", status="603 +33145001234")
    last = ladder.one("a NOTIFY")
    assert (last.header("subscription-state"), last.body) == (
        "terminated;reason=noresource",
        b"SIP/2.0 603 Decline\r\n",
    )
    ladder.feed("a", reply(last, 200))
    ladder.expect("b 200 NOTIFY")
    notify(talk, "b", "active")
    ladder.expect("b 403 NOTIFY")
    hang_up(talk)
    ladder.advance(40)
    ladder.assert_empty()


@pytest.mark.parametrize("event", ["presence", "refer;id=77", ""])
def test_a_notify_of_something_else_is_489(ladder_of: MakeLadder, event: str) -> None:
    talk = deciding(ladder_of)
    talk.ladder.feed("b", reply(crossing(talk), 202))
    talk.ladder.expect("a 202 REFER")
    notify(talk, "b", "active", event)
    talk.ladder.expect("b 489 NOTIFY")


@pytest.mark.parametrize(("status", "shown"), [(603, 603), (405, 405), (302, 480), (401, 502)])
def test_a_refer_that_the_other_side_refuses(ladder_of: MakeLadder, careful: Edition, status: int, shown: int) -> None:
    talk = deciding(ladder_of, careful)
    ladder = talk.ladder
    refer(talk)
    ladder.arrived(ladder.fetches()[-1].call, PersonState(reserved=True))
    ladder.feed("b", reply(ladder.one("b REFER"), status, extra=["Contact: <sip:x@y>"]))
    assert ladder.one(f"a {shown} REFER").header("contact") == ""
    taken = [output.inquiry.person for output in ladder.outputs if isinstance(output, Release)]
    assert taken == [TARGET]


def test_a_silent_carrier_is_not_told_and_takes_the_attempt_back(ladder_of: MakeLadder, careful: Edition) -> None:
    talk = deciding(ladder_of, careful)
    ladder = talk.ladder
    refer(talk)
    ladder.arrived(ladder.fetches()[-1].call, PersonState(reserved=True))
    ladder.advance(32.1)
    assert {seen.label for seen in ladder.unread} == {"b REFER"}
    ladder.unread = []
    assert [output.inquiry.person for output in ladder.outputs if isinstance(output, Release)] == [TARGET]


def test_the_ledger_refuses_a_target_that_said_no(ladder_of: MakeLadder, careful: Edition) -> None:
    talk = deciding(ladder_of, careful)
    ladder = talk.ladder
    refer(talk)
    fetch = ladder.fetches()[-1]
    told = PersonState(refusal_at=ladder.epoch - 86400)
    assert not ladder.engine.state_arrived(fetch.call, told, ladder.now, ladder.epoch)
    ladder.drain()
    assert "refusal.recorded" in ladder.one("a 403 REFER").header("reason")


def test_without_the_ledger_the_rule_refuses(ladder_of: MakeLadder, careful: Edition) -> None:
    talk = deciding(ladder_of, careful)
    refer(talk)
    talk.ladder.advance(0.1)
    assert talk.ladder.one("a 480 REFER").header("reason") != ""
    fetch = talk.ladder.fetches()[-1]
    assert not talk.ladder.engine.state_arrived(
        fetch.call, PersonState(reserved=True), talk.ladder.now, talk.ladder.epoch
    )


def test_without_the_ledger_the_rule_lets_pass_and_it_counts(ladder_of: MakeLadder, lenient: Edition) -> None:
    talk = deciding(ladder_of, lenient)
    refer(talk)
    talk.ladder.advance(0.1)
    talk.ladder.expect("b REFER")
    assert [output.inquiry.person for output in talk.ladder.outputs if isinstance(output, Count)] == [TARGET]


def test_one_refer_at_a_time(ladder_of: MakeLadder) -> None:
    talk = deciding(ladder_of)
    seen = crossing(talk)
    refer(talk)
    talk.ladder.expect("a 491 REFER")
    talk.ladder.feed("b", reply(seen, 202))
    talk.ladder.expect("a 202 REFER")
    refer(talk)
    talk.ladder.expect("b REFER")


def test_a_call_that_ends_while_the_ledger_is_asked_answers_the_refer(ladder_of: MakeLadder, careful: Edition) -> None:
    talk = deciding(ladder_of, careful)
    ladder = talk.ladder
    refer(talk)
    ladder.feed("b", talk.callee.request("BYE"))
    _, refused, bye = ladder.expect("b 200 BYE", "a 481 REFER", "a BYE")
    assert refused.message.status == 481
    ladder.feed("a", reply(bye, 200))
    ladder.advance(40)
    ladder.expect()
    ladder.assert_empty()


def test_methods_of_a_transfer_are_named_only_where_there_may_be_one(ladder_of: MakeLadder, ladder: Ladder) -> None:
    allow = ["Allow: INVITE, ACK, BYE, REFER, NOTIFY, SUBSCRIBE"]
    for one, shown in ((ladder, "INVITE, ACK, BYE"), (deciding(ladder_of).ladder, "INVITE, ACK, BYE, REFER, NOTIFY")):
        one.feed("a", Caller(9).invite(extra=allow))
        assert one.expect("a 100 INVITE", "b INVITE")[1].header("allow") == shown
