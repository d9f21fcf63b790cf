"""One edition of the shipped rules with the customers of the ladders, and a ladder over it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from proxy.b2bua.trunks import Topology
from proxy.policy.edition import Edition
from proxy.runtime.edition_file import load_edition
from tests.ladder import CountedIds, Ladder

HERE = Path(__file__).parent
CONFIG = HERE.parents[1] / "config"
LEDGER_RULE = """
[[rule]]
id = "refusal.recorded"
kind = "refusal"
from = 2020-01-01
clock = "called"
verdict = {{ status = 403, phrase = "Refused By The Called Person" }}
basis = "interpretation"
why = "the tests need a rule on shared state"
why_fr = "les tests ont besoin d’une règle sur l’état partagé"
confidence = "A"
mode = "enforce"
on_unknown = "{on_unknown}"
checked_on = 2026-11-22
text = "a refusal is kept"
text_fr = "un refus est gardé"
told = "refused"
told_fr = "refusé"
params = {{ lasting_from = 2020-01-01 }}
"""


@pytest.fixture(scope="session")
def edition() -> Edition:
    """The shipped rules and numbers, with the customers of the ladders."""
    return load_edition(CONFIG / "rules", CONFIG / "numbering.toml", HERE / "customers.toml")


def _with_ledger(folder: Path, on_unknown: str) -> Edition:
    rules = folder / "rules"
    rules.mkdir()
    for path in sorted((CONFIG / "rules").glob("*.toml")):
        (rules / path.name).write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
    (rules / "35-ledger.toml").write_text(LEDGER_RULE.format(on_unknown=on_unknown), encoding="utf-8")
    return load_edition(rules, CONFIG / "numbering.toml", HERE / "customers.toml")


@pytest.fixture(scope="session")
def careful(tmp_path_factory: pytest.TempPathFactory) -> Edition:
    """As `edition`, with a rule on shared state that refuses when nothing is known."""
    return _with_ledger(tmp_path_factory.mktemp("careful"), "refuse")


@pytest.fixture(scope="session")
def lenient(tmp_path_factory: pytest.TempPathFactory) -> Edition:
    """As `careful`, but what is unknown passes."""
    return _with_ledger(tmp_path_factory.mktemp("lenient"), "pass")


@pytest.fixture
def ladder_of(edition: Edition) -> Iterator[Callable[..., Ladder]]:
    """Ladders over any topology or edition; at the end nothing unseen and no fault may be left."""
    made: list[Ladder] = []

    def make(given: Topology | None = None, over: Edition | None = None, ids: CountedIds | None = None) -> Ladder:
        made.append(Ladder(over or edition, given, ids))
        return made[-1]

    yield make
    for ladder in made:
        ladder.expect()
        if not ladder.ids.broken:
            assert ladder.faults() == []


@pytest.fixture
def ladder(ladder_of: Callable[..., Ladder]) -> Ladder:
    """A ladder over the usual trunks."""
    return ladder_of()
