"""Every field of every line is on the page, and no other."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest

from proxy.runtime.record_shapes import (
    BeginLine,
    CallLine,
    DecisionLine,
    EndLine,
    FaultLine,
    GapLine,
    Identity,
    LoadLine,
    StateLine,
    TrunkLine,
    utc,
)

README = Path(__file__).parents[2] / "config" / "README.md"


def part(section: str) -> str:
    return README.read_text(encoding="utf-8").partition(f"### `{section}`\n")[2].partition("\n#")[0]


@pytest.mark.parametrize(
    ("section", "shape"),
    [("decision", DecisionLine), ("call", CallLine), ("fault", FaultLine), ("begin", BeginLine), ("gap", GapLine),
     ("end", EndLine)],
)  # fmt: skip
def test_every_field_is_documented(section: str, shape: type[msgspec.Struct]) -> None:
    cells = re.findall(r"^\| (`[^|]+`) \|", part(section), re.MULTILINE)
    documented = [name for cell in cells for name in re.findall(r"`(\w+)`", cell)]
    assert sorted(documented) == sorted(field.encode_name for field in msgspec.structs.fields(shape))


@pytest.mark.parametrize("shape", [Identity, TrunkLine, StateLine, LoadLine])
def test_every_inner_field_is_documented(shape: type[msgspec.Struct]) -> None:
    named = set(re.findall(r"`(\w+)`", part("decision")))
    assert {field.encode_name for field in msgspec.structs.fields(shape)} <= named


def test_an_instant_that_never_came_is_empty() -> None:
    assert utc(0.0) == ""
    assert utc(1_795_348_800.25) == "2026-11-22T12:00:00.250Z"
