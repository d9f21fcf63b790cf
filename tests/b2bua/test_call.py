"""Whole calls, as the platform and the carrier see them, from the INVITE to the record."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from proxy.b2bua.trunks import Limits
from proxy.policy.decision import Action
from proxy.policy.edition import Edition
from proxy.policy.inquiry import PersonState
from tests.ladder import ANSWER, CALLED, EPOCH, OFFER, Callee, Caller, Ladder, hang_up, reply, set_up, topology

MakeLadder = Callable[..., Ladder]


def test_a_call_rings_is_answered_and_hung_up_by_the_platform(ladder: Ladder) -> None:
    caller = Caller()
    ladder.feed("a", caller.invite())
    trying, invite = ladder.expect("a 100 INVITE", "b INVITE")
    assert ";tag=" not in trying.header("to")
    assert trying.header("via").endswith(";rport=5070;received=10.1.0.1")
    callee = Callee(invite)
    ladder.feed("b", callee.reply(100))
    ladder.expect()
    ladder.advance(1)
    ladder.feed("b", callee.reply(180))
    ringing = ladder.one("a 180 INVITE")
    ladder.advance(2)
    ladder.feed("b", callee.reply(200, body=ANSWER))
    ok, ack = ladder.expect("a 200 INVITE", "b ACK")
    assert ok.message.to_tag == ringing.message.to_tag
    assert ok.body == ANSWER
    assert ack.start == "ACK sip:gw@10.2.0.1:5080 SIP/2.0"
    assert ack.header("to").endswith(";tag=btag1")
    caller.learn(ok)
    ladder.feed("a", caller.ack())
    ladder.expect()
    ladder.advance(30)
    ladder.feed("a", caller.request("BYE"))
    gone, bye = ladder.expect("a 200 BYE", "b BYE")
    assert gone.header("to").endswith(caller.to_tag)
    assert bye.header("cseq") == "2 BYE"
    assert bye.header("call-id") == invite.header("call-id") != caller.call_id
    ladder.feed("b", callee.reply(200, to=bye))
    ladder.expect()
    (record,) = ladder.records()
    assert (record.status, record.ended_by, record.customer, record.called) == (200, "a", "acme", CALLED)
    assert [at - EPOCH for at in (record.started, record.ringing_at, record.answered_at, record.ended_at)] == [
        0, 1, 3, 33,
    ]  # fmt: skip
    assert (record.a_call_id.decode(), record.b_call_id.decode()) == (caller.call_id, invite.header("call-id"))
    assert record.decision_id == ladder.decisions()[0].id
    ladder.advance(40)
    ladder.assert_empty()


def test_early_media_crosses_and_the_carrier_hangs_up(ladder: Ladder) -> None:
    caller = Caller()
    ladder.feed("a", caller.invite())
    _, invite = ladder.expect("a 100 INVITE", "b INVITE")
    callee = Callee(invite)
    ladder.feed("b", callee.reply(183, body=ANSWER))
    assert ladder.one("a 183 INVITE").body == ANSWER
    ladder.feed("b", callee.reply(180))
    ladder.expect("a 180 INVITE")
    ladder.feed("b", callee.reply(183, body=ANSWER))
    ladder.expect("a 183 INVITE")
    ladder.feed("b", callee.reply(200, body=ANSWER))
    ok, _ = ladder.expect("a 200 INVITE", "b ACK")
    caller.learn(ok)
    ladder.feed("a", caller.ack())
    ladder.feed("b", callee.request("BYE", extra=['Reason: Q.850;cause=16;text="normal"']))
    done, bye = ladder.expect("b 200 BYE", "a BYE")
    assert done.header("cseq") == "101 BYE"
    assert bye.start == f"BYE {caller.contact} SIP/2.0"
    assert bye.header("reason") == 'Q.850;cause=16;text="normal"'
    assert bye.header("from").endswith(f";tag={caller.to_tag}")
    assert bye.header("to") == caller.from_line.removeprefix("From: ")
    ladder.feed("a", reply(bye, 200))
    ladder.expect()
    (record,) = ladder.records()
    assert (record.ended_by, record.reason) == ("b", 'Q.850;cause=16;text="normal"')
    ladder.advance(40)
    ladder.assert_empty()


def test_no_180_crosses_after_the_200(ladder: Ladder) -> None:
    talk = set_up(ladder)
    ladder.feed("b", talk.callee.reply(180))
    ladder.expect()
    hang_up(talk)


def test_a_retransmitted_invite_is_answered_from_stored_bytes_and_decided_once(ladder: Ladder) -> None:
    caller = Caller()
    first = caller.invite()
    ladder.feed("a", first)
    trying, invite = ladder.expect("a 100 INVITE", "b INVITE")
    ladder.feed("a", first)
    assert ladder.one("a 100 INVITE").data == trying.data
    ladder.feed("b", Callee(invite).reply(180))
    ringing = ladder.one("a 180 INVITE")
    ladder.feed("a", first)
    assert ladder.one("a 180 INVITE").data == ringing.data
    assert len(ladder.decisions()) == 1


def test_a_refused_invite_is_answered_with_the_same_bytes_each_time(ladder: Ladder) -> None:
    caller = Caller()
    first = caller.invite(account="stopped")
    ladder.feed("a", first)
    refused = ladder.one("a 403 INVITE")
    ladder.feed("a", first)
    assert ladder.one("a 403 INVITE").data == refused.data
    assert len(ladder.decisions()) == 1
    ladder.feed("a", caller.ack_failure(refused))
    ladder.advance(6)
    ladder.assert_empty()


def test_a_refusal_says_why(ladder: Ladder) -> None:
    ladder.feed("a", Caller().invite(account="stopped"))
    refused = ladder.one("a 403 INVITE")
    (decided,) = ladder.decisions()
    assert decided.decision.action == Action.REFUSE
    assert refused.header("reason") == 'Q.850;cause=21;text="customer.suspended"'
    assert refused.header("warning") == f'399 10.0.0.1 "customer.suspended {decided.id}"'
    assert refused.start == f"SIP/2.0 403 {decided.decision.phrase}"
    assert ladder.records() == []
    ladder.advance(0.5)
    ladder.expect("a 403 INVITE")
    ladder.advance(40)
    ladder.unread = []
    ladder.assert_empty()


def test_outside_hours_the_answer_names_the_next_opening(ladder: Ladder) -> None:
    ladder.now += 2 * 3600  # from 11:00 to 13:00, when prospecting pauses for an hour
    ladder.feed("a", Caller().invite(account="prospector"))
    refused = ladder.one("a 480 INVITE")
    assert refused.header("retry-after") == "3600"
    assert refused.header("reason").startswith("Q.850;cause=31")


def test_a_decision_that_needs_the_ledger_parks_its_call_only(ladder_of: MakeLadder, careful: Edition) -> None:
    ladder = ladder_of(over=careful)
    ladder.feed("a", Caller(1).invite())
    ladder.expect("a 100 INVITE")
    (fetch,) = ladder.fetches()
    assert (fetch.inquiry.customer, fetch.inquiry.person) == ("acme", CALLED)
    assert not fetch.inquiry.reserve
    assert fetch.deadline == ladder.now + 0.05
    ladder.feed("a", Caller(2).invite())
    ladder.expect("a 100 INVITE")
    ladder.arrived(fetch.call, PersonState())
    invite = ladder.one("b INVITE")
    assert invite.header("from").startswith("<sip:+33162000001@")
    assert len(ladder.decisions()) == 1
    ladder.arrived(ladder.fetches()[1].call, PersonState(refusal_at=ladder.epoch))
    assert ladder.one("a 403 INVITE").header("reason") == 'Q.850;cause=21;text="refusal.recorded"'
    ladder.feed("b", Callee(invite).reply(486))
    ladder.expect("b ACK", "a 486 INVITE")


def test_without_an_answer_of_the_ledger_the_rule_refuses(ladder_of: MakeLadder, careful: Edition) -> None:
    ladder = ladder_of(over=careful)
    ladder.feed("a", Caller().invite())
    ladder.expect("a 100 INVITE")
    ladder.advance(0.05)
    refused = ladder.one("a 480 INVITE")
    assert 'text="ledger.unreachable"' in refused.header("reason")
    assert refused.header("retry-after") == "30"
    (fetch,) = ladder.fetches()
    ladder.arrived(fetch.call, PersonState())
    ladder.expect()
    assert len(ladder.decisions()) == 1


def test_without_an_answer_of_the_ledger_the_rule_lets_pass(ladder_of: MakeLadder, lenient: Edition) -> None:
    ladder = ladder_of(over=lenient)
    ladder.feed("a", Caller().invite())
    ladder.expect("a 100 INVITE")
    ladder.advance(0.05)
    invite = ladder.one("b INVITE")
    (decided,) = ladder.decisions()
    assert decided.decision.blind
    (fetch,) = ladder.fetches()
    ladder.arrived(fetch.call, PersonState(refusal_at=ladder.epoch))
    ladder.expect()
    ladder.feed("b", Callee(invite).reply(404))
    ladder.expect("b ACK", "a 404 INVITE")


def test_a_parked_call_can_be_cancelled(ladder_of: MakeLadder, careful: Edition) -> None:
    ladder = ladder_of(over=careful)
    caller = Caller()
    ladder.feed("a", caller.invite())
    ladder.expect("a 100 INVITE")
    ladder.feed("a", caller.cancel())
    _, ended = ladder.expect("a 200 CANCEL", "a 487 INVITE")
    ladder.feed("a", caller.ack_failure(ended))
    ladder.arrived(ladder.fetches()[0].call, PersonState())
    ladder.expect()
    assert not ladder.decisions()
    assert not ladder.records()
    ladder.advance(40)
    ladder.assert_empty()


def test_a_parked_call_whose_contact_cannot_be_read_never_parks(ladder_of: MakeLadder, careful: Edition) -> None:
    ladder = ladder_of(over=careful)
    caller = Caller()
    caller.contact = "not a uri"
    ladder.feed("a", caller.invite())
    ladder.expect("a 400 INVITE")
    ladder.assert_empty()


def test_a_broken_header_that_would_not_cross_stops_no_call(ladder_of: MakeLadder, careful: Edition) -> None:
    ladder = ladder_of(over=careful)
    ladder.feed("a", Caller().invite(extra=["Referred-By: <sip:broken", 'History-Info: "', "Reply-To: <"]))
    ladder.expect("a 100 INVITE")
    ladder.arrived(ladder.fetches()[0].call, PersonState())
    invite = ladder.one("b INVITE")
    ladder.feed("b", Callee(invite).reply(486))
    ladder.expect("b ACK", "a 486 INVITE")


def test_the_longest_call_ends_on_both_legs(ladder_of: MakeLadder) -> None:
    ladder = ladder_of(topology(limits=Limits(longest_call=600)))
    talk = set_up(ladder)
    ladder.advance(600)
    to_b, to_a = ladder.expect("b BYE", "a BYE")
    ladder.feed("b", talk.callee.reply(200, to=to_b))
    ladder.feed("a", reply(to_a, 200))
    (record,) = ladder.records()
    assert (record.ended_by, record.reason, record.ended_at - record.answered_at) == ("proxy", "longest call", 600)
    ladder.advance(40)
    ladder.assert_empty()


@pytest.mark.parametrize(("node", "ends"), [(600, 120), (60, 60)])
def test_a_customers_longest_call_holds_where_it_is_shorter(ladder_of: MakeLadder, node: float, ends: float) -> None:
    ladder = ladder_of(topology(limits=Limits(longest_call=node)))
    set_up(ladder, account="named")
    ladder.advance(ends)
    for seen in ladder.expect("b BYE", "a BYE"):
        ladder.feed(seen.side, reply(seen, 200))
    (record,) = ladder.records()
    assert (record.reason, record.ended_at - record.answered_at) == ("longest call", ends)


def test_the_offer_may_come_in_the_200_and_the_answer_in_the_ack(ladder: Ladder) -> None:
    caller = Caller()
    ladder.feed("a", caller.invite(body=b""))
    _, invite = ladder.expect("a 100 INVITE", "b INVITE")
    assert invite.body == b""
    callee = Callee(invite)
    ladder.feed("b", callee.reply(200, body=ANSWER))
    ok = ladder.one("a 200 INVITE")
    assert ok.body == ANSWER
    ladder.feed("b", callee.reply(200, body=ANSWER))
    ladder.expect()  # our ACK needs the platform's
    caller.learn(ok)
    ladder.feed("a", caller.ack(body=OFFER))
    ack = ladder.one("b ACK")
    assert ack.header("content-type") == "application/sdp"
    assert ack.body == OFFER.replace(b"o=alice", b"o=-").replace(b"s=call", b"s=-")
    ladder.feed("b", callee.reply(200, body=ANSWER))
    assert ladder.one("b ACK").data == ack.data
