"""The explorer: what it counts, what it keeps, and how it tells a finding."""

from __future__ import annotations

import importlib.util
import itertools
import json
from pathlib import Path

import pytest

from proxy.sip.message import ParseError
from tests.fuzz import explore
from tests.fuzz.targets import CORPUS, TARGETS, Target

STEP = 0.02  # s from one look at the clock to the next
WITH_ATHERIS = importlib.util.find_spec("atheris") is not None


def fragile(data: bytes) -> str:
    """A target with a defect: it cannot bear a NUL."""
    if b"\x00" in data:
        raise ValueError("a NUL")
    return f"{len(data) % 7}"


@pytest.fixture(autouse=True)
def stepping(monkeypatch: pytest.MonkeyPatch) -> None:
    """How much is tried does not depend on the machine."""
    looks = itertools.count()
    monkeypatch.setattr(explore, "monotonic", lambda: next(looks) * STEP)


@pytest.fixture
def breaking(monkeypatch: pytest.MonkeyPatch) -> Target:
    """The corpus of addresses on a target with a defect."""
    target = Target("address", fragile, 4096, 1)
    monkeypatch.setitem(TARGETS, "address", target)
    return target


def run(*arguments: str) -> int:
    return explore.main([*arguments, "--plain"])


def test_a_finding_is_written_and_told_with_the_command_that_replays_it(
    breaking: Target, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("--target", "address", "--seconds", "0.5", "--seed", "1", "--folder", str(tmp_path)) == 1
    told = capsys.readouterr().out
    (found,) = (tmp_path / "findings").iterdir()
    assert b"\x00" in found.read_bytes()
    assert f"replay: python -m tests.fuzz.explore --replay address {found}" in told
    assert "ValueError: a NUL" in told
    assert "1 findings" in told
    with pytest.raises(ValueError, match="a NUL"):
        run("--replay", "address", str(found))


def test_executions_are_added_up_over_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(2):
        assert run("--target", "numbers", "--seconds", "0.1", "--seed", "1", "--folder", str(tmp_path)) == 0
    counts = json.loads((tmp_path / "counts.json").read_text(encoding="utf-8"))
    assert list(counts) == ["numbers"]
    assert counts["numbers"] > 2 * len(TARGETS["numbers"].corpus())
    assert f"executions of all runs so far: {counts['numbers']:,}" in capsys.readouterr().out


def test_what_shows_something_new_is_kept_for_the_next_run(tmp_path: Path) -> None:
    target = TARGETS["numbers"]
    assert run("--target", "numbers", "--seconds", "0.5", "--seed", "1", "--folder", str(tmp_path)) == 0
    kept = [path.read_bytes() for path in (tmp_path / "corpus" / "numbers").iterdir()]
    traits = {target.run(data) for data in kept}
    assert len(traits) == len(kept) > 3
    assert not traits & {target.run(path.read_bytes()) for path in target.corpus()}
    assert set(kept) <= set(explore.starting_points(target, tmp_path))


def test_every_target_gets_its_share(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--seconds", "0.6", "--seed", "1", "--folder", str(tmp_path)) == 0
    counts = json.loads((tmp_path / "counts.json").read_text(encoding="utf-8"))
    assert sorted(counts) == sorted(TARGETS)
    told = capsys.readouterr().out
    assert all(f"{name:8}" in told for name in TARGETS)
    assert "seed 1;" in told


def test_a_kept_input_can_be_replayed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--replay", "numbers", str(CORPUS / "numbers" / "emergency")) == 0
    assert capsys.readouterr().out.startswith("numbers: emergency")


def test_one_kind_of_finding_is_told_once(breaking: Target, tmp_path: Path) -> None:
    report = explore.Report("address")
    traits: set[str] = set()
    kinds: set[str] = set()
    for data in (b"\x00", b"a\x00", b"b\x00"):
        assert not explore.try_one(breaking, data, report, traits, kinds, tmp_path)
    assert len(report.findings) == 1
    assert report.executions == 3


def test_a_parse_error_that_comes_out_of_a_target_is_a_finding(tmp_path: Path) -> None:
    def leaking(data: bytes) -> str:
        raise ParseError(400, "x", "not caught")

    report = explore.Report("leaking")
    assert not explore.try_one(Target("leaking", leaking, 9, 1), b"1", report, set(), set(), tmp_path)
    assert [path.read_bytes() for path in report.findings] == [b"1"]


@pytest.mark.source_only  # coverage is that of Python code
@pytest.mark.skipif(not WITH_ATHERIS, reason="atheris is installed by `make fuzz`")
def test_the_guided_search_counts_too(tmp_path: Path) -> None:
    report = explore.guided(TARGETS["numbers"], 1, 1, tmp_path)
    assert report.executions > 0
    assert report.findings == []
