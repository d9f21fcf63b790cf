"""A start line is read where it stands; one in another writing says the same, and its place is not told."""

from __future__ import annotations

import pytest

from proxy.sip.message import ParseError
from proxy.sip.start_line import read_start
from proxy.sip.syntax import MAX_LINE, METHODS

HEADERS = b"Via: SIP/2.0/UDP a\r\nTo: b"


def read(line: bytes) -> tuple[bytes, bytes, int, bytes, int]:
    """What is said, and where the headers begin."""
    data = line + b"\r\n" + HEADERS + b"\r\n\r\n"
    message, at = read_start(data, len(data) - 4)
    return message.method, message.uri, message.status, message.version, at


@pytest.mark.parametrize("method", METHODS)
def test_a_request_of_a_known_method(method: bytes) -> None:
    line = method + b" sip:a@b;c=d SIP/2.0"
    assert read(line) == (method, b"sip:a@b;c=d", 0, b"SIP/2.0", len(line) + 2)


@pytest.mark.parametrize("uri", [b"sip:a", b"tel:+33123456789", b"sip:\xe9@b:5060"])
def test_a_uri_that_needs_no_second_look(uri: bytes) -> None:
    assert read(b"BYE " + uri + b" SIP/2.0") == (b"BYE", uri, 0, b"SIP/2.0", len(uri) + 14)


@pytest.mark.parametrize("status", [100, 200, 487, 699])
@pytest.mark.parametrize("text", [b"", b"OK", b"Not \xe9 Here"])
def test_a_response(status: int, text: bytes) -> None:
    line = b"SIP/2.0 %d %b" % (status, text)
    assert read(line) == (b"", b"", status, b"SIP/2.0", len(line) + 2)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"HELLO sip:a SIP/2.0", (b"HELLO", b"sip:a", 0, b"SIP/2.0")),
        (b"INVITE sips:a SIP/2.0", (b"INVITE", b"sips:a", 0, b"SIP/2.0")),
        (b"INVITE urn:service:sos SIP/2.0", (b"INVITE", b"urn:service:sos", 0, b"SIP/2.0")),
        (b"INVITE sip:a sip/2.0", (b"INVITE", b"sip:a", 0, b"sip/2.0")),
        (b"INVITE sip:a SIP/3.0", (b"INVITE", b"sip:a", 0, b"SIP/3.0")),
        (b"INVITE  sip:a SIP/2.0", (b"INVITE", b" sip:a", 0, b"SIP/2.0")),
        (b"INVITE sip:a  SIP/2.0", (b"INVITE", b"sip:a ", 0, b"SIP/2.0")),
        (b"INVITE <sip:a> SIP/2.0", (b"INVITE", b"<sip:a>", 0, b"SIP/2.0")),
        (b'INVITE sip:"a" SIP/2.0', (b"INVITE", b'sip:"a"', 0, b"SIP/2.0")),
        (b"INVITE sip:a\x7f SIP/2.0", (b"INVITE", b"sip:a\x7f", 0, b"SIP/2.0")),
        (b"INVITE si SIP/2.0", (b"INVITE", b"si", 0, b"SIP/2.0")),
        (b"SIP/2.0 200", (b"", b"", 200, b"SIP/2.0")),
        (b"SIP/2.0 200 O\tK", (b"", b"", 200, b"SIP/2.0")),
        (b"SIP/2.0 200 O\x00K", (b"", b"", 200, b"SIP/2.0")),
        (b"SIP/2.0 200 O\rK", (b"", b"", 200, b"SIP/2.0")),
    ],
)
def test_in_another_writing(line: bytes, said: tuple[bytes, bytes, int, bytes]) -> None:
    assert read(line) == (*said, 0)


@pytest.mark.parametrize(
    "line",
    [b"INVITE", b"INVITE sip:a", b"INV ITE", b"I<>TE sip:a SIP/2.0", b"SIP/2.0 700 x", b"SIP/2.0 99 x", b"SIP/2.0 0200 x",
     b"SIP/2.0 2x0 x", b"SIP/2.0 200x", b"SIP/2.0 ", b"INVITE sip:" + b"a" * MAX_LINE + b" SIP/2.0"],
)  # fmt: skip
def test_what_is_no_start_line(line: bytes) -> None:
    with pytest.raises(ParseError) as caught:
        read(line)
    assert caught.value.status == 0


def test_nothing_is_read_behind_the_end() -> None:
    data = b"BYE sip:a SIP/2.0\r\n\r\n"
    for end in (-1, 17):
        message, at = read_start(data, end)
        assert (message.method, message.uri, at) == (b"BYE", b"sip:a", 0)
