"""Pieces of decision lines: encoded once, bounded, and right for each edition; instants as `utc` tells them."""

from __future__ import annotations

import random
from datetime import datetime

import msgspec
import pytest

from proxy.policy.decide import decide
from proxy.policy.edition import Edition
from proxy.policy.facts import CallFacts, TrunkFacts
from proxy.policy.gather import gather
from proxy.policy.ledger import EXPIRED, NOTHING_KNOWN
from proxy.policy.numbers import Number
from proxy.runtime.record_pieces import KEPT_MOST, Instants, Pieces
from proxy.runtime.record_shapes import utc

AT = datetime.fromisoformat("2026-11-24T11:00:00.250+01:00").timestamp()
VMS = TrunkFacts("vms")


def pieces(edition: Edition) -> Pieces:
    made = Pieces(msgspec.json.Encoder().encode)
    made.use(edition)
    return made


def facts(edition: Edition, customer: str = "acme", trunk: TrunkFacts = VMS, purpose: str = "") -> CallFacts:
    return gather(
        edition, trunk, customer, "follow-up", purpose, "", "INVITE", [("From", "0162000001")], "0612345678", AT, False
    )  # fmt: skip


def test_the_same_caller_is_encoded_once(edition: Edition) -> None:
    made = pieces(edition)
    first = made.caller(facts(edition))
    assert made.caller(facts(edition)) is first
    assert bytes(first).startswith(b'"acme","campaign":"follow-up",')
    assert bytes(made.caller(facts(edition, trunk=TrunkFacts("sbc")))) != bytes(first)


def test_callers_that_peers_make_up_are_bounded(edition: Edition) -> None:
    made = pieces(edition)
    first = made.caller(facts(edition, "x0"))
    for number in range(1, KEPT_MOST + 1):
        made.caller(facts(edition, f"x{number}"))
    assert made.caller(facts(edition, "x0")) is not first
    assert bytes(made.caller(facts(edition, "x0"))) == bytes(first)


def test_the_verdict_is_encoded_once_while_the_store_answers(edition: Edition) -> None:
    made, seen = pieces(edition), facts(edition, purpose="prospecting_consumer")
    decided = decide(seen, edition, NOTHING_KNOWN)
    once, again = (made.verdict(seen, decided, edition, NOTHING_KNOWN) for _ in range(2))
    assert [id(piece) for piece in once] == [id(piece) for piece in again]  # a compiled tuple is none of its own
    silent = decide(seen, edition, EXPIRED)
    told = made.verdict(seen, silent, edition, EXPIRED)
    assert b" unknown-" in bytes(told[2])
    assert b" unknown-" not in bytes(made.verdict(seen, decided, edition, NOTHING_KNOWN)[2])


def test_a_new_edition_forgets(edition: Edition) -> None:
    made, seen = pieces(edition), facts(edition)
    first = made.caller(seen)
    made.use(edition)
    assert made.caller(seen) is first
    made.use(Edition(edition.plan, edition.calendar, edition.book, edition.directory, "other"))
    assert made.caller(seen) is not first


@pytest.mark.parametrize("at", [0.0, -1.5, 0.25, 1795514400.25, 1795514400.9999999, 1795514400.999, 4102444799.9996])
def test_an_instant_is_told_as_elsewhere(at: float) -> None:
    assert Instants().utc(at) == utc(at)


def test_instants_of_many_seconds() -> None:
    dice, instants = random.Random(5), Instants()
    for _ in range(3 * KEPT_MOST):
        at = dice.uniform(1_640_000_000, 1_640_020_000)
        assert instants.utc(at) == utc(at)


def test_what_is_told_of_a_number_is_kept_as_long_as_the_same_is_told(edition: Edition) -> None:
    made, seen = pieces(edition), facts(edition).presented[0].number
    assert seen is not None
    assert made.identity("From", seen) is None
    made.keep_identity("From", seen, b"{}")
    assert made.identity("From", seen) == b"{}"
    assert made.identity("Diversion", seen) is None
    other = Number(
        seen.canonical, seen.cls, seen.territory, seen.national, seen.zone, True, seen.complete, seen.too_short, seen.status
    )  # fmt: skip
    assert made.identity("From", other) is None
    made.use(Edition(edition.plan, edition.calendar, edition.book, edition.directory, "other"))
    assert made.identity("From", seen) is None
