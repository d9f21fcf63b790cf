"""Between the INVITE and its final answer: provisionals, forks, answers, failures, CANCEL, silence."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from proxy.b2bua.state import MOST_FORKS
from proxy.b2bua.trunks import Limits
from tests.ladder import ANSWER, OFFER, B, Callee, Caller, Ladder, Seen, hang_up, reply, set_up, topology

MakeLadder = Callable[..., Ladder]


def ringing(ladder: Ladder, body: bytes = OFFER) -> tuple[Caller, Callee]:
    caller = Caller()
    ladder.feed("a", caller.invite(body=body))
    _, invite = ladder.expect("a 100 INVITE", "b INVITE")
    callee = Callee(invite)
    ladder.feed("b", callee.reply(180))
    ladder.expect("a 180 INVITE")
    return caller, callee


# -- the carrier's failure ---------------------------------------------------


@pytest.mark.parametrize("status", [400, 404, 408, 480, 486, 488, 500, 503, 600, 603, 606, 607, 608])
def test_status_and_reason_of_a_failure_cross_phrase_and_warning_do_not(ladder: Ladder, status: int) -> None:
    _, callee = ringing(ladder)
    extra = ['Reason: Q.850;cause=17;text="busy"', 'Warning: 399 carrier "internal"', "Server: Carrier", "X-Info: 1"]
    ladder.feed("b", callee.reply(status, extra=[*extra, "Retry-After: 5", "Contact: <sip:else@10.2.0.7>"]))
    ack, failed = ladder.expect("b ACK", f"a {status} INVITE")
    assert ack.header("via") == callee.invite.header("via")
    assert ack.header("to").endswith(";tag=btag1")
    assert "Whatever" not in failed.start
    assert failed.header("reason") == 'Q.850;cause=17;text="busy"'
    assert failed.header("retry-after") == "5"
    assert [failed.header(name) for name in ("warning", "server", "x-info", "contact")] == ["", "", "", ""]
    (record,) = ladder.records()
    assert (record.status, record.ended_by, record.answered_at) == (status, "b", 0)


@pytest.mark.parametrize(("status", "shown"), [(300, 480), (302, 480), (305, 480), (401, 502), (407, 502)])
def test_redirections_and_challenges_never_cross(ladder: Ladder, status: int, shown: int) -> None:
    _, callee = ringing(ladder)
    extra = ["Contact: <sip:else@10.2.0.7>", 'WWW-Authenticate: Digest realm="x"']
    ladder.feed("b", callee.reply(status, extra=extra, contact=False))
    _, failed = ladder.expect("b ACK", f"a {shown} INVITE")
    assert failed.header("contact") == failed.header("www-authenticate") == ""
    assert ladder.records()[0].status == shown


def test_what_a_carrier_does_not_support_crosses(ladder: Ladder) -> None:
    _, callee = ringing(ladder)
    ladder.feed("b", callee.reply(420, extra=["Unsupported: 100rel"]))
    _, failed = ladder.expect("b ACK", "a 420 INVITE")
    assert failed.header("unsupported") == "100rel"


def test_a_405_names_our_methods(ladder: Ladder) -> None:
    _, callee = ringing(ladder)
    ladder.feed("b", callee.reply(405, extra=["Allow: INVITE, BYE"]))
    _, failed = ladder.expect("b ACK", "a 405 INVITE")
    assert len(failed.headers("allow")) == 1
    assert failed.header("allow") == "INVITE, ACK, CANCEL, BYE, OPTIONS, PRACK, UPDATE, INFO, MESSAGE"


def test_a_repeated_failure_gets_its_ack_again_and_our_answer_is_repeated_until_its_ack(ladder: Ladder) -> None:
    caller, callee = ringing(ladder)
    ladder.feed("b", callee.reply(486))
    ack, busy = ladder.expect("b ACK", "a 486 INVITE")
    ladder.feed("b", callee.reply(486))
    assert ladder.one("b ACK").data == ack.data
    ladder.advance(1.6)
    assert [seen.data for seen in ladder.expect("a 486 INVITE", "a 486 INVITE")] == [busy.data] * 2
    ladder.feed("a", caller.ack_failure(busy))
    ladder.advance(40)
    ladder.expect()
    ladder.assert_empty()


def test_a_silent_carrier_is_asked_again_and_then_408(ladder: Ladder) -> None:
    ladder.feed("a", Caller().invite())
    _, invite = ladder.expect("a 100 INVITE", "b INVITE")
    ladder.advance(31.9)
    assert [seen.at - 1000 for seen in ladder.unread] == [0.5, 1.5, 3.5, 7.5, 15.5, 31.5]
    assert all(seen.data == invite.data for seen in ladder.expect(*["b INVITE"] * 6))
    ladder.advance(0.2)
    ladder.expect("a 408 INVITE")
    assert (ladder.records()[0].status, ladder.records()[0].reason) == (408, "carrier silent")


# -- early dialogs -----------------------------------------------------------


def test_a_carrier_that_forks_without_end_makes_so_many_early_dialogs_and_no_more(ladder: Ladder) -> None:
    ladder.feed("a", Caller().invite())
    invite = ladder.expect("a 100 INVITE", "b INVITE")[1]
    tags = set()
    for number in range(MOST_FORKS):
        ladder.feed("b", Callee(invite, f"fork{number}").reply(180))
        tags.add(ladder.one("a 180 INVITE").message.to_tag)
    assert len(tags) == MOST_FORKS
    ladder.feed("b", Callee(invite, "onemore").reply(180))
    ladder.expect()
    assert ladder.engine.counters.dropped == {"too many forks": 1}
    assert len(ladder.engine.fabric.dialogs) == 2 * MOST_FORKS
    ladder.feed("b", Callee(invite, "fork3").reply(183))
    assert ladder.one("a 183 INVITE").message.to_tag in tags
    ladder.feed("b", Callee(invite, "onemore").reply(200, body=ANSWER))
    assert ladder.expect("a 200 INVITE", "b ACK")[0].message.to_tag not in tags
    ladder.stop()
    ladder.expect("b BYE", "a BYE")
    ladder.advance(70)
    ladder.unread = []
    ladder.assert_empty()


# -- no answer ---------------------------------------------------------------


def test_a_phone_that_nobody_picks_up_is_left_after_the_answer_timeout(ladder_of: MakeLadder) -> None:
    ladder = ladder_of(topology(limits=Limits(answer_timeout=60)))
    _, callee = ringing(ladder)
    ladder.advance(60)
    unanswered, cancel = ladder.expect("a 480 INVITE", "b CANCEL")
    assert unanswered.header("reason") == 'Q.850;cause=19;text="no answer"'
    assert cancel.header("via") == callee.invite.header("via")
    ladder.feed("b", reply(cancel, 200))
    ladder.feed("b", callee.reply(487))
    ladder.expect("b ACK")
    (record,) = ladder.records()
    assert (record.status, record.ended_by, record.reason) == (480, "proxy", "no answer")


# -- CANCEL ------------------------------------------------------------------


def test_a_cancel_waits_for_the_carriers_first_word(ladder: Ladder) -> None:
    caller = Caller()
    ladder.feed("a", caller.invite())
    _, invite = ladder.expect("a 100 INVITE", "b INVITE")
    ladder.feed("a", caller.cancel())
    done, ended = ladder.expect("a 200 CANCEL", "a 487 INVITE")
    assert done.header("to") == ended.header("to")
    ladder.feed("a", caller.ack_failure(ended))
    callee = Callee(invite)
    ladder.feed("b", callee.reply(100))
    cancel = ladder.one("b CANCEL")
    assert cancel.start == invite.start.replace("INVITE", "CANCEL")
    assert cancel.header("cseq") == "1 CANCEL"
    assert cancel.header("from") == invite.header("from")
    ladder.feed("b", reply(cancel, 200))
    ladder.feed("b", callee.reply(487))
    ladder.expect("b ACK")
    (record,) = ladder.records()
    assert (record.status, record.ended_by, record.reason) == (487, "a", "cancelled")
    ladder.advance(40)
    ladder.assert_empty()


def test_a_cancel_while_ringing_goes_on_at_once_and_once(ladder: Ladder) -> None:
    caller, callee = ringing(ladder)
    first = caller.cancel()
    ladder.feed("a", first)
    ladder.expect("a 200 CANCEL", "a 487 INVITE", "b CANCEL")
    ladder.feed("a", first)
    ladder.expect("a 200 CANCEL")
    ladder.feed("b", callee.reply(180))
    ladder.expect()
    ladder.advance(0.6)
    ladder.expect("a 487 INVITE", "b CANCEL")


def test_a_cancel_is_not_sent_again_when_the_carrier_rings_on(ladder: Ladder) -> None:
    caller, callee = ringing(ladder)
    ladder.feed("a", caller.cancel())
    _, ended, cancel = ladder.expect("a 200 CANCEL", "a 487 INVITE", "b CANCEL")
    ladder.feed("a", caller.ack_failure(ended))
    ladder.feed("b", reply(cancel, 200))
    ladder.advance(10)
    ladder.feed("b", callee.reply(180))
    ladder.expect()


def test_a_200_that_crosses_the_cancel_is_acknowledged_and_hung_up(ladder: Ladder) -> None:
    caller, callee = ringing(ladder)
    ladder.feed("a", caller.cancel())
    _, ended, cancel = ladder.expect("a 200 CANCEL", "a 487 INVITE", "b CANCEL")
    ladder.feed("a", caller.ack_failure(ended))
    ladder.feed("b", callee.reply(200, body=ANSWER))
    ack, bye = ladder.expect("b ACK", "b BYE")
    assert bye.header("cseq") == "2 BYE"
    ladder.feed("b", reply(cancel, 200))
    ladder.feed("b", callee.reply(200, body=ANSWER))
    assert ladder.one("b ACK").data == ack.data
    ladder.feed("b", reply(bye, 200))
    ladder.expect()
    (record,) = ladder.records()
    assert (record.status, record.ended_by, record.answered_at) == (487, "a", 0)
    ladder.feed("b", callee.reply(200, body=ANSWER))
    ladder.expect("b ACK")
    ladder.advance(70)
    ladder.assert_empty()


def test_a_cancel_that_is_never_answered_is_given_up(ladder: Ladder) -> None:
    caller, _ = ringing(ladder)
    ladder.feed("a", caller.cancel())
    _, ended, _ = ladder.expect("a 200 CANCEL", "a 487 INVITE", "b CANCEL")
    ladder.feed("a", caller.ack_failure(ended))
    ladder.advance(31.9)
    assert {seen.label for seen in ladder.unread} == {"b CANCEL"}
    ladder.unread = []
    assert ladder.records() == []
    ladder.advance(0.2)
    assert len(ladder.records()) == 1
    ladder.advance(40)
    ladder.expect()
    ladder.assert_empty()


def test_a_cancel_after_the_200_has_no_effect(ladder: Ladder) -> None:
    caller, callee = ringing(ladder)
    via = caller.last_via
    ladder.feed("b", callee.reply(200, body=ANSWER))
    ok, _ = ladder.expect("a 200 INVITE", "b ACK")
    ladder.feed("a", caller.cancel(via))
    ladder.expect("a 200 CANCEL")
    caller.learn(ok)
    ladder.feed("a", caller.ack())
    ladder.feed("a", caller.request("BYE"))
    ladder.expect("a 200 BYE", "b BYE")


def test_a_cancel_of_nothing_is_481(ladder: Ladder) -> None:
    caller = Caller()
    caller.invite()
    ladder.feed("a", caller.cancel())
    ladder.expect("a 481 CANCEL")


# -- forks -------------------------------------------------------------------


def test_each_early_dialog_of_the_carrier_is_one_towards_the_platform(ladder: Ladder) -> None:
    caller = Caller()
    ladder.feed("a", caller.invite())
    _, invite = ladder.expect("a 100 INVITE", "b INVITE")
    one, two = Callee(invite, "b1"), Callee(invite, "b2")
    tags = []
    for callee in (one, two, one):
        ladder.feed("b", callee.reply(183, body=ANSWER))
        tags.append(ladder.one("a 183 INVITE").message.to_tag)
    assert tags[0] == tags[2] != tags[1]
    ladder.feed("b", two.reply(200, body=ANSWER))
    ok, ack = ladder.expect("a 200 INVITE", "b ACK")
    assert ok.message.to_tag == tags[1]
    assert ack.header("to").endswith(";tag=b2")
    caller.learn(ok)
    ladder.feed("a", caller.ack())
    caller.to_tag = tags[0].decode()
    ladder.feed("a", caller.request("INFO"))
    ladder.expect("a 481 INFO")
    caller.learn(ok)
    ladder.feed("a", caller.request("BYE"))
    _, bye = ladder.expect("a 200 BYE", "b BYE")
    assert bye.header("to").endswith(";tag=b2")
    ladder.feed("b", reply(bye, 200))
    ladder.advance(70)
    ladder.assert_empty()


@pytest.mark.parametrize("rang", [True, False])
def test_a_second_200_of_another_fork_is_acknowledged_and_hung_up_once(ladder: Ladder, rang: bool) -> None:
    caller = Caller()
    ladder.feed("a", caller.invite())
    _, invite = ladder.expect("a 100 INVITE", "b INVITE")
    one, two = Callee(invite, "b1"), Callee(invite, "b2")
    if rang:
        ladder.feed("b", two.reply(180))
        ladder.expect("a 180 INVITE")
    ladder.feed("b", one.reply(200, body=ANSWER))
    ok, _ = ladder.expect("a 200 INVITE", "b ACK")
    caller.learn(ok)
    ladder.feed("a", caller.ack())
    ladder.feed("b", two.reply(200, body=ANSWER))
    ack, bye = ladder.expect("b ACK", "b BYE")
    assert ack.header("to").endswith(";tag=b2")
    assert bye.header("to").endswith(";tag=b2")
    ladder.feed("b", two.reply(200, body=ANSWER))
    ladder.expect("b ACK")
    ladder.feed("b", reply(bye, 200))
    ladder.feed("b", two.request("BYE"))
    ladder.expect("b 481 BYE")
    ladder.feed("a", caller.request("BYE"))
    _, bye = ladder.expect("a 200 BYE", "b BYE")
    assert bye.header("to").endswith(";tag=b1")
    ladder.feed("b", reply(bye, 200))
    assert len(ladder.records()) == 1
    ladder.advance(70)
    ladder.assert_empty()


def test_a_second_200_after_the_call_has_ended_is_hung_up_too(ladder: Ladder) -> None:
    talk = set_up(ladder)
    hang_up(talk)
    ladder.feed("b", Callee(talk.callee.invite, "late").reply(200, body=ANSWER))
    _, bye = ladder.expect("b ACK", "b BYE")
    ladder.feed("b", reply(bye, 200))
    assert len(ladder.records()) == 1
    ladder.advance(70)
    ladder.assert_empty()


# -- the answer --------------------------------------------------------------


def test_a_repeated_200_is_acknowledged_again_with_the_same_bytes(ladder: Ladder) -> None:
    talk = set_up(ladder)
    ladder.feed("b", talk.callee.reply(200, body=ANSWER))
    first = ladder.one("b ACK")
    ladder.feed("b", talk.callee.reply(200, body=ANSWER))
    assert ladder.one("b ACK").data == first.data
    hang_up(talk)


def test_our_200_is_repeated_until_its_ack(ladder: Ladder) -> None:
    caller, callee = ringing(ladder)
    ladder.feed("b", callee.reply(200, body=ANSWER))
    ok, _ = ladder.expect("a 200 INVITE", "b ACK")
    ladder.advance(16)
    repeats = ladder.expect(*["a 200 INVITE"] * 6)
    assert [seen.at - 1000 for seen in repeats] == [0.5, 1.5, 3.5, 7.5, 11.5, 15.5]
    assert {seen.data for seen in repeats} == {ok.data}
    caller.learn(ok)
    ladder.feed("a", caller.ack())
    ladder.advance(60)
    ladder.expect()


def test_a_200_that_is_never_acknowledged_ends_the_call_on_both_legs(ladder: Ladder) -> None:
    _, callee = ringing(ladder)
    ladder.feed("b", callee.reply(200, body=ANSWER))
    ladder.expect("a 200 INVITE", "b ACK")
    ladder.advance(32)
    to_b, to_a = [seen for seen in ladder.unread if seen.label.endswith("BYE")]
    ladder.unread = []
    assert (to_b.label, to_a.label, to_b.at) == ("b BYE", "a BYE", 1032)
    ladder.feed("b", reply(to_b, 200))
    ladder.feed("a", reply(to_a, 481))
    (record,) = ladder.records()
    assert (record.status, record.ended_by, record.reason) == (200, "proxy", "no ack")
    ladder.advance(40)
    ladder.assert_empty()


def test_an_answer_without_a_tag_is_taken(ladder: Ladder) -> None:
    caller = Caller()
    ladder.feed("a", caller.invite())
    _, invite = ladder.expect("a 100 INVITE", "b INVITE")
    ladder.feed("b", reply(invite, 180))
    ladder.expect("a 180 INVITE")
    ladder.feed("b", reply(invite, 200, body=ANSWER))
    ok, ack = ladder.expect("a 200 INVITE", "b ACK")
    assert ack.header("to") == invite.header("to")
    assert ack.start == "ACK sip:10.2.0.1:5080 SIP/2.0"
    caller.learn(ok)
    ladder.feed("a", caller.ack())
    ladder.feed("a", caller.request("BYE"))
    _, bye = ladder.expect("a 200 BYE", "b BYE")
    ladder.feed("b", reply(bye, 200))
    ladder.advance(70)
    ladder.assert_empty()


@pytest.mark.parametrize(
    "line",
    ["Contact: <sip:broken", "Contact: *", "Contact: <mailto:a@b.example>", "Record-Route: <sip:x", 'Record-Route: "'],
)
@pytest.mark.parametrize("cancelled", [False, True])
def test_an_answer_that_cannot_be_read_in_full_still_makes_or_ends_the_call(
    ladder: Ladder, line: str, cancelled: bool
) -> None:
    caller, callee = ringing(ladder)
    if cancelled:
        ladder.feed("a", caller.cancel())
        _, ended, cancel = ladder.expect("a 200 CANCEL", "a 487 INVITE", "b CANCEL")
        ladder.feed("a", caller.ack_failure(ended))
        ladder.feed("b", reply(cancel, 200))
    ladder.feed("b", callee.reply(200, body=ANSWER, extra=[line], contact=False))
    if cancelled:
        _, bye = ladder.expect("b ACK", "b BYE")
    else:
        ok, _ = ladder.expect("a 200 INVITE", "b ACK")
        caller.learn(ok)
        ladder.feed("a", caller.ack())
        ladder.feed("a", caller.request("BYE"))
        _, bye = ladder.expect("a 200 BYE", "b BYE")
    ladder.feed("b", reply(bye, 200))
    ladder.advance(70)
    ladder.assert_empty()


# -- routes and targets ------------------------------------------------------


def test_route_sets_are_kept_per_leg(ladder: Ladder) -> None:
    caller = Caller()
    ladder.feed("a", caller.invite(extra=["Record-Route: <sip:10.1.0.3;lr>, <sip:10.1.0.4;lr>"]))
    _, invite = ladder.expect("a 100 INVITE", "b INVITE")
    assert invite.headers("record-route") == invite.headers("route") == []
    callee = Callee(invite)
    ladder.feed("b", callee.reply(180))
    assert ladder.one("a 180 INVITE").headers("record-route") == ["<sip:10.1.0.3;lr>, <sip:10.1.0.4;lr>"]
    routes = ["Record-Route: <sip:10.2.0.4;lr>", "Record-Route: <sip:10.2.0.3:5090;lr>"]
    ladder.feed("b", callee.reply(200, body=ANSWER, extra=routes))
    ok = ladder.unread[0]
    assert ok.headers("record-route") == ["<sip:10.1.0.3;lr>, <sip:10.1.0.4;lr>"]
    ok, ack = ladder.expect("a 200 INVITE", "10.2.0.3:5090 ACK")
    assert ack.headers("route") == ["<sip:10.2.0.3:5090;lr>", "<sip:10.2.0.4;lr>"]
    assert ack.start == f"ACK {callee.contact} SIP/2.0"
    caller.learn(ok)
    ladder.feed("a", caller.ack())
    ladder.feed("b", callee.request("BYE"))
    _, bye = ladder.expect("b 200 BYE", "10.1.0.3:5060 BYE")
    assert bye.headers("route") == ["<sip:10.1.0.3;lr>", "<sip:10.1.0.4;lr>"]
    assert bye.start == f"BYE {caller.contact} SIP/2.0"


def test_a_leg_without_contact_is_reached_where_it_sent_from(ladder: Ladder) -> None:
    caller = Caller()
    ladder.feed("a", caller.invite(contact=False))
    _, invite = ladder.expect("a 100 INVITE", "b INVITE")
    callee = Callee(invite)
    ladder.feed("b", callee.reply(200, body=ANSWER, contact=False))
    ok, ack = ladder.expect("a 200 INVITE", "b ACK")
    assert ack.start == f"ACK sip:{B[0]}:{B[1]} SIP/2.0"
    caller.learn(ok)
    ladder.feed("a", caller.ack())
    ladder.feed("b", callee.request("BYE"))
    _, bye = ladder.expect("b 200 BYE", "a BYE")
    assert bye.start == "BYE sip:10.1.0.1:5070 SIP/2.0"


def test_answers_go_where_the_via_says(ladder_of: MakeLadder) -> None:
    ladder = ladder_of()
    data = Caller().invite().replace(b";rport", b"")
    ladder.feed_from(("10.1.0.1", 6666), data)
    trying, _ = ladder.expect("a 100 INVITE", "b INVITE")
    assert trying.header("via").endswith("z9hG4bKa1-1")
    ladder = ladder_of()
    ladder.feed_from(("10.1.0.1", 6666), Caller().invite())
    trying, _ = ladder.expect("10.1.0.1:6666 100 INVITE", "b INVITE")
    assert trying.header("via").endswith(";rport=6666;received=10.1.0.1")


def test_what_the_platform_names_its_customer_by_never_crosses(ladder: Ladder) -> None:
    ladder.feed("a", Caller().invite(extra=["X-Campaign: spring", "X-Other: 1", "Subject: hello", "Priority: urgent"]))
    _, invite = ladder.expect("a 100 INVITE", "b INVITE")
    for name in ("x-account", "x-campaign", "x-other", "subject", "priority", "user-agent"):
        assert invite.header(name) == ""


def test_reliable_provisionals_are_renumbered_on_each_leg(ladder: Ladder) -> None:
    caller = Caller()
    caller.cseq = 41
    ladder.feed("a", caller.invite(extra=["Supported: 100rel, foo"]))
    _, invite = ladder.expect("a 100 INVITE", "b INVITE")
    assert invite.header("supported") == "100rel"
    callee = Callee(invite)

    def progress(number: int) -> Seen:
        ladder.feed("b", callee.reply(183, extra=["Require: 100rel", f"RSeq: {number}"], body=ANSWER))
        return ladder.one("a 183 INVITE")

    def prack(number: int) -> Seen:
        ladder.feed("a", caller.request("PRACK", extra=[f"RAck: {number} 41 INVITE"]))
        crossed = ladder.one("b PRACK")
        ladder.feed("b", reply(crossed, 200))
        ladder.expect("a 200 PRACK")
        return crossed

    first = progress(7000)
    assert (first.header("rseq"), first.header("require")) == ("1", "100rel")
    caller.learn(first)
    assert progress(7000).header("rseq") == "1"
    assert prack(1).header("rack") == "7000 1 INVITE"
    assert progress(7001).header("rseq") == "2"
    assert prack(2).header("rack") == "7001 1 INVITE"
    progress(7002)
    ladder.feed("b", callee.reply(200, body=ANSWER))
    ladder.expect("a 200 INVITE", "b ACK")
    ladder.feed("a", caller.ack(cseq=41))
    assert prack(3).header("rack") == "7002 1 INVITE"  # it was lost on its first way
    ladder.feed("a", caller.request("PRACK", extra=["RAck: what ever"]))
    assert ladder.one("b PRACK").header("rack") == ""


def failing(ladder: Ladder, status: int, extra: list[str]) -> Seen:
    """The answer that the platform sees when the carrier fails the call with these lines."""
    ladder.feed("a", Caller().invite())
    _, invite = ladder.expect("a 100 INVITE", "b INVITE")
    ladder.feed("b", Callee(invite).reply(status, extra=extra))
    return ladder.expect("b ACK", f"a {status} INVITE")[1]


def test_a_608_tells_where_to_complain_and_nothing_else(ladder: Ladder) -> None:
    card = "<https://block.example.net/card.json>;purpose=jwscard"
    lines = [
        f"Call-Info: <https://x.example/me.png>;purpose=icon, {card}",
        "Call-Info: <sip:broken",
        "Warning: 399 x y",
    ]
    seen = failing(ladder, 608, lines)
    assert seen.headers("call-info") == [card]
    assert (seen.start, seen.header("warning")) == ("SIP/2.0 608 Rejected", "")


@pytest.mark.parametrize("status", [486, 603, 607])
def test_call_info_of_other_failures_stays_behind(ladder: Ladder, status: int) -> None:
    seen = failing(ladder, status, ["Call-Info: <https://block.example.net/card.json>;purpose=jwscard"])
    assert seen.header("call-info") == ""


def test_a_blocking_network_is_told_apart_from_a_person_who_declines(ladder: Ladder) -> None:
    why = 'Q.850;cause=21;text="v=analytics1;url=https://redress.example.net"'
    seen = failing(ladder, 603, [f"Reason: {why}"])
    assert (seen.start, seen.header("reason")) == ("SIP/2.0 603 Network Blocked", why)


def test_a_person_who_declines_is_told_so(ladder: Ladder) -> None:
    assert failing(ladder, 603, ["Reason: Q.850;cause=21"]).start == "SIP/2.0 603 Decline"


def test_the_reason_of_a_cancel_crosses_without_who_calls(ladder: Ladder) -> None:
    caller = Caller()
    ladder.feed("a", caller.invite())
    _, invite = ladder.expect("a 100 INVITE", "b INVITE")
    cancel = caller.cancel().replace(
        b"Content-Length",
        b'Reason: SIP;cause=200;text="elsewhere"\r\nReason: Q.850;cause=16;text="0145001234"\r\nContent-Length',
    )
    ladder.feed("a", cancel)
    ladder.expect("a 200 CANCEL", "a 487 INVITE")
    ladder.feed("b", Callee(invite).reply(180))  # only now may it go on
    assert ladder.one("b CANCEL").headers("reason") == ['SIP;cause=200;text="elsewhere"']
