"""How long a decision waits for the store: python -m tests.bench.ledger_latency redis|embedded [rate] [seconds] [persons] [new]

Questions come one by one at random moments of a steady rate, through the desk as in the running proxy, each of them about
another of so many persons, who have all been called before, but for a share (`new`, 0 to 1) who never were. The embedded
store answers in the same turn.
"""

from __future__ import annotations

import asyncio
import random
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import uvloop

from proxy.b2bua.outputs import Fetch
from proxy.policy.inquiry import PersonState
from proxy.runtime.ahead_log import AheadLog
from proxy.runtime.process import SWITCH
from proxy.runtime.store.embedded import EmbeddedLedger
from proxy.runtime.store.inline_ledger import InlineLedger
from proxy.runtime.store.interface import Ledger
from proxy.runtime.store.ledger_desk import LedgerDesk, Question
from proxy.runtime.store.redis_ledger import RedisLedger
from proxy.runtime.store.redis_place import Place
from proxy.runtime.tasks import Tasks
from tests.runtime.store.histories import DAY, inquiry, keys
from tests.runtime.store.redis_servers import RedisServer

PERSONS = 200_000
TOGETHER = 500


def complain(text: str) -> None:
    """A defect of ours."""
    sys.stderr.write(text + "\n")


async def fill(ledger: Ledger, persons: int) -> None:
    """One attempt for each, yesterday."""
    for first in range(0, persons, TOGETHER):
        asked = [
            inquiry(f"before-{one}", time.time() - DAY, f"+336{one:08}")
            for one in range(first, min(first + TOGETHER, persons))
        ]
        await ledger.ask(asked)


async def play(ledger: Ledger, rate: int, seconds: float, persons: int, new: float) -> list[float]:
    """The waits, sorted."""
    await ledger.open()
    await fill(ledger, persons)
    begun: dict[int, float] = {}
    waits: list[float] = []

    def take(answers: Sequence[tuple[Question, PersonState]]) -> None:
        now = time.perf_counter()
        waits.extend(now - begun.pop(question.call) for question, _ in answers)

    desk = LedgerDesk(ledger, take, Tasks(complain), time.monotonic)
    return await asked(desk.fetch, desk, begun, waits, rate, seconds, (persons, new), ledger.close)


async def play_inline(folder: Path, rate: int, seconds: float, persons: int, new: float) -> list[float]:
    """The waits, sorted, where the answer is there at once."""
    file = EmbeddedLedger(folder / "l.db", keys(), time.time, 60.0)
    await file.open()
    await fill(file, persons)
    log = AheadLog(folder / "log", complain)
    ledger = InlineLedger(file, log, time.time, lambda _: None, lambda *_: None)
    await ledger.open(log.open().entries)
    begun: dict[int, float] = {}
    waits: list[float] = []

    def answered(question: Fetch) -> None:
        ledger.answer(question.inquiry)
        waits.append(time.perf_counter() - begun.pop(question.call))

    async def close() -> None:
        await ledger.settle(60.0)
        ledger.close()
        log.close()
        await file.close()

    return await asked(answered, ledger, begun, waits, rate, seconds, (persons, new), close)


async def asked(
    fetch: Callable[[Fetch], None], desk: LedgerDesk | InlineLedger, begun: dict[int, float], waits: list[float],
    rate: int, seconds: float, whom: tuple[int, float], close: Callable[[], Awaitable[None]],
) -> list[float]:  # fmt: skip
    """Put the questions, then close."""
    used = time.process_time()
    chance, due, end, call = random.Random(1), time.perf_counter(), time.perf_counter() + seconds, 0
    while due < end:
        due += chance.expovariate(rate)
        pause = due - time.perf_counter()
        if pause > 0:
            await asyncio.sleep(pause)
        call += 1
        begun[call] = time.perf_counter()
        person = f"+336{chance.randrange(whom[0]):08}" if chance.random() >= whom[1] else f"+337{call:08}"
        fetch(Fetch(call, inquiry(f"call-{call}", time.time(), person, refusal_since=0.0), time.monotonic() + 5))
    await asyncio.sleep(0.5)
    used = (time.process_time() - used) / call * 1e6
    await close()
    sys.stdout.write(f"{call} asked, {len(waits)} answered, {desk.operations}, {used:.0f} us of CPU each\n")
    return sorted(waits)


def report(waits: list[float]) -> None:
    """The quantiles in milliseconds."""
    for share in (0.5, 0.9, 0.99, 0.999):
        sys.stdout.write(f"p{share * 100:g} {waits[int(len(waits) * share)] * 1000:.2f} ms  ")
    sys.stdout.write(f"most {waits[-1] * 1000:.2f} ms\n")


def main() -> None:
    """One run."""
    sys.setswitchinterval(SWITCH)
    kind = sys.argv[1]
    rate = int(sys.argv[2]) if len(sys.argv) > 2 else (2000 if kind == "redis" else 1000)
    seconds = float(sys.argv[3]) if len(sys.argv) > 3 else 10.0
    persons = int(sys.argv[4]) if len(sys.argv) > 4 else PERSONS
    new = float(sys.argv[5]) if len(sys.argv) > 5 else 0.0
    with tempfile.TemporaryDirectory() as made:
        if kind == "embedded":
            report(uvloop.run(play_inline(Path(made), rate, seconds, persons, new)))
            return
        server = RedisServer(Path(made), "--save", "").start()
        try:
            ledger = RedisLedger(Place((server.url,)), keys(), time.time, 5.0)
            report(uvloop.run(play(ledger, rate, seconds, persons, new)))
        finally:
            server.kill()


if __name__ == "__main__":
    main()
