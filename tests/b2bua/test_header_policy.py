"""What crosses by direction and kind of message, and what no list lets through."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from proxy.b2bua.header_policy import (
    IDENTITY_HEADERS,
    IN_DIALOG,
    KEPT_UNCHANGED,
    NEEDED,
    NOTHING,
    RESPONSE,
    SET_UP,
    HeaderPolicy,
    for_trunk,
    kind_of,
    with_unchanged,
)
from proxy.sip.parse import parse
from tests.ladder import ANSWER, HEADERS, Caller, Ladder, hang_up, reply, set_up, topology

MakeLadder = Callable[..., Ladder]
X = frozenset([b"x-trace"])


def test_a_policy_without_lists_lets_nothing_cross() -> None:
    assert HeaderPolicy().to_carrier == HeaderPolicy().to_platform == NOTHING
    assert len(NOTHING) == 3
    assert not any(NOTHING)


def test_no_identity_stands_on_a_shipped_list_and_nothing_needed_is_missing() -> None:
    for names in (*HEADERS.to_carrier, *HEADERS.to_platform):
        assert not names & IDENTITY_HEADERS
        assert names >= NEEDED
    assert HEADERS.unchanged & IDENTITY_HEADERS <= KEPT_UNCHANGED


def test_a_trunk_adds_and_takes_away_but_adds_no_identity() -> None:
    lists = (X, frozenset([b"date"]), frozenset[bytes]())
    found = for_trunk(lists, frozenset([b"subject", b"from", b"x-a"]), X)
    assert [set(names) for names in found] == [{b"x-a"}, {b"date", b"x-a"}, {b"x-a"}]


def test_an_untouched_call_keeps_more() -> None:
    found = with_unchanged((X, NOTHING[0], X), HeaderPolicy(unchanged=frozenset([b"identity"])))
    assert [set(names) for names in found] == [{b"x-trace", b"identity"}, {b"identity"}, {b"x-trace", b"identity"}]


def test_kinds_of_messages() -> None:
    invite = Caller().invite()
    assert kind_of(parse(invite)) == SET_UP
    assert kind_of(parse(invite.replace(b"To: <sip:+33140000000@10.0.0.1>", b"To: <sip:x@y>;tag=1"))) == IN_DIALOG
    busy = invite.replace(invite.split(b"\r\n")[0], b"SIP/2.0 486 Busy Here")
    assert kind_of(parse(busy)) == RESPONSE


@pytest.mark.parametrize("kind", [SET_UP, IN_DIALOG, RESPONSE])
@pytest.mark.parametrize("to_carrier", [True, False])
def test_each_list_is_that_of_its_direction_and_kind(ladder_of: MakeLadder, kind: int, to_carrier: bool) -> None:
    """A header on one list only crosses in those messages only."""
    lists = list(HEADERS.to_carrier if to_carrier else HEADERS.to_platform)
    lists[kind] |= X
    policy = replace(HEADERS, to_carrier=tuple(lists)) if to_carrier else replace(HEADERS, to_platform=tuple(lists))
    ladder = ladder_of(replace(topology(), headers=policy))
    extra = ["X-Trace: 1"]
    seen: dict[tuple[bool, int], bool] = {}
    talk = set_up(ladder)
    ladder.feed("a", talk.caller.request("INFO", extra=extra))
    info = ladder.one("b INFO")
    ladder.feed("b", reply(info, 200, extra=extra))
    seen[True, IN_DIALOG] = info.message.has(b"x-trace")
    seen[False, RESPONSE] = ladder.one("a 200 INFO").message.has(b"x-trace")
    ladder.feed("b", talk.callee.request("INFO", extra=extra))
    info = ladder.one("a INFO")
    ladder.feed("a", reply(info, 200, extra=extra))
    seen[False, IN_DIALOG] = info.message.has(b"x-trace")
    seen[True, RESPONSE] = ladder.one("b 200 INFO").message.has(b"x-trace")
    hang_up(talk)
    ladder.feed("a", Caller(2).invite(extra=extra))
    _, invite = ladder.expect("a 100 INVITE", "b INVITE")
    seen[True, SET_UP] = invite.message.has(b"x-trace")
    ladder.feed("b", reply(invite, 200, tag="b2", extra=extra, body=ANSWER, contact="sip:b@10.2.0.1:5080"))
    ladder.unread.clear()
    assert [place for place, crossed in seen.items() if crossed] == (
        [(to_carrier, kind)] if (to_carrier, kind) != (False, SET_UP) else []
    )  # fmt: skip
