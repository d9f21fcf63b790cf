"""Notes of calls in the ahead log, and what is made of those that a process before this one left."""

from __future__ import annotations

from contextlib import AsyncExitStack
from pathlib import Path

from proxy.b2bua.take_up import TakenUp
from proxy.policy.edition import Edition
from proxy.runtime.ahead_log import AheadLog
from proxy.runtime.ahead_segment import call_key
from proxy.runtime.call_keeping import CallKeeping, notes_in
from proxy.runtime.clock import FixedClock
from proxy.runtime.edition_file import load_edition
from proxy.runtime.settings import load_settings
from proxy.runtime.tasks import Tasks
from tests.ladder import EPOCH, Ladder, hang_up, set_up
from tests.runtime.ahead import found_in, opened, until

HERE = Path(__file__).parents[1]
CONFIG = HERE.parent / "config"


def edition() -> Edition:
    return load_edition(CONFIG / "rules", CONFIG / "numbering.toml", HERE / "b2bua" / "customers.toml")


def kept_by(log: AheadLog) -> tuple[Ladder, CallKeeping]:
    """A ladder whose notes go into the log as they are taken."""
    ladder = Ladder(edition())
    return ladder, CallKeeping(log, ladder.engine)


def hand_over(ladder: Ladder, keeping: CallKeeping) -> None:
    """What has been noted since the last time."""
    notes, ladder.notes = ladder.notes, []
    keeping.put(notes)


class Way:
    """Takes what `take_up` does of transports, in order."""

    def __init__(self) -> None:
        self.done: list[str] = []

    def keep_by(self, keeper: CallKeeping) -> None:
        self.done.append("kept")

    def flush(self) -> None:
        self.done.append("flushed")

    def arm(self) -> None:
        self.done.append("armed")


def test_a_call_is_kept_until_it_has_ended(tmp_path: Path) -> None:
    log, _ = opened(tmp_path)
    ladder, keeping = kept_by(log)
    talk = set_up(ladder)
    hand_over(ladder, keeping)
    assert log.kept == 1
    (whole, *marks) = notes_in(found_in(tmp_path))
    assert [note[1] for note in (whole, *marks)] == [2, 3, 3]
    assert list(found_in(tmp_path).kept) == [call_key(1)]
    hang_up(talk)
    hand_over(ladder, keeping)
    assert log.kept == 0
    assert found_in(tmp_path).kept == {}
    log.close()


def test_the_notes_of_a_log_bring_the_calls_back(tmp_path: Path) -> None:
    log, _ = opened(tmp_path)
    ladder, keeping = kept_by(log)
    talk = set_up(ladder)
    hand_over(ladder, keeping)
    ladder.notes = notes_in(found_in(tmp_path))
    assert ladder.die().calls == 1
    hang_up(talk)
    log.close()


def test_what_is_put_again_is_noted_anew(tmp_path: Path) -> None:
    log, _ = opened(tmp_path)
    ladder, keeping = kept_by(log)
    talk = set_up(ladder)
    hand_over(ladder, keeping)
    ladder.engine.fabric.now, ladder.engine.fabric.epoch = ladder.now, ladder.epoch
    first = log.places[call_key(1)]
    until(lambda: log.put(1, b"x" * 1000) >= 0 and log.places[call_key(1)] != first)  # a thread sees that it is old
    hand_over(ladder, keeping)
    (whole, *marks) = notes_in(found_in(tmp_path))
    assert [whole[1], whole[12]] == [2, 6]  # all of the call, and that it is up
    ladder.notes = [whole, *marks]
    assert ladder.die().calls == 1
    hang_up(talk)
    log.close()


def test_one_line_says_what_became_of_them(tmp_path: Path) -> None:
    log, _ = opened(tmp_path)
    ladder, keeping = kept_by(log)
    done = TakenUp()
    assert keeping.taken_up(done) == ""
    done.calls, done.early = 3, 1
    done.refuse("listener gone")
    assert keeping.taken_up(done) == (
        "calls of a process before this one: 3 go on, 1 had no answer and were ended; not taken up: 1 listener gone"
    )
    assert keeping.outcomes == {"going on": 3, "ended early": 1, "listener gone": 1}
    assert ladder.faults() == []
    log.close()


async def test_taking_up_puts_the_calls_into_the_log_of_this_process(tmp_path: Path) -> None:
    ladder = Ladder(edition())
    set_up(ladder)
    log, _ = opened(tmp_path / "before")
    CallKeeping(log, ladder.engine).put(ladder.notes)
    left = found_in(tmp_path / "before")
    log.close()
    log, _ = opened(tmp_path)
    fresh = Ladder(edition())
    said: list[str] = []
    way = Way()
    keeping = CallKeeping(log, fresh.engine)
    async with AsyncExitStack() as taken:
        settings = load_settings(CONFIG / "proxy.toml")
        await keeping.find(left, settings, Tasks(said.append), taken, said.append)
    keeping.take_up(way, FixedClock(EPOCH), said.append)
    assert (keeping.copied, keeping.waiting) == ({}, 0)
    assert way.done == ["kept", "flushed", "armed"]
    assert said == ["calls of a process before this one: 1 go on, 0 had no answer and were ended"]
    fresh.drain()
    hand_over(fresh, keeping)
    assert list(found_in(tmp_path).kept) == [call_key(1)]
    log.close()
