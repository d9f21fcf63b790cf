"""The changes that make one input out of another."""

from __future__ import annotations

from tests.fuzz.mutation import LARGEST, Mutator
from tests.fuzz.targets import TARGETS

SEEDS = [path.read_bytes() for path in TARGETS["engine"].corpus()]


def changed(seed: int, count: int) -> list[bytes]:
    mutator = Mutator(seed)
    return [mutator.change(SEEDS[at % len(SEEDS)], SEEDS) for at in range(count)]


def test_the_same_seed_gives_the_same_inputs() -> None:
    assert changed(7, 300) == changed(7, 300)
    assert changed(7, 300) != changed(8, 300)


def test_inputs_differ_from_where_they_came_and_from_each_other() -> None:
    made = changed(7, 300)
    assert len(set(made)) > 280
    assert sum(one in SEEDS for one in made) < 20


def test_no_input_is_longer_than_asked() -> None:
    mutator = Mutator(7)
    assert max(len(mutator.change(SEEDS[0], SEEDS, 100)) for _ in range(300)) == 100
    assert max(len(one) for one in changed(9, 2000)) <= LARGEST


def test_an_empty_input_and_an_empty_corpus_can_be_changed() -> None:
    mutator = Mutator(7)
    assert len({mutator.change(b"", []) for _ in range(300)}) > 50


def test_scripts_are_cut_and_joined_at_their_sections() -> None:
    counts = {one.count(b"%% ") for one in changed(7, 300)}
    assert len(counts) > 8
