"""Requests inside a call cross both ways with their answers; an INVITE among them with its 2xx and ACK."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from proxy.b2bua.trunks import Limits
from tests.ladder import ANSWER, OFFER, Callee, Caller, Ladder, hang_up, reply, set_up, topology

MakeLadder = Callable[..., Ladder]
HELD = OFFER + b"a=sendonly\r\n"


def test_the_platform_holds_and_resumes(ladder: Ladder) -> None:
    talk = set_up(ladder)
    for offer, cseq in ((HELD, "2 INVITE"), (OFFER, "3 INVITE")):
        ladder.feed("a", talk.caller.request("INVITE", body=offer))
        again = ladder.one("b INVITE")
        assert again.header("cseq") == cseq
        assert again.body == offer.replace(b"o=alice", b"o=-").replace(b"s=call", b"s=-")
        assert again.header("from").startswith("<sip:+33162000001@")
        assert again.header("p-asserted-identity") == ""
        ladder.feed("b", talk.callee.reply(100, to=again))
        ladder.expect()
        ladder.feed("b", talk.callee.reply(200, to=again, body=ANSWER))
        ok, ack = ladder.expect("a 200 INVITE", "b ACK")
        assert ok.body == ANSWER
        assert ok.header("contact") == "<sip:10.0.0.1:5060>"
        assert ack.header("cseq") == cseq.replace("INVITE", "ACK")
        ladder.feed("a", talk.caller.ack())
        ladder.expect()
    hang_up(talk)


def test_the_carrier_holds(ladder: Ladder) -> None:
    talk = set_up(ladder)
    ladder.feed("b", talk.callee.request("INVITE", body=ANSWER))
    again = ladder.one("a INVITE")
    assert again.start == f"INVITE {talk.caller.contact} SIP/2.0"
    assert again.header("from").endswith(f";tag={talk.caller.to_tag}")
    assert again.header("contact") == "<sip:10.0.0.1:5060>"
    ladder.feed("a", reply(again, 200, contact=talk.caller.contact, body=OFFER))
    ok, ack = ladder.expect("b 200 INVITE", "a ACK")
    assert ok.body == OFFER.replace(b"o=alice", b"o=-").replace(b"s=call", b"s=-")
    assert ok.header("from").endswith(";tag=btag1")
    assert ack.header("cseq") == "1 ACK"
    ladder.feed("b", talk.callee.ack(ok))
    ladder.expect()
    ladder.advance(40)
    ladder.expect()
    hang_up(talk)


def test_a_late_offer_in_a_re_invite_crosses_in_the_200_and_the_ack(ladder: Ladder) -> None:
    talk = set_up(ladder)
    ladder.feed("b", talk.callee.request("INVITE"))
    again = ladder.one("a INVITE")
    ladder.feed("a", reply(again, 200, contact=talk.caller.contact, body=OFFER))
    ok = ladder.one("b 200 INVITE")
    ladder.feed("a", reply(again, 200, contact=talk.caller.contact, body=OFFER))
    ladder.expect()
    ladder.feed("b", talk.callee.ack(ok, body=ANSWER))
    ack = ladder.one("a ACK")
    assert (ack.body, ack.header("content-type")) == (ANSWER, "application/sdp")
    ladder.feed("a", reply(again, 200, contact=talk.caller.contact, body=OFFER))
    assert ladder.one("a ACK").data == ack.data


def test_a_re_invite_that_fails_leaves_the_call_up(ladder: Ladder) -> None:
    talk = set_up(ladder)
    ladder.feed("a", talk.caller.request("INVITE", body=HELD))
    again = ladder.one("b INVITE")
    ladder.feed("b", talk.callee.reply(488, to=again, extra=['Warning: 305 carrier "no"']))
    ack, failed = ladder.expect("b ACK", "a 488 INVITE")
    assert ack.header("via") == again.header("via")
    assert failed.header("warning") == ""
    ladder.feed("a", talk.caller.ack_failure(failed))
    ladder.feed("a", talk.caller.request("INVITE", body=OFFER))
    ladder.feed("b", talk.callee.reply(491, to=ladder.one("b INVITE")))
    ladder.expect("b ACK", "a 491 INVITE")
    hang_up(talk)


@pytest.mark.parametrize(("status", "shown"), [(302, 480), (401, 502), (407, 502)])
def test_redirections_and_challenges_do_not_cross_inside_a_call_either(ladder: Ladder, status: int, shown: int) -> None:
    talk = set_up(ladder)
    ladder.feed("a", talk.caller.request("INFO"))
    ladder.feed("b", reply(ladder.one("b INFO"), status, extra=['Proxy-Authenticate: Digest realm="x"']))
    assert ladder.one(f"a {shown} INFO").header("proxy-authenticate") == ""


def test_a_re_invite_can_be_cancelled(ladder: Ladder) -> None:
    talk = set_up(ladder)
    ladder.feed("a", talk.caller.request("INVITE", body=HELD))
    again = ladder.one("b INVITE")
    ladder.feed("a", talk.caller.cancel())
    ladder.expect("a 200 CANCEL")
    ladder.feed("b", talk.callee.reply(180, to=again))
    cancel, _ = ladder.expect("b CANCEL", "a 180 INVITE")
    assert cancel.header("cseq") == "2 CANCEL"
    ladder.feed("b", reply(cancel, 200))
    ladder.feed("b", talk.callee.reply(487, to=again))
    ladder.expect("b ACK", "a 487 INVITE")
    hang_up(talk)


def test_a_cancelled_re_invite_without_a_final_is_given_up(ladder: Ladder) -> None:
    talk = set_up(ladder)
    ladder.feed("a", talk.caller.request("INVITE", body=HELD))
    again = ladder.one("b INVITE")
    ladder.feed("b", talk.callee.reply(180, to=again))
    ladder.expect("a 180 INVITE")
    ladder.feed("a", talk.caller.cancel())
    _, cancel = ladder.expect("a 200 CANCEL", "b CANCEL")
    ladder.feed("b", reply(cancel, 200))
    ladder.advance(32)
    ended = ladder.one("a 487 INVITE")
    ladder.feed("a", talk.caller.ack_failure(ended))
    hang_up(talk)


def test_a_200_that_crosses_the_cancel_of_a_re_invite_is_taken(ladder: Ladder) -> None:
    talk = set_up(ladder)
    ladder.feed("a", talk.caller.request("INVITE", body=HELD))
    again = ladder.one("b INVITE")
    ladder.feed("b", talk.callee.reply(180, to=again))
    ladder.expect("a 180 INVITE")
    ladder.feed("a", talk.caller.cancel())
    ladder.expect("a 200 CANCEL", "b CANCEL")
    ladder.feed("b", talk.callee.reply(200, to=again, body=ANSWER))
    ladder.expect("a 200 INVITE", "b ACK")
    ladder.feed("a", talk.caller.ack())
    ladder.expect()


def test_a_200_after_we_gave_up_is_only_acknowledged(ladder_of: MakeLadder) -> None:
    ladder = ladder_of(topology(limits=Limits(answer_timeout=20)))
    talk = set_up(ladder)
    ladder.feed("a", talk.caller.request("INVITE", body=HELD))
    again = ladder.one("b INVITE")
    ladder.feed("b", talk.callee.reply(180, to=again))
    ladder.expect("a 180 INVITE")
    ladder.advance(20)
    failed, _ = ladder.expect("a 408 INVITE", "b CANCEL")
    ladder.feed("a", talk.caller.ack_failure(failed))
    ladder.feed("b", talk.callee.reply(200, to=again, body=ANSWER))
    ladder.expect("b ACK")
    ladder.feed("b", talk.callee.reply(200, to=again, body=ANSWER))
    ladder.expect("b ACK")


def test_the_200_of_a_re_invite_that_is_never_acknowledged_ends_the_call(ladder: Ladder) -> None:
    talk = set_up(ladder)
    ladder.feed("a", talk.caller.request("INVITE", body=b""))
    again = ladder.one("b INVITE")
    ladder.feed("b", talk.callee.reply(200, to=again, body=OFFER))
    ladder.expect("a 200 INVITE")
    ladder.feed("a", talk.caller.ack(cseq=1))  # the ACK of something else
    ladder.advance(32)
    tail = [seen.label for seen in ladder.unread if seen.label != "a 200 INVITE"]
    ladder.unread = []
    assert tail == ["b ACK", "b BYE", "a BYE"]
    assert ladder.records() == []


def test_a_silent_side_is_408_for_an_invite_and_nothing_for_the_rest(ladder: Ladder) -> None:
    talk = set_up(ladder)
    ladder.feed("a", talk.caller.request("INVITE", body=HELD))
    ladder.expect("b INVITE")
    ladder.advance(32)
    assert ladder.unread[-1].label == "a 408 INVITE"
    ladder.unread = []
    ladder.feed("b", talk.callee.request("INFO"))
    ladder.expect("a INFO")
    ladder.advance(33)
    assert {seen.label for seen in ladder.unread} == {"a INFO", "a 408 INVITE"}
    ladder.unread = []
    hang_up(talk)


@pytest.mark.parametrize("method", ["UPDATE", "INFO", "MESSAGE", "OPTIONS"])
def test_other_requests_cross_both_ways_with_their_bodies_and_answers(ladder: Ladder, method: str) -> None:
    talk = set_up(ladder)
    extra = ["Content-Type: text/plain", "Info-Package: x", "X-Secret: 1", "Max-Breadth: 3"]
    ladder.feed("a", talk.caller.request(method, extra=extra, body=b"hello", hops="12"))
    crossed = ladder.one(f"b {method}")
    assert (crossed.body, crossed.header("info-package"), crossed.header("x-secret")) == (b"hello", "x", "")
    assert crossed.header("max-forwards") == "11"
    assert bool(crossed.header("contact")) == (method == "UPDATE")
    ladder.feed("b", reply(crossed, 200, extra=["Server: secret"], body=ANSWER))
    answered = ladder.one(f"a 200 {method}")
    assert (answered.body, answered.header("server")) == (ANSWER, "")
    ladder.feed("b", talk.callee.request(method, extra=extra, body=b"hello"))
    crossed = ladder.one(f"a {method}")
    assert crossed.header("cseq") == f"1 {method}"
    ladder.feed("a", reply(crossed, 488))
    ladder.expect(f"b 488 {method}")
    hang_up(talk)


def test_an_update_in_an_early_dialog_crosses_both_ways(ladder: Ladder) -> None:
    caller = Caller()
    ladder.feed("a", caller.invite())
    _, invite = ladder.expect("a 100 INVITE", "b INVITE")
    callee = Callee(invite)
    ladder.feed("b", callee.reply(183, body=ANSWER))
    caller.learn(ladder.one("a 183 INVITE"))
    ladder.feed("a", caller.request("UPDATE", body=OFFER))
    crossed = ladder.one("b UPDATE")
    assert crossed.header("cseq") == "2 UPDATE"
    ladder.feed("b", reply(crossed, 200, body=ANSWER, contact="sip:moved@10.2.0.8:5088"))
    ladder.expect("a 200 UPDATE")
    ladder.feed("a", caller.request("INFO"))
    assert ladder.one("10.2.0.8:5088 INFO").start == "INFO sip:moved@10.2.0.8:5088 SIP/2.0"
    ladder.feed("b", callee.request("UPDATE", body=OFFER))
    ladder.feed("a", reply(ladder.one("a UPDATE"), 491))
    ladder.expect("b 491 UPDATE")


def test_a_peer_that_moves_is_followed(ladder: Ladder) -> None:
    talk = set_up(ladder)
    talk.caller.contact = "sip:moved@10.1.0.8:5078"
    ladder.feed("a", talk.caller.request("UPDATE"))
    ladder.expect("b UPDATE")
    ladder.feed("b", talk.callee.request("BYE"))
    _, bye = ladder.expect("b 200 BYE", "10.1.0.8:5078 BYE")
    assert bye.start == "BYE sip:moved@10.1.0.8:5078 SIP/2.0"


def test_the_route_set_of_a_call_stays_whatever_later_answers_record(ladder: Ladder) -> None:
    talk = set_up(ladder)
    ladder.feed("a", talk.caller.request("INVITE", body=OFFER))
    again = ladder.one("b INVITE")
    ladder.feed("b", talk.callee.reply(200, to=again, body=ANSWER, extra=["Record-Route: <sip:10.2.0.9;lr>"]))
    _, ack = ladder.expect("a 200 INVITE", "b ACK")
    assert ack.headers("route") == []


def test_a_repeated_request_is_not_sent_on_again(ladder: Ladder) -> None:
    talk = set_up(ladder)
    info = talk.caller.request("INFO")
    ladder.feed("a", info)
    crossed = ladder.one("b INFO")
    ladder.feed("a", info)
    ladder.expect()
    ladder.feed("b", reply(crossed, 200))
    done = ladder.one("a 200 INFO")
    ladder.feed("a", info)
    assert ladder.one("a 200 INFO").data == done.data


def test_the_reason_of_a_re_invites_cancel_crosses(ladder: Ladder) -> None:
    talk = set_up(ladder)
    ladder.feed("a", talk.caller.request("INVITE", body=OFFER))
    again = ladder.one("b INVITE")
    ladder.feed("b", talk.callee.reply(180, to=again))
    ladder.expect("a 180 INVITE")
    cancel = talk.caller.cancel().replace(b"Content-Length", b"Reason: SIP;cause=487\r\nContent-Length")
    ladder.feed("a", cancel)
    assert ladder.expect("a 200 CANCEL", "b CANCEL")[1].header("reason") == "SIP;cause=487"


@pytest.mark.parametrize("side", ["a", "b"])
def test_info_packages_messages_and_early_media_say_the_same_on_both_legs(ladder: Ladder, side: str) -> None:
    talk = set_up(ladder)
    other, who = ("b", talk.caller) if side == "a" else ("a", talk.callee)
    ladder.feed(side, who.request("INFO", extra=["Info-Package: dtmf", "Content-Type: application/dtmf"], body=b"1"))
    info = ladder.one(f"{other} INFO")
    assert (info.header("info-package"), info.body) == ("dtmf", b"1")
    ladder.feed(other, reply(info, 469, extra=["Recv-Info: conference"]))
    assert ladder.one(f"{side} 469 INFO").header("recv-info") == "conference"
    ladder.feed(side, who.request("MESSAGE", extra=["Content-Type: text/plain"], body=b"bonjour"))
    text = ladder.one(f"{other} MESSAGE")
    assert (text.body, text.header("contact")) == (b"bonjour", "")
    ladder.feed(other, reply(text, 202))
    ladder.expect(f"{side} 202 MESSAGE")
    ladder.feed(side, who.request("UPDATE", extra=["P-Early-Media: sendrecv"]))
    assert ladder.one(f"{other} UPDATE").header("p-early-media") == "sendrecv"


def test_a_multipart_body_towards_the_platform_is_the_same_byte_for_byte(ladder: Ladder) -> None:
    body = b"--b\r\nContent-Type: application/sdp\r\n\r\nv=0\no=x 1 1 IN IP4 10.2.0.9\ns=a name\r\n--b\r\n\r\n\x00\xff\r--b--"
    talk = set_up(ladder)
    kind = ["Content-Type: multipart/mixed;boundary=b", "MIME-Version: 1.0"]
    ladder.feed("b", talk.callee.request("INFO", extra=kind, body=body))
    crossed = ladder.one("a INFO")
    assert (crossed.body, crossed.header("content-type")) == (body, "multipart/mixed;boundary=b")


@pytest.mark.parametrize(("asker", "other"), [("a", "b"), ("b", "a")])
def test_an_answer_without_an_address_is_502_and_the_call_goes_on(ladder: Ladder, asker: str, other: str) -> None:
    talk = set_up(ladder)
    asks, answers = (talk.caller, talk.callee) if asker == "a" else (talk.callee, talk.caller)
    ladder.feed(asker, asks.request("INVITE", body=OFFER))
    asked = ladder.one(f"{other} INVITE")
    nowhere = b"v=0\r\no=- 1 2 IN IP4 192.0.2.1\r\ns=-\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8\r\n"
    ladder.feed(other, reply(asked, 200, contact=answers.contact, body=nowhere))
    ladder.expect(f"{other} ACK", f"{asker} 502 INVITE")
    ladder.feed(other, reply(asked, 200, contact=answers.contact, body=nowhere))  # its ACK was lost
    ladder.expect(f"{other} ACK")
    ladder.feed(asker, asks.request("INVITE", body=OFFER))
    ladder.expect(f"{other} INVITE")
