"""Datagram to Message: what is read, what is refused and with which status, and what a refusal still knows.

Whole messages in odd shapes stand in `tests/corpus`; here each branch of the parser has its smallest case.
"""

from __future__ import annotations

import pytest

from proxy.sip.message import Message, ParseError
from proxy.sip.parse import parse
from proxy.sip.syntax import MAX_LINE, MAX_MESSAGE

REQUEST = b"INVITE sip:+33155501234@edge.example.net SIP/2.0"
VIA = b"Via: SIP/2.0/UDP 192.0.2.1:5062;branch=z9hG4bK1;rport"
FROM = b"From: <sip:+33162000001@vms.example.org>;tag=f1"
TO = b"To: <sip:+33155501234@edge.example.net>"
CALL_ID = b"Call-ID: c1@vms"
CSEQ = b"CSeq: 1 INVITE"
LINES = (VIA, FROM, TO, CALL_ID, CSEQ)


def datagram(*extra: bytes, start: bytes = REQUEST, body: bytes = b"", drop: bytes = b"") -> bytes:
    """A good INVITE, without the line that is `drop`, with `extra` lines behind."""
    lines = [start, *[line for line in LINES if line != drop], *extra]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def swapped(old: bytes, new: bytes) -> bytes:
    return datagram().replace(old, new, 1)


def refused(data: bytes) -> ParseError:
    with pytest.raises(ParseError) as caught:
        parse(data)
    return caught.value


def verdict(data: bytes) -> tuple[int, str]:
    error = refused(data)
    return error.status, error.kind


def partial(data: bytes) -> Message:
    """What a refused message still knows."""
    message = refused(data).message
    assert message is not None
    return message


# What is read


def test_a_request() -> None:
    message = parse(datagram(b"Content-Type: application/sdp", body=b"v=0\r\n"))
    assert (message.method, message.uri, message.status) == (b"INVITE", b"sip:+33155501234@edge.example.net", 0)
    assert (message.via, message.branch) == (VIA[5:], b"z9hG4bK1")
    assert (message.sent_by, message.rport) == (b"192.0.2.1:5062", True)
    assert (message.call_id, message.cseq) == (b"c1@vms", 1)
    assert (message.from_value, message.from_tag) == (FROM[6:], b"f1")
    assert (message.to_value, message.to_tag) == (TO[4:], b"")
    assert message.body == b"v=0\r\n"
    assert message.names == [b"via", b"from", b"to", b"call-id", b"cseq", b"content-type"]
    assert message.lines == [*LINES, b"Content-Type: application/sdp"]


def test_a_response_takes_its_method_from_cseq() -> None:
    message = parse(datagram(start=b"SIP/2.0 180 Ringing"))
    assert (message.status, message.method, message.uri) == (180, b"INVITE", b"")


@pytest.mark.parametrize("start", [b"SIP/2.0 100 ", b"SIP/2.0 100", b"SIP/2.0 100 \xc3\xa9t\xc3\xa9"])
def test_any_reason_phrase(start: bytes) -> None:
    assert parse(datagram(start=start)).status == 100


def test_a_repeated_header_that_may_repeat() -> None:
    message = parse(datagram(b"Via: SIP/2.0/UDP two;branch=z9hG4bK2", b"v: SIP/2.0/UDP three"))
    assert message.branch == b"z9hG4bK1"
    assert message.all(b"via") == [VIA[5:], b"SIP/2.0/UDP two;branch=z9hG4bK2", b"SIP/2.0/UDP three"]


@pytest.mark.parametrize("scheme", [b"sip:a@b", b"SIP:a@b", b"sips:a@b", b"SiPs:a@b", b"tel:+33", b"urn:service:sos"])
def test_schemes_that_we_serve(scheme: bytes) -> None:
    assert parse(datagram(start=b"INVITE " + scheme + b" SIP/2.0")).uri == scheme


@pytest.mark.parametrize("blank", [b"\r\n", b"\r\n\r\n\r\n", b"\n"])
def test_line_ends_before_the_start_line_are_skipped(blank: bytes) -> None:
    assert parse(blank + datagram()).call_id == b"c1@vms"


# Bodies (RFC 3261 18.3)


@pytest.mark.parametrize(
    ("line", "body"),
    [
        (b"Content-Length: 4", b"abcd"),
        (b"l: 2", b"ab"),
        (b"Content-Length: 0", b""),
        (b"Content-Length:  0002 ", b"ab"),
    ],
)
def test_content_length_cuts(line: bytes, body: bytes) -> None:
    assert parse(datagram(line, body=b"abcd")).body == body


def test_without_content_length_all_is_body() -> None:
    assert parse(datagram(body=b"abcd")).body == b"abcd"
    assert parse(datagram()[:-2]).body == b""


@pytest.mark.parametrize("value", [b"5", b"-1", b"+1", b"x", b"", b"1 1", b"0x1", b"9999999999999999999", b"\xb2"])
def test_content_length_refused(value: bytes) -> None:
    assert verdict(datagram(b"Content-Length: " + value, body=b"abcd")) == (400, "content-length")


# Start lines


@pytest.mark.parametrize(
    "start",
    [b"SIP/2.0 99 x", b"SIP/2.0 700 x", b"SIP/2.0 20 x", b"SIP/2.0 2000 x", b"SIP/2.0 2x0 x", b"SIP/2.0  200 x",
     b"SIP/2.0 ", b"SIP/2.0 \xb2\xb2\xb2 x"],
)  # fmt: skip
def test_bad_status_lines_are_dropped(start: bytes) -> None:
    error = refused(datagram(start=start))
    assert (error.status, error.kind, error.message) == (0, "status-line", None)


@pytest.mark.parametrize(
    "start",
    [b"", b"INVITE", b"INVITE sip:a@b", b" INVITE sip:a@b SIP/2.0", b"IN(VITE sip:a@b SIP/2.0",
     b"INVITE\tsip:a@b\tSIP/2.0", b"sip/2.0 200 OK", b"INVITE sip:" + b"a" * MAX_LINE + b" SIP/2.0"],
)  # fmt: skip
def test_bad_request_lines_are_dropped(start: bytes) -> None:
    error = refused(start + b"\r\n" + datagram(start=b"X: 1") if start else b" \r\n" + datagram())
    assert (error.status, error.kind, error.message) == (0, "request-line", None)


@pytest.mark.parametrize("data", [b"", b"\r\n", b"\r\n\r\n", b"\r\n" * 30000])
def test_keepalives(data: bytes) -> None:
    assert verdict(data) == (0, "keepalive")


def test_a_datagram_over_the_limit() -> None:
    assert verdict(b"x" * (MAX_MESSAGE + 1)) == (0, "size")


def test_a_datagram_at_the_limit() -> None:
    head = datagram()
    assert len(parse(head + b"x" * (MAX_MESSAGE - len(head))).body) == MAX_MESSAGE - len(head)


@pytest.mark.parametrize(
    ("version", "expected"),
    [(b"SIP/3.0", (505, "version")), (b"SIP/2", (505, "version")), (b"sip/1.0", (505, "version")),
     (b"HTTP/1.1", (400, "request-line")), (b"", (400, "request-line"))],
)  # fmt: skip
def test_versions(version: bytes, expected: tuple[int, str]) -> None:
    assert verdict(datagram(start=b"INVITE sip:a@b " + version)) == expected


def test_the_version_is_not_case_sensitive() -> None:
    assert parse(datagram(start=b"INVITE sip:a@b sIp/2.0")).method == b"INVITE"


@pytest.mark.parametrize(
    "uri", [b"", b"sip:a b@c", b"<sip:a@b>", b'sip:"a"@b', b"sip:a@b\x01", b"sip:\ta@b", b"sip:a\x7f@b"]
)
def test_request_uris_refused(uri: bytes) -> None:
    assert verdict(datagram(start=b"INVITE " + uri + b" SIP/2.0")) == (400, "uri")


@pytest.mark.parametrize("uri", [b"http://a", b"sipx:a", b"a@b", b"*", b"mailto:a@b", b"sip;a"])
def test_schemes_refused(uri: bytes) -> None:
    assert verdict(datagram(start=b"INVITE " + uri + b" SIP/2.0")) == (416, "scheme")


# Header lines


@pytest.mark.parametrize("line", [b"no colon", b": x", b"a b: x", b"\xe9: x", b"a(: x", b"\x01: x"])
def test_header_lines_refused(line: bytes) -> None:
    assert verdict(datagram(line)) == (400, "header")


def test_the_first_line_cannot_be_folded() -> None:
    assert verdict(REQUEST + b"\r\n folded: x\r\n" + b"\r\n".join(LINES) + b"\r\n\r\n") == (400, "header")


def test_folds_become_one_blank() -> None:
    message = parse(datagram(b"Subject: a\r\n\t b \r\n  c\r\n \r\n d", b"X-A: 1"))
    assert message.first(b"subject") == b"a b c  d"
    assert message.first(b"x-a") == b"1"


@pytest.mark.parametrize(
    "line", [FROM, TO, CALL_ID, CSEQ, b"i: other", b"Max-Forwards: 1\r\nMax-Forwards: 1", b"l: 0\r\nContent-Length: 0"]
)
def test_headers_that_may_stand_once(line: bytes) -> None:
    assert verdict(datagram(line)) == (400, "repeated")


def test_header_lines_are_counted_with_their_folds() -> None:
    assert len(parse(datagram(*[b"X: 1"] * 251)).names) == 256
    assert verdict(datagram(*[b"X: 1"] * 252)) == (400, "headers")
    assert verdict(datagram(b"X: 1" + b"\r\n a" * 251)) == (400, "headers")


def test_a_line_over_the_limit() -> None:
    fits = b"X-A: " + b"a" * (MAX_LINE - 5)
    assert parse(datagram(fits)).first(b"x-a") == fits[5:]
    assert verdict(datagram(fits + b"a")) == (400, "headers")
    assert verdict(datagram(fits + b"\r\n a")) == (400, "headers")


@pytest.mark.parametrize("bad", [b"\n", b"\r", b"\x00", b"\n\r"])
@pytest.mark.parametrize("after", [b"Call-ID: c1", b"sip:+33155501234", b"From: <sip:+3316", b"Via: SIP/2.0/UDP 192"])
def test_bare_line_ends_and_nul_are_refused(after: bytes, bad: bytes) -> None:
    assert verdict(swapped(after, after + bad)) == (400, "control")


def test_an_escaped_nul_is_legal_in_from_and_to_only() -> None:
    quoted = swapped(b"From: ", b'From: "\\\x00" ')
    assert parse(quoted).from_tag == b"f1"
    assert verdict(quoted.replace(b"\\\x00", b"\\\x00\x00")) == (400, "control")
    assert verdict(datagram(b'Subject: "\\\x00"')) == (400, "control")
    assert verdict(swapped(b"From: ", b'From: "\\\x00\n" ')) == (400, "control")


def test_control_bytes_in_the_body_are_its_own_business() -> None:
    assert parse(datagram(body=b"\x00\n\r\r\n\r\n")).body == b"\x00\n\r\r\n\r\n"


def test_a_head_without_end() -> None:
    assert verdict(datagram()[:-4]) == (400, "framing")
    assert verdict(datagram()[:-3]) == (400, "control")


# What every message needs


@pytest.mark.parametrize("line", LINES)
def test_missing_headers(line: bytes) -> None:
    error = refused(datagram(drop=line))
    assert (error.status, error.kind) == (400, "missing")
    assert error.text == f"expected a {line.partition(b':')[0].decode()} header"


@pytest.mark.parametrize("value", [b"", b"a b", b"a\tb"])
def test_call_ids_refused(value: bytes) -> None:
    assert verdict(swapped(b"c1@vms", value)) == (400, "call-id")


@pytest.mark.parametrize(
    ("value", "number"), [(b"0 INVITE", 0), (b"2147483647\tINVITE", 2**31 - 1), (b"0007  INVITE", 7)]
)
def test_cseq(value: bytes, number: int) -> None:
    assert parse(swapped(b"1 INVITE", value)).cseq == number


@pytest.mark.parametrize(
    "value",
    [b"", b"1", b"INVITE", b"1 INVITE x", b"2147483648 INVITE", b"00000000001 INVITE", b"-1 INVITE", b"x INVITE",
     b"1 invite", b"1 BYE", b"\xb2 INVITE", b"1INVITE"],
)  # fmt: skip
def test_cseq_refused(value: bytes) -> None:
    assert verdict(swapped(b"1 INVITE", value)) == (400, "cseq")
    assert partial(swapped(b"1 INVITE", value)).cseq == -1


def test_cseq_of_a_response_names_any_method() -> None:
    response = datagram(start=b"SIP/2.0 200 OK")
    assert parse(response.replace(b"1 INVITE", b"1 New-Method")).method == b"New-Method"
    assert verdict(response.replace(b"1 INVITE", b"1 a/b")) == (0, "cseq")


# What a refusal still knows


@pytest.mark.parametrize(
    "data",
    [
        datagram(b"bad line"),
        datagram(CSEQ),
        datagram(*[b"X: 1"] * 300),
        datagram(b"X: " + b"a" * 9000),
        datagram(b"X: \x00"),
        datagram(b"Content-Length: 5"),
        datagram(start=b"INVITE sip:a@b SIP/3.0"),
        datagram(start=b"INVITE gopher:a@b SIP/2.0"),
        datagram()[:-4],
        swapped(b"c1@vms", b"c1@vms two"),
        swapped(b"1 INVITE", b"x INVITE"),
    ],
)
def test_all_that_an_answer_repeats(data: bytes) -> None:
    message = partial(data)
    assert message.via == VIA[5:]
    assert (message.sent_by, message.rport, message.branch) == (b"192.0.2.1:5062", True, b"z9hG4bK1")
    assert message.from_value == FROM[6:]
    assert message.to_value == TO[4:]
    assert message.call_id.startswith(b"c1@vms")
    assert message.first(b"cseq")


def test_what_stands_beside_a_missing_header_is_kept() -> None:
    message = partial(datagram(drop=TO))
    assert (message.to_value, message.from_value, message.call_id) == (b"", FROM[6:], b"c1@vms")


def test_the_to_tag_of_a_refused_request_is_known() -> None:
    data = swapped(b"1 INVITE", b"x INVITE").replace(TO, TO + b";tag=ours")
    assert partial(data).to_tag == b"ours"
    assert partial(data.replace(b"To: <", b'To: "<')).to_tag == b""


def test_a_broken_via_is_kept_as_it_came() -> None:
    message = partial(swapped(b"SIP/2.0/UDP ", b"nonsense "))
    assert message.via == b"nonsense 192.0.2.1:5062;branch=z9hG4bK1;rport"
    assert message.sent_by == b""


@pytest.mark.parametrize("start", [b"SIP/2.0 200 OK", b"ACK sip:a@b SIP/2.0"])
def test_responses_and_acks_are_never_answered(start: bytes) -> None:
    error = refused(datagram(b"bad line", start=start))
    assert (error.status, error.kind) == (0, "header")
    assert error.message is not None
