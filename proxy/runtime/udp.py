"""The UDP socket: datagrams in batches to the engine, its orders to the wire, one timer for all of SIP.

`add_reader` with a drain loop costs a fifth of asyncio's datagram protocol and takes a bounded share of the loop: after
`BATCH` datagrams everybody else has a turn. What the kernel will not take at once waits in a bounded queue; what does
not fit is dropped and counted, as a full network would (RFC 3261 17 repeats it).
"""

from __future__ import annotations

import asyncio
import socket
from collections import deque
from collections.abc import Sequence
from typing import Final, Protocol, final

from proxy.b2bua.counters import Counters
from proxy.b2bua.outputs import CallRecord, Count, DecisionRecord, Fault, Fetch, Output, RefusalHeard, Release
from proxy.policy.inquiry import Inquiry, PersonState
from proxy.runtime.clock import Clock
from proxy.runtime.store.ledger_desk import Question
from proxy.sip.hop import UDP, Hop
from proxy.sip.wire import Send

BATCH: Final = 64
LARGEST: Final = 65535
BUFFER: Final = 4 << 20
WAITING_MOST: Final = 4096
REMEMBERED_MOST: Final = 65536
NEVER: Final = float("inf")
SLACK: Final = 0.001  # s: timers closer than this share one wake-up


class Machine(Protocol):
    """What is fed and asked; `b2bua.engine.Engine` is one, and its law is kept here."""

    @property
    def counters(self) -> Counters: ...
    def receive(self, data: bytes, source: Hop, now: float, epoch: float) -> None:
        """One message."""

    def tick(self, now: float, epoch: float) -> None:
        """Fire what is due."""

    def stop(self, now: float, epoch: float) -> None:
        """End every call at once."""

    def state_arrived(self, call: int, state: PersonState, now: float, epoch: float) -> bool:
        """The ledger's answer; False: the attempt that it counted must be taken back."""
        ...

    def take_sends(self) -> list[Send]:
        """The datagrams to send, in order."""
        ...

    def take_outputs(self) -> list[Output]:
        """Fetches and records."""
        ...

    def next_deadline(self) -> float:
        """When `tick` is due next."""
        ...


class Recorder(Protocol):
    """Takes records; never blocks."""

    def put(self, record: DecisionRecord | CallRecord | Fault) -> None:
        """Keep one record."""


class Ledger(Protocol):
    """Takes what the engine orders of shared state; never blocks. `store.ledger_desk.LedgerDesk` is one."""

    def fetch(self, question: Fetch) -> None:
        """Answer with `UdpPort.answered`."""

    def count(self, inquiry: Inquiry) -> None:
        """The attempt counts, although nobody answered in time."""

    def release(self, inquiry: Inquiry) -> None:
        """The attempt does not count."""

    def unclaimed(self, inquiry: Inquiry) -> None:
        """The attempt was counted for no call that waits: it does not count, unless its call went ahead before."""

    def refusal_heard(self, customer: str, person: str, at: float, source: str, reference: str) -> None:
        """The person wants no more calls of this customer."""


@final
class UdpPort:
    """One bound socket, which it owns, and the engine behind it."""

    def __init__(self, bound: socket.socket, engine: Machine, clock: Clock, recorder: Recorder) -> None:
        self._socket: Final = bound
        self._engine: Final = engine
        self._clock: Final = clock
        self._recorder: Final = recorder
        self._ledger: Ledger | None = None
        self._loop: Final = asyncio.get_running_loop()
        self._hops: Final[dict[tuple[str, int], Hop]] = {}
        self._waiting: Final[deque[Send]] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._timer_due = NEVER
        self._loop.add_reader(self._socket, self._readable)

    def use_ledger(self, ledger: Ledger) -> None:
        """Ask here from now on; without a ledger each call's deadline answers, by the rule's `on_unknown`."""
        self._ledger = ledger

    def answered(self, answers: Sequence[tuple[Question, PersonState]]) -> None:
        """Hand the ledger's answers to the engine; an attempt that was counted for nobody is taken back."""
        now, epoch = self._clock.monotonic(), self._clock.epoch()
        for question, state in answers:
            stands = self._engine.state_arrived(question.call, state, now, epoch)
            if state.reserved and not stands and self._ledger is not None:
                self._ledger.unclaimed(question.inquiry)
            self.flush()
        self.arm()

    def close(self) -> None:
        """Stop reading, end the calls that are left, and give the port back."""
        self._engine.stop(self._clock.monotonic(), self._clock.epoch())
        self.flush()
        self._loop.remove_reader(self._socket)
        self._loop.remove_writer(self._socket)
        if self._timer is not None:
            self._timer.cancel()
        self._timer_due = -NEVER  # an answer of the ledger may still come; nothing is due any more
        self._socket.close()

    def _readable(self) -> None:
        receive, engine, hops = self._socket.recvfrom, self._engine, self._hops
        now, epoch = self._clock.monotonic(), self._clock.epoch()
        try:
            for _ in range(BATCH):
                data, source = receive(LARGEST)
                engine.receive(data, hops.get(source) or self._met(source), now, epoch)
                self.flush()
        except (BlockingIOError, InterruptedError):
            pass
        except OSError:
            engine.counters.count_drop("refused by peer")  # an ICMP error of an earlier datagram
        self.arm()

    def _met(self, source: tuple[str, int]) -> Hop:
        """The hop of a source that is new, or was forgotten among too many."""
        if len(self._hops) >= REMEMBERED_MOST:
            self._hops.clear()
        hop = self._hops[source] = Hop(UDP, source[0], source[1])
        return hop

    def flush(self) -> None:
        """Carry out what the engine ordered."""
        for order in self._engine.take_sends():
            self._send(order)
        for output in self._engine.take_outputs():
            if isinstance(output, DecisionRecord | CallRecord | Fault):
                self._recorder.put(output)
            elif self._ledger is not None:
                self._tell(self._ledger, output)

    def _tell(self, ledger: Ledger, order: Fetch | Count | Release | RefusalHeard) -> None:
        if isinstance(order, Fetch):
            ledger.fetch(order)
        elif isinstance(order, Count):
            ledger.count(order.inquiry)
        elif isinstance(order, Release):
            ledger.release(order.inquiry)
        else:
            ledger.refusal_heard(order.customer, order.person, order.at, "607", order.call_id.decode("latin-1"))

    def _send(self, order: Send) -> None:
        if self._waiting:
            self._queue(order)
            return
        try:
            self._socket.sendto(order.data, (order.hop.host, order.hop.port))
        except (BlockingIOError, InterruptedError):
            self._queue(order)
            self._loop.add_writer(self._socket, self._writable)
        except (OSError, OverflowError):
            self._engine.counters.count_drop("unsendable")

    def _queue(self, order: Send) -> None:
        if len(self._waiting) >= WAITING_MOST:
            self._engine.counters.count_drop("send queue full")
        else:
            self._waiting.append(order)

    def _writable(self) -> None:
        while self._waiting:
            order = self._waiting[0]
            try:
                self._socket.sendto(order.data, (order.hop.host, order.hop.port))
            except (BlockingIOError, InterruptedError):
                return
            except (OSError, OverflowError):
                self._engine.counters.count_drop("unsendable")
            self._waiting.popleft()
        self._loop.remove_writer(self._socket)

    def arm(self) -> None:
        """Wake up when the engine wants it, also after something that was no message."""
        due = self._engine.next_deadline()
        if due >= self._timer_due:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer_due = due
        self._timer = self._loop.call_later(max(due - self._clock.monotonic(), SLACK), self._due)

    def _due(self) -> None:
        now, epoch = self._clock.monotonic(), self._clock.epoch()
        self._timer, self._timer_due = None, NEVER
        self._engine.tick(now, epoch)
        self.flush()
        self.arm()


def bound_socket(host: str, port: int) -> socket.socket:
    """A socket on that address that never blocks. Raises OSError when the address cannot be had."""
    opened = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
    try:
        opened.setblocking(False)
        for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
            opened.setsockopt(socket.SOL_SOCKET, option, BUFFER)
        opened.bind((host, port))
    except OSError:
        opened.close()
        raise
    return opened
