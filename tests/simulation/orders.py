"""One call at a time, and a node that is killed between any two things that it does in it.

`ORDERS` are calls of every kind. Each is played once to count what the node does: it reads a datagram, it sends one. Then
it is played again for each of these points with a node that is killed there: what it had read is lost, what it had not sent
never goes out, what it had noted is all that the next one knows. Both ends go on as RFC 3261 has them do.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Final, final

from tests.simulation import acts
from tests.simulation.callee import Callee
from tests.simulation.caller import Caller
from tests.simulation.leg import OVER, Leg
from tests.simulation.node import Mischief
from tests.simulation.script import Script, Step
from tests.simulation.transactions import Client
from tests.simulation.world import World

ANSWERED: Final[list[Step]] = [(0.2, "ring", 0), (1.0, "answer", 0)]
ACT_AT: Final = 2.0


@final
class Killer(Mischief):
    """Kills at the point of that number, counted from 0; never when it is below. `points` counts them."""

    def __init__(self, at: int, away: float) -> None:
        self.at: Final = at
        self.away = away
        self.points = 0

    def kills(self) -> bool:
        """See `Mischief`."""
        self.points += 1
        return self.points - 1 == self.at


def script(
    steps: list[Step] = ANSWERED, act: tuple[str, Callable[[Leg], None]] | None = None, **changes: object
) -> Script:  # fmt: skip
    """A call that is answered and ended by its caller, unless told otherwise."""
    made = Script(1, 0.0, _nobody())
    made.name, made.called, made.caller = "order", b"+33140000001", b"+33145001230"
    made.account, made.steps, made.talk = b"prospector", list(steps), 30.0
    if act is not None:
        made.acts.append((ACT_AT, *act))
    for name, value in changes.items():
        setattr(made, name, value)
    return made


def _nobody() -> Counter[str]:
    return Counter()


def orders() -> dict[str, Script]:
    """The calls, by what is special in them; made anew each time, since a call is played once."""
    made = {
        "ended by the caller": script(),
        "ended by the callee": script(enders="b"),
        "ended by both": script(enders="ab"),
        "no ringing": script([(0.5, "answer", 0)]),
        "early media": script([(0.3, "media", 0), (1.0, "answer", 0)]),
        "reliable provisionals": script([(0.2, "reliable", 0), (1.5, "answer", 0)], rel=True),
        "late offer": script(late=True),
        "busy": script([(0.2, "ring", 0), (1.0, "fail", 486)]),
        "failed": script([(0.5, "fail", 404)]),
        "out of order": script([(0.5, "fail", 500)]),
        "nobody there": script([]),
        "cancelled": script([(0.2, "ring", 0), (30.0, "answer", 0)], cancel_after=2.0),
        "cancelled at the answer": script([(0.2, "ring", 0), (2.0, "answer", 0)], cancel_after=2.0),
        "forked": script([(0.2, "ring", 0), (0.3, "ring", 1), (1.0, "answer", 1)]),
        "refused": script(caller=b"+33612345678", forbidden=True),
    }
    for side in ("a", "b"):
        for act in (
            acts.reinvite, acts.reinvite_late, acts.update, acts.info, acts.message, acts.options, acts.transfer,
        ):  # fmt: skip
            made[f"{act.__name__} of {side}"] = script(act=(side, act))
    return made


def played(name: str, at: int = -1, away: float = 0.0) -> tuple[World, int]:
    """The world of that call at its end, and how many points there were."""
    world = World(7, 0, [orders()[name]])
    killer = world.node.mischief = Killer(at, away)
    world.run()
    return world, killer.points


def lost(world: World) -> list[str]:
    """What went wrong for either end, for the records, or for the node."""
    found = [f"our own fault: {text}" for _, text in world.breaches if text.startswith(("our own fault", "malformed"))]
    for leg in world.legs:
        found += [f"{leg.side}: {text}" for text in _of_leg(leg)]
        for client in leg.peer.clients.values():
            found += [f"{leg.side}: {text}" for text in _of_client(client, leg)]
    left = {name: count for name, count in world.node.left().items() if count}
    if left:
        found.append(f"left in memory: {left}")
    sights = [*(sight for sight, _ in world.witness.past), *world.witness.sights.values()]
    calls = sum(len(sight.calls) for sight in sights)
    if calls > 1 or (not calls and any(sight.b for sight in sights)):
        found.append(f"{calls} records of its end")
    answered = any(isinstance(leg, Callee) and leg.answers for leg in world.legs)
    for inquiry in world.store.asked.values():
        stands = world.store.counted(inquiry)
        if stands > 1 or (answered and not stands and inquiry.reserve):
            found.append(f"the attempt stands {stands} times")
    return found


def _of_leg(leg: Leg) -> list[str]:
    found = []
    if isinstance(leg, Caller) and not leg.finals and not leg.ended:
        found.append("no final answer")
    if leg.state != OVER and not (isinstance(leg, Callee) and not leg.answers):
        found.append("never ended")
    if leg.ended.partition(" ")[0] not in ("", "hung", "the", "cancelled", "said", "answered"):
        found.append(f"ended because {leg.ended}")
    if isinstance(leg, Callee):
        found += [
            f"200 of {tag!r} without BYE" for tag, ended in leg.answers.items() if not ended and leg.state != OVER
        ]
    return found


def _of_client(client: Client, leg: Leg) -> list[str]:
    what = client.method.decode()
    if not client.status:
        return [f"{what} {client.cseq} was never answered"]
    first = client.method in (b"INVITE", b"CANCEL", b"PRACK") and client.cseq <= 2
    if client.status >= 300 and not first and (client.method, client.status) not in ALLOWED:
        return [f"{what} {client.cseq} was answered {client.status}"]
    return []


ALLOWED: Final = ((b"REFER", 403),)
