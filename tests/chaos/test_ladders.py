"""Which calls of a capture count as lost, and how they are told."""

from __future__ import annotations

import pytest

from tests.chaos.capture import Datagram
from tests.chaos.ladders import Ladder, ladders

PLATFORM, CARRIER, NODE = 5070, 5080, 5060
WAYS = {"p>": (PLATFORM, NODE), ">p": (NODE, PLATFORM), "c>": (CARRIER, NODE), ">c": (NODE, CARRIER)}
A_LEG = ["p> INVITE 1 1", ">p 100 INVITE 1 1", ">p 180 INVITE 1 1", ">p 200 INVITE 1 1", "p> ACK 1 2"]
B_LEG = [">c INVITE 1 n1", "c> 180 INVITE 1 n1", "c> 200 INVITE 1 n1", ">c ACK 1 n2"]
UP = [*A_LEG[:2], *B_LEG, *A_LEG[2:]]
BYE = ["p> BYE 2 3", ">p 200 BYE 2 3", ">c BYE 2 n3", "c> 200 BYE 2 n3"]


def message(at: float, text: str) -> Datagram:
    """`p> INVITE 1 BRANCH` and the like."""
    way, *words = text.split()
    status = words.pop(0) if words[0].isdigit() else ""
    method, number, branch = words
    called = "+33610000000"
    start = f"SIP/2.0 {status} Word" if status else f"{method} sip:{called}@127.0.0.1 SIP/2.0"
    first = method == "INVITE" and number == "1" and not status
    lines = [
        start, f"Via: SIP/2.0/UDP h;branch={branch};rport", f"To: <sip:{called}@h>{'' if first else ';tag=x'}",
        f"Call-ID: call-of-{way.strip('<>')}", f"CSeq: {number} {method}", "", "",
    ]  # fmt: skip
    return Datagram(at, *WAYS[way], "\r\n".join(lines).encode())


def the_one(texts: list[str]) -> Ladder:
    """The call of these messages, a hundredth of a second apart."""
    (found,) = ladders([message(100.0 + 0.01 * at, text) for at, text in enumerate(texts)], {PLATFORM}, {CARRIER})
    return found


@pytest.mark.parametrize(
    ("texts", "lost"),
    [
        ([*UP, *BYE], ""),
        ([*UP, "c> BYE 1 4", ">c 200 BYE 1 4", ">p BYE 1 n5", "p> 200 BYE 1 n5"], ""),
        (["p> INVITE 1 1", ">p 403 INVITE 1 1", "p> ACK 1 1"], ""),
        ([*UP[:4], ">p 503 INVITE 1 1", "c> BYE 1 4", ">c 481 BYE 1 4"], ""),
        (UP[:5], "the platform's INVITE has no final answer"),
        (UP, "nobody hung up"),
        ([*UP, *BYE[:2]], "no BYE on the leg of the carrier"),
        ([*UP, BYE[0], *BYE[2:]], "the BYE of the platform has no answer"),
        ([*UP, "c> BYE 1 4", ">c 481 BYE 1 4"], "the BYE of the carrier was answered 481"),
        ([*UP, "p> INVITE 2 8", ">p 200 INVITE 2 8", *BYE], ""),
        ([*UP, "p> INVITE 2 8", ">p 100 INVITE 2 8", *BYE], "the re-INVITE of the platform has no answer"),
        ([*UP, "p> INVITE 2 8", ">p 408 INVITE 2 8", *BYE], "the re-INVITE of the platform was answered 408"),
    ],
)
def test_a_call_is_lost_when_it_did_not_end_well(texts: list[str], lost: str) -> None:
    assert the_one(texts).lost() == lost


def test_both_legs_are_one_call_with_its_instants_around_the_kill() -> None:
    ladder = the_one([*UP, *BYE[:1], *BYE[:2]])
    assert ladder.call_ids == {"platform": b"call-of-p", "carrier": b"call-of-c"}
    lines = ladder.told([100.095], [(100.095, "up")]).splitlines()
    assert lines[0].startswith("+33610000000: no BYE on the leg of the carrier (platform call-of-p, carrier call-of-c)")
    assert lines[1:3] == ["   -0.0950  platform -> node   INVITE 1", "   -0.0850  node -> platform   100 (INVITE 1)"]
    at = lines.index("   +0.0000  -- kill -9 --")
    assert lines[at + 1] == "   +0.0000  -- noted: up --"
    assert lines[-2].endswith("platform -> node   BYE 2 again")
    assert lines[-1] == "   +0.0150  node -> platform   200 (BYE 2)"


def test_a_call_whose_beginning_was_forgotten_is_not_judged() -> None:
    assert the_one(BYE[:1]).lost() == ""


def test_what_is_of_nobody_or_no_sip_is_left_out() -> None:
    other = Datagram(1.0, 9, 8, message(1.0, "p> BYE 2 3").data)
    assert ladders([other, Datagram(1.0, PLATFORM, NODE, b"\r\n\r\n")], {PLATFORM}, {CARRIER}) == []
