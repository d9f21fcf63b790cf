"""Session-ID (RFC 7989): both halves are right on both legs, and none of them tells who calls."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from proxy.b2bua.extract import NO_SECRETS, Secrets
from proxy.b2bua.session_id import NIL, SessionIds, is_harmless, made
from proxy.sip.parse import parse
from tests.ladder import ANSWER, Callee, Caller, Ladder, Seen, reply, set_up

MakeLadder = Callable[..., Ladder]
OURS = "ab30317f1a784dc48ff824d0d3715d86"  # version 4
THEIRS = "47755a9de7794ba387653f2099600ef2"
NOBODY = NIL.decode()
MAC = "2c1e7a40d9b811eeb9620242ac120002"  # version 1: who made it and when


def halves(seen: Seen) -> tuple[str, str]:
    """The sender's half and the receiver's, as this message states them."""
    found = re.fullmatch(r"([0-9a-f]{32});remote=([0-9a-f]{32})", seen.header("session-id"))
    assert found is not None, seen.head
    return found[1], found[2]


def ours(remote: str = "") -> list[str]:
    return [f"Session-ID: {OURS};remote={remote or NOBODY}"]


def theirs() -> list[str]:
    return [f"Session-ID: {THEIRS};remote={OURS}"]


def test_both_halves_are_right_in_every_message_of_a_call(ladder: Ladder) -> None:
    caller = Caller()
    ladder.feed("a", caller.invite(extra=ours()))
    _, invite = ladder.expect("a 100 INVITE", "b INVITE")
    assert halves(invite) == (OURS, NOBODY)
    callee = Callee(invite)
    ladder.feed("b", callee.reply(180, extra=theirs()))
    assert halves(ladder.one("a 180 INVITE")) == (THEIRS, OURS)
    ladder.feed("b", callee.reply(200, body=ANSWER, extra=theirs()))
    ok, ack = ladder.expect("a 200 INVITE", "b ACK")
    assert (halves(ok), halves(ack)) == ((THEIRS, OURS), (OURS, THEIRS))
    caller.learn(ok)
    ladder.feed("a", caller.ack(extra=ours(THEIRS)))
    ladder.feed("b", callee.request("INFO", extra=theirs()))
    info = ladder.one("a INFO")
    assert halves(info) == (THEIRS, OURS)
    ladder.feed("a", reply(info, 200, extra=ours(THEIRS)))
    assert halves(ladder.one("b 200 INFO")) == (OURS, THEIRS)
    ladder.feed("a", caller.request("BYE", extra=ours(THEIRS)))
    _, bye = ladder.expect("a 200 BYE", "b BYE")
    assert halves(bye) == (OURS, THEIRS)
    ladder.feed("b", reply(bye, 200))


def test_nothing_is_sent_where_neither_end_knows_it(ladder: Ladder) -> None:
    ladder.feed("a", Caller().invite())
    _, invite = ladder.expect("a 100 INVITE", "b INVITE")
    ladder.feed("b", Callee(invite).reply(180))
    assert [invite.header("session-id"), ladder.one("a 180 INVITE").header("session-id")] == ["", ""]


def test_a_carrier_without_one_is_named_by_us(ladder: Ladder) -> None:
    ladder.feed("a", Caller().invite(extra=ours()))
    _, invite = ladder.expect("a 100 INVITE", "b INVITE")
    callee = Callee(invite)
    ladder.feed("b", callee.reply(180))
    name, remote = halves(ladder.one("a 180 INVITE"))
    assert remote == OURS
    assert name not in (OURS, NOBODY)
    assert name[12] == "5"
    ladder.feed("b", callee.reply(200, body=ANSWER))
    ok, ack = ladder.expect("a 200 INVITE", "b ACK")
    assert (halves(ok), halves(ack)) == ((name, OURS), (OURS, NOBODY))


def test_a_platform_without_one_is_named_by_us_once_the_carrier_shows_one(ladder: Ladder) -> None:
    ladder.feed("a", Caller().invite())
    _, invite = ladder.expect("a 100 INVITE", "b INVITE")
    ladder.feed("b", Callee(invite).reply(200, body=ANSWER, extra=[f"Session-ID: {THEIRS};remote={NOBODY}"]))
    ok, ack = ladder.expect("a 200 INVITE", "b ACK")
    assert halves(ok) == (THEIRS, NOBODY)
    name, remote = halves(ack)
    assert remote == THEIRS
    assert name not in (THEIRS, NOBODY)


@pytest.mark.parametrize("half", [MAC, "00000000000040008000033145001234", "145001234fff4aaabbbbccccddddeeee"])
def test_a_half_that_tells_who_made_it_stays_behind(ladder: Ladder, half: str) -> None:
    caller = Caller()
    ladder.feed("a", caller.invite(extra=[f"Session-ID: {half}"]))
    _, invite = ladder.expect("a 100 INVITE", "b INVITE")
    name, _ = halves(invite)
    assert half not in invite.head
    assert "145001234" not in name
    callee = Callee(invite)
    ladder.feed("b", callee.reply(200, body=ANSWER, extra=[f"Session-ID: {THEIRS};remote={name}"]))
    ok, ack = ladder.expect("a 200 INVITE", "b ACK")
    assert halves(ok) == (THEIRS, half)
    assert halves(ack) == (name, THEIRS)


def test_cancel_and_the_ack_of_a_failure_carry_it(ladder: Ladder) -> None:
    caller = Caller()
    ladder.feed("a", caller.invite(extra=ours()))
    _, invite = ladder.expect("a 100 INVITE", "b INVITE")
    callee = Callee(invite)
    ladder.feed("b", callee.reply(180, extra=theirs()))
    ladder.expect("a 180 INVITE")
    ladder.feed("a", caller.cancel())
    _, ended, cancel = ladder.expect("a 200 CANCEL", "a 487 INVITE", "b CANCEL")
    assert halves(ended) == (THEIRS, OURS)
    assert halves(cancel) == halves(invite)
    ladder.feed("b", reply(cancel, 200))
    ladder.feed("b", callee.reply(487, extra=theirs()))
    assert halves(ladder.one("b ACK")) == halves(invite)


def test_a_refusal_names_the_caller_by_its_own_half(ladder: Ladder) -> None:
    ladder.feed("a", Caller(user="+33612345678").invite(extra=ours()))
    name, remote = halves(ladder.one("a 403 INVITE"))
    assert remote == OURS
    assert name not in (OURS, NOBODY)


def test_our_own_bye_and_refresh_carry_it(ladder: Ladder) -> None:
    caller = Caller()
    ladder.feed("a", caller.invite(extra=ours()))
    callee = Callee(ladder.expect("a 100 INVITE", "b INVITE")[1])
    ladder.feed("b", callee.reply(200, body=ANSWER, extra=theirs()))
    caller.learn(ladder.expect("a 200 INVITE", "b ACK")[0])
    ladder.feed("a", caller.ack())
    ladder.advance(1800)
    to_a, to_b = ladder.expect("a OPTIONS", "b OPTIONS")
    assert (halves(to_a), halves(to_b)) == ((THEIRS, OURS), (OURS, THEIRS))
    ladder.feed("b", reply(to_b, 481))
    bye_b, bye_a = ladder.expect("b BYE", "a BYE")
    assert (halves(bye_a), halves(bye_b)) == ((THEIRS, OURS), (OURS, THEIRS))


@pytest.mark.parametrize("value", ["", "short", "g" * 32, NOBODY, "ab30317f-1a78-4dc4-8ff8-24d0d3715d86"])
def test_what_is_no_uuid_is_as_if_there_were_none(ladder: Ladder, value: str) -> None:
    ladder.feed("a", Caller().invite(extra=[f"Session-ID: {value}"]))
    _, invite = ladder.expect("a 100 INVITE", "b INVITE")
    name, remote = halves(invite)
    assert (name[12], remote) == ("5", NOBODY)


def test_an_end_may_change_its_half(ladder: Ladder) -> None:
    ids = SessionIds(b"seed")
    ids.learn(parse(Caller().invite(extra=[f"Session-ID: {OURS.upper()}"])), True, NO_SECRETS)
    assert ids.line(False) == f"Session-ID: {OURS};remote={NOBODY}".encode()
    ids.learn(parse(Caller().invite(extra=[f"Session-ID: {THEIRS}"])), True, NO_SECRETS)
    assert ids.line(False) == f"Session-ID: {THEIRS};remote={NOBODY}".encode()


def test_what_is_made_hangs_on_its_seed_alone() -> None:
    assert made(b"x") == made(b"x") != made(b"y")
    assert is_harmless(made(b"x"), Secrets((), (), ()))
    assert not is_harmless(MAC.encode(), NO_SECRETS)


def test_a_call_that_was_set_up_without_learns_nothing(ladder: Ladder) -> None:
    talk = set_up(ladder)
    ladder.feed("a", talk.caller.request("INFO"))
    assert ladder.one("b INFO").header("session-id") == ""
