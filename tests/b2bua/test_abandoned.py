"""A 2xx of a carrier that nobody waits for any more: what goes out, in whose dialog, and that the call is not touched."""

from __future__ import annotations

from collections.abc import Callable

from proxy.b2bua.trunks import Route, RouteLeg
from tests.ladder import ANSWER, Callee, Caller, Ladder, carrier, platform, reply, topology

LadderOf = Callable[..., Ladder]
ROUTE = Route("france", (RouteLeg("carrier-1", 1, 1), RouteLeg("carrier-2", 2, 1)))
TWO = topology(
    platform_trunk=platform(carrier="", route="france"),
    carriers=(carrier(), carrier(name="carrier-2", host="10.2.0.2")),
    routes=(ROUTE,),
    server_name="edge",
)


def test_a_gateway_that_answers_after_the_call_went_elsewhere_is_hung_up(ladder_of: LadderOf) -> None:
    ladder, caller = ladder_of(TWO), Caller()
    ladder.feed("a", caller.invite())
    _, first = ladder.expect("a 100 INVITE", "b INVITE")
    ladder.advance(32)
    second = ladder.expect(*["b INVITE"] * 6, "c INVITE")[-1]
    late, callee = Callee(first, "late"), Callee(second)
    callee.contact = "sip:gw@10.2.0.2:5080"
    ladder.feed("b", late.reply(200, body=ANSWER))
    ack, bye = ladder.expect("b ACK", "b BYE")
    for sent, cseq in ((ack, "1 ACK"), (bye, "2 BYE")):
        assert sent.header("call-id") == first.header("call-id")
        assert sent.header("from") == first.header("from")
        assert sent.header("to").endswith(";tag=late")
        assert sent.header("cseq") == cseq
        assert sent.header("user-agent") == "edge"
        assert sent.start.split()[1] == late.contact
    ladder.feed("b", late.reply(200, body=ANSWER))
    ladder.one("b ACK")
    ladder.feed("b", reply(bye, 200))
    ladder.feed("c", callee.reply(200, body=ANSWER))
    ok, _ = ladder.expect("a 200 INVITE", "c ACK")
    caller.learn(ok)
    ladder.feed("a", caller.ack())
    ladder.feed("a", caller.request("BYE"))
    _, over = ladder.expect("a 200 BYE", "c BYE")
    ladder.feed("c", callee.reply(200, to=over))
    assert [(record.carrier, record.status) for record in ladder.records()] == [("carrier-2", 200)]
    ladder.advance(70)
    ladder.assert_empty()


def test_its_failure_is_acknowledged_and_nothing_else(ladder_of: LadderOf) -> None:
    ladder = ladder_of(TWO)
    ladder.feed("a", Caller().invite())
    first = ladder.expect("a 100 INVITE", "b INVITE")[1]
    ladder.advance(32)
    ladder.expect(*["b INVITE"] * 6, "c INVITE")
    ladder.feed("b", Callee(first).reply(486))
    assert ladder.one("b ACK").header("call-id") == first.header("call-id")
    assert ladder.records() == []
