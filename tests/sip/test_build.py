"""Messages out: where a response goes and what it repeats, and the requests that copy another one."""

from __future__ import annotations

import pytest

from proxy.sip.build import (
    ack_for,
    cancel_for,
    refusal,
    request,
    response,
    response_head,
    status_line,
)
from proxy.sip.hop import UDP, Hop
from proxy.sip.message import Message, ParseError
from proxy.sip.parse import parse
from proxy.sip.via import reply_hop

REST = b"From: <sip:a@b>;tag=1\r\nTo: <sip:c@d>\r\nCall-ID: id\r\nCSeq: 4 INVITE\r\n"


def invite(*vias: bytes, rest: bytes = REST, extra: bytes = b"") -> Message:
    return parse(
        b"INVITE sip:c@d SIP/2.0\r\n" + b"".join(b"Via: " + via + b"\r\n" for via in vias) + rest + extra + b"\r\n"
    )


# Status lines


def test_status_line() -> None:
    assert status_line(200) == b"SIP/2.0 200 OK\r\n"
    assert status_line(200) is status_line(200)
    assert status_line(487) == b"SIP/2.0 487 Request Terminated\r\n"
    assert status_line(499) == b"SIP/2.0 499 Bad Request\r\n"
    assert status_line(480, b"hors horaires") == b"SIP/2.0 480 hors horaires\r\n"
    assert status_line(480) == b"SIP/2.0 480 Temporarily Unavailable\r\n"


# Response heads

ONE = b"SIP/2.0/UDP h1;branch=1;rport"
TWO = b"SIP/2.0/UDP h2;branch=2;rport"
THREE = b"SIP/2.0/UDP h3;branch=3"
MARKED = b"SIP/2.0/UDP h1;branch=1;rport=7;received=192.0.2.1"


@pytest.mark.parametrize(
    ("vias", "lines"),
    [
        ((ONE,), [MARKED]),
        ((ONE, TWO, THREE), [MARKED, TWO, THREE]),
        ((ONE + b" , " + TWO, THREE), [MARKED, TWO, THREE]),
        ((ONE + b"," + TWO + b",\t" + THREE,), [MARKED, TWO + b",\t" + THREE]),
        ((ONE, TWO + b", " + THREE), [MARKED, TWO + b", " + THREE]),
        ((b", " + ONE + b"\t, " + TWO,), [MARKED, TWO]),
        ((ONE + b",", TWO), [MARKED, TWO]),
        ((ONE, ONE), [MARKED, ONE]),
    ],
)
def test_every_via_is_repeated_in_order_and_only_the_first_is_marked(
    vias: tuple[bytes, ...], lines: list[bytes]
) -> None:
    expected = b"".join(b"Via: " + line + b"\r\n" for line in lines)
    assert response_head(invite(*vias), Hop(UDP, "192.0.2.1", 7)).startswith(expected + b"From: ")


def test_a_head_repeats_from_call_id_cseq_and_timestamp() -> None:
    message = invite(b"SIP/2.0/UDP 192.0.2.1", extra=b"Timestamp: 54 \r\n")
    assert response_head(message, Hop(UDP, "192.0.2.1", 5060)) == (
        b"Via: SIP/2.0/UDP 192.0.2.1\r\nFrom: <sip:a@b>;tag=1\r\nCall-ID: id\r\nCSeq: 4 INVITE\r\nTimestamp: 54\r\n"
    )


def test_folded_values_are_repeated_on_one_line() -> None:
    message = invite(b"SIP/2.0/UDP\r\n 192.0.2.1", rest=REST.replace(b"<sip:a@b>", b"x\r\n\t<sip:a@b>"))
    head = response_head(message, Hop(UDP, "192.0.2.1", 5060))
    assert b"From: x <sip:a@b>;tag=1\r\n" in head


@pytest.mark.parametrize(
    ("via", "port"), [(b"h", 5060), (b"h:5070", 5070), (b"h:5070;rport", 9), (b"[::1]:5071", 5071)]
)
def test_reply_address(via: bytes, port: int) -> None:
    assert reply_hop(invite(b"SIP/2.0/UDP " + via), Hop(UDP, "192.0.2.1", 9)).port == port


# Responses and requests


def test_response() -> None:
    head = response_head(invite(b"SIP/2.0/UDP 192.0.2.1"), Hop(UDP, "192.0.2.1", 5060))
    assert response(head, b"<sip:c@d>;tag=x", 200, [b"Allow: INVITE", b"Server: s"], b"body", b"fine") == (
        b"SIP/2.0 200 fine\r\n"
        + head
        + b"To: <sip:c@d>;tag=x\r\nAllow: INVITE\r\nServer: s\r\nContent-Length: 4\r\n\r\nbody"
    )


def test_a_response_without_to_and_lines_still_ends_well() -> None:
    head = b"Via: v\r\n"
    assert response(head, b"", 400, [], b"") == b"SIP/2.0 400 Bad Request\r\nVia: v\r\nContent-Length: 0\r\n\r\n"
    assert response(head, b"", 400, [b"Server: s"], b"") == (
        b"SIP/2.0 400 Bad Request\r\nVia: v\r\nServer: s\r\nContent-Length: 0\r\n\r\n"
    )


def test_the_length_counts_bytes() -> None:
    assert request(b"a: b", [], b"\xc3\xa9") == b"a: b\r\nContent-Length: 2\r\n\r\n\xc3\xa9"


def test_request() -> None:
    assert request(b"BYE sip:x SIP/2.0", [b"Via: v", b"To: t"], b"") == (
        b"BYE sip:x SIP/2.0\r\nVia: v\r\nTo: t\r\nContent-Length: 0\r\n\r\n"
    )


# ACK and CANCEL

INVITE = (
    b"INVITE sip:c@d:5070;lr SIP/2.0\r\nVia: SIP/2.0/UDP me;branch=z9hG4bKm\r\nMax-Forwards: 69\r\n"
    b"Route: <sip:r1;lr>\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:c@d>\r\nCall-ID: id\r\nCSeq: 4 INVITE\r\n"
    b"Route: <sip:r2;lr>\r\nContact: <sip:me>\r\nP-Asserted-Identity: <sip:x@y>\r\nContent-Type: application/sdp\r\n"
    b"Content-Length: 37\r\n\r\nv=0\r\nVia: not a header\r\nTo: nor this\r\n"
)


def test_ack_for_a_failure_repeats_branch_routes_and_the_to_of_the_response() -> None:
    assert ack_for(INVITE, b"<sip:c@d>;tag=9") == (
        b"ACK sip:c@d:5070;lr SIP/2.0\r\nVia: SIP/2.0/UDP me;branch=z9hG4bKm\r\nMax-Forwards: 70\r\n"
        b"Route: <sip:r1;lr>\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:c@d>;tag=9\r\nCall-ID: id\r\nCSeq: 4 ACK\r\n"
        b"Route: <sip:r2;lr>\r\nContent-Length: 0\r\n\r\n"
    )


def test_cancel_repeats_branch_routes_and_the_to_of_the_request() -> None:
    assert cancel_for(INVITE) == (
        b"CANCEL sip:c@d:5070;lr SIP/2.0\r\nVia: SIP/2.0/UDP me;branch=z9hG4bKm\r\nMax-Forwards: 70\r\n"
        b"Route: <sip:r1;lr>\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:c@d>\r\nCall-ID: id\r\nCSeq: 4 CANCEL\r\n"
        b"Route: <sip:r2;lr>\r\nContent-Length: 0\r\n\r\n"
    )


def test_both_can_be_read_again() -> None:
    for data in (ack_for(INVITE, b"<sip:c@d>;tag=9"), cancel_for(INVITE)):
        again = parse(data)
        assert (again.branch, again.call_id, again.cseq, again.from_tag) == (b"z9hG4bKm", b"id", 4, b"1")
        assert again.all(b"route") == [b"<sip:r1;lr>", b"<sip:r2;lr>"]
        assert again.body == b""


# Refusals


def refused(data: bytes) -> ParseError:
    with pytest.raises(ParseError) as caught:
        parse(data)
    return caught.value


def test_a_refusal_repeats_the_request_and_says_what_is_wrong() -> None:
    error = refused(
        b"INVITE sip:c@d SIP/2.0\r\nVia: " + ONE + b"\r\nv: " + TWO + b"\r\n" + REST.replace(b"4 I", b"x I") + b"\r\n"
    )
    assert refusal(error, Hop(UDP, "192.0.2.1", 7), b"ours") == (
        b"SIP/2.0 400 Bad Request (expected 'number METHOD' in CSeq, number below 2147483648)\r\n"
        b"Via: " + MARKED + b"\r\nVia: " + TWO + b"\r\n"
        b"From: <sip:a@b>;tag=1\r\nCall-ID: id\r\nCSeq: x INVITE\r\nTo: <sip:c@d>;tag=ours\r\nContent-Length: 0\r\n\r\n"
    )


def test_a_refusal_keeps_the_to_tag_and_a_sound_cseq() -> None:
    rest = REST.replace(b"<sip:c@d>", b"<sip:c@d>;tag=9")
    error = refused(b"BYE gopher:c@d SIP/2.0\r\nVia: SIP/2.0/UDP h\r\n" + rest.replace(b"INVITE", b"BYE") + b"\r\n")
    answer = refusal(error, Hop(UDP, "192.0.2.1", 7), b"ours")
    assert answer.startswith(b"SIP/2.0 416 Unsupported URI Scheme (")
    assert b"\r\nCSeq: 4 BYE\r\n" in answer
    assert b"\r\nTo: <sip:c@d>;tag=9\r\n" in answer


def test_a_refusal_leaves_out_what_was_missing() -> None:
    error = refused(b"INVITE sip:c@d SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1\r\n\r\n")
    assert refusal(error, Hop(UDP, "192.0.2.1", 7), b"ours") == (
        b"SIP/2.0 400 Bad Request (expected a From header)\r\nVia: SIP/2.0/UDP 192.0.2.1\r\nContent-Length: 0\r\n\r\n"
    )


@pytest.mark.parametrize(
    "data",
    [
        b"INVITE sip:c@d SIP/2.0\r\n" + REST + b"\r\n",  # no Via
        b"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP h\r\n\r\n",
        b"ACK sip:c@d SIP/2.0\r\nVia: SIP/2.0/UDP h\r\n\r\n",
        b"nonsense",
        b"INVITE sip:c@d SIP/2.0\r\nVia: SIP/2.0/UDP h\r\n" + REST.replace(b"<sip:a", b"<sip:\na") + b"\r\n",
        b"INVITE sip:c@d SIP/2.0\r\nVia: SIP/2.0/UDP h\r\n" + REST.replace(b"<sip:c", b"<sip:\rc") + b"\r\n",
        b"INVITE sip:c@d SIP/2.0\r\nVia: SIP/2.0/UDP h\r\n" + REST.replace(b"<sip:c", b"<sip:\x00c") + b"\r\n",
        b"INVITE sip:c@d SIP/2.0\r\nVia: SIP/2.0/UDP h\r\nVia: SIP\n/2.0\r/UDP i\r\n" + REST + b"\r\n",
    ],
)
def test_nothing_is_sent_back_where_nothing_may_or_can_be(data: bytes) -> None:
    assert refusal(refused(data), Hop(UDP, "192.0.2.1", 7), b"ours") == b""


def test_an_error_without_a_message_has_no_answer() -> None:
    assert refusal(ParseError(400, "uri", "expected"), Hop(UDP, "192.0.2.1", 7), b"ours") == b""


def late(data: bytes, text: str) -> ParseError:
    """What the engine raises when it finds a fault in a message that was read."""
    error = ParseError(400, "late", text)
    error.message = parse(data)
    return error


def test_a_fault_found_late_is_answered_in_plain_letters() -> None:
    error = late(b"INVITE sip:c@d SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1\r\n" + REST + b"\r\n", "expected `caf\u00e9`")
    assert refusal(error, Hop(UDP, "192.0.2.1", 7), b"ours").startswith(
        b"SIP/2.0 400 Bad Request (expected 'caf?')\r\nVia: "
    )


@pytest.mark.parametrize("start", [b"SIP/2.0 200 OK", b"ACK sip:c@d SIP/2.0"])
def test_a_fault_found_late_in_a_response_or_ack_is_not_answered(start: bytes) -> None:
    rest = REST.replace(b"INVITE", start[:3].replace(b"SIP", b"INVITE"))
    assert (
        refusal(late(start + b"\r\nVia: SIP/2.0/UDP h\r\n" + rest + b"\r\n", "x"), Hop(UDP, "192.0.2.1", 7), b"o")
        == b""
    )
