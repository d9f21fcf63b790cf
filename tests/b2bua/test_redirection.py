"""A 3xx of a carrier: followed where the trunk says so, to the same number, within bounds, and never elsewhere."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.ladder import Callee, Caller, Ladder, Seen, carrier, topology

LadderOf = Callable[..., Ladder]
NUMBER = "+33140000000"


def following(ladder_of: LadderOf) -> tuple[Ladder, Caller, Callee]:
    ladder, caller = ladder_of(topology(carrier_trunk=carrier(redirects=True))), Caller()
    ladder.feed("a", caller.invite())
    _, invite = ladder.expect("a 100 INVITE", "b INVITE")
    return ladder, caller, Callee(invite)


def redirect(callee: Callee, *contacts: str, status: int = 302) -> bytes:
    return callee.reply(status, extra=[f"Contact: {one}" for one in contacts], contact=False)


def ended(ladder: Ladder, caller: Caller, final: Seen) -> None:
    ladder.feed("a", caller.ack_failure(final))
    ladder.advance(40)
    ladder.assert_empty()


@pytest.mark.parametrize("status", [301, 302, 305])
def test_the_call_goes_to_the_contact_of_the_same_number(ladder_of: LadderOf, status: int) -> None:
    ladder, caller, callee = following(ladder_of)
    ladder.feed("b", redirect(callee, f"<sip:{NUMBER}@10.2.0.2:5080>", status=status))
    _, invite = ladder.expect("b ACK", "c INVITE")
    assert invite.start == f"INVITE sip:{NUMBER}@10.2.0.2:5080;user=phone SIP/2.0"
    assert invite.header("call-id") != callee.invite.header("call-id")
    ladder.feed("c", Callee(invite).reply(486))
    _, final = ladder.expect("c ACK", "a 486 INVITE")
    (record,) = ladder.records()
    assert (record.carrier, record.status) == ("carrier-1", 486)
    assert ladder.engine.counters.failovers == {("carrier-1", str(status)): 1}
    ended(ladder, caller, final)


def test_the_contact_with_the_best_q_is_taken(ladder_of: LadderOf) -> None:
    ladder, _, callee = following(ladder_of)
    contacts = (f"<sip:{NUMBER}@10.2.0.9>;q=0.2, <sip:0140000000@10.2.0.2:5080;user=phone>;q=0.9", "<sip:x")
    ladder.feed("b", redirect(callee, *contacts))
    ladder.expect("b ACK", "c INVITE")


@pytest.mark.parametrize(
    "contact",
    [
        "<sip:+33140000001@10.2.0.2:5080>",
        "<sip:gateway@10.2.0.2:5080>",
        f"<sip:{NUMBER}@gw.carrier.example>",
        f"<sip:{NUMBER}@10.2.0.2:5080;transport=tls>",
        f"<sip:{NUMBER}@10.2.0.2:5080;transport=sctp>",
        f"<sip:{NUMBER}@10.2.0.1:5080>",
        "<tel:+33140000000>",
        "*",
    ],
    ids=["another number", "no number", "a name", "no listener", "unknown transport", "the same place", "tel", "star"],
)
def test_what_may_not_be_followed_is_answered_480(ladder_of: LadderOf, contact: str) -> None:
    ladder, caller, callee = following(ladder_of)
    ladder.feed("b", redirect(callee, contact))
    _, final = ladder.expect("b ACK", "a 480 INVITE")
    assert "contact" not in final.head.lower()
    ended(ladder, caller, final)


def test_a_ring_of_redirections_ends(ladder_of: LadderOf) -> None:
    ladder, caller, callee = following(ladder_of)
    ladder.feed("b", redirect(callee, f"<sip:{NUMBER}@10.2.0.2:5080>"))
    _, invite = ladder.expect("b ACK", "c INVITE")
    ladder.feed("c", redirect(Callee(invite), f"<sip:{NUMBER}@10.2.0.1:5080>"))
    _, invite = ladder.expect("c ACK", "b INVITE")
    ladder.feed("b", redirect(Callee(invite), f"<sip:{NUMBER}@10.2.0.2:5080>"))
    _, final = ladder.expect("b ACK", "a 480 INVITE")
    ended(ladder, caller, final)


def test_a_carrier_that_is_not_to_be_followed_is_not(ladder_of: LadderOf) -> None:
    ladder, caller = ladder_of(), Caller()
    ladder.feed("a", caller.invite())
    _, invite = ladder.expect("a 100 INVITE", "b INVITE")
    ladder.feed("b", redirect(Callee(invite), f"<sip:{NUMBER}@10.2.0.2:5080>"))
    _, final = ladder.expect("b ACK", "a 480 INVITE")
    ended(ladder, caller, final)
