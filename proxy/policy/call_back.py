"""Whom a person reaches who calls a number of a customer back: the choice from the directory, and nothing else.

The number that shows on a called person's telephone must lead to the caller or the body it represents (2022-1583 of Arcep). So
a call to a number of the directory goes to the `callback_target` of whoever holds it that day. A suspended right or
customer is no reason to be deaf: the persons who were called before may still call. A number whose right has ended, or
rests, is nobody's. A target that is a number of the directory itself is followed; one that comes back to where it
was leads nowhere. No rule of the book is asked: it is the person's own call.
"""

from __future__ import annotations

from typing import Final, final

from proxy.policy.directory import ENDED, Directory, NumberEntry
from proxy.policy.numbers import Number, NumberingPlan

PREFIX: Final = "callback."
FORWARDED: Final = "callback.forwarded"
UNKNOWN: Final = "callback.unknown"
NO_TARGET: Final = "callback.no_target"
NO_WAY: Final = "callback.no_way"
RING: Final = "callback.ring"
HOPS: Final = "callback.hops"
CAPACITY: Final = "callback.capacity"

# outcome: status, phrase and Q.850 cause of the answer, and what it means in English and French
OUTCOMES: Final[dict[str, tuple[int, str, int, str, str]]] = {
    FORWARDED: (0, "", 0, "the person was put through", "la personne a été mise en relation"),
    UNKNOWN: (
        404, "Not Found", 1,
        "no customer holds that number today", "aucun client ne détient ce numéro ce jour",
    ),
    NO_TARGET: (
        480, "Temporarily Unavailable", 31,
        "the number has no call-back target that can be read", "le numéro n’a pas de cible de rappel lisible",
    ),
    NO_WAY: (
        480, "Temporarily Unavailable", 31,
        "no trunk leads to the call-back target", "aucun faisceau ne mène à la cible de rappel",
    ),
    RING: (
        482, "Loop Detected", 25,
        "the call-back target leads back to the number", "la cible de rappel ramène au numéro",
    ),
    HOPS: (
        483, "Too Many Hops", 25,
        "Max-Forwards did not reach to the end of the targets", "Max-Forwards s’épuise avant la dernière cible",
    ),
    CAPACITY: (
        503, "Service Unavailable", 42,
        "the node had no room for another call", "le nœud n’avait plus de place pour un appel",
    ),
}  # fmt: skip

# a fixed or mobile number of the customer; an NPV only on the way to one
REACHABLE: Final = frozenset(("geo", "poly", "mobile", "mobile_ext", "npv", "npuept"))
ASSIGNED: Final = "assigned"


@final
class CallBack:
    """Where a call to `called` goes: to the number `number`, else to the URI `uri`, both those of `entry`.

    `rule` is one of `OUTCOMES`; `steps` counts the targets that were followed.
    """

    __slots__ = ("rule", "called", "entry", "number", "uri", "steps")

    def __init__(
        self, rule: str, called: Number | None, entry: NumberEntry | None, number: Number | None, uri: str, steps: int
    ) -> None:
        self.rule: Final = rule
        self.called: Final = called
        self.entry: Final = entry
        self.number: Final = number
        self.uri: Final = uri
        self.steps: Final = steps


def choose(plan: NumberingPlan, directory: Directory, text: str, day: int, own: frozenset[str]) -> CallBack:
    """Where a call to the number that `text` writes goes on that day; `own` are places as of
    `place_of` that name this node in a target."""
    called = plan.number(text, day)
    entry = None if called is None else holder(directory, called.canonical, day)
    if called is None or entry is None:
        return CallBack(UNKNOWN, called, None, None, "", 0)
    seen = [called.canonical]
    while True:
        number, uri = target_of(plan, entry, day, own)
        if number is None:
            return CallBack(FORWARDED if uri else NO_TARGET, called, entry, None, uri, len(seen))
        if number.canonical in seen:
            return CallBack(RING, called, entry, None, "", len(seen))
        further = holder(directory, number.canonical, day)
        if further is None:
            return CallBack(FORWARDED, called, entry, number, "", len(seen))
        seen.append(number.canonical)
        entry = further


def holder(directory: Directory, canonical: str, day: int) -> NumberEntry | None:
    """The right in force on that day: the assignee's before one by consent, one with a target before one without."""
    best: NumberEntry | None = None
    for entry in directory.entries(canonical):
        ended = entry.until is not None and entry.until < day
        if entry.since > day or ended or entry.state in ENDED:
            continue
        if best is None or _rank(entry) > _rank(best):
            best = entry
    return best


def _rank(entry: NumberEntry) -> int:
    return (2 if entry.callback_target else 0) + (1 if entry.right == ASSIGNED else 0)


def target_of(
    plan: NumberingPlan, entry: NumberEntry, day: int, own: frozenset[str]
) -> tuple[Number | None, str]:  # fmt: skip
    """The target as a number, or as a URI at a host that is not ours; neither when it cannot be read."""
    text = entry.callback_target.strip()
    if text[:4].lower() == "sip:" or text[:5].lower() == "sips:":
        if place_of(text) not in own:
            return None, text
        text = text.partition(":")[2].rpartition("@")[0]
    elif text[:4].lower() == "tel:":
        text = text[4:]
    number = plan.number(text.partition(";")[0], day)
    if number is None or not number.complete or number.cls not in REACHABLE:
        return None, ""
    return number, ""


def host_of(uri: str) -> str:
    """The host of a sip: URI in lower case, IPv6 without brackets; empty when there is none."""
    rest = uri.partition(":")[2].partition("?")[0].partition(";")[0]
    rest = rest.rpartition("@")[2]
    if rest.startswith("["):
        return rest[1:].partition("]")[0].lower()
    return rest.partition(":")[0].lower()


def place_of(uri: str) -> str:
    """Host and port of a sip: URI as `host:port`, with the usual port where it names none."""
    rest = uri.partition(":")[2].partition("?")[0].partition(";")[0].rpartition("@")[2].rpartition("]")[2]
    port = rest.partition(":")[2]
    return f"{host_of(uri)}:{port or ('5061' if uri[:5].lower() == 'sips:' else '5060')}"


def is_call_back(rule: str) -> bool:
    """Is this the outcome of a call back, and no rule of the book?"""
    return rule.startswith(PREFIX)


def meaning(rule: str, french: bool) -> str:
    """What an outcome means; empty for what is none."""
    found = OUTCOMES.get(rule)
    return "" if found is None else found[4] if french else found[3]
