from __future__ import annotations

from dataclasses import replace

import pytest

from proxy.policy.asking import Draft
from proxy.policy.checks import HIT, PASS, UNKNOWN_STATE
from proxy.policy.checks_consent import CapacityCheck, ConsentCheck, SectorCheck
from proxy.policy.checks_ledger import NOT_READ
from proxy.policy.directory import BANNED_SECTORS, CAUTIOUS_CONSENT, ConsentBasis
from proxy.policy.edition import Edition
from proxy.policy.facts import CallFacts
from proxy.policy.inquiry import PersonState
from proxy.policy.ledger import EMPTY, LedgerView, Load
from tests.policy.desk import Desk, epoch

YEAR = ConsentCheck(365)
TODAY = 739_943  # 2026-11-23
BANNED = SectorCheck(frozenset(BANNED_SECTORS))


def with_basis(desk: Desk, consent: ConsentBasis, sector: str = "", customer_sector: str = "") -> CallFacts:
    """A call of a campaign with that basis."""
    plain = desk.facts(campaign="spring")
    assert plain.campaign is not None
    assert plain.customer is not None
    return CallFacts(
        plain.trunk,
        plain.customer_id,
        replace(plain.customer, sector=customer_sector),
        plain.campaign_id,
        replace(plain.campaign, consent=consent, sector=sector),
        plain.purpose,
        plain.mode,
        plain.method,
        plain.presented,
        plain.caller,
        plain.called_text,
        plain.called,
        plain.at,
        plain.paris_day,
        plain.moment,
        plain.attested,
    )


@pytest.mark.parametrize(
    ("consent", "outcome"),
    [
        (ConsentBasis("attested", "ref", TODAY), PASS),
        (ConsentBasis("attested", "ref", TODAY - 364), PASS),
        (ConsentBasis("attested", "ref", TODAY - 365), HIT),
        (ConsentBasis("attested", "ref", TODAY + 1), HIT),
        (ConsentBasis("attested", "", TODAY), HIT),
        (ConsentBasis("contract"), PASS),
        (ConsentBasis("press"), PASS),
        (CAUTIOUS_CONSENT, UNKNOWN_STATE),
    ],
)
def test_what_is_declared_needs_no_look_up(desk: Desk, shipped: Edition, consent: ConsentBasis, outcome: int) -> None:
    facts = with_basis(desk, consent)
    assert facts.local_day() == TODAY
    assert YEAR.judge(facts, shipped.reference, EMPTY) == outcome
    draft = Draft()
    YEAR.ask(facts, shipped.reference, draft, True)
    assert draft.consent_needed == (outcome == UNKNOWN_STATE)
    assert YEAR.saw(facts, shipped.reference, EMPTY).startswith(f"basis {consent.basis}")


def test_in_mode_warn_a_consent_is_read_and_forbids_nothing(desk: Desk, shipped: Edition) -> None:
    draft = Draft()
    YEAR.ask(with_basis(desk, CAUTIOUS_CONSENT), shipped.reference, draft, False)
    assert (draft.personal, draft.consent_needed) == (True, False)


def test_what_is_told_of_the_register(desk: Desk, shipped: Edition) -> None:
    facts = with_basis(desk, CAUTIOUS_CONSENT)
    given = epoch("2026-09-01T10:00:00+02:00")
    told = [
        YEAR.saw(facts, shipped.reference, view)
        for view in (
            EMPTY,
            LedgerView(PersonState()),
            LedgerView(PersonState(consent_at=given, consent_until=given + 86_400, consent_id="form-7")),
            LedgerView(PersonState(slot_from=facts.at, slot_until=facts.at + 60, slot_at=given)),
        )
    ]
    assert told == [
        f"basis register, {NOT_READ}",
        "basis register, no consent",
        "basis register, consent form-7 given 2026-09-01T10:00:00+02:00, until 2026-09-02T10:00:00+02:00",
        "basis register, in an agreed slot",
    ]


@pytest.mark.parametrize(
    ("sector", "customer_sector", "basis", "outcome"),
    [
        ("", "", "register", PASS),
        ("other", "other", "register", PASS),
        ("energy_renovation", "", "register", HIT),
        ("renewable_energy", "other", "attested", HIT),
        ("other", "home_adaptation", "press", HIT),
        ("energy_renovation", "home_adaptation", "contract", PASS),
    ],
)
def test_sectors(desk: Desk, shipped: Edition, sector: str, customer_sector: str, basis: str, outcome: int) -> None:
    facts = with_basis(desk, ConsentBasis(basis), sector, customer_sector)
    assert BANNED.judge(facts, shipped.reference, EMPTY) == outcome
    assert BANNED.saw(facts, shipped.reference, EMPTY).endswith(f"basis {basis}")


@pytest.mark.parametrize(
    ("load", "outcome", "wait", "saw"),
    [
        (None, PASS, 0.0, "load not measured"),
        (Load(), PASS, 0.0, "within all limits"),
        (Load("trunk", 3), HIT, 3.0, "over the limit of the trunk"),
        (Load("node", 0), PASS, 0.0, "over the limit of the node"),
    ],
)
def test_capacity(desk: Desk, shipped: Edition, load: Load | None, outcome: int, wait: float, saw: str) -> None:
    check, facts, view = CapacityCheck("trunk"), desk.facts(), LedgerView(None, load)
    assert check.judge(facts, shipped.reference, view) == outcome
    assert check.again(facts, shipped.reference, view) == (facts.at + wait if wait else 0.0)
    assert check.saw(facts, shipped.reference, view) == saw
