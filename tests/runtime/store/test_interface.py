"""What every store does, played on each of them: embedded, one Redis, a cluster, a Sentinel service."""

from __future__ import annotations

import asyncio
import random
from dataclasses import replace

import pytest

from proxy.policy.inquiry import Inquiry, PersonState
from proxy.runtime.store.attempts import answered
from proxy.runtime.store.interface import Consent, Ledger, Refusal
from proxy.runtime.store.person_keys import AttemptKey, KeysDiffer, PersonKeys
from tests.runtime.store.conftest import Shelf
from tests.runtime.store.histories import DAY, HOUR, NOON, OTHER, PERSON, consent, inquiry, keys, told


async def one(ledger: Ledger, asked: Inquiry) -> PersonState:
    return (await ledger.ask([asked]))[0]


async def test_the_fifth_attempt_is_not_counted(ledger: Ledger) -> None:
    states = [await one(ledger, inquiry(f"call-{number}", NOON + number * HOUR)) for number in range(6)]
    assert [state.reserved for state in states] == [True] * 4 + [False] * 2
    assert [state.attempts for state in states] == [0, 1, 2, 3, 4, 4]
    assert (states[5].first_attempt, states[5].last_attempt) == (NOON, NOON + 3 * HOUR)
    assert (states[5].campaign_attempts, states[5].campaign_last) == (4, NOON + 3 * HOUR)


async def test_all_inquiries_of_a_turn_are_answered_in_their_order(ledger: Ledger) -> None:
    asked = [inquiry(f"call-{number}", person=f"+3314000{number % 300:04}") for number in range(1500)]
    states = await ledger.ask(asked)
    assert [state.reserved for state in states] == [number < 1200 for number in range(1500)]
    assert [state.attempts for state in states] == [min(number // 300, 4) for number in range(1500)]
    assert await ledger.ask([]) == []


async def test_one_attempt_counts_once(ledger: Ledger) -> None:
    assert (await one(ledger, inquiry("a"))).reserved
    again = await one(ledger, inquiry("a", NOON + 200))
    assert (again.reserved, again.attempts) == (True, 0)
    assert (await one(ledger, inquiry("b", NOON + 201))).attempts == 1
    assert (await one(ledger, inquiry("a", NOON + 301))).attempts == 2


async def test_a_released_attempt_is_free_again(ledger: Ledger) -> None:
    for number in range(4):
        await one(ledger, inquiry(f"call-{number}"))
    await ledger.release(inquiry("call-2"))
    await ledger.release(inquiry("call-9"))
    assert (await one(ledger, inquiry("x", reserve=False))).attempts == 3
    assert (await one(ledger, inquiry("call-4"))).reserved
    assert not (await one(ledger, inquiry("call-5"))).reserved
    for number in (0, 1, 3, 4):
        await ledger.release(inquiry(f"call-{number}"))
    assert told(await one(ledger, inquiry("x", reserve=False))) == told(PersonState())


async def test_customers_and_persons_are_apart(ledger: Ledger) -> None:
    await one(ledger, inquiry("a"))
    assert (await one(ledger, inquiry("b", person=OTHER))).attempts == 0
    assert (await one(ledger, inquiry("b", customer="bravo"))).attempts == 0
    assert (await one(ledger, inquiry("c", campaign="autumn"))).campaign_attempts == 0


async def test_attempts_are_forgotten_after_31_days(shelf: Shelf) -> None:
    ledger = await shelf.open()
    await one(ledger, inquiry("a"))
    later = NOON + 31 * DAY
    assert (await one(ledger, inquiry("x", later - 1, reserve=False, window_start=0.0))).attempts == 1
    assert (await one(ledger, inquiry("x", later, reserve=False, window_start=0.0))).attempts == 0


async def test_a_refusal_counts_on_the_next_question_and_for_every_client(shelf: Shelf) -> None:
    ledger, other = await shelf.open(), await shelf.open()
    await ledger.refuse("acme", PERSON, NOON - HOUR, "607", "call-1")
    await ledger.refuse("acme", PERSON, NOON - 2 * HOUR, "letter", "older")
    state = await one(other, inquiry("a", refusal_since=0.0))
    assert (state.refusal_at, state.reserved) == (NOON - HOUR, False)
    found = (await other.refusals("acme"))[0]
    assert (found.customer, found.at, found.source, found.reference) == ("acme", NOON - HOUR, "607", "call-1")
    assert await other.refusals("acme", PERSON) == [found]
    assert await other.refusals("acme", OTHER) == []
    assert await other.refusals("bravo") == []
    assert await other.withdraw_refusal("acme", PERSON)
    assert not await ledger.withdraw_refusal("acme", PERSON)
    assert await ledger.refusals("acme") == []
    assert (await one(ledger, inquiry("a", refusal_since=0.0))).reserved


async def test_refusals_are_listed_newest_first(ledger: Ledger) -> None:
    for number in range(5):
        await ledger.refuse("acme", f"+3314000000{number}", NOON + number, "api", f"r{number}")
    assert [found.reference for found in await ledger.refusals("acme", most=3)] == ["r4", "r3", "r2"]


async def test_many_come_in_one_go_as_they_would_one_by_one(ledger: Ledger) -> None:
    persons = [f"+331400{number:05}" for number in range(300)]
    heard = [Refusal("acme", person, NOON - number, "file", str(number)) for number, person in enumerate(persons)]
    await ledger.refuse_all([*heard, Refusal("acme", persons[0], NOON - 9999, "file", "older")])
    await ledger.consent_all([consent(f"c{number}", person=person) for number, person in enumerate(persons)])
    found = await ledger.refusals("acme")
    assert [(one.at, one.reference) for one in found] == [(NOON - number, str(number)) for number in range(300)]
    assert {one.reference for one in await ledger.consents("acme")} == {f"c{number}" for number in range(300)}
    states = await ledger.ask([inquiry("a", person=person, refusal_since=0.0) for person in persons[::50]])
    assert [(state.refusal_at, state.consent_id) for state in states] == [
        (NOON - number, f"c{number}") for number in range(0, 300, 50)
    ]


async def test_of_many_consents_none_is_taken_if_one_is_invalid(ledger: Ledger) -> None:
    with pytest.raises(ValueError, match="reference"):
        await ledger.consent_all([consent("good"), consent("")])
    assert await ledger.consents("acme") == []


async def test_consents_are_kept_with_their_proof(shelf: Shelf) -> None:
    ledger, other = await shelf.open(), await shelf.open()
    first, second = (
        consent("c-1", campaign="spring"),
        consent("c-2", at=NOON - HOUR, basis="contract", proof="né à Évry"),
    )
    await ledger.consent(first)
    await ledger.consent(second)
    found = await other.consents("acme")
    assert [replace(row, person=PERSON) for row in found] == [second, first]
    assert found == await other.consents("acme", PERSON)
    assert await other.consents("acme", OTHER) == []
    needed = inquiry("a", consent_needed=True)
    state = await one(other, needed)
    assert (state.consent_id, state.consent_at, state.consent_until) == ("c-2", NOON - HOUR, second.until)
    assert state.reserved
    assert await other.withdraw_consent("acme", PERSON, NOON - 60, "c-2") == 1
    assert (await one(ledger, inquiry("b", consent_needed=True))).consent_id == "c-1"
    assert (await one(ledger, inquiry("b", campaign="autumn", consent_needed=True))).consent_id == ""
    assert await other.withdraw_consent("acme", PERSON, NOON - 30) == 1
    assert await other.withdraw_consent("acme", PERSON, NOON - 20) == 0
    assert not (await one(ledger, inquiry("c", consent_needed=True))).reserved
    assert [row.withdrawn_at for row in await other.consents("acme")] == [NOON - 60, NOON - 30]


async def test_a_consent_that_was_withdrawn_does_not_come_back_with_the_same_file(shelf: Shelf) -> None:
    ledger, other = await shelf.open(), await shelf.open()
    given = consent("c", campaign="spring", proof="before")
    await ledger.consent(given)
    assert await ledger.withdraw_consent("acme", PERSON, NOON - HOUR) == 1
    await other.consent(replace(given, proof="after"))
    assert [(row.withdrawn_at, row.proof) for row in await ledger.consents("acme")] == [(NOON - HOUR, "after")]
    assert not (await one(ledger, inquiry("a", campaign="spring", consent_needed=True))).reserved
    await other.consent(replace(given, at=NOON - 60))
    assert [(row.at, row.withdrawn_at) for row in await ledger.consents("acme")] == [(NOON - 60, 0)]
    assert (await one(ledger, inquiry("b", campaign="spring", consent_needed=True))).reserved


async def test_a_slot_holds_for_its_time_only(ledger: Ledger) -> None:
    await ledger.consent(consent("slot", slot_from=NOON, slot_until=NOON + 600))
    for at, covered in ((NOON - 1, False), (NOON, True), (NOON + 599, True), (NOON + 600, False)):
        state = await one(ledger, inquiry(f"at-{at}", at, slot_needed=True))
        assert state.reserved is covered
        assert (state.slot_from, state.slot_until, state.slot_at) == (
            (NOON, NOON + 600, NOON - DAY) if covered else (0, 0, 0)
        )


async def test_an_invalid_consent_is_not_taken(ledger: Ledger) -> None:
    with pytest.raises(ValueError, match="one year at most"):
        await ledger.consent(consent("c", until=NOON + 400 * DAY))
    assert await ledger.consents("acme") == []


@pytest.mark.parametrize(
    ("changes", "mistake"),
    [
        ({"customer": ""}, "names a customer"),
        ({"reference": ""}, "has a reference"),
        ({"basis": "hearsay"}, "the basis is one of"),
        ({"until": NOON - DAY}, "ends after it was given"),
        ({"slot_from": NOON}, "a slot begins"),
        ({"slot_from": NOON - 2 * DAY, "slot_until": NOON}, "a slot begins"),
        ({"slot_from": NOON, "slot_until": NOON + 4 * HOUR + 1}, "a slot is a precise date and time"),
        ({"slot_from": NOON, "slot_until": NOON + 4 * HOUR}, ""),
        ({}, ""),
    ],
)
def test_what_a_consent_must_be(changes: dict[str, str], mistake: str) -> None:
    found = replace(consent("c"), **changes).mistake()  # type: ignore[arg-type]  # fields by name
    assert mistake in found
    assert bool(found) == bool(mistake)


def rotated(second: float) -> PersonKeys:
    return PersonKeys(b"L" * 32, [AttemptKey(NOON - 90 * DAY, b"A" * 32), AttemptKey(second, b"B" * 32)])


async def test_attempts_under_both_keys_add_up(shelf: Shelf) -> None:
    old = await shelf.open()
    await one(old, inquiry("a"))
    await one(old, inquiry("b"))
    await old.refuse("acme", PERSON, NOON, "api", "r")
    ahead = await shelf.open(rotated(NOON + HOUR))
    assert (await one(ahead, inquiry("c"))).attempts == 2
    shelf.now = NOON + HOUR
    assert (await one(ahead, inquiry("d"))).attempts == 3
    state = await one(ahead, inquiry("e", refusal_since=0.0))
    assert (state.attempts, state.reserved, state.refusal_at) == (4, False, NOON)
    await ahead.release(inquiry("a"))
    assert (await one(ahead, inquiry("f"))).reserved


async def test_what_an_older_node_still_counts_is_seen(shelf: Shelf) -> None:
    both = rotated(NOON + HOUR)
    ahead, behind = await shelf.open(both), await shelf.open(both)
    await one(behind, inquiry("a"))
    shelf.now = NOON + HOUR
    assert (await one(ahead, inquiry("b"))).attempts == 1
    shelf.now = NOON + HOUR - 1
    assert (await one(behind, inquiry("c"))).attempts == 2


async def test_the_documented_order_of_a_rotation_counts_each_attempt_once(shelf: Shelf) -> None:
    first, last = await shelf.open(), await shelf.open()
    fresh = rotated(NOON + HOUR)
    assert (await one(first, inquiry("a"))).attempts == 0
    first = await shelf.open(fresh)  # one node has the file, the other not yet
    assert (await one(first, inquiry("a"))).attempts == 0
    assert (await one(last, inquiry("b"))).attempts == 1
    assert (await one(first, inquiry("b"))).attempts == 1
    last = await shelf.open(fresh)  # both have it before the instant
    for number, (ledger, now) in enumerate(((first, 0.0), (last, -1.0), (first, 1.0), (last, 0.5))):  # clocks differ
        shelf.now = NOON + HOUR + now
        state = await one(ledger, inquiry(f"c{number // 2}"))
        assert (state.attempts, state.reserved) == (2 + number // 2, True)
    shelf.now = NOON + HOUR + 60
    for ledger in (first, last):
        state = await one(ledger, inquiry("d"))
        assert (state.attempts, state.reserved) == (4, False)


async def test_a_store_filled_with_other_keys_is_not_opened(shelf: Shelf) -> None:
    await shelf.open()
    with pytest.raises(KeysDiffer, match="other keys"):
        await shelf.open(PersonKeys(b"M" * 32, keys().keys))


async def test_the_number_is_nowhere(shelf: Shelf) -> None:
    ledger = await shelf.open()
    await one(ledger, inquiry("a"))
    await ledger.refuse("acme", PERSON, NOON, "607", "call-1")
    await ledger.consent(consent("c-1"))
    kept = shelf.everything()
    assert b"call-1" in kept
    for writing in ("+33140000017", "33140000017", "140000017", "0140000017"):
        assert writing.encode() not in kept
        assert int(writing).to_bytes(5, "big") not in kept
        assert int(writing).to_bytes(5, "little") not in kept


async def test_one_person_called_through_two_proxies_at_once(shelf: Shelf) -> None:
    if shelf.kind == "inline":
        pytest.skip("one process answers for a person there; what two do one after the other is in the other tests")
    one_proxy, other_proxy = await shelf.open(), await shelf.open()
    persons = [f"+3314001{number:04}" for number in range(125)]

    async def calls(ledger: Ledger, name: str) -> list[PersonState]:
        found: list[PersonState] = []
        for turn in range(4):
            found += await ledger.ask([inquiry(f"{name}-{turn}-{person}", person=person) for person in persons])
        return found

    answers = await asyncio.gather(calls(one_proxy, "one"), calls(other_proxy, "other"))
    assert sum(len(states) for states in answers) == 1000
    counted = [0] * len(persons)
    for states in answers:
        for place, state in enumerate(states):
            counted[place % len(persons)] += state.reserved
    assert counted == [4] * len(persons)


class Reference:
    """The same histories without a store: rows, refusals and consents in dictionaries, judged by `attempts.answered`."""

    def __init__(self) -> None:
        self.rows: dict[str, bytes] = {}
        self.refused: dict[str, float] = {}
        self.agreed: dict[str, dict[str, Consent]] = {}

    def ask(self, asked: Inquiry) -> PersonState:
        agreed = list(self.agreed.get(asked.person, {}).values())
        outcome = answered(asked, [self.rows.get(asked.person, b"")], self.refused.get(asked.person, 0.0), agreed)
        if outcome.row is not None:
            self.rows[asked.person] = outcome.row
        return outcome.state


async def test_random_histories_come_out_as_the_reference_says(ledger: Ledger) -> None:
    chance, reference, at = random.Random(4), Reference(), NOON
    for number in range(600):
        at += chance.choice([0.25, 61.5, 1800.0, 40_000.0])
        person = chance.choice([PERSON, OTHER])
        campaign = chance.choice(["spring", "autumn"])
        what = chance.random()
        if what < 0.05:
            await ledger.refuse("acme", person, at, "api", "r")
            reference.refused[person] = at
        elif what < 0.2:
            slot = {"slot_from": at + 60, "slot_until": at + HOUR} if chance.random() < 0.5 else {}
            named = consent(f"c-{number}", person=person, at=at, until=at + chance.choice([HOUR * 2, 20 * DAY]),
                            campaign=chance.choice(["", campaign]), **slot)  # fmt: skip
            await ledger.consent(named)
            reference.agreed.setdefault(person, {})[named.reference] = named
        elif what < 0.25:
            agreed = reference.agreed.setdefault(person, {})
            ended = await ledger.withdraw_consent("acme", person, at)
            assert ended == sum(not row.withdrawn_at for row in agreed.values())
            for name, row in agreed.items():
                agreed[name] = replace(row, withdrawn_at=row.withdrawn_at or at)
        else:
            asked = inquiry(
                f"call-{number - chance.choice([0, 0, 1])}", at, person, campaign=campaign,
                window_start=float(int(at / DAY) * DAY - 29 * DAY), window_most=chance.choice([0, 4, 4, 40]),
                campaign_most=chance.choice([0, 0, 6]), campaign_gap=chance.choice([0.0, 0.0, 90.0]),
                refusal_since=chance.choice([-1.0, -1.0, at - 60 * DAY, 0.0]), consent_needed=chance.random() < 0.3,
                consent_since=chance.choice([0.0, at - 5 * DAY]), slot_needed=chance.random() < 0.1,
                reserve=chance.random() < 0.9,
            )  # fmt: skip
            assert told(await one(ledger, asked)) == told(reference.ask(asked))
