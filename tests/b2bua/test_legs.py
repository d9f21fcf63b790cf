"""Dialogs of both legs, and how requests find them."""

from __future__ import annotations

import pytest

from proxy.b2bua.legs import Couple, a_leg, dialog_key
from proxy.b2bua.rewrite import Face
from proxy.sip.hop import UDP, Hop
from proxy.sip.message import ParseError
from proxy.sip.parse import parse
from proxy.sip.transaction import Pace
from tests.ladder import OWN_UDP, Caller, topology


def test_the_a_leg_is_read_from_the_invite() -> None:
    caller = Caller()
    leg = a_leg(
        parse(caller.invite(extra=["Record-Route: <sip:10.1.0.3:5066;lr>"])), b"ours", Hop(UDP, "10.1.0.1", 5070)
    )
    assert (leg.call_id, leg.local_tag, leg.remote_tag) == (b"call-1@platform", b"ours", b"atag1")
    assert leg.local == b"<sip:+33140000000@10.0.0.1>;tag=ours"
    assert (leg.target, leg.routes) == (caller.contact.encode(), (b"<sip:10.1.0.3:5066;lr>",))
    assert (leg.hop.host, leg.hop.port, leg.remote_cseq) == ("10.1.0.3", 5066, 1)


@pytest.mark.parametrize(
    ("host", "target"), [("10.1.0.1", b"sip:10.1.0.1:5070"), ("2001:db8::7", b"sip:[2001:db8::7]:5070")]
)
def test_without_a_contact_the_source_is_the_target(host: str, target: bytes) -> None:
    assert a_leg(parse(Caller().invite(contact=False)), b"t", Hop(UDP, host, 5070)).target == target


@pytest.mark.parametrize("line", ["Record-Route: <sip:", "Contact: <sip:"])
def test_what_cannot_be_read_is_the_peers_fault(line: str) -> None:
    with pytest.raises(ParseError):
        a_leg(parse(Caller().invite(extra=[line], contact=False)), b"t", Hop(UDP, "10.1.0.1", 5070))


def test_a_dialog_is_named_by_call_id_our_tag_and_theirs() -> None:
    assert dialog_key(b"call-1@platform", b"x", b"atag1") == b"call-1@platform\nx\natag1"


def test_a_bare_couple_takes_no_events() -> None:
    couple = Couple(Face(topology(), OWN_UDP, None), Pace(0.5, 4.0, 5.0))
    couple.handle(0, None)
    couple.exchange_over(couple)
    assert (couple.invite, couple.fork, couple.forks) == (None, None, None)
