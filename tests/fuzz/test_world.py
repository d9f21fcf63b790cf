"""Scripts against the engine: that they do what they say, and that a broken promise is seen."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.fuzz import world
from tests.fuzz.targets import CORPUS
from tests.ladder import Caller


def trait_of(name: str) -> set[str]:
    return set(world.play((CORPUS / "engine" / name).read_bytes()).split(" "))


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("reinvite_a", {"b0INVITE", "a200INVITE", "b0ACK"}),
        ("reinvite_b", {"a0INVITE", "b200INVITE", "a0ACK"}),
        ("early_media", {"a183INVITE", "b0PRACK", "a200PRACK", "a200INVITE"}),
        ("cancel", {"a200CANCEL", "a487INVITE", "b0CANCEL"}),
        ("busy", {"a486INVITE", "b0ACK"}),
        ("bye_a", {"a200BYE", "b0BYE"}),
        ("drain_and_stop", {"a503INVITE", "b0BYE"}),
        ("call_back", {"a0INVITE", "b183INVITE", "b200INVITE", "a0ACK", "b200BYE", "a0BYE"}),
        ("call_back_hidden", {"a0INVITE", "b486INVITE"}),
        ("strangers", {"a200OPTIONS", "a405REGISTER", "a403INVITE"}),
    ],
)
def test_the_scripts_reach_what_they_are_named_for(name: str, shown: set[str]) -> None:
    assert shown <= trait_of(name)


def test_sections_are_cut_at_their_orders() -> None:
    assert world.sections(b"x%% b\nyz%% t 5\n%% s") == [(b"a", b"x"), (b"b", b"yz"), (b"t 5", b""), (b"s", b"")]
    assert len(world.sections(b"%% a\n" * 100)) == world.MOST_STEPS


def test_time_passes_as_the_script_says() -> None:
    made = world.World()
    for order, until in ((b"t 10", 1010.0), (b"t x", 1010.5), (b"t 9999999", 1010.5 + world.MOST_SECONDS)):
        made.step(order, b"")
        assert made.now == until


def broken(made: world.World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(made.engine.fabric.ids, "broken", True)
    made.feed(world.PLATFORM, Caller(2).invite())


def bare(made: world.World, monkeypatch: pytest.MonkeyPatch) -> None:
    made.engine.wire.send(b"OPTIONS sip:x SIP/2.0\r\nX: \n\r\n\r\n", world.CARRIER)
    made.drain()


def leaked(made: world.World, monkeypatch: pytest.MonkeyPatch) -> None:
    made.set_up()
    invite = Caller(3).invite().replace(b"call-3@platform", made.call_id)
    made.engine.wire.send(invite, world.CARRIER)
    made.drain()


@pytest.mark.parametrize(
    ("breach", "told"), [(broken, "a fault of our own"), (bare, "OPTIONS"), (leaked, "145001234")], ids=["fault", "bare", "leak"]
)  # fmt: skip
def test_a_broken_promise_is_seen(
    breach: Callable[[world.World, pytest.MonkeyPatch], None], told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(AssertionError, match=told):
        breach(world.World(), monkeypatch)


def test_what_is_left_in_memory_is_seen() -> None:
    made = world.World()
    made.set_up()
    assert made.left()["calls"] == 1
    assert made.left()["timers"] > 0
