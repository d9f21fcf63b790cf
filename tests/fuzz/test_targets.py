"""Every kept input is run again: a starting point, or what was a finding once."""

from __future__ import annotations

import pytest

from tests.fuzz.targets import CORPUS, TARGETS, SlowInputError, Target, run_once

LARGEST_FILE = 4096
MOST_FILES = 60
FILES = [(target, path) for target in TARGETS.values() for path in target.corpus()]


@pytest.mark.parametrize(("target", "path"), FILES, ids=[f"{target.name}-{path.name}" for target, path in FILES])
def test_a_kept_input_breaks_no_promise(target: Target, path: object) -> None:
    found = next(kept for kept in target.corpus() if kept == path)
    trait, _ = run_once(target, found.read_bytes())
    assert trait


def test_every_folder_of_the_corpus_has_its_target_and_stays_small() -> None:
    assert sorted(path.name for path in CORPUS.iterdir()) == sorted(TARGETS)
    for folder in CORPUS.iterdir():
        files = list(folder.iterdir())
        assert 0 < len(files) <= MOST_FILES, folder.name
        assert max(path.stat().st_size for path in files) <= LARGEST_FILE, folder.name


def test_each_target_tells_inputs_apart() -> None:
    for target in TARGETS.values():
        assert len({run_once(target, path.read_bytes())[0] for path in target.corpus()}) > 2, target.name


def test_an_input_that_takes_too_long_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter((0.0, 60.0))
    monkeypatch.setattr("tests.fuzz.targets.time.process_time", lambda: next(times))
    with pytest.raises(SlowInputError, match=r"3 bytes took 60\.0 s"):
        run_once(Target("quick", lambda _: "read", 10, 1), b"abc")
