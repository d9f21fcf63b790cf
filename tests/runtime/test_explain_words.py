"""Every rule of the shipped book has words for the customer, in both languages."""

from __future__ import annotations

import pytest

from proxy.policy.decide import UNREACHABLE
from proxy.policy.edition import Edition
from proxy.runtime.explain_words import ADVICE, ENGLISH, FRENCH, LABELS, LANGUAGES, VERDICTS, advice, word


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_rule_has_advice(edition: Edition, language: str) -> None:
    for rule in {one.id for one in edition.book.rules} | {UNREACHABLE}:
        assert advice(rule, language), rule
    assert advice("nobody.knows", language) == ""


def test_the_whole_id_comes_before_the_family() -> None:
    assert advice("cli.mobile", ENGLISH) != advice("cli.class", ENGLISH)
    assert advice("cli.class", ENGLISH) == advice("cli.anything", ENGLISH)


@pytest.mark.parametrize("table", [LABELS, VERDICTS, ADVICE])
def test_both_languages_say_something(table: dict[str, tuple[str, str]]) -> None:
    for key, (english, french) in table.items():
        assert english, key
        assert french, key
        assert not english.endswith(" ")
        assert "  " not in french


def test_advice_differs_between_the_languages() -> None:
    assert all(english != french for english, french in ADVICE.values())


def test_an_unknown_word_is_itself() -> None:
    assert word(VERDICTS, "odd", FRENCH) == "odd"
    assert word(VERDICTS, "refuse", FRENCH) == "refuse"
    assert word(VERDICTS, "pass", FRENCH) == "passe"
