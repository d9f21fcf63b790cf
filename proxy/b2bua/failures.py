"""Who tried wrong credentials how often, so that guessing stays slow.

A source is an IPv4 address or the /64 of an IPv6 one. Only what a source did with a nonce that was made for it counts,
so nobody can have another one refused. The table is bounded: who failed longest ago is forgotten first.
"""

from __future__ import annotations

from ipaddress import IPv6Address
from typing import Final, final

from proxy.b2bua.logins import AuthPolicy

REMEMBERED_MOST: Final = 4096


@final
class Failure:
    """How often one source failed, and when last (monotonic seconds)."""

    __slots__ = ("count", "last")

    def __init__(self) -> None:
        self.count = 0
        self.last = 0.0


@final
class Failures:
    """Failed attempts by source."""

    def __init__(self, policy: AuthPolicy) -> None:
        self._most: Final = policy.failures
        self._refused_for: Final = policy.refused_for
        self._by_source: Final[dict[str, Failure]] = {}

    def refused(self, host: str, now: float) -> bool:
        """Has this source failed too often, and not been silent for long enough since?"""
        if not self._by_source or not self._most:
            return False
        source = source_of(host)
        found = self._by_source.get(source)
        if found is None:
            return False
        if now - found.last >= self._refused_for:
            del self._by_source[source]
            return False
        return found.count >= self._most

    def failed(self, host: str, now: float) -> None:
        """One more failure of this source."""
        source = source_of(host)
        found = self._by_source.pop(source, None) or Failure()
        if len(self._by_source) >= REMEMBERED_MOST:
            del self._by_source[next(iter(self._by_source))]
        found.count += 1
        found.last = now
        self._by_source[source] = found

    def succeeded(self, host: str) -> None:
        """This source knows a password: its slips are forgotten."""
        if self._by_source:
            self._by_source.pop(source_of(host), None)

    def remembered(self) -> int:
        """How many sources are remembered."""
        return len(self._by_source)


def source_of(host: str) -> str:
    """Addresses that one peer can choose from freely count as one."""
    return str(int(IPv6Address(host.partition("%")[0])) >> 64) if ":" in host else host
