"""The calls of a capture: which of them were lost, and what was said in each, with its instants around the kills.

A call is named by the number that its first INVITE called, which is the same on both legs and nobody else's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from tests.chaos.capture import Datagram

CALLED = re.compile(rb"INVITE sips?:(\+?\d+)@")
FIRST = re.compile(rb"^CSeq[ \t]*:[ \t]*(\d+)[ \t]+(\w+)", re.IGNORECASE | re.MULTILINE)
TO_TAG = re.compile(rb"^(?:To|t)[ \t]*:[^\r\n]*;[ \t]*tag=", re.IGNORECASE | re.MULTILINE)
BRANCH = re.compile(rb"branch=([^;\s,]+)")


@dataclass(frozen=True, slots=True)
class Step:
    """One message: from which leg (`platform`, `carrier`) and whether towards the node, its label, and whether it came before."""

    at: float
    leg: str
    inward: bool
    method: str
    number: int
    status: int
    branch: bytes
    inside: bool
    again: bool = False

    def __str__(self) -> str:
        way = f"{self.leg} -> node" if self.inward else f"node -> {self.leg}"
        what = f"{self.status} ({self.method} {self.number})" if self.status else f"{self.method} {self.number}"
        return f"{way:18} {what}{' again' if self.again else ''}"


@dataclass
class Ladder:
    """One call."""

    name: str
    steps: list[Step] = field(default_factory=list)
    call_ids: dict[str, bytes] = field(default_factory=dict)

    def lost(self) -> str:
        """What is wrong with it; empty when it ended well. A call of which the capture has no INVITE is not judged."""
        invites = [one for one in self._of("platform") if one.method == "INVITE" and not one.inside]
        if not invites:
            return ""
        finals = self._finals("platform", "INVITE", invites[0].number)
        if not finals:
            return "the platform's INVITE has no final answer"
        if finals[0].status >= 300:
            return ""  # a carrier that answers all the same is hung up, and may take that or not
        wrong = self._unanswered()
        if wrong:
            return wrong
        byes = [one for one in self.steps if one.method == "BYE" and not one.status]
        if not byes:
            return "nobody hung up"
        for leg in ("platform", "carrier"):
            if not any(one.leg == leg for one in byes):
                return f"no BYE on the leg of the {leg}"
        return ""

    def _of(self, leg: str) -> list[Step]:
        return [one for one in self.steps if one.leg == leg]

    def _finals(self, leg: str, method: str, number: int) -> list[Step]:
        return [
            one for one in self._of(leg) if one.status >= 200 and (one.method, one.number) == (method, number)
        ]  # fmt: skip

    def _unanswered(self) -> str:
        """A request of an end that the node did not answer well: BYE and re-INVITE."""
        for one in self.steps:
            if one.status or one.again or not one.inward or not (one.method == "BYE" or self._renews(one)):
                continue
            answers = [
                two.status for two in self.steps if not two.inward and two.branch == one.branch and two.status >= 200
            ]
            what = "BYE" if one.method == "BYE" else "re-INVITE"
            if not answers:
                return f"the {what} of the {one.leg} has no answer"
            if answers[0] >= 300:
                return f"the {what} of the {one.leg} was answered {answers[0]}"
        return ""

    def _renews(self, step: Step) -> bool:
        return step.method == "INVITE" and step.inside

    def told(self, kills: Sequence[float], notes: Sequence[tuple[float, str]] = ()) -> str:
        """All of it, with seconds since the kill that was nearest to the trouble: the last before its last message."""
        last = self.steps[-1].at if self.steps else 0.0
        base = max((kill for kill in kills if kill <= last), default=self.steps[0].at if self.steps else 0.0)
        rows = [(one.at, str(one)) for one in self.steps]
        rows += [(kill, "-- kill -9 --") for kill in kills]
        rows += [(at, f"-- noted: {text} --") for at, text in notes]
        first = self.steps[0].at if self.steps else 0.0
        lines = [f"{at - base:+10.4f}  {text}" for at, text in sorted(rows) if first - 1.0 <= at <= last + 60.0]
        names = ", ".join(f"{leg} {one.decode('latin-1')}" for leg, one in self.call_ids.items())
        return "\n".join([f"{self.name}: {self.lost() or 'ended well'} ({names})", *lines])


def ladders(captured: Iterable[Datagram], platforms: set[int], carriers: set[int]) -> list[Ladder]:
    """The calls of these datagrams; `platforms` and `carriers` are the ports of the ends."""
    found: dict[str, Ladder] = {}
    names: dict[bytes, str] = {}
    seen: set[tuple[str, bytes]] = set()
    for one in captured:
        ends = {**dict.fromkeys(platforms, "platform"), **dict.fromkeys(carriers, "carrier")}
        leg, inward = (ends[one.source], True) if one.source in ends else (ends.get(one.target, ""), False)
        call_id, number = one.call_id, FIRST.search(one.data)
        if not leg or number is None or not call_id:
            continue
        called = CALLED.match(one.data)
        if call_id not in names:
            names[call_id] = called[1].decode() if called else call_id.decode("latin-1")
        ladder = found.setdefault(names[call_id], Ladder(names[call_id]))
        ladder.call_ids.setdefault(leg, call_id)
        ladder.steps.append(step_of(one, leg, inward, number, (leg, one.data) in seen))
        seen.add((leg, one.data))
    return list(found.values())


def step_of(one: Datagram, leg: str, inward: bool, number: re.Match[bytes], again: bool) -> Step:
    """The line of a ladder that this datagram is."""
    status = int(one.data[8:11]) if one.data.startswith(b"SIP/2.0 ") else 0
    branch = BRANCH.search(one.data)
    return Step(
        one.at, leg, inward, number[2].decode(), int(number[1]), status, branch[1] if branch else b"",
        TO_TAG.search(one.data) is not None, again,
    )  # fmt: skip
