"""URIs in every shape that the grammar allows, and the shapes that two readers would read in two ways."""

from __future__ import annotations

import pytest

from proxy.sip.message import ParseError
from proxy.sip.uri import parse_uri, split_host_port, subscriber, unescape


def refused(kind: str, error: ParseError) -> None:
    assert (error.status, error.kind) == (400, kind)


@pytest.mark.parametrize(
    ("raw", "scheme", "user", "host", "port", "params"),
    [
        (b"sip:b", b"sip", b"", b"b", 0, b""),
        (b"SIP:a@B:5070;lr;x=1?h=v", b"sip", b"a", b"B", 5070, b";lr;x=1"),
        (b"sips:a:secret@b", b"sips", b"a:secret", b"b", 0, b""),
        (b"sip:a;p=1?q@b", b"sip", b"a;p=1?q", b"b", 0, b""),
        (b"sip:a@[2001:db8::1]:5070;lr", b"sip", b"a", b"2001:db8::1", 5070, b";lr"),
        (b"sip:[::1]", b"sip", b"", b"::1", 0, b""),
        (b"sip:@b", b"sip", b"", b"b", 0, b""),
        (b"sip:b:", b"sip", b"", b"b", 0, b""),
        (b"TEL:+33-1;phone-context=x", b"tel", b"+33-1;phone-context=x", b"", 0, b""),
        (b"urn:service:sos", b"urn", b"service:sos", b"", 0, b""),
        (b"http://x:80/a@b@c", b"http", b"//x:80/a@b@c", b"", 0, b""),
    ],
)
def test_parse_uri(raw: bytes, scheme: bytes, user: bytes, host: bytes, port: int, params: bytes) -> None:
    uri = parse_uri(raw)
    assert (uri.raw, uri.scheme, uri.user, uri.host, uri.port, uri.params) == (raw, scheme, user, host, port, params)


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        (b"", "uri"),
        (b"a", "uri"),
        (b":a", "uri"),
        (b"tel:", "uri"),
        (b"s p:a", "uri"),
        (b"s(p:a", "uri"),
        (b"sip:a b@c", "uri"),
        (b"sip:a\t@c", "uri"),
        (b'sip:"a"@c', "uri"),
        (b"sip:a@c>", "uri"),
        (b"sip:a\r\nX: y@c", "uri"),
        (b"sip:a@b@c", "uri"),
        (b"sip:a@b;x=c@d", "uri"),
        (b"sip:", "host"),
        (b"sip:a@", "host"),
        (b"sip:a@:5060", "host"),
        (b"sip:a@[::1", "host"),
        (b"sip:a@[]", "host"),
        (b"sip:a@[::1]5060", "host"),
        (b"sip:a@b:x", "host"),
        (b"sip:a@b:65536", "host"),
        (b"sip:a@b:000001", "host"),
        (b"sip:a@b:-1", "host"),
        (b"sip:2001:db8::10", "host"),
        (b"sip:a@b:\xb2", "host"),
    ],
)
def test_parse_uri_refused(raw: bytes, kind: str) -> None:
    with pytest.raises(ParseError) as caught:
        parse_uri(raw)
    refused(kind, caught.value)


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        (b"h", b"h", 0),
        (b"h:0", b"h", 0),
        (b"h:65535", b"h", 65535),
        (b"[::1]", b"::1", 0),
        (b"[::1]:9", b"::1", 9),
        (b"[::1]:", b"::1", 0),
    ],
)
def test_split_host_port(text: bytes, host: bytes, port: int) -> None:
    assert split_host_port(text) == (host, port)


# The number text


@pytest.mark.parametrize(
    ("user", "plain"),
    [(b"a", b"a"), (b"%2B33", b"+33"), (b"%2b%00%fF", b"+\x00\xff"), (b"%", b"%"), (b"a%4", b"a%4"), (b"%4g%41", b"%4gA"),
     (b"%%41", b"%A"), (b"%2541", b"%41"), (b"% 1", b"% 1"), (b"%+1", b"%+1")],
)  # fmt: skip
def test_unescape(user: bytes, plain: bytes) -> None:
    assert unescape(user) == plain


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"sip:+33162000001@x", "+33162000001"),
        (b"sip:%2B33162000001:pin@x", "+33162000001"),
        (b"sip:+33162000001;phone-context=x@y", "+33162000001;phone-context=x"),
        (b"sip:0162%3a9@x", "0162:9"),
        (b"sip:x", ""),
        (b"tel:0162;phone-context=+33", "0162;phone-context=+33"),
        (b"tel:01:62", "01:62"),
        (b"URN:service:SOS.fire", "urn:service:sos.fire"),
        (b"sip:\xd9\xa1@x", "\u00d9\u00a1"),
        (b"sip:%D9%A1@x", "\u00d9\u00a1"),
    ],
)
def test_subscriber(raw: bytes, text: str) -> None:
    assert subscriber(parse_uri(raw)) == text
