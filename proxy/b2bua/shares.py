"""Who gets how much of what may be let in: shares by weight, first among trunks, then among the customers of each.

Nobody gets more than he asks for, and what he leaves goes to the others by their weights (max-min fairness): so whoever
stays below his share notices nothing of the flood of another. What each asks for is counted call by call; `divide` sets
the rates anew, ten times a second and only while there is a rate at all.
"""

from __future__ import annotations

from typing import Final, final

HEADROOM: Final = 1.25  # of what somebody asked for of late, so that he can ask for more
SMALL: Final = 2.0  # calls per second that somebody may ask for at once who asked for less of late
MEMORY: Final = 0.5  # s over which demand is averaged
BURST: Final = 0.05  # s of his rate that somebody may take at once, at least two calls
FORGOTTEN: Final = 0.05  # calls per second: whoever asks for less is forgotten until he comes again
EASING: Final = 0.3  # of `loss` in a second, no more is taken back
MOST_HOSTS: Final = 8
MOST_DROPPED: Final = 0.98  # something must get through, or nobody would know when it is over
LEAST_DROPPED: Final = 0.1


@final
class Share:
    """One who asks: a trunk, or a customer of a trunk. Rates are calls per second."""

    __slots__ = (
        "name",
        "weight",
        "rate",
        "demand",
        "asked",
        "admitted",
        "tokens",
        "at",
        "members",
        "hosts",
        "loss",
        "dropped",
    )

    def __init__(self, name: str, weight: float, rate: float, now: float) -> None:
        self.name: Final = name
        self.weight = weight
        self.rate = rate
        self.demand = 0.0  # asked for of late
        self.asked = 0  # since the last `divide`
        self.admitted = 0  # since the last `divide`
        self.tokens = 1.0
        self.at = now
        self.members: Final[dict[str, Share]] = {}
        self.hosts: Final[list[str]] = []  # where it was heard from, the first few
        self.loss = 0.0  # the part of its calls that it had better not send, as RFC 7339 tells it
        self.dropped = 0.0  # the part of what it asked for that the kernel threw away unseen

    def member(self, name: str, weight: float, now: float) -> Share:
        """The share of `name` in this one; a new one begins with what its weight gives it among those that are there."""
        found = self.members.get(name)
        if found is None:
            total = weight
            for other in self.members.values():
                total += other.weight
            found = self.members[name] = Share(name, weight, self.rate * weight / total, now)
            if self.name:  # a newcomer has what the others of his trunk leave, or a thousand of them were a flood
                found.tokens = 0.0
        found.weight = weight
        return found

    def fill(self, now: float) -> None:
        """What has come together since the last time; more than `BURST` is not kept."""
        self.tokens = min(self.tokens + (now - self.at) * self.rate, self.most())
        self.at = now

    def most(self) -> float:
        """The most that is kept."""
        return max(2.0, self.rate * BURST)

    def admits(self, member: Share, now: float) -> bool:
        """May one more call of this member pass? Then it is taken.

        His own rate lets him pass, though others took what there was; what nobody takes is for those who ask for less
        than their rate (newcomers too), and what is left of it beyond the half for everybody.
        """
        self.fill(now)
        member.fill(now)
        if member.tokens < 1.0:
            least = 1.0 if member.demand <= member.rate else min(1.0 + self.most() / 2, self.most())
            if self.tokens < least:
                return False
        member.tokens = max(0.0, member.tokens - 1.0)
        self.tokens = max(-self.most(), self.tokens - 1.0)
        member.admitted += 1
        return True

    def drop(self, read: float, drops: dict[str, float]) -> None:
        """Note in `drops`, by host, which part is to be thrown away unseen so that `read` times the rate is left."""
        part = 1.0 - read * self.rate / self.demand if self.demand > 0.0 else 0.0
        self.dropped = min(part, MOST_DROPPED) if part >= LEAST_DROPPED else 0.0
        for member in self.members.values():
            member.dropped = self.dropped
        if self.dropped:
            for host in self.hosts:
                drops[host] = self.dropped

    def tell(self, passed: float) -> None:
        """Move `loss` towards where what is sent is what can pass: up while it is more, down while it is less. One who
        obeys sends less, so the part of it that is too much says nothing; that it still is too much does."""
        if self.demand <= 0.0:
            self.loss = 0.0
            return
        beyond = max(-EASING, (self.demand - self.rate) / self.demand)
        self.loss = max(0.0, min(self.loss + beyond * passed, MOST_DROPPED))

    def divide(self, passed: float, now: float) -> None:
        """Give the members new rates out of this one's; `passed` are the seconds since the last time."""
        weigh = passed / (passed + MEMORY)
        for name, member in list(self.members.items()):
            member.demand += weigh * (member.asked / (passed * (1.0 - member.dropped)) - member.demand)
            member.asked = member.admitted = 0
            if member.demand < FORGOTTEN and now - member.at > 1.0:
                del self.members[name]
        waiting = list(self.members.values())
        left, weights = self.rate, 0.0
        for member in waiting:
            weights += member.weight
        waiting.sort(key=_thirst)
        for member in waiting:
            fair = left * member.weight / weights
            member.rate = min(fair, max(SMALL, member.demand * HEADROOM))
            member.tell(passed)
            left -= member.rate
            weights -= member.weight
            if member.members:
                member.divide(passed, now)


def _thirst(member: Share) -> float:
    """Demand by weight: who is content with the least comes first."""
    return member.demand / member.weight
