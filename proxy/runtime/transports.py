"""All transports of SIP around one engine: what arrives goes in, what the engine orders is carried out.

The law of the engine is kept here: one input, then its orders, then its next deadline, for which there is one timer.
`UdpPort` and `Streams` bring the input and take the messages to send; neither ever waits for a peer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final, Protocol, final

from proxy.b2bua.counters import Counters
from proxy.b2bua.engine import Engine
from proxy.b2bua.outputs import (
    CallRecord,
    Count,
    DecisionRecord,
    Fault,
    Fetch,
    Output,
    RefusalHeard,
    Release,
    told_first,
)
from proxy.policy.inquiry import PersonState
from proxy.runtime.clock import Clock
from proxy.runtime.queue_delay import NEVER, GateView
from proxy.runtime.store.ledger_desk import Question
from proxy.runtime.takers import Keeper, Ledger, Recorder, Way
from proxy.sip.framing import Flaw
from proxy.sip.hop import Hop
from proxy.sip.wire import Send

RECORDS: Final = (DecisionRecord, CallRecord, Fault)  # a union would be made anew for each question
SLACK: Final = 0.001  # s: timers closer than this share one wake-up
GRACE: Final = 0.2  # s: what only waits for its end may stay so much longer: many go at one awakening
TRYING: Final = b"SIP/2.0 100 "


class Machine(Protocol):
    """What is fed and asked; `b2bua.engine.Engine` is one, and its law is kept here."""

    @property
    def counters(self) -> Counters: ...
    def receive(self, data: bytes, source: Hop, now: float, epoch: float) -> None:
        """One message."""

    def unframed(self, flaw: Flaw, source: Hop, now: float, epoch: float) -> None:
        """A stream cannot be cut into messages any more."""

    def undelivered(self, data: bytes, now: float, epoch: float) -> None:
        """A message that was ordered does not reach its peer."""

    def unreachable(self, hop: Hop, now: float, epoch: float) -> None:
        """A stream that requests went over is gone."""

    def tick(self, now: float, epoch: float) -> None:
        """Fire what is due."""

    def stop(self, now: float, epoch: float) -> None:
        """End every call at once."""

    def state_arrived(self, call: int, state: PersonState, now: float, epoch: float) -> bool:
        """The ledger's answer; False: the attempt that it counted must be taken back."""

    def take_sends(self) -> list[Send]:
        """The messages to send, in order."""

    def take_outputs(self) -> list[Output]:
        """Fetches and records."""

    def take_notes(self) -> list[bytes]:
        """What is to be kept of calls."""

    def next_deadline(self, grace: float) -> float:
        """When `tick` is due next, `grace` later where one only waits for its end."""


@final
class Transports:
    """The engine between its listeners. `ways` stand by the number of the listener."""

    def __init__(self, engine: Machine, clock: Clock, recorder: Recorder, gate: GateView | None = None) -> None:
        self.engine: Final = engine
        self._own: Final = engine if isinstance(engine, Engine) else None  # called without a look for its name
        self.clock: Final = clock
        self.ways: Final[list[Way]] = []
        self.gate: Final = gate
        self._recorder: Final = recorder
        self._ledger: Ledger | None = None
        self._keeper: Keeper | None = None
        self._loop: Final = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._timer_due = NEVER
        self._undelivered: list[bytes] = []
        self._held: Final[dict[Hop, list[Send]]] = {}

    def use_ledger(self, ledger: Ledger) -> None:
        """Ask here from now on; without a ledger each call's deadline answers, by the rule's `on_unknown`."""
        self._ledger = ledger

    def keep_by(self, keeper: Keeper) -> None:
        """Keep notes of calls here from now on, before the messages go out that follow from what they say."""
        self._keeper = keeper

    def answered(self, answers: Sequence[tuple[Question, PersonState]]) -> None:
        """Hand the ledger's answers to the engine; an attempt that was counted for nobody is taken back."""
        now, epoch = self.clock.monotonic(), self.clock.epoch()
        for question, state in answers:
            stands = self.engine.state_arrived(question.call, state, now, epoch)
            if state.reserved and not stands and self._ledger is not None:
                self._ledger.unclaimed(question.inquiry)
            self.flush()
        self.arm()

    def stop(self) -> None:
        """End the calls that are left, send their last words and take nothing in any more."""
        self.engine.stop(self.clock.monotonic(), self.clock.epoch())
        self.flush()
        self._release()
        for way in dict.fromkeys(self.ways):
            way.close()
        if self._timer is not None:
            self._timer.cancel()
        self._timer_due = -NEVER  # an answer of the ledger may still come; nothing is due any more

    def flush(self) -> None:
        """Carry out what the engine ordered: what must be remembered is, before the wire tells anybody.

        A record comes first, since it ends what was noted of its call; what the ledger is asked comes after the notes. Of a
        call that nobody answered it comes last: a successor that finds it not tells both ends, which is better than nobody.
        No INVITE waits for the 100 of the one before it, or for its own: `arm` sends them, at the end of the turn, or
        whoever sends something to the same place.
        """
        own = self._own
        outputs = own.take_outputs() if own is not None else self.engine.take_outputs()
        late: list[CallRecord] | None = None
        for output in outputs:
            if isinstance(output, CallRecord) and told_first(output):
                late = [output] if late is None else [*late, output]
            elif isinstance(output, RECORDS):
                self._recorder.put(output)
        notes = own.take_notes() if own is not None else self.engine.take_notes()
        if notes and self._keeper is not None:
            self._keeper.put(notes)
        if self._ledger is not None:
            for output in outputs:
                if not isinstance(output, RECORDS):
                    self._tell(self._ledger, output)
        ways, held = self.ways, self._held
        sends = own.take_sends() if own is not None else self.engine.take_sends()
        if len(sends) > 1 and sends[0].data.startswith(TRYING) and not sends[0].hop.reliable:
            held.setdefault(sends[0].hop, []).append(sends.pop(0))
        for order in sends:
            if held and order.hop in held:
                self._release()
            ways[order.hop.listener].send(order)
        if late is not None:
            self._write(late)

    def _write(self, records: list[CallRecord]) -> None:
        """The ends of calls that nobody answered, now that the wire knows them."""
        for record in records:
            self._recorder.put(record)
            if self._keeper is not None:
                self._keeper.over(record.number)

    def _release(self) -> None:
        for waiting in self._held.values():
            for order in waiting:
                self.ways[order.hop.listener].send(order)
        self._held.clear()

    def _tell(self, ledger: Ledger, order: Fetch | Count | Release | RefusalHeard) -> None:
        if isinstance(order, Fetch):
            ledger.fetch(order)
        elif isinstance(order, Count):
            ledger.count(order.inquiry)
        elif isinstance(order, Release):
            ledger.release(order.inquiry)
        else:
            ledger.refusal_heard(order.customer, order.person, order.at, "607", order.call_id.decode("latin-1"))

    def fed(self, data: bytes, source: Hop) -> None:
        """One message that came by another way than a listener's."""
        self.engine.receive(data, source, self.clock.monotonic(), self.clock.epoch())
        self.flush()
        self.arm()

    def undelivered(self, data: bytes) -> None:
        """The engine hears on the next turn of the loop that this message reached nobody."""
        if not self._undelivered:
            self._loop.call_soon(self._tell_undelivered)
        self._undelivered.append(data)

    def _tell_undelivered(self) -> None:
        lost, self._undelivered = self._undelivered, []
        now, epoch = self.clock.monotonic(), self.clock.epoch()
        for data in lost:
            self.engine.undelivered(data, now, epoch)
            self.flush()
        self.arm()

    def unreachable(self, hop: Hop) -> None:
        """The engine hears on the next turn of the loop that the stream to `hop` is gone."""
        self._loop.call_soon(self._tell_unreachable, hop)

    def _tell_unreachable(self, hop: Hop) -> None:
        self.engine.unreachable(hop, self.clock.monotonic(), self.clock.epoch())
        self.flush()
        self.arm()

    def arm(self) -> None:
        """The end of a turn: send what was held, and wake up when the engine's next timer is due."""
        if self._held:
            self._release()
        due = self._own.next_deadline(GRACE) if self._own is not None else self.engine.next_deadline(GRACE)
        if due >= self._timer_due:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer_due = due
        self._timer = self._loop.call_later(max(due - self.clock.monotonic(), SLACK), self._due)

    def _due(self) -> None:
        now, epoch = self.clock.monotonic(), self.clock.epoch()
        self._timer, self._timer_due = None, NEVER
        self.engine.tick(now, epoch)
        self.flush()
        self.arm()
