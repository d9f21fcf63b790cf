"""What is read of an INVITE: identities, the called number, and what must not leave."""

from __future__ import annotations

import pytest

from proxy.b2bua.extract import Secrets, call_facts, called_text, secrets
from proxy.b2bua.identities import MOST_SECRETS, addresses
from proxy.policy.edition import Edition
from proxy.sip.message import Message, ParseError
from proxy.sip.parse import parse
from tests.ladder import EPOCH, Caller, platform


def message(*extra: str, user: str = "+33145001234", display: str = "", called: str = "+33140000000") -> Message:
    caller = Caller(user=user, called=called)
    caller.display = display
    return parse(caller.invite(extra=extra))


def kept_back(edition: Edition, invite: Message, kept: str = "") -> Secrets:
    shown = addresses(invite)
    return secrets(invite, shown, call_facts(invite, shown, called_text(invite), platform(), edition, EPOCH), kept)


def test_facts_name_customer_and_campaign_from_the_trusted_headers(edition: Edition) -> None:
    invite = message("X-Campaign: spring")
    facts = call_facts(invite, addresses(invite), "+33140000000", platform(), edition, EPOCH)
    assert (facts.customer_id, facts.campaign_id, facts.called_text) == ("acme", "spring", "+33140000000")
    facts = call_facts(invite, addresses(invite), "112", platform(customer="other"), edition, EPOCH)
    assert facts.customer_id == "other"


def test_an_attempt_is_named_by_call_id_and_from_tag(edition: Edition) -> None:
    invite = message()
    facts = call_facts(invite, addresses(invite), "+33140000000", platform(), edition, EPOCH)
    assert facts.attempt == "call-1@platform;atag1"


def test_the_caller_is_kept_back_in_what_all_writings_share(edition: Edition) -> None:
    found = kept_back(edition, message("Contact: <sip:desk7@10.1.0.1>", display="Jean Martinet"))
    assert found.digits == (b"145001234",)
    assert found.texts == (b"jean martinet", b"agent1", b"desk7")
    assert found.hosts == (b"10.1.0.1",)


@pytest.mark.parametrize(
    ("user", "display", "digits"),
    [
        ("0145001234", "", (b"145001234",)),
        ("%2B33145001234", "", (b"145001234",)),
        ("+33-1-45-00-12-34", "01 45 00 12 34", (b"145001234",)),
        ("+442071838750", "", (b"071838750",)),
        ("vms-0145001234", "", (b"145001234",)),
        ("anonymous", "Desk 01 45 00 12 34", (b"145001234",)),
        ("vms-0162000001", "", ()),
        ("12345", "", (b"12345",)),
        ("1234", "", ()),
        ("+33140000000", "", ()),
        ("+33162000001", "", ()),
    ],
)
def test_digits(edition: Edition, user: str, display: str, digits: tuple[bytes, ...]) -> None:
    assert kept_back(edition, message(user=user, display=display), "+33162000001").digits == digits


@pytest.mark.parametrize(
    ("display", "texts"),
    [("Bob", (b"agent1",)), ("Anonymous", (b"agent1",)), ("DUPONT", (b"dupont", b"agent1")), ("", (b"agent1",))],
)
def test_names(edition: Edition, display: str, texts: tuple[bytes, ...]) -> None:
    assert kept_back(edition, message(display=display)).texts == texts


@pytest.mark.parametrize("header", ["Contact", "Referred-By", "Reply-To", "History-Info", "P-Charge-Info"])
def test_every_header_that_hints_at_the_caller_is_searched(edition: Edition, header: str) -> None:
    found = kept_back(edition, message(f'{header}: "Martinet" <sip:+33612345678@h.example>'))
    assert (b"612345678" in found.digits, b"martinet" in found.texts, b"h.example" in found.hosts) == (True,) * 3


def test_headers_that_do_not_cross_are_searched_and_may_be_broken(edition: Edition) -> None:
    found = kept_back(
        edition,
        message("Referred-By: <sip:+33612345678@h.example>", "History-Info: <sip:", 'Reply-To: "', "P-Charge-Info: *"),
    )
    assert found.digits == (b"145001234", b"612345678")
    assert found.hosts == (b"10.1.0.1", b"h.example")


def crowd(count: int) -> list[str]:
    return [f"Diversion: <sip:+331450{n:05}@gateway-{n}.of-a-long-name.example>" for n in range(count)]


def test_a_crowd_of_identities_is_refused_before_they_are_read(edition: Edition) -> None:
    assert len(addresses(message(*crowd(22)))) == 23
    found = kept_back(edition, message(*crowd(22)))
    assert len(found.digits) + len(found.texts) + len(found.hosts) <= MOST_SECRETS
    with pytest.raises(ParseError, match="expected identities with at most 96 parts, saw 99"):
        addresses(message(*crowd(23)))
    with pytest.raises(ParseError, match="parts, saw 3"):
        addresses(message("History-Info: " + ", ".join(f"<sip:u{n}@h{n}.example.net>" for n in range(100))))


@pytest.mark.parametrize("digits", [f"{12345678}9", "12 34.56-78 9", "%3112345678", "(1)23456789"])
def test_many_numbers_in_one_name_are_a_crowd_as_well(digits: str) -> None:
    name = "x".join([digits] * 100)
    with pytest.raises(ParseError, match="parts, saw 1"):
        addresses(message(f'P-Asserted-Identity: "{name}" <sip:a@b>'))


def test_what_secrets_finds_is_bounded_by_what_was_counted(edition: Edition) -> None:
    invite = message('P-Asserted-Identity: "' + "x".join(f"{n:09}" for n in range(80)) + '" <sip:a@b.example>')
    found = kept_back(edition, invite)
    assert 80 < len(found.digits) + len(found.texts) + len(found.hosts) <= MOST_SECRETS
