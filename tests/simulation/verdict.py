"""The invariants, judged when a run is over: each is a function that yields what it found broken."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import Final

from proxy.policy.decision import Action
from tests.simulation.callee import Callee
from tests.simulation.caller import Caller
from tests.simulation.ledger import Store
from tests.simulation.leg import OVER, Leg
from tests.simulation.script import Script
from tests.simulation.sight import Bleg, Sight
from tests.simulation.stage import CARRIERS
from tests.simulation.witness import Witness

Breach = tuple[int, str]
PROSPECTORS: Final = (b"prospector", b"asker")
OPEN: Final = tuple(datetime.fromisoformat(f"2026-11-23T{hour}:00+01:00").timestamp() for hour in ("10:00", "13:00"))
MOST_ATTEMPTS: Final = 4
INVARIANTS: Final = (
    "one final answer for each INVITE", "each call ended on both legs", "no identity towards the carrier",
    "no refused call at a carrier", "attempts counted once", "records equal to the wire", "nothing left in memory",
    "form and order of messages",
)  # fmt: skip


def judge(
    witness: Witness, scripts: dict[int, Script], legs: list[Leg], store: Store, left: dict[str, int]
) -> list[Breach]:
    """Everything that a finished run broke."""
    found: list[Breach] = []
    if any(left.values()):
        found.append((0, f"left in memory: { {name: count for name, count in left.items() if count} }"))
    lives = [*witness.past, *((sight, True) for sight in witness.sights.values())]
    for sight, whole in lives:
        if sight.number:
            found.extend((sight.number, text) for text in _sight(sight, scripts[sight.number], whole))
    lived = Counter(sight.number for sight, _ in lives)
    for leg in legs:
        found.extend((leg.script.number, text) for text in _leg(leg, lived[leg.script.number]))
    found.extend(_attempts(lives, store))
    found.extend(_law(lives, scripts, store))
    return found


def _sight(sight: Sight, script: Script, whole: bool) -> Iterator[str]:
    if len(sight.answers) > 1:
        yield f"final answers {sight.answers}"
    if len(sight.decisions) > 1 or len(sight.calls) > 1 or len({leg.target for leg in sight.b}) < len(sight.b):
        yield f"{len(sight.decisions)} decisions, {len(sight.calls)} calls, carriers {[leg.target for leg in sight.b]}"
    for leg in sight.b[:-1]:
        if leg.failed not in (0, 408, 500, 502, 503, 504):
            yield f"went elsewhere after {leg.failed}"
    if not whole:
        return
    if sight.turned_away:
        if sight.decisions or sight.b or sight.answers:
            yield f"turned away with {sight.turned_away}, and yet {sight.answers} {sight.decisions}"
        return
    if not sight.answers and sight.method == b"INVITE":
        yield "no final answer"
        return
    if not sight.decisions:
        if sight.b or sight.answers not in ([487], [503]):
            yield f"answered {sight.answers} without a decision"
    elif sight.decisions[0].decision.action == Action.REFUSE:
        if sight.b or sight.answers != [sight.decisions[0].decision.status] or sight.calls:
            yield f"refused by {sight.decisions[0].decision.rule}, but answered {sight.answers}"
    elif len(sight.calls) != 1 or (not sight.b and sight.answers != [503]):
        yield f"forwarded, with {len(sight.b)} INVITEs to the carrier and {len(sight.calls)} records"
    else:
        yield from _record(sight, script)
        if sight.answered_at and sight.method == b"INVITE" and not (sight.bye_from_a or sight.bye_to_a):
            yield "confirmed call without BYE on the A leg"
        # a carrier that was left for another one before the node was killed is in no note: its late 200 is not heard
        for leg in sight.b[-1:] if sight.crashed else sight.b:
            yield from _ends(leg)


def _record(sight: Sight, script: Script) -> Iterator[str]:
    record = sight.calls[0]
    account, _, campaign = script.account.decode().partition("\r\nX-Campaign: ")
    last = sight.b[-1] if sight.b else None
    seen = (
        ("status", record.status, sight.answers[0] if sight.answers else 408),
        ("ended by", record.ended_by, sight.end or "proxy"),
        ("started", record.started, sight.started),
        ("ringing at", record.ringing_at, sight.rung_at),
        ("answered at", record.answered_at, sight.answered_at),
        ("carrier's Call-ID", record.b_call_id, last.call_id if last else record.b_call_id),
        ("decision", record.decision_id, sight.decisions[0].id),
        ("customer", record.customer, account),
        ("campaign", record.campaign, campaign),
        ("trunk", record.trunk, f"platform-{script.platform}"),
        ("carrier", record.carrier, f"carrier-{CARRIERS.index(last.target)}" if last else record.carrier),
        ("called", record.called, script.called.decode()),
    )
    for name, written, was in seen:
        if written != was:
            yield f"record says {name} {written!r}, the wire {was!r}"
    if record.ended_at < max(record.started, record.answered_at):
        yield "record ends before it begins"


def _ends(leg: Bleg) -> Iterator[str]:
    for tag in leg.taken:
        if tag not in leg.acked:
            yield f"200 of {tag!r} was never acknowledged"
        if tag not in leg.ended:
            yield f"200 of {tag!r} and no BYE on the B leg"


def _leg(leg: Leg, lives: int) -> Iterator[str]:
    """What one end has to say; a copy of the INVITE that meets a new life of the node begins another call there."""
    if leg.gone:
        return
    if isinstance(leg, Caller):
        if len(leg.finals) > 1 and lives < 2:
            yield f"caller saw {leg.finals}"
        if leg.first is not None and not leg.finals and not leg.ended:
            yield "caller saw no final answer and was not ended"
    if leg.state != OVER and not (isinstance(leg, Callee) and not leg.answers):
        yield f"{leg.side} leg never ended"
    if isinstance(leg, Callee) and leg.state != OVER and leg.first.status >= 200:
        yield "callee's leg never ended"


def _attempts(lives: list[tuple[Sight, bool]], store: Store) -> Iterator[Breach]:
    """Each attempt stands in the ledger once if its call reached the person or may have, else not at all."""
    expected: set[int] = set()
    unsure: set[int] = set()  # of these only that they count once at most
    lived: set[int] = set()
    for sight, whole in lives:
        if not whole or sight.crashed or sight.number in lived:
            unsure.add(sight.number)
        lived.add(sight.number)
        reserved = bool(sight.decisions) and sight.decisions[0].decision.action == Action.FORWARD and bool(sight.b)
        if reserved and not _taken_back(sight):
            expected.add(sight.number)
    for attempt, inquiry in store.asked.items():
        stands = store.counted(inquiry)
        number = int(attempt[4:].partition("@")[0])
        wanted = 1 if number in expected and inquiry.reserve else 0
        if stands > 1 or (stands != wanted and number not in unsure):
            yield number, f"attempt stands {stands} times, {wanted} expected"


def _law(lives: list[tuple[Sight, bool]], scripts: dict[int, Script], store: Store) -> Iterator[Breach]:
    """What no call of a prospector may do, however the ledger and the network were: hours, consent, refusals, attempts."""
    reached: Counter[tuple[bytes, bytes]] = Counter()
    for sight, _ in lives:
        script = scripts.get(sight.number)
        if script is None or script.account not in PROSPECTORS or not sight.b:
            continue
        if not OPEN[0] <= sight.started < OPEN[1]:
            yield sight.number, "a prospecting call outside of the hours reached a carrier"
        if script.account == b"asker" and ("asker", script.called.decode()) not in store.consents:
            yield sight.number, "a prospecting call without consent reached a carrier"
        if sight.number in store.refused:
            yield sight.number, "a call to a person who had refused reached a carrier"
        if sight.reached:
            reached[script.account, script.called] += 1
            if reached[script.account, script.called] > MOST_ATTEMPTS:
                yield sight.number, "a fifth call reached the same person"


def _taken_back(sight: Sight) -> bool:
    """Did the call end before it reached the person, by the carrier's fault or ours (decision.md, "State")?"""
    if sight.reached:
        return False
    if sight.end == "b":
        failed = sight.b[-1].failed
        return failed in (401, 407, 408) or 500 <= failed < 600
    return sight.end == "proxy" and sight.answers != [480]  # 480: rang nowhere, but was tried until nobody could wait
