"""The simulated world holds for a small number of seeds, replays exactly, and notices a node that does wrong."""

from __future__ import annotations

from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from proxy.b2bua.outputs import CallRecord, DecisionRecord, Fault, Release
from tests.simulation import run
from tests.simulation.leaks import leaks
from tests.simulation.ledger import Order
from tests.simulation.messages import Malformed, Sip
from tests.simulation.network import Address
from tests.simulation.node import Mischief
from tests.simulation.scripts import KINDS
from tests.simulation.trace import Trace, ladder
from tests.simulation.world import World

SEEDS = range(7000, 7012)
CALLS = 50


@cache
def played(seed: int) -> World:
    """A world at its end."""
    world = World(seed, CALLS)
    world.run()
    return world


@pytest.mark.parametrize("seed", SEEDS)
def test_every_invariant_holds(seed: int) -> None:
    for number, text in played(seed).breaches:
        pytest.fail(f"seed {seed}, call {number}: {text}\n{ladder(seed, CALLS, number)}")


def test_these_seeds_do_all_that_is_known() -> None:
    seen = sum((played(seed).seen for seed in SEEDS), Counter[str]())
    assert {kind.__name__.replace("_", " ") for kind, _ in KINDS} <= set(seen)


def test_a_seed_replays_exactly() -> None:
    told = []
    for _ in range(2):
        world = World(7003, CALLS)
        trace = Trace(world, 0)
        world.run()
        told.append((trace.lines, world.counts, world.seen))
    assert told[0] == told[1]
    assert len(told[0][0]) > CALLS


def test_the_ladder_of_a_call_tells_its_script_and_what_was_lost() -> None:
    text = ladder(7003, CALLS, 5)
    assert text.startswith("seed 7003, 50 calls, loss ")
    assert "INVITE 1" in text
    assert "call 5: " in text
    assert "LOST" in ladder(7001, CALLS, 0) + ladder(7002, CALLS, 0) + ladder(7004, CALLS, 0)


# -- would it be noticed? ------------------------------------------------------


class NoByeToA(Mischief):
    """Calls stay up on the platform's side."""

    def sent(self, data: bytes, target: Address) -> bytes:
        return b"" if data.startswith(b"BYE ") and target[0].startswith("10.1.") else data


class NoByeToB(Mischief):
    """Calls stay up on the carrier's side."""

    def sent(self, data: bytes, target: Address) -> bytes:
        return b"" if data.startswith(b"BYE ") and target[0].startswith("10.2.") else data


class NoFinal(Mischief):
    """A refusal is never told."""

    def sent(self, data: bytes, target: Address) -> bytes:
        return b"" if data.startswith(b"SIP/2.0 403 ") else data


class TwoFinals(Mischief):
    """The same call is answered in two ways."""

    def sent(self, data: bytes, target: Address) -> bytes:
        return data.replace(b"SIP/2.0 486 ", b"SIP/2.0 600 ") if b"Q.850" in data and len(data) % 2 else data


class Leak(Mischief):
    """The caller's number crosses in a header that nobody thought of."""

    def sent(self, data: bytes, target: Address) -> bytes:
        if target[0].startswith("10.2.") and data.startswith(b"INVITE "):
            return data.replace(b"\r\nTo: ", b"\r\nX-Who: +33 1 45.00.12-34\r\nTo: ", 1)
        return data


class ShortBody(Mischief):
    """A length that is not the body's."""

    def sent(self, data: bytes, target: Address) -> bytes:
        return data[:-1] if data.endswith(b"RTP/AVP 8\r\n") else data


class NoCallRecord(Mischief):
    """What was done is not written down."""

    def wrote(self, record: DecisionRecord | CallRecord | Fault) -> tuple[DecisionRecord | CallRecord | Fault, ...]:
        return () if isinstance(record, CallRecord) else (record,)


class TwoDecisions(Mischief):
    """A decision is written down twice."""

    def wrote(self, record: DecisionRecord | CallRecord | Fault) -> tuple[DecisionRecord | CallRecord | Fault, ...]:
        return (record, record)


class NothingTakenBack(Mischief):
    """Attempts count although nobody was reached."""

    def told(self, order: Order) -> tuple[Order, ...]:
        return () if isinstance(order, Release) else (order,)


class NoNotes(Mischief):
    """A process that is killed leaves nothing."""

    def noted(self, notes: list[bytes]) -> list[bytes]:
        return []


NOTICED = [
    (NoByeToA, "without BYE on the A leg"),
    (NoByeToB, "no BYE on the B leg"),
    (NoFinal, "no final answer"),
    (TwoFinals, "the wire"),
    (Leak, "identity leaked: 4500123"),
    (ShortBody, "Content-Length"),
    (NoCallRecord, "0 records"),
    (TwoDecisions, "2 decisions"),
    (NoNotes, "1 INVITEs to the carrier and 0 records"),
    (NothingTakenBack, "attempt stands 1 times, 0 expected"),
]


@pytest.mark.parametrize(("mischief", "text"), NOTICED, ids=[mischief.__name__ for mischief, _ in NOTICED])
def test_a_node_that_does_wrong_is_noticed(mischief: type[Mischief], text: str) -> None:
    told = []
    for seed in range(7000, 7030):
        world = World(seed, CALLS)
        world.node.mischief = mischief()
        world.run()
        told += [breach for _, breach in world.breaches]
        if any(text in breach for breach in told):
            return
    pytest.fail(f"nothing of {text!r} in {told[:10]}")


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (b"INVITE sip:+33140000000@c SIP/2.0\r\nFrom: <sip:+33162000001@e>\r\n", ""),
        (b"X: +33145001234", "4500123"),
        (b"X: 01.45-00 12(34)", "4500123"),
        (b"X: %2B331450012%334", "4500123"),
        (b"X: Jean DUPONTEL", "dupontel"),
        (b"X: <sip:10.1.0.2>", "10.1.0."),
    ],
)
def test_a_leak_is_seen_in_any_writing(data: bytes, found: str) -> None:
    assert leaks(data) == found


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"SIP/2.0 200 OK\r\n\r\n",
        b"BYE sip:x SIP/2.0\r\nVia: v;branch=1\r\nFrom: <a>\r\nTo: <b>\r\nCall-ID: c\r\nCSeq: 1 INFO\r\nContent-Length: 0\r\n\r\n",
        b"BYE sip:x SIP/2.0\r\nVia: v;branch=1\r\nFrom: <a>\r\nTo: <b>\r\nCall-ID: c\r\nCSeq: 1 BYE\r\nContent-Length: 3\r\n\r\n",
        b"BYE sip:x SIP/2.0\r\nVia: v;branch=1\r\nFrom: <a>\r\nFrom: <a>\r\nTo: <b>\r\nCall-ID: c\r\nCSeq: 1 BYE\r\nContent-Length: 0\r\n\r\n",
    ],
)
def test_the_peers_take_nothing_that_is_malformed(data: bytes) -> None:
    with pytest.raises(Malformed):
        Sip(data)


# -- the command ---------------------------------------------------------------


def test_the_command_plays_seeds_and_goes_on_where_it_was(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    done = tmp_path / "done"
    arguments = ["--first", "7000", "--calls", "10", "--processes", "1", "--done", str(done), "--seeds"]
    assert run.main([*arguments, "10"]) == 0
    assert "100  calls in 10 seeds" in capsys.readouterr().out
    assert run.main([*arguments, "12"]) == 0
    out = capsys.readouterr().out
    assert "120  calls in 12 seeds" in out
    assert "attempts counted once" in out
    assert len(done.read_text(encoding="utf-8").splitlines()) == 2


def test_the_command_prints_a_ladder(capsys: pytest.CaptureFixture[str]) -> None:
    assert run.main(["--seed", "7003", "--calls", "10", "--call", "1"]) == 0
    assert "seed 7003, 10 calls" in capsys.readouterr().out
