"""What is refused inside a call before it crosses."""

from __future__ import annotations

import pytest

from tests.ladder import ANSWER, OFFER, Callee, Caller, Ladder, Talk, hang_up, reply, set_up


@pytest.mark.parametrize("method", ["REFER", "NOTIFY"])
def test_a_transfer_is_403(ladder: Ladder, method: str) -> None:
    talk = set_up(ladder)
    ladder.feed("a", talk.caller.request(method, extra=["Refer-To: <sip:+33612345678@x>"]))
    ladder.expect(f"a 403 {method}")
    ladder.feed("b", talk.callee.request(method, extra=["Refer-To: <sip:+33612345678@x>"]))
    ladder.expect(f"b 403 {method}")
    hang_up(talk)


@pytest.mark.parametrize("method", ["SUBSCRIBE", "PUBLISH", "FOO"])
def test_other_methods_are_405_with_allow(ladder: Ladder, method: str) -> None:
    talk = set_up(ladder)
    ladder.feed("b", talk.callee.request(method))
    assert ladder.one(f"b 405 {method}").header("allow").startswith("INVITE, ACK, CANCEL, BYE")


def test_two_re_invites_that_meet_are_491(ladder: Ladder) -> None:
    talk = set_up(ladder)
    ladder.feed("a", talk.caller.request("INVITE", body=OFFER))
    again = ladder.one("b INVITE")
    ladder.feed("b", talk.callee.request("INVITE", body=OFFER))
    ladder.expect("b 491 INVITE")
    ladder.feed("b", talk.callee.reply(491, to=again))
    ladder.expect("b ACK", "a 491 INVITE")


def test_a_second_re_invite_of_the_same_side_is_500_with_retry_after(ladder: Ladder) -> None:
    talk = set_up(ladder)
    ladder.feed("a", talk.caller.request("INVITE", body=OFFER))
    ladder.expect("b INVITE")
    ladder.feed("a", talk.caller.request("INVITE", body=OFFER))
    assert 0 <= int(ladder.one("a 500 INVITE").header("retry-after")) <= 10


def test_a_re_invite_waits_for_the_ack_of_the_one_before(ladder: Ladder) -> None:
    talk = set_up(ladder)
    ladder.feed("a", talk.caller.request("INVITE", body=OFFER))
    ladder.feed("b", talk.callee.reply(200, to=ladder.one("b INVITE"), body=ANSWER))
    ladder.expect("a 200 INVITE", "b ACK")
    ladder.feed("b", talk.callee.request("INVITE", body=OFFER))
    ladder.expect("b 491 INVITE")
    ladder.feed("a", talk.caller.ack())
    ladder.feed("b", talk.callee.request("INVITE", body=OFFER))
    ladder.expect("a INVITE")


def test_a_number_that_goes_back_is_500(ladder: Ladder) -> None:
    talk = set_up(ladder)
    ladder.feed("a", talk.caller.request("INFO", cseq=10))
    ladder.expect("b INFO")
    ladder.feed("a", talk.caller.request("INFO", cseq=9))
    ladder.expect("a 500 INFO")
    ladder.feed("a", talk.caller.request("BYE", cseq=2))
    ladder.expect("a 500 BYE")


def test_no_hops_left_is_483(ladder: Ladder) -> None:
    talk = set_up(ladder)
    ladder.feed("a", talk.caller.request("INFO", hops="0"))
    ladder.expect("a 483 INFO")
    ladder.feed("a", talk.caller.request("BYE", hops="0"))
    ladder.expect("a 200 BYE", "b BYE")


def test_an_extension_that_we_cannot_carry_is_420(ladder: Ladder) -> None:
    talk = set_up(ladder)
    ladder.feed("a", talk.caller.request("UPDATE", extra=["Require: timer, foo"]))
    assert ladder.one("a 420 UPDATE").header("unsupported") == "foo"
    ladder.feed("a", talk.caller.request("UPDATE", extra=["Require: timer"]))
    ladder.expect("b UPDATE")


@pytest.mark.parametrize("method", ["INVITE", "UPDATE"])
def test_an_offer_without_an_address_is_488_and_the_call_goes_on(ladder: Ladder, method: str) -> None:
    talk = set_up(ladder)
    nowhere = b"v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8\r\n"
    ladder.feed("a", talk.caller.request(method, body=nowhere))
    ladder.expect(f"a 488 {method}")
    ladder.feed("b", talk.callee.request(method, body=nowhere))
    ladder.expect(f"b 488 {method}")
    ladder.feed("a", talk.caller.request("INFO"))
    ladder.expect("b INFO")


def test_a_body_that_cannot_be_looked_into_is_415(ladder: Ladder) -> None:
    talk = set_up(ladder)
    ladder.feed("a", talk.caller.request("INFO", extra=["Content-Encoding: gzip"], body=b"\x1f\x8b"))
    assert ladder.one("a 415 INFO").header("accept-encoding") == "identity"
    ladder.feed("a", talk.caller.request("INFO", extra=["Content-Encoding: identity"], body=b"x"))
    ladder.expect("b INFO")
    ladder.feed("b", talk.callee.request("INFO", extra=["Content-Encoding: gzip"], body=b"\x1f\x8b"))
    assert ladder.one("a INFO").body == b"\x1f\x8b"


@pytest.mark.parametrize("line", ["Contact: <sip:broken", "Max-Forwards: many"])
def test_a_broken_header_is_400_and_says_what_was_expected(ladder: Ladder, line: str) -> None:
    talk = set_up(ladder)
    ladder.feed("a", talk.caller.request("UPDATE", extra=[line]).replace(b"Max-Forwards: 70\r\n", b""))
    assert "expected" in ladder.one("a 400 UPDATE").start
    hang_up(talk)


def test_two_re_invites_that_met_are_both_tried_again_and_done(ladder: Ladder) -> None:
    talk = set_up(ladder)
    ladder.feed("a", talk.caller.request("INVITE", body=OFFER))
    again = ladder.one("b INVITE")
    asked = talk.callee.request("INVITE")
    ladder.feed("b", asked)
    ladder.expect("b 491 INVITE")
    ladder.feed("b", asked.replace(b"INVITE sip:", b"ACK sip:").replace(b" INVITE\r\n", b" ACK\r\n"))
    ladder.expect()
    ladder.feed("b", talk.callee.reply(491, to=again))
    _, met = ladder.expect("b ACK", "a 491 INVITE")
    ladder.feed("a", talk.caller.ack_failure(met))
    ladder.advance(1.0)  # the callee does not own the Call-ID and waits less (14.1)
    ladder.feed("b", talk.callee.request("INVITE", body=OFFER))
    ladder.feed("a", reply(ladder.one("a INVITE"), 200, body=ANSWER, contact=talk.caller.contact))
    ok, _ = ladder.expect("b 200 INVITE", "a ACK")
    ladder.feed("b", talk.callee.ack(ok))
    ladder.advance(2.0)
    ladder.feed("a", talk.caller.request("INVITE", body=OFFER))
    ladder.feed("b", talk.callee.reply(200, to=ladder.one("b INVITE"), body=ANSWER))
    ladder.expect("a 200 INVITE", "b ACK")
    ladder.feed("a", talk.caller.ack())
    hang_up(talk)


def test_two_updates_that_meet_cross_and_each_end_says_491(ladder: Ladder) -> None:
    talk = set_up(ladder)
    ladder.feed("a", talk.caller.request("UPDATE", body=OFFER))
    to_b = ladder.one("b UPDATE")
    ladder.feed("b", talk.callee.request("UPDATE", body=OFFER))
    to_a = ladder.one("a UPDATE")
    ladder.feed("a", reply(to_a, 491))
    ladder.expect("b 491 UPDATE")
    ladder.feed("b", talk.callee.reply(491, to=to_b))
    ladder.expect("a 491 UPDATE")
    hang_up(talk)


@pytest.mark.parametrize("dies", [False, True])
def test_a_re_invite_of_who_has_the_2xx_stands_for_its_ack(ladder: Ladder, dies: bool) -> None:
    caller = Caller()
    ladder.feed("a", caller.invite())
    callee = Callee(ladder.expect("a 100 INVITE", "b INVITE")[1])
    ladder.feed("b", callee.reply(200, body=ANSWER))
    caller.learn(ladder.expect("a 200 INVITE", "b ACK")[0])
    if dies:  # which had read the ACK
        ladder.die(away=1.0)
        ladder.expect("a 200 INVITE", "b ACK")
    ladder.feed("a", caller.request("INVITE", body=OFFER))
    ladder.feed("b", callee.reply(200, body=ANSWER, to=ladder.one("b INVITE")))
    ladder.expect("a 200 INVITE", "b ACK")
    ladder.feed("a", caller.ack())
    ladder.advance(40)
    ladder.expect()
    hang_up(Talk(ladder, caller, callee))


def test_it_does_not_where_the_ack_would_bring_the_media(ladder: Ladder) -> None:
    caller = Caller()
    ladder.feed("a", caller.invite(body=b""))
    callee = Callee(ladder.expect("a 100 INVITE", "b INVITE")[1])
    ladder.feed("b", callee.reply(200, body=OFFER))
    caller.learn(ladder.one("a 200 INVITE"))
    ladder.feed("a", caller.request("INVITE", body=OFFER))
    ladder.one("a 500 INVITE")
    ladder.feed("a", caller.ack(body=ANSWER, cseq=1))
    ladder.one("b ACK")
