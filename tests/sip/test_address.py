"""Addresses and URIs in every shape that the grammar allows, and the shapes that two readers would read in two ways."""

from __future__ import annotations

import pytest

from proxy.sip.address import (
    Address,
    parameters_of,
    parse_address,
    parse_uri,
    split_host_port,
    split_semicolons,
    split_values,
    subscriber,
    unescape,
    unquote,
)
from proxy.sip.message import ParseError


def refused(kind: str, error: ParseError) -> None:
    assert (error.status, error.kind) == (400, kind)


# Cutting values


@pytest.mark.parametrize(
    ("value", "parts"),
    [
        (b"", []),
        (b"  ", []),
        (b"a", [b"a"]),
        (b" a ", [b"a"]),
        (b"a,b , c", [b"a", b"b", b"c"]),
        (b",a,,b,", [b"a", b"b"]),
        (b",", []),
        (b'"x, y" <sip:a@b>, <sip:c,d@e>;p="1,2" , tel:+33', [b'"x, y" <sip:a@b>', b'<sip:c,d@e>;p="1,2"', b"tel:+33"]),
        (b'"a\\", b" <sip:a@b>,"c\\\\",d', [b'"a\\", b" <sip:a@b>', b'"c\\\\"', b"d"]),
        (b'<sip:"@b>, <sip:c>', [b'<sip:"@b>', b"<sip:c>"]),
        (b' , "," ,', [b'","']),
    ],
)
def test_split_values(value: bytes, parts: list[bytes]) -> None:
    assert split_values(value) == parts


@pytest.mark.parametrize(("value", "kind"), [(b'"a, b', "quotes"), (b'"a\\", b', "quotes"), (b"<a, b", "address")])
def test_split_values_refused(value: bytes, kind: str) -> None:
    with pytest.raises(ParseError) as caught:
        split_values(value)
    refused(kind, caught.value)


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        (b"", [b""]),
        (b";a;b=1", [b"", b"a", b"b=1"]),
        (b'a;b=";";c', [b"a", b'b=";"', b"c"]),
        (b'a=";\\";";b', [b'a=";\\";"', b"b"]),
        (b'a=""', [b'a=""']),
    ],
)
def test_split_semicolons(text: bytes, pieces: list[bytes]) -> None:
    assert split_semicolons(text) == pieces


@pytest.mark.parametrize(
    ("value", "params"),
    [
        (b"<sip:a@b>", []),
        (b"<sip:a@b;x=1>;TAG=2; q = 0.5 ;flag;;=v", [(b"tag", b"2"), (b"q", b"0.5"), (b"flag", b"")]),
        (b"sip:a@b;x=1", [(b"x", b"1")]),
        (b"sip:a@b", []),
        (b'<sip:a>;r="a;b=\\"c";d=<e>', [(b"r", b'"a;b=\\"c"'), (b"d", b"<e>")]),
    ],
)
def test_parameters_of(value: bytes, params: list[tuple[bytes, bytes]]) -> None:
    assert parameters_of(value) == params


def test_param_finds_the_first_of_its_name() -> None:
    address = parse_address(b"<sip:a@b>;x=1;x=2;flag")
    assert address.param(b"x") == b"1"
    assert address.param(b"flag") == b""
    assert address.param(b"tag") is None


# Whole addresses


@pytest.mark.parametrize(
    ("value", "display", "uri"),
    [
        (b"<sip:a@b>", b"", b"sip:a@b"),
        (b"sip:a@b", b"", b"sip:a@b"),
        (b"Alice <sip:a@b>", b"Alice", b"sip:a@b"),
        (b"A B<sip:a@b>", b"A B", b"sip:a@b"),
        (b'"Alice, \\"X\\" <y>" <sip:a@b>;tag=1', b'Alice, "X" <y>', b"sip:a@b"),
        (b'"" <sip:a@b>', b"", b"sip:a@b"),
        (b'"\\\\" <sip:a@b>', b"\\", b"sip:a@b"),
        (b'"Fran\xe7ois" <sip:a@b>', b"Fran\xe7ois", b"sip:a@b"),
        (b'A "B" C <sip:a@b>', b'A "B" C', b"sip:a@b"),
        (b'sip:a@b;x="<"', b"", b"sip:a@b"),
    ],
)
def test_parse_address(value: bytes, display: bytes, uri: bytes) -> None:
    address = parse_address(value)
    assert (address.display, address.uri.raw) == (display, uri)


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (b"", "uri"),
        (b"*", "uri"),
        (b"<>", "uri"),
        (b"<sip:a@b", "address"),
        (b"sip:a@b>", "uri"),
        (b"sip:a@b>;tag=1", "uri"),
        (b"<sip:a@b>x", "address"),
        (b'"a <sip:a@b>', "quotes"),
        (b'"a" b <sip:a@b>', "address"),
        (b'"a" sip:a@b', "uri"),
        (b'<sip:a@b>;x="', "quotes"),
        (b"<<sip:a@b>>", "address"),
        (b"<<sip:a@b>", "uri"),
        (b"< sip:a@b >", "uri"),
        (b"<sip:a\x00@b>", "uri"),
    ],
)
def test_parse_address_refused(value: bytes, kind: str) -> None:
    with pytest.raises(ParseError) as caught:
        parse_address(value)
    refused(kind, caught.value)


@pytest.mark.parametrize(
    ("text", "plain"),
    [(b'"a"', b"a"), (b'"a\\"b\\\\"', b'a"b\\'), (b'""', b""), (b'"\\', b""), (b'"', b""), (b"", b"")],
)
def test_unquote(text: bytes, plain: bytes) -> None:
    assert unquote(text) == plain


# URIs


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


def test_an_address_is_what_it_was_made_of() -> None:
    uri = parse_uri(b"sip:a")
    address = Address(b"d", uri, [(b"q", b"1")])
    assert (address.display, address.uri, address.params) == (b"d", uri, [(b"q", b"1")])
