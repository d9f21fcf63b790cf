"""Defects that other B2BUAs had, one test for each class, named after it; `tests/defects.toml` says where each was seen.

A class that another file shows already is only listed there.
"""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from proxy.b2bua.logins import CarrierLogin
from proxy.b2bua.trunks import Limits, Route, RouteLeg
from tests.b2bua.test_leaks import shown
from tests.ladder import (
    ANSWER,
    OFFER,
    Callee,
    Caller,
    CountedIds,
    Ladder,
    carrier,
    hang_up,
    platform,
    reply,
    set_up,
    topology,
)

TESTS = Path(__file__).parents[1]
# Any: a TOML table holds values of several types
CLASSES: list[dict[str, Any]] = tomllib.loads((TESTS / "defects.toml").read_text(encoding="utf-8"))["defect"]
LadderOf = Callable[..., Ladder]
SECRETS = [b"145001234", b"jean dupont", b"10.1.0.1"]
TELLING = [
    "P-Asserted-Identity: <sip:+33145001234@10.1.0.1>", "Referred-By: <sip:+33145001234@10.1.0.1>",
    "Diversion: <sip:0145001234@10.1.0.1>", 'Reason: SIP;cause=200;text="01 45 00 12 34"', "Subject: Jean Dupont",
]  # fmt: skip


def test_a_refresh_and_its_422_retry_show_nothing_of_the_caller(ladder: Ladder) -> None:
    caller = Caller()
    caller.display = "Jean Dupont"
    talk = set_up(ladder, caller=caller)
    body = OFFER.replace(b"o=alice", b"o=+33145001234").replace(b"s=call", b"s=Jean Dupont")
    for interval, status in ((90, 422), (1800, 200)):
        extra = [*TELLING, f"Session-Expires: {interval};refresher=uac", "Supported: timer"]
        ladder.feed("a", caller.request("INVITE", extra=extra, body=body))
        crossed = ladder.one("b INVITE")
        assert shown(crossed.data, [secret for secret in SECRETS if secret != b"10.1.0.1"]) == []
        assert b"\r\no=- 1 1 IN IP4" in crossed.data
        assert crossed.header("session-expires").startswith(str(interval))
        lines = ["Min-SE: 1800"] if status == 422 else ["Session-Expires: 1800;refresher=uac", "Require: timer"]
        ladder.feed("b", talk.callee.reply(status, to=crossed, extra=lines, body=b"" if status == 422 else ANSWER))
        if status == 422:
            _, answer = ladder.expect("b ACK", "a 422 INVITE")
            assert answer.header("min-se") == "1800"
            ladder.feed("a", caller.ack_failure(answer))
        else:
            ladder.expect("a 200 INVITE", "b ACK")
            ladder.feed("a", caller.ack())
    hang_up(talk)


@pytest.mark.parametrize(
    "lines",
    [["Privacy: ID"], ["privacy: none", "PRIVACY: id;critical"], ["Privacy: header; user ;session"], ["Privacy:"]],
)
@pytest.mark.parametrize("account", ["acme", "nonumber"])
def test_privacy_in_any_writing_is_ours_alone(ladder: Ladder, lines: list[str], account: str) -> None:
    ladder.feed("a", Caller().invite(account=account, extra=lines))
    _, invite = ladder.expect("a 100 INVITE", "b INVITE")
    assert invite.headers("privacy") == (["id"] if account == "nonumber" else [])
    assert (invite.header("from").startswith('"Anonymous" <sip:anonymous@')) is (account == "nonumber")


@pytest.mark.parametrize(
    "user", ["+33612345678;isub=1", "0612345678;phone-context=+33", "+33612345678;npdi;rn=+33142", "+33612345678:x;y=1",
             "+33612345678;tgrp=TG-1;trunk-context=x.example"],
)  # fmt: skip
@pytest.mark.parametrize("header", ["From", "P-Asserted-Identity"])
def test_parameters_of_the_user_part_hide_no_mobile_number(ladder: Ladder, user: str, header: str) -> None:
    caller = Caller(user=user) if header == "From" else Caller()
    extra = [] if header == "From" else [f"{header}: <sip:{user}@x.example>"]
    ladder.feed("a", caller.invite(account="prospector", extra=extra))
    refused = ladder.one("a 403 INVITE")
    assert "cli.mobile" in refused.header("reason")


def test_counts_neither_leak_nor_fall_below_zero_after_a_fault(ladder_of: LadderOf) -> None:
    ids = CountedIds()
    ladder = ladder_of(topology(limits=Limits(max_calls=1)), ids=ids)
    capacity = ladder.engine.fabric.capacity
    for number in range(1, 4):
        ids.broken = True
        ladder.feed("a", Caller(number).invite())
        ladder.unread.clear()
        assert capacity.node.live == 0
        ids.broken = False
        talk = set_up(ladder, number + 10)
        assert capacity.node.live == 1
        ladder.feed("a", Caller(number + 20).invite())
        assert "capacity.node" in ladder.one("a 503 INVITE").header("reason")
        hang_up(talk)
        assert capacity.node.live == 0
    ladder.outputs.clear()


def test_the_ack_of_a_relayed_failure_is_absorbed(ladder: Ladder) -> None:
    caller = Caller()
    ladder.feed("a", caller.invite())
    _, invite = ladder.expect("a 100 INVITE", "b INVITE")
    ladder.feed("b", Callee(invite).reply(486))
    _, busy = ladder.expect("b ACK", "a 486 INVITE")
    for _ in range(3):
        ladder.feed("a", caller.ack_failure(busy))
        ladder.expect()
    ladder.advance(60)
    ladder.expect()
    ladder.assert_empty()


def test_a_prack_goes_to_the_early_contact_with_the_early_tag(ladder: Ladder) -> None:
    caller = Caller()
    ladder.feed("a", caller.invite(extra=["Supported: 100rel"]))
    _, invite = ladder.expect("a 100 INVITE", "b INVITE")
    callee = Callee(invite, "early-7")
    callee.contact = "sip:early@10.2.0.1:5080;x=1"
    ladder.feed("b", callee.reply(183, extra=["Require: 100rel", "RSeq: 5"], body=ANSWER))
    caller.learn(ladder.one("a 183 INVITE"))
    ladder.feed("a", caller.request("PRACK", extra=["RAck: 1 1 INVITE"]))
    prack = ladder.one("b PRACK")
    assert prack.start == "PRACK sip:early@10.2.0.1:5080;x=1 SIP/2.0"
    assert prack.message.to_tag == b"early-7"
    assert prack.header("from") == invite.header("from")
    assert prack.header("call-id") == invite.header("call-id")
    ladder.feed("b", reply(prack, 200))
    ladder.expect("a 200 PRACK")


def test_credentials_go_to_the_gateway_that_asked(ladder_of: LadderOf) -> None:
    login = CarrierLogin(b"edge", b"secret")
    carriers = (carrier(login=login), carrier(name="carrier-2", host="10.2.0.2", login=login))
    route = Route("both", (RouteLeg("carrier-1", 1, 1), RouteLeg("carrier-2", 1, 1)))
    ladder = ladder_of(topology(platform_trunk=platform(carrier="", route="both"), carriers=carriers, routes=(route,)))
    for number in range(1, 9):
        ladder.feed("a", Caller(number).invite())
        _, first = ladder.unread
        ladder.unread = []
        asked = [f'WWW-Authenticate: Digest realm="r", nonce="n{number}", algorithm=MD5, qop="auth", stale=true']
        ladder.feed(first.side, reply(first, 401, tag="x", extra=asked))
        ack, second = ladder.unread
        ladder.unread = []
        assert (ack.label, second.label) == (f"{first.side} ACK", f"{first.side} INVITE")
        assert second.hop.same_place(first.hop)
        assert second.header("authorization")
        ladder.feed(first.side, reply(second, 486, tag="y"))
        ladder.unread = []


def test_one_source_may_place_as_many_calls_as_its_limits_say(ladder: Ladder) -> None:
    for number in range(300):
        ladder.feed("a", Caller(number, called=f"+3314{number:07}").invite())
        ladder.expect("a 100 INVITE", "b INVITE")
    assert ladder.engine.active_calls() == 300
    assert ladder.engine.counters.dropped == {}


# -- the list ------------------------------------------------------------------


def functions(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


@pytest.mark.parametrize("row", CLASSES, ids=[row["name"] for row in CLASSES])
def test_every_class_has_its_test(row: dict[str, Any]) -> None:
    assert row["seen"]
    assert row["tests"]
    for test in row["tests"]:
        file, _, name = test.partition("::")
        assert name.startswith("test_")
        assert name in functions(TESTS / file), test


def test_every_test_here_is_on_the_list() -> None:
    own = {name for name in functions(Path(__file__)) if name.startswith("test_")}
    own -= {"test_every_class_has_its_test", "test_every_test_here_is_on_the_list"}
    listed = {test for row in CLASSES for test in row["tests"]}
    assert {f"b2bua/test_defects.py::{name}" for name in own} <= listed
