"""Facts for tests: a desk makes calls over one edition, with defaults that are forwarded as they stand."""

from __future__ import annotations

from datetime import datetime

from proxy.policy.edition import Edition
from proxy.policy.facts import CallFacts, TrunkFacts
from proxy.policy.gather import gather

MONDAY_11 = "2026-11-23T11:00:00+01:00"


def epoch(text: str) -> float:
    """POSIX seconds of an ISO instant with offset."""
    return datetime.fromisoformat(text).timestamp()


class Desk:
    """Makes facts over one edition with defaults that are forwarded as they stand."""

    def __init__(self, edition: Edition) -> None:
        self.edition = edition

    def facts(
        self,
        *,
        customer: str = "acme",
        campaign: str = "",
        purpose: str = "",
        mode: str = "",
        method: str = "INVITE",
        presented: tuple[tuple[str, str], ...] = (("From", "+33162000001"),),
        to: str = "+33140000000",
        at: str = MONDAY_11,
        trunk: TrunkFacts | None = None,
        attested: bool = False,
    ) -> CallFacts:
        """The facts of such a call."""
        return gather(
            self.edition,
            trunk or TrunkFacts("test"),
            customer,
            campaign,
            purpose,
            mode,
            method,
            list(presented),
            to,
            epoch(at),
            attested,
        )
