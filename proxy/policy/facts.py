"""Everything a rule may look at; nothing else reaches a rule.

Plain records, filled once per call by `gather.py`; nothing is judged and nothing is looked up here.
"""

from __future__ import annotations

from typing import Final, final

from proxy.policy.directory import CAUTIOUS_CONSENT, MANUAL, Campaign, ConsentBasis, Customer
from proxy.policy.moment import PARIS, Moment
from proxy.policy.numbers import Number
from proxy.policy.ranges import USAGE_AUTOMATED, USAGE_LIVE, USAGE_SMS

FROM: Final = "From"
PAI: Final = "P-Asserted-Identity"
INTERNATIONAL: Final = "international"
STRICT: Final = "strict"
CONFORMANCE: Final = "conformance"  # a trunk for test suites, whose calls are between names


@final
class Presented:
    """One identity that the request shows, as written and as understood."""

    __slots__ = ("source", "text", "number")

    def __init__(self, source: str, text: str, number: Number | None) -> None:
        self.source: Final = source
        self.text: Final = text
        self.number: Final = number


@final
class TrunkFacts:
    """What rules may know of the trunk; empty `allowed_classes` leaves the choice to the rule."""

    __slots__ = ("name", "origin", "emergency", "unopened", "allowed_classes", "profile")

    def __init__(
        self,
        name: str,
        origin: str = "national",
        emergency: str = "pass",
        unopened: str = "pass",
        allowed_classes: frozenset[str] = frozenset(),
        profile: str = "law",
    ) -> None:
        self.name: Final = name
        self.origin: Final = origin
        self.emergency: Final = emergency
        self.unopened: Final = unopened
        self.allowed_classes: Final = allowed_classes
        self.profile: Final = profile


@final
class CallFacts:
    """The facts of one request at one instant."""

    __slots__ = (
        "trunk",
        "customer_id",
        "customer",
        "campaign_id",
        "campaign",
        "purpose",
        "mode",
        "method",
        "presented",
        "caller",
        "called_text",
        "called",
        "at",
        "paris_day",
        "moment",
        "attested",
        "automated",
        "usage",
        "attempt",
        "consent",
        "hours_profile",
    )

    def __init__(
        self,
        trunk: TrunkFacts,
        customer_id: str,
        customer: Customer | None,
        campaign_id: str,
        campaign: Campaign | None,
        purpose: str,
        mode: str,
        method: str,
        presented: tuple[Presented, ...],
        caller: Presented | None,
        called_text: str,
        called: Number | None,
        at: float,
        paris_day: int,
        moment: Moment | None,
        attested: bool,
        attempt: str = "",
    ) -> None:
        self.trunk: Final = trunk
        self.customer_id: Final = customer_id
        self.customer: Final = customer
        self.campaign_id: Final = campaign_id
        self.campaign: Final = campaign
        self.purpose: Final = purpose
        self.mode: Final = mode
        self.method: Final = method
        self.presented: Final = presented
        self.caller: Final = caller
        self.called_text: Final = called_text
        self.called: Final = called
        self.at: Final = at
        self.paris_day: Final = paris_day
        self.moment: Final = moment
        self.attested: Final = attested
        self.automated: Final[bool] = mode != MANUAL
        self.usage: Final[int] = usage_of(method, mode)
        self.attempt: Final = attempt
        self.consent: Final[ConsentBasis] = consent_of(customer, campaign)
        self.hours_profile: Final[str] = profile_of(customer, campaign)

    def clock(self) -> str:
        """The territory whose clock and calendar count: the called person's, or Paris where that is not known."""
        return PARIS if self.moment is None else self.moment.territory

    def local_day(self) -> int:
        """The day by that clock."""
        return self.paris_day if self.moment is None else self.moment.day


def usage_of(method: str, mode: str) -> int:
    """The column of the class rules that a request falls under."""
    if method == "MESSAGE":
        return USAGE_SMS
    return USAGE_LIVE if mode == MANUAL else USAGE_AUTOMATED


def consent_of(customer: Customer | None, campaign: Campaign | None) -> ConsentBasis:
    """The campaign's basis, else the customer's, else the one that is looked up."""
    if campaign is not None and campaign.consent is not None:
        return campaign.consent
    return CAUTIOUS_CONSENT if customer is None else customer.consent


def profile_of(customer: Customer | None, campaign: Campaign | None) -> str:
    """The named hours that the campaign keeps, else the customer; empty when none are named."""
    if campaign is not None and campaign.hours_profile:
        return campaign.hours_profile
    return "" if customer is None else customer.hours_profile
