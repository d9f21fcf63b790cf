"""Twenty-two awkward messages on which SIP libraries fail: each is read right, and leaves as it came."""

from __future__ import annotations

import pytest

from proxy.sip.address import Address, parse_address, split_values
from proxy.sip.build import request
from proxy.sip.edits import HeaderEdits
from proxy.sip.message import Message, ParseError
from proxy.sip.parse import parse
from proxy.sip.uri import parse_uri, subscriber

SDP = b"v=0\r\no=- 1 1 IN IP4 192.0.2.21\r\ns=-\r\nt=0 0\r\n"
FIELDS = {
    "Via": b"SIP/2.0/UDP 192.0.2.21:5062;branch=z9hG4bK1;rport",
    "From": b'"Alice" <sip:+33162000001@vms.example.org>;tag=f1',
    "To": b"<sip:+33155501234@edge.example.net>",
    "Call-ID": b"c1@vms.example.org",
    "CSeq": b"1 INVITE",
    "P-Asserted-Identity": b"<sip:+33162000001@vms.example.org>",
}


def data(
    *extra: bytes, body: bytes = b"", start: bytes = b"INVITE sip:+33155501234@edge.example.net SIP/2.0", **other: bytes
) -> bytes:
    """An INVITE with some fields replaced (empty: left out) and some lines behind."""
    fields = FIELDS | {name.replace("_", "-"): value for name, value in other.items()}
    lines = [name.encode() + b": " + value for name, value in fields.items() if value]
    return b"\r\n".join([start, *lines, *extra]) + b"\r\n\r\n" + body


def rebuilt(message: Message) -> bytes:
    """The message as it leaves when every header crosses unchanged."""
    edits = HeaderEdits(frozenset(message.names) - {b"content-length"})
    return request(message.method + b" " + message.uri + b" SIP/2.0", edits.lines(message), message.body)


def addresses(message: Message, name: bytes) -> list[Address]:
    return [parse_address(part) for value in message.all(name) for part in split_values(value)]


def refused(datagram: bytes) -> tuple[int, str]:
    with pytest.raises(ParseError) as caught:
        parse(datagram)
    return caught.value.status, caught.value.kind


def test_01_baseline_with_its_order_kept() -> None:
    message = parse(data(b"X-B: 2", b"X-A: 1", b"X-B: 3"))
    assert message.names == [*(name.lower().encode() for name in FIELDS), b"x-b", b"x-a", b"x-b"]
    assert rebuilt(message).partition(b"\r\nContent-Length")[0] == data(b"X-B: 2", b"X-A: 1", b"X-B: 3")[:-4]


def test_02_compact_forms() -> None:
    compact = (
        data(b"c: application/sdp", b"k: 100rel", b"l: 5", body=b"v=0\r\n")
        .replace(b"Via:", b"v:")
        .replace(b"From:", b"f:")
    )
    message = parse(compact.replace(b"To:", b"t:").replace(b"Call-ID:", b"i:"))
    assert (message.call_id, message.from_tag, message.branch) == (b"c1@vms.example.org", b"f1", b"z9hG4bK1")
    assert (message.first(b"content-type"), message.first(b"supported"), message.body) == (
        b"application/sdp",
        b"100rel",
        b"v=0\r\n",
    )


def test_03_folded_headers() -> None:
    message = parse(data(b"Subject: one\r\n two\r\n\tthree", From=b'"Alice"\r\n <sip:a@b>\r\n\t;tag=f1'))
    assert message.first(b"subject") == b"one two three"
    assert message.from_tag == b"f1"
    assert parse_address(message.from_value).uri.raw == b"sip:a@b"
    assert parse(rebuilt(message)).first(b"subject") == b"one two three"


def test_04_comma_joined_via_pai_and_route() -> None:
    message = parse(
        data(
            Via=b"SIP/2.0/UDP one;branch=z9hG4bK1, SIP/2.0/TCP two;branch=z9hG4bK2",
            P_Asserted_Identity=b'"A, B" <sip:+33162000001@x>, <tel:+33162000002>',
            Route=b"<sip:r1;lr>, <sip:r2;lr>",
        )
    )
    assert (message.branch, message.sent_by) == (b"z9hG4bK1", b"one")
    assert [subscriber(shown.uri) for shown in addresses(message, b"p-asserted-identity")] == [
        "+33162000001",
        "+33162000002",
    ]
    assert [shown.uri.host for shown in addresses(message, b"route")] == [b"r1", b"r2"]


def test_05_quoted_display_name_with_quote_comma_and_bracket() -> None:
    message = parse(data(From=b'"A \\"B\\", <C>" <sip:+33162000001@x>;tag=f1'))
    shown = parse_address(message.from_value)
    assert shown.display == b'A "B", <C>'
    assert shown.uri.user == b"+33162000001"
    assert message.from_tag == b"f1"


def test_06_semicolon_in_user_and_tag_where_it_is_none() -> None:
    message = parse(data(From=b'<sip:a;tag=no@b;tag=nor>;x="tag=this";tag=f1'))
    assert message.from_tag == b"f1"
    assert parse_address(message.from_value).uri.user == b"a;tag=no"


def test_07_ipv6_literals() -> None:
    message = parse(
        data(
            b"Contact: <sip:vms@[2001:db8::2]:5070>",
            start=b"INVITE sip:a@[2001:db8::1]:5061;lr SIP/2.0",
            Via=b"SIP/2.0/UDP [2001:db8::9]:5062;branch=z9hG4bK1",
        )
    )
    uri = parse_uri(message.uri)
    assert (uri.host, uri.port, message.sent_by) == (b"2001:db8::1", 5061, b"[2001:db8::9]:5062")
    assert addresses(message, b"contact")[0].uri.port == 5070


def test_08_tel_uri_in_from_and_pai() -> None:
    message = parse(data(From=b"<tel:+33162000001;phone-context=x>;tag=f1", P_Asserted_Identity=b"tel:+33162000002"))
    assert message.from_tag == b"f1"
    assert subscriber(parse_address(message.from_value).uri) == "+33162000001;phone-context=x"
    assert subscriber(addresses(message, b"p-asserted-identity")[0].uri) == "+33162000002"


def test_09_a_byte_that_is_no_utf8_leaves_as_it_came() -> None:
    message = parse(data(b"Subject: caf\xe9", From=b'"Fran\xe7ois" <sip:a@b>;tag=f1'))
    assert parse_address(message.from_value).display == b"Fran\xe7ois"
    assert b"Subject: caf\xe9\r\n" in rebuilt(message)
    assert b'"Fran\xe7ois"' in rebuilt(message)


def test_10_content_length_below_the_body_cuts_it() -> None:
    assert parse(data(b"Content-Length: %d" % len(SDP), body=SDP + b"trailing")).body == SDP


def test_11_content_length_beyond_the_body_is_refused() -> None:
    assert refused(data(b"Content-Length: %d" % (len(SDP) + 1), body=SDP)) == (400, "content-length")


def test_12_odd_case_and_blanks_in_header_names() -> None:
    message = parse(data().replace(b"From: ", b"FROM : ").replace(b"Call-ID: ", b"cAlL-iD:").replace(b"To: ", b"to\t:"))
    assert (message.from_tag, message.call_id) == (b"f1", b"c1@vms.example.org")
    assert message.to_value == FIELDS["To"]


def test_13_blanks_around_semicolon_and_equals() -> None:
    message = parse(data(From=b"<sip:a@b> ; tag = f1", Via=b"SIP/2.0/UDP h ; branch = z9hG4bK1 ; rport"))
    assert (message.from_tag, message.branch, message.rport) == (b"f1", b"z9hG4bK1", True)


def test_14_an_address_without_brackets() -> None:
    message = parse(data(From=b"sip:a@b;tag=f1", To=b"sip:c@d"))
    assert (message.from_tag, message.to_tag) == (b"f1", b"")
    assert parse_address(message.from_value).uri.raw == b"sip:a@b"


def test_15_an_exotic_method_keeps_its_case() -> None:
    message = parse(data(start=b"fOo.%!~ sip:a@b SIP/2.0", CSeq=b"1 fOo.%!~"))
    assert message.method == b"fOo.%!~"


def test_16_an_escaped_plus_in_the_user() -> None:
    message = parse(data(start=b"INVITE sip:%2B33155501234@x SIP/2.0", From=b"<sip:%2b33162000001@x>;tag=f1"))
    assert subscriber(parse_uri(message.uri)) == "+33155501234"
    assert subscriber(parse_address(message.from_value).uri) == "+33162000001"


def test_17_anonymous_from_with_two_pai_lines() -> None:
    message = parse(
        data(
            b"P-Asserted-Identity: <tel:+33162000001>",
            b"Privacy: id",
            From=b'"Anonymous" <sip:anonymous@anonymous.invalid>;tag=f1',
        )
    )
    assert [shown.uri.scheme for shown in addresses(message, b"p-asserted-identity")] == [b"sip", b"tel"]
    assert subscriber(parse_address(message.from_value).uri) == "anonymous"


def test_18_a_multipart_body_is_not_touched() -> None:
    body = b"--b\r\nContent-Type: application/sdp\r\n\r\n" + SDP + b"--b\r\n\r\n\x00\xff\n\r\n--b--\r\n"
    message = parse(data(b"Content-Type: multipart/mixed;boundary=b", b"Content-Length: %d" % len(body), body=body))
    assert message.body == body
    assert rebuilt(message).endswith(b"\r\n\r\n" + body)


def test_19_a_missing_call_id_is_refused() -> None:
    assert refused(data(Call_ID=b"")) == (400, "missing")


def test_20_garbage_is_dropped() -> None:
    assert refused(b"\x16\x03\x01\x02\x00\x01garbage\r\n\r\n") == (0, "request-line")


def test_21_keepalive_is_dropped() -> None:
    assert refused(b"\r\n\r\n") == (0, "keepalive")


def test_22_empty_header_values() -> None:
    message = parse(data(b"Subject:", b"Supported: ", b"Allow:\t"))
    assert [message.first(name) for name in (b"subject", b"supported", b"allow")] == [b"", b"", b""]
    assert message.has(b"subject")
    assert b"\r\nSubject:\r\nSupported: \r\nAllow:\t\r\n" in rebuilt(message)
