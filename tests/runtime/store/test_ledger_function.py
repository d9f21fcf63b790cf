"""The text of the functions, their names, and the keys of a person in one slot."""

from __future__ import annotations

from redis.crc import key_slot

from proxy.policy.inquiry import SAME_ATTEMPT_SECONDS, PersonState
from proxy.runtime.store import attempts, ledger_function
from proxy.runtime.store.person_keys import AttemptKey, PersonKeys
from tests.runtime.store.histories import DAY, NOON, PERSON, consent, inquiry, keys, told


def test_names_carry_the_version_of_the_text() -> None:
    assert ledger_function.LIBRARY.startswith(f"#!lua name=npv_ledger_{ledger_function.VERSION}\n")
    assert "VERSION" not in ledger_function.LIBRARY
    for name in ("ask", "release", "refuse", "withdraw_refusal", "consent", "withdraw_consent"):
        assert f"'{name}_{ledger_function.VERSION}'" in ledger_function.LIBRARY


def test_the_text_has_the_same_constants_as_the_reference() -> None:
    assert f"local SAME = {SAME_ATTEMPT_SECONDS:.0f}\n" in ledger_function.TEXT
    assert f"local ENTRY = {attempts.ENTRY.size}\n" in ledger_function.TEXT
    assert f"local MOST = {attempts.MOST}\n" in ledger_function.TEXT


def test_all_keys_of_a_person_are_in_one_slot() -> None:
    two = PersonKeys(b"L" * 32, [AttemptKey(NOON - DAY, b"A" * 32), AttemptKey(NOON + DAY, b"B" * 32)])
    for number in range(200):
        person = two.person("acme", f"+3314{number:07}", NOON)
        names = (*ledger_function.attempt_keys(person), *ledger_function.lasting_keys(person))
        assert len(set(names)) == 4
        assert len({key_slot(name) for name in names}) == 1


def test_an_answer_is_read_as_it_was_written() -> None:
    state = PersonState(1.5, 2.5, 3.5, "réf 7", 4.5, 5.5, 6, 7.0, 8.0, 9, 10.0, True, 11.5)
    reply = ledger_function.ANSWER.pack(1, 1.5, 2.5, 3.5, 4.5, 5.5, 6, 7, 8, 9, 10, 11.5) + "réf 7".encode()
    assert told(ledger_function.state(reply)) == told(state)


def test_a_command_names_its_keys() -> None:
    person = keys().person("acme", PERSON, NOON)
    command = ledger_function.ask(inquiry("a"), person)
    assert command[:3] == ("FCALL", f"ask_{ledger_function.VERSION}", 2)
    assert command[3:5] == ledger_function.attempt_keys(person)
    row = ledger_function.consent_row(consent("c", campaign="été"))
    assert row[ledger_function.CONSENT.size :].decode() == "été"
