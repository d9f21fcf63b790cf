"""From the texts of a request to the facts a rule may look at.

Numbers are understood, customer and campaign are looked up, and an undeclared purpose or mode takes
the campaign's, then the customer's, then the most cautious one. Nothing is judged here.
"""

from __future__ import annotations

from typing import Final

from proxy.policy.directory import CAUTIOUS_MODE, CAUTIOUS_PURPOSE, MODES, PURPOSES, Campaign, Customer
from proxy.policy.edition import Edition
from proxy.policy.facts import FROM, PAI, CallFacts, Presented, TrunkFacts
from proxy.policy.moment import Moment
from proxy.policy.numbers import Number, NumberingPlan

MET_MOST: Final = 4096  # texts remembered of a day
MET_DAYS: Final = 4
MET_LONGEST: Final = 32  # characters of a text that is remembered


def effective(presented: list[Presented]) -> Presented | None:
    """The network's caller: the first P-Asserted-Identity with a number, else From, else the first number."""
    from_header: Presented | None = None
    other: Presented | None = None
    for shown in presented:
        if shown.source == PAI:
            if shown.number is not None:
                return shown
        elif shown.source == FROM:
            from_header = shown
        if other is None and shown.number is not None:
            other = shown
    if from_header is not None and from_header.number is not None:
        return from_header
    return other if other is not None else from_header


def understood(plan: NumberingPlan, text: str, day: int) -> Number | None:
    """The number of a text that is presented, which is nearly always one that was met before."""
    known = plan.presented.get(day)
    if known is None or len(known) >= MET_MOST:
        if len(plan.presented) >= MET_DAYS:
            plan.presented.clear()
        known = plan.presented[day] = {}
    if text in known:
        return known[text]
    number = plan.number(text, day)
    if len(text) <= MET_LONGEST:
        known[text] = number
    return number


def gather(
    edition: Edition,
    trunk: TrunkFacts,
    customer_id: str,
    campaign_id: str,
    purpose: str,
    mode: str,
    method: str,
    presented: list[tuple[str, str]],
    called_text: str,
    at: float,
    attested: bool,
    attempt: str = "",
) -> CallFacts:
    """The facts of one request; `presented` pairs a header name with the user part it carried, `attempt` names it."""
    calendar = edition.calendar
    plan = edition.plan
    paris_day = calendar.paris_day(at)
    customer = edition.directory.customer(customer_id)
    campaign = edition.directory.campaign(customer_id, campaign_id) if campaign_id else None
    if customer is not None:
        customer_id = customer.id  # the same text for all of its calls
    if campaign is not None:
        campaign_id = campaign.id
    if purpose not in PURPOSES:
        purpose = declared_purpose(customer, campaign)
    if mode not in MODES:
        mode = declared_mode(customer, campaign)
    shown: list[Presented] = []
    last: Presented | None = None
    for source, text in presented:  # nearly always the same number in each header
        number = last.number if last is not None and last.text == text else understood(plan, text, paris_day)
        last = Presented(source, text, number)
        shown.append(last)
    called = plan.number(called_text, paris_day)
    moment: Moment | None = None
    if called is not None and called.territory and calendar.knows(called.territory):
        moment = calendar.moment(called.territory, at)
    return CallFacts(
        trunk,
        customer_id,
        customer,
        campaign_id,
        campaign,
        purpose,
        mode,
        method,
        tuple(shown),
        effective(shown),
        called_text,
        called,
        at,
        paris_day,
        moment,
        attested,
        attempt,
    )


def declared_purpose(customer: Customer | None, campaign: Campaign | None) -> str:
    """The campaign's purpose, else the customer's, else the most cautious."""
    if campaign is not None and campaign.purpose:
        return campaign.purpose
    if customer is not None and customer.purpose:
        return customer.purpose
    return CAUTIOUS_PURPOSE


def declared_mode(customer: Customer | None, campaign: Campaign | None) -> str:
    """The campaign's mode, else the customer's, else the most cautious."""
    if campaign is not None and campaign.mode:
        return campaign.mode
    if customer is not None and customer.mode:
        return customer.mode
    return CAUTIOUS_MODE
