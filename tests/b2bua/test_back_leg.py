"""What is read of a caller who calls back: whether it hides, and from where the call was diverted."""

from __future__ import annotations

import pytest

from proxy.b2bua.back_leg import diverting, is_withheld
from proxy.sip.address import parse_address
from proxy.sip.parse import parse
from tests.b2bua.back import Person


@pytest.mark.parametrize(
    ("caller", "privacy", "hidden"),
    [
        ("<sip:+33612345678@carrier.example>", "", False),
        ("<tel:+33612345678>", "", False),
        ("<sip:+33612345678@carrier.example>", "none", False),
        ("<sip:+33612345678@carrier.example>", "history", False),
        ("<sip:+33612345678@carrier.example>", "id", True),
        ("<sip:+33612345678@carrier.example>", "header; ID", True),
        ("<sip:+33612345678@carrier.example>", "history, user", True),
        ("<sip:Anonymous@carrier.example>", "", True),
        ("<sip:unavailable@unknown.invalid>", "", True),
        ("<sip:+33612345678@anonymous.invalid>", "", True),
        ("<sip:carrier.example>", "", True),
    ],
)
def test_who_hides(caller: str, privacy: str, hidden: bool) -> None:
    extra = [f"Privacy: {privacy}"] if privacy else []
    message = parse(Person().invite(extra=extra))
    assert is_withheld(message, parse_address(caller.encode())) is hidden


def test_diversions_are_read_as_far_as_they_can_be() -> None:
    lines = [
        "Diversion: <sip:+33162000003@a.example>;reason=unconditional, <tel:+33162000004>",
        "History-Info: <sip:0162000005@b.example?Reason=SIP%3Bcause%3D302>;index=1",
        "History-Info: <sip:",
        "Diversion: nonsense",
    ]
    message = parse(Person().invite(extra=lines))
    assert diverting(message) == ["+33162000003", "+33162000004", "0162000005"]
    assert diverting(parse(Person().invite())) == []
