"""New calls at the gate: through the whole engine, with a clock in hand and a delay that is told it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from proxy.b2bua.gate import ANSWERS, REMEMBERED, STALE, STRANGERS
from proxy.b2bua.pressure import QUIET, WINDOW
from proxy.b2bua.trunks import Limits
from proxy.policy.edition import Edition
from proxy.runtime.edition_file import edition_with
from proxy.sip.hop import TCP, Hop
from tests.ladder import A_STREAM, ANSWER, OFFER, OWN_TCP, OWN_UDP, A, Callee, Caller, Ladder, platform, topology

LIMITS = Limits(queue_delay=0.05)
FULL = ["a 100 INVITE", "b INVITE"]


@pytest.fixture
def ladder(ladder_of: Callable[..., Ladder]) -> Ladder:
    """A ladder whose messages may wait for 50 ms."""
    return ladder_of(topology(limits=LIMITS))


def crowd(ladder: Ladder, seconds: float, delay: float) -> None:
    """Messages wait so long, for so long."""
    gate = ladder.engine.gate
    for _ in range(round(seconds / WINDOW)):
        ladder.advance(WINDOW)
        ladder.unread = []  # what is not answered is sent again
        gate.observe(0, delay, ladder.now)


def shut(ladder: Ladder) -> None:
    """Bring the gate to where it lets ten calls a second in, and one at once."""
    crowd(ladder, 4.0, 0.2)
    assert ladder.engine.gate.shut
    assert ladder.engine.gate.rate() == 10.0


def flood(ladder: Ladder, count: int, first: int = 1000, account: str = "acme") -> list[str]:
    """That many calls at once; what each is answered, nothing for those that are not."""
    answers = []
    for number in range(first, first + count):
        ladder.feed("a", Caller(number, called=f"+331400{number:05}").invite(account=account))
        answers.append(" ".join(seen.label for seen in ladder.unread))
        ladder.unread = []
    return answers


def test_without_delay_every_call_passes(ladder: Ladder) -> None:
    crowd(ladder, 1.0, 0.001)
    assert flood(ladder, 30) == [" ".join(FULL)] * 30
    assert not ladder.engine.gate.shut
    assert ladder.engine.gate.rate() == 0.0


def test_without_a_target_the_gate_stays_open(ladder_of: Callable[..., Ladder]) -> None:
    ladder = ladder_of(topology())
    crowd(ladder, 5.0, 3.0)
    assert flood(ladder, 3) == [" ".join(FULL)] * 3


def test_a_refusal_is_whole_and_always_the_same(ladder: Ladder) -> None:
    shut(ladder)
    flood(ladder, 1)
    caller = Caller(2)
    invite = caller.invite(extra=("Via: SIP/2.0/UDP 10.9.9.9;branch=z9hG4bKbefore",))
    ladder.feed("a", invite)
    seen = ladder.one("a 503 INVITE")
    assert seen.headers("via")[1] == "SIP/2.0/UDP 10.9.9.9;branch=z9hG4bKbefore"
    assert seen.headers("via")[0].endswith(f";rport={A[1]};received={A[0]}")
    assert 1 <= int(seen.header("retry-after")) <= 3
    assert seen.message.to_tag
    assert seen.header("cseq") == "1 INVITE"
    ladder.engine.gate._answers = 9.0
    ladder.feed("a", invite)
    assert ladder.one("a 503 INVITE").data == seen.data
    ladder.feed("a", caller.ack_failure(seen))
    ladder.expect()
    counters = ladder.engine.counters
    assert counters.overload["vms", "1", "refused"] == 1  # its repetition does not ask again
    assert counters.dropped == {}
    assert counters.requests_in["a", "ACK"] == 1
    assert ladder.engine.active_calls() == 1


@pytest.mark.parametrize("name", ["", "edge"])
def test_a_refusal_without_parsing_says_what_one_with_it_says(ladder_of: Callable[..., Ladder], name: str) -> None:
    ladder = ladder_of(topology(limits=LIMITS, server_name=name))
    shut(ladder)
    flood(ladder, 1)
    caller = Caller(2)
    invite = caller.invite()
    said = []
    for data in (invite, invite.replace(b"\r\nCall-ID: ", b"\r\ni: ")):
        ladder.engine.gate._answers = 9.0
        ladder.feed("a", data)
        said.append(ladder.one("a 503 INVITE").data)
    assert said[0] == said[1]
    assert (b"\r\nServer: edge\r\n" in said[0]) == bool(name)
    assert ladder.engine.counters.responses_out["a", "INVITE", 503] == 2
    crowd(ladder, QUIET + 2 * REMEMBERED + 1.0, 0.0)
    ladder.feed("a", caller.ack_failure(ladder.seen[-1]))  # known by its tag
    ladder.expect()


def test_a_call_whose_transaction_is_not_seen_is_no_repetition_of_another(ladder: Ladder) -> None:
    shut(ladder)
    flood(ladder, 1)
    old = (b"z9hG4bK", b"old")
    ladder.engine.gate._answers = 9.0
    ladder.feed("a", Caller(2).invite().replace(*old))
    ladder.expect("a 503 INVITE")
    ladder.advance(1.0)
    ladder.unread = []
    ladder.feed("a", Caller(3).invite().replace(*old))
    ladder.expect(*FULL)


def test_a_refused_call_is_not_served_when_there_is_room_again(ladder: Ladder) -> None:
    shut(ladder)
    flood(ladder, 1)
    caller = Caller(2)
    invite = caller.invite()
    ladder.feed("a", invite)
    ladder.expect("a 503 INVITE")
    crowd(ladder, QUIET + 1.0, 0.0)
    assert ladder.engine.gate.rate() == 0.0
    ladder.feed("a", Caller(3).invite())
    ladder.expect(*FULL)
    ladder.engine.gate._answers = 1.0
    ladder.feed("a", invite)
    ladder.expect("a 503 INVITE")
    ladder.unread = []
    crowd(ladder, 2 * REMEMBERED + 1.0, 0.0)
    ladder.unread = []
    assert not ladder.engine.gate.shut


def test_beyond_the_answers_there_is_silence(ladder: Ladder) -> None:
    shut(ladder)
    flood(ladder, 1)
    answers = flood(ladder, 20, 2000)
    assert answers.count("a 503 INVITE") <= 1 + ANSWERS * 20
    assert answers.count("") >= 15
    assert ladder.engine.counters.dropped == {"overload": answers.count("")}


def test_calls_in_progress_do_not_notice(ladder: Ladder) -> None:
    caller = Caller()
    ladder.feed("a", caller.invite())
    invite = ladder.expect(*FULL)[1]
    shut(ladder)
    flood(ladder, 3)
    callee = Callee(invite)
    again = caller.last_via
    ladder.feed("a", caller.invite().replace(caller.last_via.encode(), again.encode()))
    ladder.expect("a 100 INVITE")
    ladder.feed("b", callee.reply(180))
    ladder.expect("a 180 INVITE")
    ladder.feed("b", callee.reply(200, body=ANSWER))
    caller.learn(ladder.expect("a 200 INVITE", "b ACK")[0])
    ladder.feed("a", caller.ack())
    ladder.feed("a", caller.request("INVITE", body=OFFER))
    ladder.expect("b INVITE")
    ladder.feed("a", caller.cancel())
    ladder.expect("a 200 CANCEL")
    ladder.feed("a", caller.request("BYE"))
    assert {"a 487 INVITE", "b BYE"} <= {one.label for one in ladder.unread}
    ladder.unread = []


@pytest.mark.parametrize("called", ["112", "15", "17", "18", "114", "115", "119", "196", "+33112", "116117"])
def test_calls_for_help_pass(ladder: Ladder, called: str) -> None:
    shut(ladder)
    flood(ladder, 5)
    ladder.feed("a", Caller(77, called=called).invite())
    ladder.expect(*FULL)


def test_a_strange_number_is_no_way_around(ladder: Ladder) -> None:
    shut(ladder)
    flood(ladder, 1)
    ladder.feed("a", Caller(5, called="06-12-34-56-78").invite())
    ladder.expect("a 503 INVITE")
    ladder.feed("a", Caller(6, called="06-12-34-56-78").invite().replace(b"CSeq: 1 INVITE", b"CSeq: 1 BYE"))
    ladder.expect("a 400 BYE")  # what is broken is told so


def test_a_stream_is_always_answered(ladder_of: Callable[..., Ladder]) -> None:
    ladder = ladder_of(topology(limits=LIMITS, listeners=(OWN_UDP, OWN_TCP)))
    shut(ladder)
    flood(ladder, 3)
    for number in range(6):
        ladder.feed_from(A_STREAM, Caller(30 + number).invite())
        ladder.expect("a 503 INVITE")
    assert ladder.engine.gate.shares.members["vms"].hosts == [A[0]]


def test_texts_are_held_back_too(ladder: Ladder) -> None:
    shut(ladder)
    flood(ladder, 1)
    text = Caller(8).invite().replace(b"INVITE", b"MESSAGE")
    ladder.feed("a", text)
    ladder.expect("a 503 MESSAGE")


def test_what_waited_too_long_is_thrown_away(ladder: Ladder) -> None:
    shut(ladder)
    ladder.engine.gate._answers = 0.0
    ladder.engine.gate.observe(0, STALE, ladder.now)
    assert flood(ladder, 2) == ["", ""]
    ladder.engine.gate.observe(0, 0.0, ladder.now + 0.01)
    assert flood(ladder, 1, 3000) == [" ".join(FULL)]


def weighty(edition: Edition, customer: str, weight: float) -> Edition:
    """The edition with that weight of a customer."""
    found = edition.directory.customer(customer)
    assert found is not None
    return edition_with(edition, edition.directory.changed({customer: replace(found, weight=weight)}, [], {}), 2)


def busy_seconds(ladder: Ladder, seconds: int, **each: int) -> None:
    """Each of these customers begins so many calls in every window."""
    number = round(ladder.now - 1000) * 1000
    for _ in range(round(seconds / WINDOW)):
        for customer, count in each.items():
            flood(ladder, count, number, customer)
            number += count
        ladder.advance(WINDOW)
        ladder.unread = []
        ladder.engine.gate.observe(0, LIMITS.queue_delay, ladder.now)


def test_who_stays_below_his_share_notices_nothing(ladder_of: Callable[..., Ladder], edition: Edition) -> None:
    """One trunk, two customers: one floods, the other begins three calls in a second."""
    ladder = ladder_of(topology(limits=LIMITS), weighty(edition, "named", 1.5))
    shut(ladder)
    for _ in range(20):
        busy_seconds(ladder, 1, acme=2)
        flood(ladder, 1, 90_000 + round(ladder.now - 1000), "named")
    counts = ladder.engine.counters.overload
    assert counts["vms", "1.5", "admitted"] == 20
    assert counts["vms", "1", "refused"] > 2 * counts["vms", "1", "admitted"]


def test_a_customer_of_more_weight_gets_more(ladder_of: Callable[..., Ladder], edition: Edition) -> None:
    ladder = ladder_of(topology(limits=LIMITS), weighty(edition, "named", 3.0))
    shut(ladder)
    busy_seconds(ladder, 20, acme=3, named=3)
    counts = ladder.engine.counters.overload
    assert counts["vms", "3", "admitted"] > 2 * counts["vms", "1", "admitted"]


def test_strangers_have_one_share_together(ladder: Ladder) -> None:
    shut(ladder)
    for number in range(5):
        ladder.feed_from(Hop(0, f"10.77.0.{number}", 5060), Caller(90 + number).invite())
        ladder.unread = []
    gate = ladder.engine.gate
    assert gate.shares.members[STRANGERS].asked == 5
    assert ladder.engine.counters.overload[STRANGERS, "1", "refused"] == 4


def test_the_kernel_is_told_only_when_it_listens(ladder: Ladder) -> None:
    gate = ladder.engine.gate
    for listens in (False, True):
        gate.filtered = listens
        shut(ladder)
        for step in range(30):
            flood(ladder, 40, 10_000 + 50 * step)
            ladder.advance(WINDOW)
            ladder.unread = []
            gate.observe(0, 0.06, ladder.now)
        assert set(gate.drops) == ({A[0]} if listens else set())
    assert 0.5 < gate.drops[A[0]] < 1.0
    crowd(ladder, 2 * QUIET, 0.0)
    assert gate.drops == {}


def test_a_trunk_of_more_weight_has_more(ladder_of: Callable[..., Ladder]) -> None:
    ladder = ladder_of(topology(limits=LIMITS, platform_trunk=platform(weight=4.0)))
    shut(ladder)
    flood(ladder, 1)
    assert ladder.engine.gate.shares.members["vms"].weight == 4.0


def test_a_call_of_a_stream_has_no_host(ladder: Ladder) -> None:
    shut(ladder)
    ladder.feed_from(Hop(TCP, "10.3.0.9", 5060, 0, 3), Caller(4).invite())
    ladder.unread = []
    assert ladder.engine.gate.shares.members[STRANGERS].hosts == []
