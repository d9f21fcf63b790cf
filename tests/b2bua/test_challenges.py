"""A carrier's challenge is answered on the B leg and never seen on the A leg, whatever was asked."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from proxy.b2bua.logins import CarrierLogin
from tests.b2bua.digest_peer import fields, is_right
from tests.b2bua.test_texts import message
from tests.ladder import ANSWER, Callee, Caller, Ladder, Seen, Talk, carrier, hang_up, reply, set_up, topology

MakeLadder = Callable[..., Ladder]
LOGIN = CarrierLogin(b"edge", b"secret")
PASSWORD = "secret"  # noqa: S105 - the one of LOGIN


def ask(seen: Seen, nonce: str = "n1", *, status: int = 401, stale: bool = False, more: str = ', qop="auth"') -> bytes:
    """The carrier's challenge to `seen`."""
    name = "WWW-Authenticate" if status == 401 else "Proxy-Authenticate"
    tail = ", stale=true" if stale else ""
    lines = [f'{name}: Digest realm="carrier", nonce="{nonce}", algorithm={algorithm}{more}{tail}'
             for algorithm in ("MD5", "SHA-256")]  # fmt: skip
    tag = "" if ";tag=" in seen.header("to") else "nobody"
    return reply(seen, status, tag=tag, extra=lines)


@pytest.fixture
def paid(ladder_of: MakeLadder) -> Ladder:
    """A ladder whose carrier may ask for credentials."""
    return ladder_of(topology(carrier_trunk=carrier(login=LOGIN)))


def counted(ladder: Ladder) -> dict[tuple[str, str], int]:
    return ladder.engine.counters.challenges


def invited(ladder: Ladder, number: int = 1) -> Seen:
    ladder.feed("a", Caller(number).invite())
    return ladder.expect("a 100 INVITE", "b INVITE")[1]


@pytest.mark.parametrize("status", [401, 407])
@pytest.mark.parametrize("more", [', qop="auth"', ', qop="auth,auth-int", opaque="o"', ""])
def test_an_invite_goes_out_again_with_credentials(paid: Ladder, status: int, more: str) -> None:
    first = invited(paid)
    paid.feed("b", reply(first, 100))
    paid.feed("b", ask(first, status=status, more=more))
    _, second = paid.expect("b ACK", "b INVITE")
    assert is_right(second, PASSWORD)
    header = "authorization" if status == 401 else "proxy-authorization"
    assert fields(second.header(header))["algorithm"] == "SHA-256"
    for name in ("call-id", "from", "to", "contact", "p-asserted-identity"):
        assert second.headers(name) == first.headers(name)
    assert (first.header("cseq"), second.header("cseq")) == ("1 INVITE", "2 INVITE")
    assert first.header("via") != second.header("via")
    assert first.body == second.body
    assert counted(paid) == {("carrier-1", "answered"): 1}


def play(ladder: Ladder, invite: Seen, number: int = 1) -> Talk:
    caller, callee = Caller(number), Callee(invite, f"btag{number}")
    ladder.feed("b", callee.reply(180))
    ladder.expect("a 180 INVITE")
    ladder.feed("b", callee.reply(200, body=ANSWER))
    ok, ack = ladder.expect("a 200 INVITE", "b ACK")
    assert ack.header("cseq").split()[0] == invite.header("cseq").split()[0]
    assert ack.header("authorization") == invite.header("authorization") != ""  # RFC 3261 22.1
    caller.learn(ok)
    ladder.feed("a", caller.ack())
    ladder.expect()
    return Talk(ladder, caller, callee)


def test_a_challenged_call_counts_one_attempt_and_lives_as_any_other(paid: Ladder) -> None:
    first = invited(paid)
    paid.feed("b", ask(first))
    _, second = paid.expect("b ACK", "b INVITE")
    talk = play(paid, second)
    assert len(paid.decisions()) == 1
    assert paid.engine.counters.calls_started == 1
    paid.feed("a", talk.caller.request("BYE"))
    _, bye = paid.expect("a 200 BYE", "b BYE")
    assert (bye.header("cseq"), is_right(bye, PASSWORD)) == ("3 BYE", True)
    paid.feed("b", talk.callee.reply(200, to=bye))
    paid.advance(40)
    paid.expect()
    paid.assert_empty()
    assert [record.status for record in paid.records()] == [200]


def test_the_next_requests_of_the_trunk_bring_credentials_with_a_growing_count(paid: Ladder) -> None:
    paid.feed("b", ask(invited(paid)))
    _, second = paid.expect("b ACK", "b INVITE")
    talk = play(paid, second)
    third = invited(paid, 2)
    assert is_right(third, PASSWORD)
    hang_up(talk)
    fourth = invited(paid, 3)
    assert [fields(seen.header("authorization"))["nc"] for seen in (second, third, fourth)] == [
        "00000001", "00000002", "00000004",
    ]  # fmt: skip
    assert counted(paid) == {("carrier-1", "answered"): 1}


def test_a_stale_nonce_is_replaced_once_more(paid: Ladder) -> None:
    paid.feed("b", ask(invited(paid)))
    _, second = paid.expect("b ACK", "b INVITE")
    paid.feed("b", ask(second, "n2", stale=True))
    _, third = paid.expect("b ACK", "b INVITE")
    assert (third.header("cseq"), fields(third.header("authorization"))["nonce"]) == ("3 INVITE", "n2")
    paid.feed("b", ask(third, "n3", stale=True))
    paid.expect("b ACK", "a 502 INVITE")
    assert counted(paid) == {("carrier-1", "answered"): 2, ("carrier-1", "refused"): 1}


def test_an_old_nonce_brought_unasked_is_replaced_without_a_word_of_stale(paid: Ladder) -> None:
    paid.feed("b", ask(invited(paid)))
    paid.expect("b ACK", "b INVITE")
    later = invited(paid, 2)
    assert is_right(later, PASSWORD)
    paid.feed("b", ask(later, "n2"))
    _, again = paid.expect("b ACK", "b INVITE")
    assert fields(again.header("authorization"))["nonce"] == "n2"


@pytest.mark.parametrize("nonce", ["n1", "n2"])
def test_wrong_credentials_are_502_and_not_tried_for_ever(paid: Ladder, nonce: str) -> None:
    paid.feed("b", ask(invited(paid)))
    _, second = paid.expect("b ACK", "b INVITE")
    paid.feed("b", ask(second, nonce))
    _, final = paid.expect("b ACK", "a 502 INVITE")
    assert not final.message.has(b"www-authenticate")
    assert counted(paid)["carrier-1", "refused"] == 1
    assert paid.records()[0].status == 502
    assert not invited(paid, 2).message.has(b"authorization")


def test_without_credentials_the_platform_sees_502(ladder: Ladder) -> None:
    ladder.feed("b", ask(invited(ladder)))
    _, final = ladder.expect("b ACK", "a 502 INVITE")
    assert not final.message.has(b"www-authenticate")
    assert counted(ladder) == {("carrier-1", "unanswered"): 1}


def test_a_cancelled_call_is_not_tried_again(paid: Ladder) -> None:
    caller = Caller()
    paid.feed("a", caller.invite())
    _, first = paid.expect("a 100 INVITE", "b INVITE")
    paid.feed("b", reply(first, 100))
    paid.feed("a", caller.cancel())
    _, _, cancel = paid.expect("a 200 CANCEL", "a 487 INVITE", "b CANCEL")
    assert not cancel.message.has(b"authorization")
    paid.feed("b", ask(first))
    paid.expect("b ACK")


def test_a_cancel_after_the_challenge_ends_the_second_invite(paid: Ladder) -> None:
    caller = Caller()
    paid.feed("a", caller.invite())
    _, first = paid.expect("a 100 INVITE", "b INVITE")
    paid.feed("b", ask(first))
    _, second = paid.expect("b ACK", "b INVITE")
    paid.feed("a", caller.cancel())
    paid.expect("a 200 CANCEL", "a 487 INVITE")
    paid.feed("b", reply(second, 100))
    cancel = paid.one("b CANCEL")
    assert cancel.header("cseq") == "2 CANCEL"
    assert cancel.header("via") == second.header("via")


def test_a_carrier_silent_after_its_challenge_is_408(paid: Ladder) -> None:
    first = invited(paid)
    paid.feed("b", reply(first, 100))
    paid.feed("b", ask(first))
    paid.expect("b ACK", "b INVITE")
    paid.advance(33)
    assert [seen.label for seen in paid.unread][-1] == "a 408 INVITE"
    paid.unread.clear()
    assert [record.status for record in paid.records()] == [408]


def test_a_challenge_that_comes_twice_is_answered_once(paid: Ladder) -> None:
    first = invited(paid)
    paid.feed("b", ask(first))
    paid.expect("b ACK", "b INVITE")
    paid.feed("b", ask(first))
    paid.expect("b ACK")
    assert counted(paid) == {("carrier-1", "answered"): 1}


@pytest.mark.parametrize("method", ["INFO", "UPDATE", "INVITE", "MESSAGE"])
def test_a_request_inside_the_call_is_answered_for_too(paid: Ladder, method: str) -> None:
    talk = set_up(paid)
    body = b"" if method in ("INFO", "MESSAGE") else ANSWER
    paid.feed("a", talk.caller.request(method, body=body))
    first = paid.unread[-1]
    paid.unread.clear()
    paid.feed("b", ask(first))
    second = paid.unread[-1]
    paid.unread.clear()
    assert second.label == f"b {method}"
    assert is_right(second, PASSWORD)
    assert int(second.header("cseq").split()[0]) == int(first.header("cseq").split()[0]) + 1
    paid.feed("b", talk.callee.reply(200, to=second, body=body))
    assert f"a 200 {method}" in [seen.label for seen in paid.unread]
    if method == "INVITE":
        ack = next(seen for seen in paid.unread if seen.label == "b ACK")
        assert ack.header("cseq").split()[0] == second.header("cseq").split()[0]
    paid.unread.clear()
    if method == "INVITE":
        paid.feed("a", talk.caller.ack())
    paid.feed("a", talk.caller.request("BYE"))
    _, bye = paid.expect("a 200 BYE", "b BYE")
    assert int(bye.header("cseq").split()[0]) == int(second.header("cseq").split()[0]) + 1


def test_a_bye_is_answered_for_too_and_given_up_when_refused(paid: Ladder) -> None:
    talk = set_up(paid)
    paid.feed("a", talk.caller.request("BYE"))
    _, first = paid.expect("a 200 BYE", "b BYE")
    paid.feed("b", ask(first, status=407))
    second = paid.one("b BYE")
    assert is_right(second, PASSWORD)
    assert paid.engine.active_calls() == 1
    paid.feed("b", ask(second, "n2", status=407))
    paid.expect()
    assert paid.engine.active_calls() == 0


def test_a_prack_is_answered_for_and_names_the_second_invite(paid: Ladder) -> None:
    caller = Caller()
    paid.feed("a", caller.invite(extra=["Supported: 100rel"]))
    _, first = paid.expect("a 100 INVITE", "b INVITE")
    paid.feed("b", ask(first))
    _, second = paid.expect("b ACK", "b INVITE")
    callee = Callee(second)
    paid.feed("b", callee.reply(183, extra=["Require: 100rel", "RSeq: 7"], body=ANSWER))
    caller.learn(paid.one("a 183 INVITE"))
    paid.feed("a", caller.request("PRACK", extra=["RAck: 1 1 INVITE"]))
    prack = paid.one("b PRACK")
    assert prack.header("rack") == "7 2 INVITE"
    assert prack.header("cseq") == "3 PRACK"
    paid.feed("b", ask(prack, "n9"))
    again = paid.one("b PRACK")
    assert (again.header("rack"), again.header("cseq")) == ("7 2 INVITE", "4 PRACK")
    assert is_right(again, PASSWORD)


def test_a_text_is_answered_for_too(paid: Ladder) -> None:
    paid.feed("a", message())
    first = paid.one("b MESSAGE")
    paid.feed("b", ask(first))
    again = paid.one("b MESSAGE")
    assert is_right(again, PASSWORD)
    assert again.body == first.body
    paid.feed("b", reply(again, 202, tag="x"))
    paid.expect("a 202 MESSAGE")


def test_a_challenge_of_the_platform_is_its_own_matter(ladder: Ladder) -> None:
    talk = set_up(ladder)
    ladder.feed("b", talk.callee.request("INFO"))
    info = ladder.one("a INFO")
    ladder.feed("a", reply(info, 401, extra=['WWW-Authenticate: Digest realm="p", nonce="n"']))
    final = ladder.one("b 502 INFO")
    assert not final.message.has(b"www-authenticate")
    assert counted(ladder) == {}
    hang_up(talk)
