"""The words of `explain` stand in both languages."""

from __future__ import annotations

import pytest

from proxy.policy.edition import Edition
from proxy.runtime.explain_words import FRENCH, LABELS, MEANINGS, SILENT_STORE, VALUES, VERDICTS, word
from proxy.runtime.numbering_file import load_numbering
from proxy.runtime.toml_source import read_toml
from tests.runtime.conftest import CONFIG


@pytest.mark.parametrize("table", [LABELS, VERDICTS, MEANINGS, {"silent": SILENT_STORE}])
def test_both_languages_say_something(table: dict[str, tuple[str, str]]) -> None:
    for key, (english, french) in table.items():
        assert english, key
        assert french, key
        assert not english.endswith(" ")
        assert "  " not in french


def test_every_verdict_has_a_meaning() -> None:
    assert set(MEANINGS) == set(VERDICTS)


def test_every_class_of_numbers_has_its_french_word() -> None:
    plan = load_numbering(read_toml(CONFIG / "numbering.toml"))
    assert set(plan.class_names) <= set(VALUES)


def test_every_rule_tells_the_customer_something_in_both_languages(edition: Edition) -> None:
    for rule in edition.book.rules:
        row = rule.row
        assert row.text != row.text_fr, row.id
        assert row.told != row.told_fr, row.id


def test_an_unknown_word_is_itself() -> None:
    assert word(VERDICTS, "odd", FRENCH) == "odd"
    assert word(VERDICTS, "refuse", FRENCH) == "refuse"
    assert word(VERDICTS, "pass", FRENCH) == "passe"
