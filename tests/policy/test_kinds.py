from __future__ import annotations

from pathlib import Path

import pytest

from proxy.policy.checks import Check
from proxy.policy.edition import Edition
from proxy.policy.kinds import KINDS
from proxy.policy.params import DAY, FLAG, NUMBER, TEXT, TEXTS, WEEK, Kind, Params
from proxy.policy.schedule import Week
from proxy.runtime.edition_file import load_edition

README = Path(__file__).parents[2] / "config" / "README.md"
CLOSED_WEEK: Week = ((), (), (), (), (), (), ())


@pytest.mark.parametrize("kind", KINDS, ids=[kind.name for kind in KINDS])
def test_every_kind_builds_a_check_from_its_parameters(kind: Kind) -> None:
    params = Params(
        {param.name: True for param in kind.params if param.shape == FLAG},
        {param.name: "x" for param in kind.params if param.shape == TEXT},
        {param.name: frozenset({"geo"}) for param in kind.params if param.shape == TEXTS},
        {param.name: CLOSED_WEEK for param in kind.params if param.shape == WEEK},
        {param.name: 4 for param in kind.params if param.shape in (NUMBER, DAY)},
    )
    check = kind.build(params)
    assert isinstance(check, Check)


def test_names_are_unique() -> None:
    assert len({kind.name for kind in KINDS}) == len(KINDS)


@pytest.mark.parametrize("kind", KINDS, ids=[kind.name for kind in KINDS])
def test_every_kind_and_parameter_is_explained(kind: Kind) -> None:
    page = README.read_text(encoding="utf-8")
    line = next(line for line in page.splitlines() if line.startswith(f"| `{kind.name}` |"))
    for param in kind.params:
        assert f"`{param.name}`" in line


def test_no_two_kinds_build_the_same_check() -> None:
    empty = Params({}, {}, {}, {"windows": CLOSED_WEEK}, {})
    assert len({type(kind.build(empty)) for kind in KINDS}) == len(KINDS)


def test_all_kinds_are_in_use(shipped: Edition) -> None:
    suites = README.parent / "conformance"
    example = load_edition(suites / "rules", README.parent / "numbering.toml", suites / "customers.toml")
    used = {rule.row.kind for edition in (shipped, example) for rule in edition.book.rules}
    assert {kind.name for kind in KINDS} - used == set()
