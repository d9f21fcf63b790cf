"""One leg's dialog: route set, strict and loose routers, target refresh, sequence numbers, where its peer is."""

from __future__ import annotations

import pytest

from proxy.sip.dialog import Dialog, check_contact, is_ip_address, is_loose
from proxy.sip.hop import UDP, Hop
from proxy.sip.message import Message, ParseError
from proxy.sip.parse import parse

TARGET = b"<sip:b@192.0.2.9:5070;x=1>"


def dialog() -> Dialog:
    made = Dialog(b"id", b"<sip:a@b>;tag=1", b"1", b"<sip:c@d>;tag=2", b"2", Hop(UDP, "198.51.100.1", 5062))
    made.target = b"sip:b@192.0.2.9"
    return made


def answer(*lines: bytes, to: bytes = b"<sip:c@d>;tag=2") -> Message:
    head = [
        b"SIP/2.0 200 OK",
        b"Via: SIP/2.0/UDP h;branch=1",
        b"From: <sip:a@b>;tag=1",
        b"To: " + to,
        b"Call-ID: id",
        b"CSeq: 1 INVITE",
    ]
    return parse(b"\r\n".join([*head, *lines]) + b"\r\n\r\n")


def peer(made: Dialog) -> tuple[str, int]:
    return made.hop.host, made.hop.port


# Target


def test_the_contact_becomes_the_target_and_its_address_the_peer() -> None:
    made = dialog()
    made.refresh_target(answer(b"m: Bob " + TARGET + b";expires=3, <sip:other@x>"))
    assert made.target == b"sip:b@192.0.2.9:5070;x=1"
    assert peer(made) == ("192.0.2.9", 5070)
    assert made.start_line(b"BYE") == b"BYE sip:b@192.0.2.9:5070;x=1 SIP/2.0"


def test_the_same_contact_again_changes_nothing() -> None:
    made = dialog()
    made.refresh_target(answer(b"Contact: <sip:b@192.0.2.8:5071>"))
    made.refresh_target(answer(b"Contact: <sip:b@192.0.2.8:5071>"))
    assert made.target == b"sip:b@192.0.2.8:5071"
    assert peer(made) == ("192.0.2.8", 5071)


def test_without_a_contact_nothing_changes() -> None:
    made = dialog()
    made.refresh_target(answer())
    assert made.target == b"sip:b@192.0.2.9"
    assert peer(made) == ("198.51.100.1", 5062)


@pytest.mark.parametrize(
    ("contact", "target", "where"),
    [
        (b"<sip:b@host.example>", b"sip:b@host.example", ("198.51.100.1", 5062)),
        (b"sip:192.0.2.7", b"sip:192.0.2.7", ("192.0.2.7", 5060)),
        (b"<sip:b@[2001:db8::1]>", b"sip:b@[2001:db8::1]", ("2001:db8::1", 5060)),
        (b"<sip:b@[2001:db8::1]:5071>", b"sip:b@[2001:db8::1]:5071", ("2001:db8::1", 5071)),
        (b"<tel:+33162000001>", b"tel:+33162000001", ("198.51.100.1", 5062)),
        (b"<sip:b@192.0.2.7?Subject=x>", b"sip:b@192.0.2.7", ("192.0.2.7", 5060)),
        (b"<sip:192.0.2.7;a=b?X=y>", b"sip:192.0.2.7;a=b", ("192.0.2.7", 5060)),
        (b"<sip:w?w@192.0.2.7>", b"sip:w?w@192.0.2.7", ("192.0.2.7", 5060)),
        (b"<sip:b@0.0.0.0>", b"sip:b@0.0.0.0", ("198.51.100.1", 5062)),
        (b"<sip:b@\xb2.1.1.1>", b"sip:b@\xb2.1.1.1", ("198.51.100.1", 5062)),
    ],
)
def test_targets(contact: bytes, target: bytes, where: tuple[str, int]) -> None:
    made = dialog()
    made.refresh_target(answer(b"Contact: " + contact))
    assert made.target == target
    assert peer(made) == where


@pytest.mark.parametrize("contact", [b"*", b",", b"<sip:b", b"<sip:>", b"nothing", b'<sip:b@h">'])
def test_a_broken_contact_is_refused_and_the_target_stays(contact: bytes) -> None:
    made = dialog()
    with pytest.raises(ParseError) as caught:
        made.refresh_target(answer(b"Contact: " + contact))
    assert caught.value.status == 400
    assert made.target == b"sip:b@192.0.2.9"
    with pytest.raises(ParseError):
        check_contact(answer(b"Contact: " + contact))


def test_a_sound_or_absent_contact_passes_the_check() -> None:
    check_contact(answer())
    check_contact(answer(b"Contact: " + TARGET))


# Routes

R1, R2, R3 = b"<sip:p1.example;lr>", b"<sip:192.0.2.33:5090;lr=on>;x=1", b'"P, 3" <sip:p3.example;lr>'
RECORD = (b"Record-Route: " + R1 + b"," + R2, b"Record-Route: " + R3)


def test_the_asking_side_takes_the_routes_from_the_end() -> None:
    made = dialog()
    made.learn_routes(answer(*RECORD), True)
    assert made.routes == (R3, R2, R1)
    assert peer(made) == ("198.51.100.1", 5062)


def test_the_answering_side_takes_the_routes_as_they_stand() -> None:
    made = dialog()
    made.learn_routes(answer(*RECORD), False)
    assert made.routes == (R1, R2, R3)


def test_the_first_route_says_where_to_send_even_after_a_target_refresh() -> None:
    made = dialog()
    made.learn_routes(answer(b"Record-Route: " + R2), True)
    assert peer(made) == ("192.0.2.33", 5090)
    made.refresh_target(answer(b"Contact: " + TARGET))
    assert peer(made) == ("192.0.2.33", 5090)
    assert made.start_line(b"BYE") == b"BYE sip:b@192.0.2.9:5070;x=1 SIP/2.0"


@pytest.mark.parametrize("lines", [(), (b"Record-Route:",), (b"Record-Route: ,",)])
def test_no_record_route_no_change(lines: tuple[bytes, ...]) -> None:
    made = dialog()
    made.learn_routes(answer(*lines), True)
    assert made.routes == ()
    assert peer(made) == ("198.51.100.1", 5062)


def test_a_broken_route_is_refused() -> None:
    with pytest.raises(ParseError):
        dialog().learn_routes(answer(b"Record-Route: <sip:p1"), True)


@pytest.mark.parametrize(
    ("route", "loose"),
    [(b"<sip:p;lr>", True), (b"<sip:p;LR>", True), (b"<sip:p;lr=on;x>", True), (b"<sip:p;x;lr>", True), (b"<sip:p>", False),
     (b"<sip:p>;lr", False), (b"<sip:p;lrx>", False), (b"<sip:a;lr@p>", False), (b"<sip:p;x=lr>", False)],
)  # fmt: skip
def test_is_loose(route: bytes, loose: bool) -> None:
    assert is_loose(route) == loose


# Requests inside the dialog


def test_lines_without_routes() -> None:
    assert dialog().lines(8, b"BYE") == [
        b"From: <sip:a@b>;tag=1",
        b"To: <sip:c@d>;tag=2",
        b"Call-ID: id",
        b"CSeq: 8 BYE",
    ]


def test_a_loose_router_is_named_in_route_only() -> None:
    made = dialog()
    made.learn_routes(answer(*RECORD), False)
    assert made.start_line(b"ACK") == b"ACK sip:b@192.0.2.9 SIP/2.0"
    assert made.lines(1, b"ACK")[4:] == [b"Route: " + R1, b"Route: " + R2, b"Route: " + R3]


def test_a_strict_router_gets_its_own_uri_and_the_target_goes_last() -> None:
    made = dialog()
    made.learn_routes(answer(b"Record-Route: <sip:strict@192.0.2.44>, " + R1), False)
    assert made.start_line(b"BYE") == b"BYE sip:strict@192.0.2.44 SIP/2.0"
    assert made.lines(1, b"BYE")[4:] == [b"Route: " + R1, b"Route: <sip:b@192.0.2.9>"]
    assert peer(made) == ("192.0.2.44", 5060)


def test_a_strict_router_alone() -> None:
    made = dialog()
    made.learn_routes(answer(b"Record-Route: <sip:strict.example>;lr"), False)
    assert made.start_line(b"BYE") == b"BYE sip:strict.example SIP/2.0"
    assert made.lines(1, b"BYE")[4:] == [b"Route: <sip:b@192.0.2.9>"]


# Sequence numbers and tags


def test_our_numbers_count_up_from_one() -> None:
    made = dialog()
    assert [made.next_cseq(), made.next_cseq(), made.local_cseq] == [1, 2, 2]


def test_their_numbers_never_go_back() -> None:
    made = dialog()
    assert made.accept_cseq(0)
    assert made.accept_cseq(7)
    assert made.accept_cseq(7)  # the ACK of an INVITE has its number
    assert not made.accept_cseq(6)
    assert made.remote_cseq == 7
    assert made.accept_cseq(2**31 - 1)


@pytest.mark.parametrize(
    "host",
    ["192.0.2.1", "1.0.0.0", "127.0.0.1", "223.255.255.255", "2001:db8::1", "::1", "::ffff:192.0.2.1", "FE80::1"],
)
def test_addresses_that_one_host_can_own(host: str) -> None:
    assert is_ip_address(host)


@pytest.mark.parametrize(
    "host",
    ["", "example.net", "1.2.3", "1.2.3.4.5", "256.1.1.1", "1.2.3.", "1.2.3.x", "1.2.3.0004", "01.2.3.4", "\u00b2.1.1.1",
     "0.0.0.0", "224.0.0.1", "255.255.255.255", ":", "1:2", "::", "ff02::1", "FF02::1", "::g", "h:1:2", "-1.2.3.4"],
)  # fmt: skip
def test_anything_else_is_left_to_the_peer_address(host: str) -> None:
    assert not is_ip_address(host)


@pytest.mark.parametrize("contact", [b"<mailto:a@b.example>", b"<rip:agent@10.1.0.1>", b"<http://10.1.0.1/>"])
def test_a_contact_that_no_request_can_be_sent_to_is_refused(contact: bytes) -> None:
    with pytest.raises(ParseError, match="expected a sip, sips or tel URI"):
        check_contact(answer(b"Contact: " + contact))


def test_what_cannot_be_read_of_an_answer_changes_nothing() -> None:
    broken = b"Record-Route: <sip:h@x@y;lr>"
    made = dialog()
    with pytest.raises(ParseError):
        made.learn_routes(answer(broken), True)
    assert not made.routes
    made.take_answer(answer(broken, b"Contact: " + TARGET), True)
    assert peer(made) == ("192.0.2.9", 5070)
    assert not made.routes
    made.take_answer(answer(b"Record-Route: <sip:192.0.2.1;lr>", b"Contact: *"), True)
    assert (peer(made), made.routes) == (("192.0.2.1", 5060), (b"<sip:192.0.2.1;lr>",))
    made.take_answer(answer(b"Record-Route: <sip:192.0.2.2;lr>"), False)
    assert made.routes == (b"<sip:192.0.2.1;lr>",)


@pytest.mark.parametrize(
    "route", [b"Nsip:10.1.0.1;lr>", b"sip:10.1.0.1;lr", b"<tel:+33140000000>", b"<sip:h;lr>, <x:y>"]
)
def test_a_route_that_leads_nowhere_is_refused(route: bytes) -> None:
    with pytest.raises(ParseError, match="in Record-Route"):
        dialog().learn_routes(answer(b"Record-Route: " + route), False)
