"""Between the engine and the ledger in the running proxy: questions of one loop turn go out together.

`fetch` appends and nothing more; at the end of the turn all that waits is one `ask`. A few of them may be under way;
what comes meanwhile waits for the next. Nobody waits for the desk: a call whose deadline passed has been decided by its
rules' `on_unknown`, and its question is not sent any more.

What must not be lost is owed: a release, an attempt that went ahead unanswered, a refusal that was heard. It is tried
until the store has taken it; of one attempt only the last word is owed. An attempt whose question was given up is taken
back, unless its call goes ahead. After a silence it waits until the store has answered for `SETTLING` without a gap: a
question that was given up may still be carried out by a server that stood still, and what is owed must come after it.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from itertools import islice
from typing import Final, Protocol, TypeAlias, final

from proxy.b2bua.counters import Histogram
from proxy.policy.inquiry import Inquiry, PersonState
from proxy.runtime.store.interface import LedgerSilent
from proxy.runtime.store.owed import Owed
from proxy.runtime.tasks import Tasks

TOGETHER: Final = 512  # questions in one `ask`
UNDER_WAY: Final = 8
WAITING_MOST: Final = 20_000
OWED_MOST: Final = 200_000
OWED_TOGETHER: Final = 16
SETTLING: Final = 1.0
BOUNDS: Final = (1e-4, 2e-4, 5e-4, 1e-3, 2e-3, 5e-3, 1e-2, 2e-2, 5e-2, 0.1)


class Question(Protocol):
    """What is read of `b2bua.outputs.Fetch`."""

    @property
    def call(self) -> int: ...
    @property
    def inquiry(self) -> Inquiry: ...
    @property
    def deadline(self) -> float: ...


Asked: TypeAlias = list[tuple[Question, float]]  # and since when
Heed: TypeAlias = Callable[[str, str, float], None]  # customer, person, when
Arrived: TypeAlias = Callable[[Sequence[tuple[Question, PersonState]]], None]


class Counter(Protocol):
    """What the desk needs of a `Ledger`."""

    async def ask(self, inquiries: Sequence[Inquiry]) -> list[PersonState]: ...
    async def release(self, inquiry: Inquiry) -> None: ...
    async def refuse(self, customer: str, person: str, at: float, source: str, reference: str) -> None: ...


@final
class LedgerDesk:
    """For a store that is asked over the network. `arrived` is given the answers on the loop, `heed` each refusal that a carrier told,
    at once; `now` is the clock of the deadlines."""

    def __init__(
        self, ledger: Counter, arrived: Arrived, tasks: Tasks, now: Callable[[], float], heed: Heed | None = None
    ) -> None:
        self.behind: Final = 0.0  # s; nothing is written behind here
        # by (ask|release|count|refuse, answered|silent|late|dropped)
        self.operations: Final[dict[tuple[str, str], int]] = {}
        self.silences: Final[dict[str, int]] = {}  # by reason
        self.seconds: Final = Histogram(BOUNDS)  # from the question to its answer
        self._ledger: Final = ledger
        self._arrived: Final = arrived
        self._tasks: Final = tasks
        self._now: Final = now
        self._heed: Final = heed
        self._loop: Final = asyncio.get_running_loop()
        self._waiting: Final[deque[tuple[Question, float]]] = deque()
        self._under_way = 0
        self._planned = False
        self._open: Final[set[str]] = set()
        self._owed: Final[dict[str, Owed]] = {}  # by attempt, the longest owed first
        self._telling = 0
        self._paid: Final = asyncio.Event()
        self._paid.set()
        self._silent_at = float("-inf")

    @property
    def queue(self) -> int:
        """Questions that wait to be sent."""
        return len(self._waiting)

    @property
    def owed(self) -> int:
        """What the store must still be told."""
        return len(self._owed) + self._telling

    def fetch(self, question: Question) -> None:
        """Ask at the end of this turn of the loop."""
        if len(self._waiting) >= WAITING_MOST:
            self._count("ask", "dropped")
            return
        self._waiting.append((question, self._now()))
        self._open.add(question.inquiry.attempt)
        self._plan()

    def release(self, inquiry: Inquiry) -> None:
        """The person was never reached, or the call was refused after all: the attempt shall not count."""
        self._owe(Owed("release", inquiry.attempt, partial(self._ledger.release, inquiry)))

    def unclaimed(self, inquiry: Inquiry, due: float = 0.0) -> None:
        """The attempt was counted, or perhaps was, for no call that waits: it shall not count, unless its call went ahead."""
        if inquiry.attempt not in self._owed:
            self._owe(Owed("release", inquiry.attempt, partial(self._ledger.release, inquiry), due))

    def count(self, inquiry: Inquiry) -> None:
        """The call went ahead without an answer: the attempt shall count, whatever the rules would have said."""
        plain = Inquiry(inquiry.customer, inquiry.person, inquiry.campaign, inquiry.attempt, inquiry.at)
        self._owe(Owed("count", inquiry.attempt, partial(self._ledger.ask, [plain])))

    def refusal_heard(self, customer: str, person: str, at: float, source: str, reference: str) -> None:
        """The carrier said that the person wants no more calls (607, RFC 8197)."""
        if self._heed is not None:
            self._heed(customer, person, at)
        told = partial(self._ledger.refuse, customer, person, at, source, reference)
        self._owe(Owed("refuse", f"{customer} {person} {reference}", told))

    async def settle(self, patience: float) -> int:
        """Before the proxy stops: wait until nothing is asked and nothing owed, at most so long; what is owed still.

        An answer that is under way may find its call gone, and then the attempt that it counted is owed back.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(patience):
                while self._under_way or self._waiting or not self._paid.is_set():  # noqa: ASYNC110 - three conditions, and only at a stop
                    await asyncio.sleep(SETTLING / 200)
        return self.owed

    def _plan(self) -> None:
        if not self._planned and self._under_way < UNDER_WAY:
            self._planned = True
            self._loop.call_soon(self._turn_over)

    def _turn_over(self) -> None:
        self._planned = False
        now, questions = self._now(), list[tuple[Question, float]]()
        while self._waiting and len(questions) < TOGETHER:
            question, since = self._waiting.popleft()
            if question.deadline > now:
                questions.append((question, since))
            else:
                self._open.discard(question.inquiry.attempt)
                self._count("ask", "late")
        if questions:
            self._under_way += 1
            self._tasks.spawn(self._ask(questions), "ledger question")
        if self._waiting:
            self._plan()

    async def _ask(self, questions: Asked) -> None:
        known: Sequence[PersonState | None] = ()
        doubtful = False
        try:
            known = await self._ledger.ask([question.inquiry for question, _ in questions])
        except LedgerSilent as silent:
            self._silent(silent)
            known, doubtful = silent.known, silent.perhaps_done
        finally:
            self._under_way -= 1
            for question, _ in questions:
                self._open.discard(question.inquiry.attempt)
            if self._waiting:
                self._plan()
        self._hand_out(questions, known or [None] * len(questions), doubtful)

    def _hand_out(self, questions: Asked, known: Sequence[PersonState | None], doubtful: bool) -> None:
        now, answers = self._now(), list[tuple[Question, PersonState]]()
        for (question, since), state in zip(questions, known, strict=True):
            self._count("ask", "silent" if state is None else "answered" if now < question.deadline else "late")
            if state is not None:
                self.seconds.observe(now - since)
                answers.append((question, state))
            elif doubtful:
                self.unclaimed(question.inquiry, question.deadline)
        if answers:
            self._arrived(answers)

    def _silent(self, silent: LedgerSilent) -> None:
        self._silent_at = self._now()
        self.silences[silent.reason] = self.silences.get(silent.reason, 0) + 1

    def _owe(self, owed: Owed) -> None:
        earlier = self._owed.pop(owed.attempt, None)
        if earlier is None and len(self._owed) >= OWED_MOST:
            self._count(owed.name, "dropped")
            return
        self._owed[owed.attempt] = owed
        if self._paid.is_set():
            self._paid.clear()
            self._tasks.spawn(self._pay(), "ledger debts")

    async def _pay(self) -> None:
        try:
            while self._owed:
                rest = self._silent_at + SETTLING - self._now()
                if rest > 0:
                    await asyncio.sleep(rest)
                    continue
                ready = self._take_ready()
                self._telling = len(ready)
                await asyncio.gather(*[self._tell(owed) for owed in ready])
                self._telling = 0
                if not ready:
                    await asyncio.sleep(SETTLING / 100)
        finally:
            self._telling = 0
            self._paid.set()

    def _take_ready(self) -> list[Owed]:
        """Of the longest owed those that can be told; the others go to the end."""
        now, ready = self._now(), list[Owed]()
        for attempt in list(islice(self._owed, OWED_TOGETHER)):
            owed = self._owed.pop(attempt)
            if attempt in self._open or now < owed.due:
                self._owed[attempt] = owed
            else:
                ready.append(owed)
        return ready

    async def _tell(self, owed: Owed) -> None:
        try:
            await owed.tell()
        except LedgerSilent as silent:
            self._silent(silent)
            self._owed.setdefault(owed.attempt, owed)
            self._telling -= 1
            self._count(owed.name, "silent")
        else:
            self._telling -= 1
            self._count(owed.name, "answered")

    def _count(self, name: str, outcome: str) -> None:
        self.operations[name, outcome] = self.operations.get((name, outcome), 0) + 1
