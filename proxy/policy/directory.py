"""Who may call, and with which numbers: customers, their numbers and their campaigns.

Frozen records made by `proxy.runtime.directory_file`. Whether a number may be shown on a day is
answered here (`NumberEntry.held_by`, `NumberEntry.usable_by`); which one is chosen is the matter of the presentation
rows. The only thing that moves is the count of uses, which the caller of `decide` bumps through
`used`; `decide` itself only reads it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, final

from proxy.policy.number_shelves import ACTIVE as ACTIVE
from proxy.policy.number_shelves import ENDED as ENDED
from proxy.policy.number_shelves import NumberEntry as NumberEntry
from proxy.policy.number_shelves import NumberShelves
from proxy.policy.numbers import Number
from proxy.policy.schedule import Week

PURPOSES: Final = ("prospecting_consumer", "contract_current", "service", "survey", "b2b", "public_alert")
MODES: Final = ("broadcast", "vms", "predictive", "progressive", "manual")
MANUAL: Final = "manual"
METHODS: Final = ("INVITE", "MESSAGE")
CAUTIOUS_PURPOSE: Final = "prospecting_consumer"
CAUTIOUS_MODE: Final = "broadcast"
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
    longest_call: float = 0.0  # seconds; 0: only the limit of the node holds
    weight: float = 1.0  # the share of what can be served, against others of the trunk, when all ask for more


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
    """All customers, numbers and campaigns, indexed once.

    Never changed once it is in use, but for the uses, which one that was made of another by `changed` shares with it.
    """

    __slots__ = ("_customers", "_campaigns", "_numbers", "uses", "shown")

    def __init__(self, customers: list[Customer], numbers: list[NumberEntry], campaigns: list[Campaign]) -> None:
        self._customers: dict[str, Customer] = {}
        self._campaigns: dict[str, dict[str, Campaign]] = {}
        self._numbers = NumberShelves()
        self.uses: dict[str, int] = {}
        self.shown: set[str] = set()  # numbers used since whoever notes uses looked last
        for customer in customers:
            self._customers[customer.id] = customer
        for campaign in campaigns:
            self._campaigns.setdefault(campaign.customer, {})[campaign.id] = campaign
        self._numbers.add(numbers)
        self._numbers.settle()

    def use_numbers(self, numbers: NumberShelves) -> None:
        """With these numbers, before it is in use: whoever has many makes them a few at a time."""
        self._numbers = numbers

    def changed(
        self,
        customers: dict[str, Customer | None],
        numbers: list[tuple[NumberEntry | None, NumberEntry | None]],
        campaigns: dict[tuple[str, str], Campaign | None],
    ) -> Directory:
        """Another one with these customers and campaigns, by their ids, and numbers as in `NumberShelves.changed`.

        None: there is none any more. What takes the place of another stands where that stood.
        """
        made = Directory([], [], [])
        made.uses, made.shown = self.uses, self.shown
        made._customers, made._campaigns = self._customers.copy(), self._campaigns.copy()
        made._numbers = self._numbers.changed(numbers)
        for customer_id, customer in customers.items():
            if customer is None:
                made._customers.pop(customer_id, None)
            else:
                made._customers[customer_id] = customer
        for (customer_id, campaign_id), campaign in campaigns.items():
            of_customer = made._campaigns[customer_id] = made._campaigns.get(customer_id, {}).copy()
            if campaign is None:
                of_customer.pop(campaign_id, None)
            else:
                of_customer[campaign_id] = campaign
        return made

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
        return self._numbers.entries(canonical)

    def numbers_of(self, customer_id: str) -> tuple[NumberEntry, ...]:
        """Every right recorded for a customer, zone by zone."""
        return self._numbers.of_customer(customer_id)

    def numbers_in_zone(self, customer_id: str, zone: str) -> tuple[NumberEntry, ...]:
        """The customer's numbers of one zone, in the order of the file."""
        return self._numbers.in_zone(customer_id, zone)

    def held(self, canonical: str, customer_id: str, day: int) -> bool:
        """Whether the customer holds the number on that day."""
        for entry in self._numbers.entries(canonical):  # noqa: SIM110 - compiled, a loop is faster than a generator
            if entry.held_by(customer_id, day):
                return True
        return False

    def usable(self, canonical: str, customer_id: str, day: int) -> Number | None:
        """The number if the customer may show it on that day."""
        for entry in self._numbers.entries(canonical):
            if entry.usable_by(customer_id, day):
                return entry.number
        return None

    def used(self, canonical: str) -> None:
        """Counts one call that showed the number, for "least used first"."""
        self.uses[canonical] = self.uses.get(canonical, 0) + 1
        self.shown.add(canonical)
