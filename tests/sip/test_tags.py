"""A tag is read in the form that nearly all have as it would be read in any other."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.sip.address import parse_address
from proxy.sip.message import ParseError
from proxy.sip.tags import tag_of


@pytest.mark.parametrize(
    ("value", "tag"),
    [
        (b"<sip:a@b>", b""),
        (b"<sip:a@b>;tag=1", b"1"),
        (b"<sip:a@b>;tag=1 ", b"1"),
        (b"<sip:a@b>;TAG=1", b"1"),
        (b"<sip:a@b> ; tag = 1", b"1"),
        (b"<sip:a@b>;x=y;tag=1;z", b"1"),
        (b"<sip:a@b>;tag=1;z", b"1"),
        (b"<sip:a@b>;tagged=1", b""),
        (b"<sip:a@b;tag=no>", b""),
        (b"<sip:a@b;tag=no>;tag=1", b"1"),
        (b"<tel:+33;tag=no>;tag=1", b"1"),
        (b"<sips:a@b>;tag=1", b"1"),
        (b"sip:a@b;tag=1", b"1"),
        (b"sip:a@b", b""),
        (b"tel:+33;tag=1", b"1"),
        (b'"x" <sip:a@b>;tag=1', b"1"),
        (b'"<sip:x>;tag=no" <sip:a@b>;tag=1', b"1"),
        (b'"a \\" b" <sip:a@b>;tag=1', b"1"),
        (b'"x" <sip:a@b>;y="tag=no;tag=no";tag=1', b"1"),
        (b'"x" <sip:a@b>;y=">;tag=no"', b""),
        (b"A B <sip:a@b>;tag=1", b"1"),
        (b'A "q" B <sip:a@b>;tag=1', b"1"),
        (b"<isbn:1>;tag=1", b"1"),
    ],
)
def test_tag_of(value: bytes, tag: bytes) -> None:
    assert tag_of(value) == tag


@pytest.mark.parametrize(
    "value",
    [b"", b"<", b">", b"<sip:a@b", b"sip:a@b>;tag=1", b'"x <sip:a@b>;tag=1', b'"x\\" <sip:a@b>;tag=1', b"<sip:a@b>tag=1",
     b"< a@b >", b"<>", b'"x" y <SIP:a@b>', b"a@b", b'<sip:a@b>;tag="1', b"<sip:a@b;tag=1",
     b"<sip:a@b>;tag=", b"<sip:a@b>;tag= ", b"<sip:a@b>;tag", b"<sip:a@b>;x;tag=", b"sip:a@b;tag="],
)  # fmt: skip
def test_tag_of_refused(value: bytes) -> None:
    with pytest.raises(ParseError) as caught:
        tag_of(value)
    assert caught.value.status == 400


PIECES = st.sampled_from(
    [b"<", b">", b"sip:", b"tel:", b"urn:x", b"a@b", b";tag=", b"1", b";", b'"', b"\\", b" ", b"\t", b"x", b"="]
)


@given(st.builds(b"".join, st.lists(PIECES, max_size=12)), st.booleans())
def test_every_value_is_read_as_an_address_is(value: bytes, whole: bool) -> None:
    value = (b"A <sip:a@b" + value if whole else value).strip()
    try:
        expected = parse_address(value).param(b"tag")
    except ParseError:
        return
    if expected == b"":
        with pytest.raises(ParseError):
            tag_of(value)
    else:
        assert tag_of(value) == (expected or b"")
