"""Addresses and URIs in every shape that the grammar allows, and the shapes that two readers would read in two ways."""

from __future__ import annotations

import pytest

from proxy.sip.address import Address, parameters_of, parse_address, split_semicolons, split_values, unquote
from proxy.sip.message import ParseError
from proxy.sip.uri import parse_uri


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


def test_an_address_is_what_it_was_made_of() -> None:
    uri = parse_uri(b"sip:a")
    address = Address(b"d", uri, [(b"q", b"1")])
    assert (address.display, address.uri, address.params) == (b"d", uri, [(b"q", b"1")])
