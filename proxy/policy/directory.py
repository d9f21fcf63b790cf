"""Who may call, and with which numbers: customers, their numbers and their campaigns.

Frozen records made by `proxy.runtime.directory_file`. Whether a number may be shown on a day is
answered here (`NumberEntry.held_by`, `NumberEntry.usable_by`); which one is chosen is the matter of the presentation
rows. The only thing that moves is the count of uses, which the caller of `decide` bumps through
`used`; `decide` itself only reads it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, final

from proxy.policy.numbers import Number
from proxy.policy.schedule import Week

PURPOSES: Final = ("prospecting_consumer", "contract_current", "service", "survey", "b2b", "public_alert")
MODES: Final = ("broadcast", "vms", "predictive", "progressive", "manual")
MANUAL: Final = "manual"
METHODS: Final = ("INVITE", "MESSAGE")
CAUTIOUS_PURPOSE: Final = "prospecting_consumer"
CAUTIOUS_MODE: Final = "broadcast"
ACTIVE: Final = "active"
ENDED: Final = ("quarantined", "ported_out")
REGISTER: Final = "register"
ATTESTED: Final = "attested"
CONTRACT: Final = "contract"
PRESS: Final = "press"
BASES: Final = (REGISTER, ATTESTED, CONTRACT, PRESS)
BANNED_SECTORS: Final = ("energy_renovation", "renewable_energy", "home_adaptation")
SECTORS: Final = (*BANNED_SECTORS, "other")
HOURS_PROFILES: Final = ("seed_sms_2021", "af2m_2024", "af2m_2026")


@dataclass(frozen=True)
class ConsentBasis:
    """Why the persons called may be called; `reference` and the day `given` belong to a declaration."""

    basis: str = REGISTER
    reference: str = ""
    given: int = 0


CAUTIOUS_CONSENT: Final = ConsentBasis()


@dataclass(frozen=True)
class Customer:
    """The professional for whom calls are made, with the choices made in the contract."""

    id: str
    name: str
    siren: str
    status: str
    kyc_status: str
    kyc_evidence: str
    kyc_expires: int | None
    purpose: str
    mode: str
    default_npv: str
    mobile_cli: str
    class_cli: str
    match_zone: bool
    display_name: str
    platform_exchanges: bool
    consent: ConsentBasis = CAUTIOUS_CONSENT
    sector: str = ""
    hours_profile: str = ""
    calls_per_second: float = 0.0
    most_calls: int = 0


@dataclass(frozen=True)
class NumberEntry:
    """A customer's right to show one number between two days."""

    number: Number
    customer: str
    right: str
    since: int
    until: int | None
    state: str
    quarantine_until: int | None
    callback_target: str
    evidence: str

    def held_by(self, customer_id: str, day: int) -> bool:
        """Whether this customer holds the number on that day; a right that has ended counts up to its last day."""
        return (
            self.customer == customer_id
            and self.since <= day
            and (self.until is None or day <= self.until)
            and (self.state == ACTIVE or self.state in ENDED)
        )

    def usable_by(self, customer_id: str, day: int) -> bool:
        """Held, and somebody answers when the called person calls back."""
        return self.callback_target != "" and self.held_by(customer_id, day)


@dataclass(frozen=True)
class Campaign:
    """One campaign of a customer; an absent week means no hours of its own."""

    id: str
    customer: str
    purpose: str
    mode: str
    npv: str
    match_zone: bool | None
    week: Week | None
    since: int
    until: int | None
    consent: ConsentBasis | None = None
    sector: str = ""
    hours_profile: str = ""
    most_attempts: int = 0
    least_gap: float = 0.0

    def counts_attempts(self) -> bool:
        """Whether the campaign limits its attempts on one person."""
        return self.most_attempts > 0 or self.least_gap > 0


@final
class Directory:
    """All customers, numbers and campaigns, indexed once."""

    __slots__ = ("_customers", "_campaigns", "_entries", "_by_customer", "_by_zone", "uses")

    def __init__(self, customers: list[Customer], numbers: list[NumberEntry], campaigns: list[Campaign]) -> None:
        self._customers: Final[dict[str, Customer]] = {}
        self._campaigns: Final[dict[str, dict[str, Campaign]]] = {}
        self._entries: Final[dict[str, tuple[NumberEntry, ...]]] = {}
        self._by_customer: Final[dict[str, tuple[NumberEntry, ...]]] = {}
        self._by_zone: Final[dict[str, dict[str, tuple[NumberEntry, ...]]]] = {}
        self.uses: Final[dict[str, int]] = {}
        entries: dict[str, list[NumberEntry]] = {}
        by_customer: dict[str, list[NumberEntry]] = {}
        by_zone: dict[str, dict[str, list[NumberEntry]]] = {}
        for customer in customers:
            self._customers[customer.id] = customer
        for campaign in campaigns:
            self._campaigns.setdefault(campaign.customer, {})[campaign.id] = campaign
        for entry in numbers:
            entries.setdefault(entry.number.canonical, []).append(entry)
            by_customer.setdefault(entry.customer, []).append(entry)
            by_zone.setdefault(entry.customer, {}).setdefault(entry.number.zone, []).append(entry)
        for canonical, rights in entries.items():
            self._entries[canonical] = tuple(rights)
        for holder, rights in by_customer.items():
            self._by_customer[holder] = tuple(rights)
        for holder, zones in by_zone.items():
            self._by_zone[holder] = {zone: tuple(rights) for zone, rights in zones.items()}

    def customer(self, customer_id: str) -> Customer | None:
        """The customer of that id."""
        return self._customers.get(customer_id)

    def customers(self) -> tuple[Customer, ...]:
        """All customers in the order of the file."""
        return tuple(self._customers.values())

    def campaign(self, customer_id: str, campaign_id: str) -> Campaign | None:
        """That campaign of that customer."""
        of_customer = self._campaigns.get(customer_id)
        return None if of_customer is None else of_customer.get(campaign_id)

    def campaigns_of(self, customer_id: str) -> tuple[Campaign, ...]:
        """The customer's campaigns in the order of the file."""
        return tuple(self._campaigns.get(customer_id, {}).values())

    def entries(self, canonical: str) -> tuple[NumberEntry, ...]:
        """Every right ever recorded on a number, whoever held it."""
        return self._entries.get(canonical, ())

    def numbers_of(self, customer_id: str) -> tuple[NumberEntry, ...]:
        """Every right recorded for a customer."""
        return self._by_customer.get(customer_id, ())

    def numbers_in_zone(self, customer_id: str, zone: str) -> tuple[NumberEntry, ...]:
        """The customer's numbers of one zone, in the order of the file."""
        zones = self._by_zone.get(customer_id)
        return () if zones is None else zones.get(zone, ())

    def held(self, canonical: str, customer_id: str, day: int) -> bool:
        """Whether the customer holds the number on that day."""
        entries = self._entries.get(canonical)
        if entries is not None:
            for entry in entries:
                if entry.held_by(customer_id, day):
                    return True
        return False

    def usable(self, canonical: str, customer_id: str, day: int) -> Number | None:
        """The number if the customer may show it on that day."""
        entries = self._entries.get(canonical)
        if entries is not None:
            for entry in entries:
                if entry.usable_by(customer_id, day):
                    return entry.number
        return None

    def used(self, canonical: str) -> None:
        """Counts one call that showed the number, for "least used first"."""
        self.uses[canonical] = self.uses.get(canonical, 0) + 1
