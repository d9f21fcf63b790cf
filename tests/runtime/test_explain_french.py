"""What is told in French holds no English: dates, values, and all that a rule can say it saw."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest

from proxy.b2bua.outputs import DecisionRecord
from proxy.policy.directory import BASES, MODES, PURPOSES, SECTORS
from proxy.policy.edition import Edition
from proxy.policy.explain import explain
from proxy.runtime.explain_command import told
from proxy.runtime.explain_french import dated, in_french, short_day
from proxy.runtime.explain_words import VALUES
from proxy.runtime.record_lines import Lines
from proxy.runtime.record_shapes import DecisionLine
from proxy.runtime.rule_cases import Case, answer, facts_of, read_cases, settled

FOLDER = Path(__file__).parents[1] / "cases"
# words of the English texts that no French sentence holds
WORDS = """the of and or not is are was were be been has have had with without from until since before after by at to it its
    they their this that these those who whom which what when where while call calls called caller calling number numbers
    customer trunk rule rules hours holiday holidays day days time year years week consent consents refusal refused asked
    attempts attempt person persons may must shown show told tell open closed given agreed none no any between limit
    limits most last first read store basis sector status because seen unless only other another of in for held over
    text texts law works home"""
ENGLISH = frozenset(re.findall(r"\w+", WORDS))
IDENTIFIER = re.compile(r"\w+(?:[./-]\w+)+")
HEADER = re.compile(r"\b(?:From|P-Asserted-Identity|INVITE|MESSAGE|STOP)\b")


def english_in(text: str) -> set[str]:
    """The English words of a text, beside ids, references and names of headers."""
    plain = HEADER.sub(" ", IDENTIFIER.sub(" ", text))
    return {word.lower() for word in re.findall(r"[^\W\d_]+", plain)} & ENGLISH


@pytest.mark.parametrize(
    ("text", "french"),
    [
        ("2026-11-24T14:00:00+04:00", "24 novembre 2026 à 14 h 00 (UTC+4)"),
        ("2026-08-01T09:05:07-04:00", "1er août 2026 à 9 h 05 min 07 s (UTC−4)"),
        ("2026-02-03T10:00:00.123Z", "3 février 2026 à 10 h 00 (UTC)"),
        ("2026-02-03T10:00:00+05:30", "3 février 2026 à 10 h 00 (UTC+5 h 30)"),
        ("2026-12-31", "31 décembre 2026"),
        ("", ""),
    ],
)
def test_dates_are_written_as_french_writes_them(text: str, french: str) -> None:
    assert dated(text) == french


def test_a_version_is_a_short_day() -> None:
    assert short_day("2026-08-11") == "11/08/2026"
    assert short_day("") == ""


@pytest.mark.parametrize(
    ("saw", "french"),
    [
        ("", ""),
        ("2 of 4 attempts in 30 days before this one", "2 tentatives sur 4 en 30 jours avant celle-ci"),
        ("From 0612345678 (mobile), Diversion x (no number); mobile_cli refuse",
         "From 0612345678 (mobile), Diversion x (pas un numéro) ; numéro mobile présenté : refus"),
        ("From geo may not be shown, From npv may be shown; class_cli rewrite",
         "From géographique non affichable, From NPV affichable ; catégorie interdite présentée : remplacement"),
        ("From +33162000001 held, From +33142685300 not held", "From +33162000001 détenu, From +33142685300 non détenu"),
        ("2026-11-24T14:00:00+04:00, open 10:00-13:00 14:00-20:00, no slot in force",
         "24 novembre 2026 à 14 h 00 (UTC+4), ouvert : 10:00-13:00 14:00-20:00, aucun créneau convenu en vigueur"),
        ("campaign the call of spring", "campagne the call of spring"),
        ("basis register, consent form-2026-01-02 given 2026-11-24T14:00:00+04:00, until 2027-11-24T14:00:00+04:00",
         "fondement : registre, consentement form-2026-01-02 donné le 24 novembre 2026 à 14 h 00 (UTC+4), "
         "jusqu’au 24 novembre 2027 à 14 h 00 (UTC+4)"),
    ],
)  # fmt: skip
def test_what_a_rule_saw(saw: str, french: str) -> None:
    assert in_french(saw) == french


def test_every_sentence_of_a_rule_has_a_twin(edition: Edition) -> None:
    for case in read_cases(FOLDER):
        for step in explain(facts_of(case, edition), edition, settled(case)):
            assert english_in(in_french(step.saw)) == set(), step.saw


@pytest.mark.parametrize("words", [PURPOSES, MODES, BASES, SECTORS])
def test_the_words_of_the_configuration_have_twins(words: tuple[str, ...]) -> None:
    assert set(words) <= set(VALUES)


def line_of(case: Case, edition: Edition) -> DecisionLine:
    """The record that the case leaves."""
    facts = facts_of(case, edition)
    decision, ledger = answer(case, facts, edition)
    record = DecisionRecord("5f2c90aa", facts.at, facts, decision, b"c", 0.0, ledger)
    return msgspec.json.decode(Lines("edge-1").line(record, edition), type=DecisionLine)


def test_no_english_in_the_french_account_of_any_legal_case(edition: Edition) -> None:
    deciding = set()
    for case in read_cases(FOLDER):
        line = line_of(case, edition)
        deciding.add(line.rule)
        text = told(line, edition, "fr")
        assert english_in(text) == set(), (case["name"], text)
        assert "Que dire au client : " in text
    assert len(deciding) > 25


def test_the_english_account_is_full_of_english(edition: Edition) -> None:
    case = read_cases(FOLDER)[0]
    assert len(english_in(told(line_of(case, edition), edition, "en"))) > 20
