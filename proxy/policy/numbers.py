"""A telephone number: its one canonical form, its class and its territory.

Two numbers are the same when their `canonical` texts are equal, whatever was written on the wire.
Class and territory come from the longest prefix of the French plan in force on the day (at most six
look-ups). Overseas territories have country codes of their own; a number written under the wrong one
is understood and flagged `repaired`. Which class may do what is not decided here.
"""

from __future__ import annotations

from typing import Final, final

from proxy.policy.ranges import (
    EMERGENCY,
    FOREIGN,
    LONGEST_PREFIX,
    UNASSIGNED,
    NumberClass,
    NumberRange,
    Territory,
    widths_of,
)  # fmt: skip
from proxy.policy.writing import LONGEST_E164, bare_digits, plain_digits, too_long

BEGINNING: Final = 3  # digits by which prefixes are sorted out
SHORTEST_FOREIGN: Final = 7
SOS_URN: Final = "urn:service:sos"
ZONED: Final = frozenset({"geo", "npv", "poly", "npuept"})


@final
class Number:
    """A number understood; immutable. See the module head for what "same" means."""

    __slots__ = (
        "canonical",
        "cls",
        "territory",
        "national",
        "zone",
        "repaired",
        "complete",
        "too_short",
        "status",
    )

    def __init__(
        self,
        canonical: str,
        cls: str,
        territory: str,
        national: str,
        zone: str,
        repaired: bool,
        complete: bool,
        too_short: bool,
        status: str,
    ) -> None:
        self.canonical: Final = canonical
        self.cls: Final = cls
        self.territory: Final = territory
        self.national: Final = national
        self.zone: Final = zone
        self.repaired: Final = repaired
        self.complete: Final = complete
        self.too_short: Final = too_short
        self.status: Final = status

    def written(self, style: str) -> str:
        """The number as `e164`, `00` or `national`; a short number has one form only."""
        if not self.canonical.startswith("+") or style == "e164":
            return self.canonical
        if style == "national" and self.national:
            return self.national
        return "00" + self.canonical[1:]

    def __repr__(self) -> str:
        return f"Number({self.canonical} {self.cls} {self.territory})"


@final
class NumberingPlan:
    """The dated plan. `number` reads any written form; `shown` says whether a class may be shown."""

    __slots__ = ("_classes", "_codes", "_outside", "_rows", "_widths", "presented", "ranges")

    def __init__(
        self, ranges: tuple[NumberRange, ...], classes: tuple[NumberClass, ...], territories: tuple[Territory, ...]
    ) -> None:
        self.ranges: Final = ranges
        self._rows: Final[dict[str, tuple[NumberRange, ...]]] = {}
        self._widths: Final[dict[str, list[int]]] = {}  # of prefixes, by how a number begins, made when it is met
        self.presented: Final[dict[int, dict[str, Number | None]]] = {}  # what `gather` met, by day
        for row in ranges:
            self._rows[row.prefix] = (*self._rows.get(row.prefix, ()), row)
        self._classes: Final[dict[str, NumberClass]] = {}
        for number_class in classes:
            self._classes[number_class.name] = number_class
        self._codes: Final[dict[str, int]] = {}
        self._outside: Final[dict[str, Territory]] = {}
        for territory in territories:
            if territory.inside:
                self._codes[territory.cc] = len(territory.cc)
            else:
                self._outside[territory.cc] = territory

    def number(self, text: str, day: int) -> Number | None:
        """The number a user part or telephone-subscriber means on that day, or None for "no number"."""
        if plain_digits(text):
            return self._dialled(text, day)
        if text.startswith("+") and plain_digits(text[1:]):
            return self._international(text[1:], day, False)
        if text[: len(SOS_URN)].lower() == SOS_URN:
            return Number(SOS_URN, EMERGENCY, "NAT", "", "NAT", False, True, False, "allocated")
        digits = bare_digits(text)
        if digits is None:
            return None
        if digits.startswith("+"):
            return self._international(digits[1:], day, False)
        return self._dialled(digits, day)

    def shown(self, cls: str, usage: int, day: int) -> str:
        """`allow`, `cond` or `deny` for showing this class; a class without a rule in force is denied."""
        number_class = self._classes.get(cls)
        if number_class is not None:
            for rule in number_class.history:
                if rule.since <= day <= rule.until:
                    return rule.cli[usage]
        return "deny"

    def classes(self) -> tuple[NumberClass, ...]:
        """All classes in the order of the file."""
        return tuple(self._classes.values())

    def _dialled(self, digits: str, day: int) -> Number | None:
        if digits.startswith("00"):
            return self._international(digits[2:], day, False)
        if digits.startswith("0"):
            return self._national(digits, day, "", False)
        found = self._national(digits, day, "", False)
        if found is not None and found.complete:
            return found
        code = self._code(digits)
        if code:  # country code without "+": seen on real trunks, and no national number starts so
            bare = self._international(digits, day, True)
            if bare is not None and bare.complete:
                return bare
        return found

    def _code(self, digits: str) -> str:
        if digits.startswith("33"):
            return "33"
        return digits[:3] if digits[:3] in self._codes else ""

    def _international(self, digits: str, day: int, repaired: bool) -> Number | None:
        if not digits or digits.startswith("0"):
            return self._behind_zeros(digits.lstrip("0"), day)
        code = self._code(digits)
        if not code:
            return self._foreign(digits)
        rest = digits[len(code) :]
        if code == "508" and len(rest) == 6:  # a whole number there: no trunk zero in it, and no short number
            return self._national("0508" + rest, day, code, repaired)
        subscriber = rest.lstrip("0")
        if not subscriber:
            return None
        if len(rest) - len(subscriber) > 1:
            repaired = True
        if len(subscriber) <= LONGEST_PREFIX:
            short = self._national(subscriber, day, "", repaired)
            if short is not None and short.complete:
                return short
            if code == "508" and len(subscriber) == 6:
                return self._national("0508" + subscriber, day, code, repaired)
        return self._national("0" + subscriber, day, code, repaired)

    def _behind_zeros(self, digits: str, day: int) -> Number | None:
        """`+06...` or `000...`: no country code begins with 0, so it is a national number, else one with its code."""
        if not digits:
            return None
        national = self._national("0" + digits, day, "", True)
        if (national is None or not national.complete) and self._code(digits):
            bare = self._international(digits, day, True)
            if bare is not None and bare.complete:
                return bare
        return national

    def _national(self, digits: str, day: int, code: str, repaired: bool) -> Number | None:
        length = len(digits)
        long_form = digits.startswith("0")
        longest: NumberRange | None = None
        too_short = False
        widths = self._widths.get(digits[:BEGINNING])
        if widths is None:
            widths = self._widths[digits[:BEGINNING]] = widths_of(self._rows, digits[:BEGINNING])
        for width in widths:
            row = self._row(digits[:width], day) if width <= length else None
            if row is None:
                continue
            if row.digits == length:
                return self._found(row, digits, code, repaired, True, False)
            if longest is None:
                longest = row
            if row.digits > length:
                too_short = True
            if long_form:
                break
        if longest is not None:
            return self._found(longest, digits, code, repaired, False, too_short)
        canonical = "+33" + digits[1:] if long_form else digits
        if too_long(canonical):
            return None
        complete = long_form and length == 10
        return Number(canonical, UNASSIGNED, "METRO", digits, "METRO", repaired, complete, length < 10, "reserved")

    def _row(self, prefix: str, day: int) -> NumberRange | None:
        for row in self._rows.get(prefix, ()):
            if row.since <= day <= row.until:
                return row
        return None

    def _found(
        self, row: NumberRange, digits: str, code: str, repaired: bool, complete: bool, too_short: bool
    ) -> Number | None:
        if digits.startswith("0"):
            canonical = "+" + row.cc + digits[row.dropped :]
            if too_long(canonical):
                return None
        else:
            canonical = digits
        if code and code != row.cc:
            repaired = True
        zone = digits[:2] if row.territory == "METRO" and row.cls in ZONED else row.territory
        return Number(canonical, row.cls, row.territory, digits, zone, repaired, complete, too_short, row.status)

    def _foreign(self, digits: str) -> Number | None:
        length = len(digits)
        if length > LONGEST_E164:
            return None
        territory = self._outside.get(digits[:3])
        if territory is None:
            short = length < SHORTEST_FOREIGN
            return Number("+" + digits, FOREIGN, "", "", "", False, not short, short, "allocated")
        own = length - 3
        complete = own in territory.nsn_digits
        name = territory.name if territory.tz else ""
        return Number(
            "+" + digits, FOREIGN, name, "", name, False, complete, own < territory.nsn_digits[0], "allocated"
        )
