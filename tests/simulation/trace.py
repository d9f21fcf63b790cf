"""The ladder of one call as text: the run is played again from its seed, and what concerns the call is written down."""

from __future__ import annotations

from typing import Final, final

from tests.simulation.loop import START
from tests.simulation.messages import Malformed, Sip
from tests.simulation.network import NODE, Datagram
from tests.simulation.world import World

WIDTH: Final = 34


@final
class Trace:
    """Listens to a world's network. `number` 0 means every call."""

    def __init__(self, world: World, number: int) -> None:
        self._world: Final = world
        self._number: Final = number
        self._b: Final[set[bytes]] = set()
        self.lines: Final[list[str]] = []
        world.network.log = self.note

    def note(self, fate: str, datagram: Datagram) -> None:
        """One datagram: sent, come, or LOST."""
        data, source, target = datagram
        try:
            message = Sip(data)
        except Malformed:
            if self._number:
                return
            label = f"{len(data)} bytes that are no SIP"
        else:
            if self._number and not self._concerns(message):
                return
            label = f"{message.label()}  {message.to_tag.decode()}"
        if (fate == "came" and target != NODE) or (fate == "sent" and source != NODE):
            return  # one line for each datagram: as the node sees it, and what was lost
        peer = source if target == NODE else target
        side = "a" if peer[0].startswith("10.1.") else "b"
        arrow = f"{side} ->" if target == NODE else f"     -> {side}"
        at = self._world.loop.now - START
        self.lines.append(f"{at:10.3f}  {arrow:10}{'LOST ' if fate == 'LOST' else '     '}{label}")

    def _concerns(self, message: Sip) -> bool:
        """Does it belong to the call? The carrier's Call-ID is learnt from the INVITE."""
        if message.call_id == b"call%d@platform.invalid" % self._number:
            return True
        if message.head.get(b"Alert-Info") == b"<urn:call:%d>" % self._number:
            self._b.add(message.call_id)
        return message.call_id in self._b


def ladder(seed: int, calls: int, number: int) -> str:
    """Play the seed again and tell of call `number`: its script, its ladder and its records."""
    world = World(seed, calls)
    trace = Trace(world, number)
    world.run()
    script = world.scripts.get(number)
    lines = [f"seed {seed}, {calls} calls, {world.network.weather.text()}", f"troubles: {world.troubles}"]
    if script is not None:
        lines.append(f"call {number}: {script.name}, {script.account!r} calls {script.called!r} at {script.start:.3f}")
        lines.append(
            f"callee {script.steps}, cancel after {script.cancel_after:.3f}, talk {script.talk:.3f}, "
            f"ends {script.enders}, acts {[(round(at, 3), side, act.__name__) for at, side, act in script.acts]}"
        )
    lines += trace.lines
    lines += [f"BROKEN in call {at}: {text}" for at, text in world.breaches]
    return "\n".join(lines)
