"""The identities of an INVITE, read anew or remembered: the same."""

from __future__ import annotations

import pytest

from proxy.b2bua.identities import addresses
from proxy.sip.address import parse_address, split_values
from proxy.sip.message import Message, ParseError
from proxy.sip.parse import parse
from tests.ladder import Caller

WRITINGS = (
    '"Campagne" <sip:+33162000001@x.example;user=phone>',
    "<sip:+33162000002@x.example>",
    "sip:+33162000003@x.example",
    "<tel:+33162000004>;p=1",
    '"one, two" <sip:a@x>',
    '"a" <sip:a@x>, "b" <sip:b@x>',
    '"quoted \\" end" <sip:c@x>',
    "   <sip:d@x>   ",
)


def message(*extra: str, user: str = "+33145001234") -> Message:
    return parse(Caller(user=user).invite(extra=extra))


def test_every_identity_is_found_with_its_header() -> None:
    invite = message(
        "P-Asserted-Identity: <sip:a@x>, <tel:+331>", "P-Preferred-Identity: b <sip:b@x>", "Diversion: <sip:c@x>",
        "Remote-Party-ID: <sip:d@x>", "Diversion: <sip:e@x>", "Reply-To: <sip:f@x>",
    )  # fmt: skip
    found = [(source, address.uri.user) for source, address in addresses(invite)]
    assert found == [
        ("From", b"+33145001234"), ("P-Asserted-Identity", b"a"), ("P-Asserted-Identity", b"+331"),
        ("P-Preferred-Identity", b"b"), ("Remote-Party-ID", b"d"), ("Diversion", b"c"), ("Diversion", b"e"),
    ]  # fmt: skip


def test_a_broken_identity_is_the_peers_fault() -> None:
    with pytest.raises(ParseError):
        addresses(message("P-Asserted-Identity: <sip:"))


def read(invite: Message) -> list[tuple[str, bytes, bytes]]:
    return [(source, address.display, address.uri.raw) for source, address in addresses(invite)]


@pytest.mark.parametrize("asserted", WRITINGS)
@pytest.mark.parametrize("preferred", ["", *WRITINGS])
def test_what_is_remembered_is_what_was_read(asserted: str, preferred: str) -> None:
    extra = [f"P-Asserted-Identity: {asserted}", *([f"P-Preferred-Identity: {preferred}"] if preferred else [])]
    expected = [("From", parse_address(message().from_value))]
    for source, text in (("P-Asserted-Identity", asserted), ("P-Preferred-Identity", preferred)):
        expected += [(source, parse_address(part)) for part in split_values(text.encode())]
    plain = [(source, address.display, address.uri.raw) for source, address in expected]
    assert read(message(*extra)) == plain
    assert read(message(*extra)) == plain


@pytest.mark.parametrize("value", [one for one in WRITINGS if "@x>, " not in one])
def test_from_shows_the_same_whatever_stands_behind_it(value: str) -> None:
    invite = message()
    for behind in (";tag=a1", ";x=y;tag=a1", ';x="<b>;tag=a1";tag=a1', ""):
        whole = (value + behind).encode()
        invite.from_value, invite.from_tag = whole, b"a1"
        shown, plain = addresses(invite)[0][1], parse_address(whole)
        assert (shown.display, shown.uri.raw) == (plain.display, plain.uri.raw)


@pytest.mark.parametrize(
    "value", ['"open <sip:a@x>;tag=a1', "<sip:>;tag=a1", '<sip:a@x>;x="<b>;tag=a1', "<sip:a@x> b>;tag=a1"]
)
def test_a_broken_from_is_refused_each_time(value: str) -> None:
    invite = message()
    invite.from_value, invite.from_tag = value.encode(), b"a1"
    for _ in range(2):
        with pytest.raises(ParseError):
            addresses(invite)


def test_a_list_is_cut_although_it_was_shown_as_one_before() -> None:
    invite = message()
    invite.from_value = b"Bob, Jr <sip:a@x>;tag=atag1"
    assert addresses(invite)[0][1].display == b"Bob, Jr"
    with pytest.raises(ParseError):
        addresses(message("P-Asserted-Identity: Bob, Jr <sip:a@x>"))
