"""What an INVITE must pass before anybody asks the law."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from proxy.b2bua.trunks import Limits
from tests.ladder import Callee, Caller, Ladder, hang_up, set_up, topology

MakeLadder = Callable[..., Ladder]


def test_the_same_request_by_another_way_is_482(ladder: Ladder) -> None:
    caller = Caller()
    ladder.feed("a", caller.invite())
    ladder.expect("a 100 INVITE", "b INVITE")
    ladder.feed("a", caller.invite())  # another branch
    ladder.expect("a 482 INVITE")
    assert len(ladder.decisions()) == 1


def test_an_invite_may_come_again_once_the_first_is_over(ladder: Ladder) -> None:
    caller = Caller()
    ladder.feed("a", caller.invite(account="stopped"))
    ladder.feed("a", caller.ack_failure(ladder.one("a 403 INVITE")))
    ladder.advance(5)
    ladder.feed("a", caller.invite(account="stopped"))
    ladder.expect("a 403 INVITE")


@pytest.mark.parametrize(("hops", "status"), [("0", 483), ("1", 0), ("256", 400), ("x", 400), ("-1", 400)])
def test_hops(ladder: Ladder, hops: str, status: int) -> None:
    ladder.feed("a", Caller().invite(hops=hops))
    if status:
        ladder.expect(f"a {status} INVITE")
        return
    _, invite = ladder.expect("a 100 INVITE", "b INVITE")
    assert invite.header("max-forwards") == str(int(hops) - 1)


@pytest.mark.parametrize(
    ("lines", "unsupported"),
    [
        (["Require: foo, 100rel"], "foo"),
        (["Require: timer", "Require: bar"], "bar"),
        (["Proxy-Require: sec-agree"], "sec-agree"),
        (["Require: replaces, ,Precondition"], "replaces"),
    ],
)
def test_an_extension_that_we_cannot_carry_is_420(ladder: Ladder, lines: list[str], unsupported: str) -> None:
    ladder.feed("a", Caller().invite(extra=lines))
    assert ladder.one("a 420 INVITE").header("unsupported") == unsupported


def test_an_offer_without_an_address_is_488(ladder: Ladder) -> None:
    ladder.feed(
        "a", Caller().invite(body=b"v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8\r\n")
    )
    ladder.expect("a 488 INVITE")
    assert ladder.decisions() == []


def test_an_emergency_call_is_let_in_with_such_an_offer(ladder: Ladder) -> None:
    ladder.feed(
        "a",
        Caller(called="112").invite(
            body=b"v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8\r\n"
        ),
    )
    ladder.expect("a 100 INVITE", "b INVITE")


def test_a_body_that_cannot_be_looked_into_is_415(ladder: Ladder) -> None:
    ladder.feed("a", Caller().invite(extra=["Content-Encoding: gzip", "Content-Type: application/sdp"]))
    assert ladder.one("a 415 INVITE").header("accept-encoding") == "identity"
    ladder.assert_empty()


def test_while_draining_new_calls_are_503_and_those_in_progress_go_on(ladder: Ladder) -> None:
    talk = set_up(ladder)
    ladder.engine.drain()
    ladder.feed("a", Caller(2).invite())
    assert ladder.one("a 503 INVITE").header("retry-after") == "30"
    hang_up(talk)
    assert ladder.engine.counters.dropped == {"draining": 1}


def test_a_full_node_is_503_until_a_call_ends(ladder_of: MakeLadder) -> None:
    ladder = ladder_of(topology(limits=Limits(max_calls=1)))
    talk = set_up(ladder)
    ladder.feed("a", Caller(2).invite())
    refused = ladder.one("a 503 INVITE")
    assert refused.header("retry-after") == "1"
    assert "capacity.node" in refused.header("reason")
    hang_up(talk)
    ladder.feed("a", Caller(3).invite())
    ladder.expect("a 100 INVITE", "b INVITE")


@pytest.mark.parametrize("called", ["112", "15", "17", "18", "114"])
def test_an_emergency_call_is_always_let_in(ladder_of: MakeLadder, called: str) -> None:
    ladder = ladder_of(topology(limits=Limits(max_calls=1)))
    set_up(ladder)
    ladder.feed("a", Caller(2, called=called).invite())
    ladder.expect("a 100 INVITE", "b INVITE")
    ladder.engine.drain()
    ladder.feed(
        "a", Caller(3, called=called).invite().replace(f"INVITE sip:{called}@".encode(), b"INVITE urn:service:sos@")
    )
    ladder.expect("a 100 INVITE", "b INVITE")


def test_an_emergency_call_goes_on_as_it_came(ladder: Ladder) -> None:
    caller = Caller(called="112", user="+33612345678")
    caller.display = "Zoé"
    body = b"v=0\r\no=zoe 1 1 IN IP4 10.1.0.9\r\ns=help\r\nc=IN IP4 10.1.0.9\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8\r\n"
    extra = ["P-Asserted-Identity: <tel:+33612345678>", "Priority: emergency", "Geolocation: <cid:x>", "X-Other: 1"]
    ladder.feed("a", caller.invite(extra=[*extra, "Content-Encoding: gzip"], body=body))
    _, invite = ladder.expect("a 100 INVITE", "b INVITE")
    assert invite.start == "INVITE sip:112@10.2.0.1:5080;user=phone SIP/2.0"
    assert invite.header("from").startswith('"Zoé" <sip:+33612345678@10.1.0.1>;tag=')
    assert [invite.header(name) for name in ("p-asserted-identity", "priority", "geolocation", "x-other")] == [
        "<tel:+33612345678>", "emergency", "<cid:x>", "",
    ]  # fmt: skip
    assert invite.body == body
    callee = Callee(invite)
    ladder.feed("b", callee.reply(486))
    ladder.expect("b ACK", "a 486 INVITE")


@pytest.mark.parametrize(("breadth", "crossed"), [("1", "1"), ("60", "60"), ("999999999", "60")])
def test_the_breadth_of_a_request_crosses_and_is_bounded(ladder: Ladder, breadth: str, crossed: str) -> None:
    ladder.feed("a", Caller().invite(extra=[f"Max-Breadth: {breadth}"]))
    assert ladder.expect("a 100 INVITE", "b INVITE")[1].header("max-breadth") == crossed


def test_without_breadth_there_is_no_way_on(ladder: Ladder) -> None:
    ladder.feed("a", Caller().invite(extra=["Max-Breadth: 0"]))
    assert ladder.one("a 440 INVITE").start == "SIP/2.0 440 Max-Breadth Exceeded"
    assert ladder.decisions() == []


@pytest.mark.parametrize("breadth", ["", "-1", "many", "9999999999"])
def test_a_breadth_that_is_no_number_is_400(ladder: Ladder, breadth: str) -> None:
    ladder.feed("a", Caller().invite(extra=[f"Max-Breadth: {breadth}"]))
    assert "Max-Breadth" in ladder.one("a 400 INVITE").start


def test_nothing_is_said_of_breadth_where_nothing_was(ladder: Ladder) -> None:
    ladder.feed("a", Caller().invite())
    assert ladder.expect("a 100 INVITE", "b INVITE")[1].header("max-breadth") == ""
