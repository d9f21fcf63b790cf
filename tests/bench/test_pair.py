"""What the carrier must have seen before a contender is measured, and the scenarios of the load."""

from __future__ import annotations

import pytest

from tests.bench.pair import pinned, wrong_invites
from tests.bench.scenario import messages

INVITE = """\
----------------------------------------------- 2026-11-22 13:46:40.673156
UDP message received [842] bytes :

INVITE sip:+33600000000@127.0.0.1:37570;user=phone SIP/2.0
From: <sip:+33162510000@edge.example.net;user=phone>;tag=75db
P-Asserted-Identity: <sip:+33162510000@edge.example.net>

v=0
"""
ANSWER = """\
----------------------------------------------- 2026-11-22 13:46:40.673252
UDP message sent (295 bytes):

SIP/2.0 100 Trying
From: <sip:+33162510000@edge.example.net;user=phone>;tag=75db
CSeq: 1 INVITE

"""
MOBILE = INVITE.replace("+33162510000", "+33612500000")


def test_one_rewritten_call_and_nothing_of_the_refused_one_is_right() -> None:
    assert wrong_invites((INVITE + ANSWER).replace("\n", "\r\n")) == []


@pytest.mark.parametrize(
    ("trace", "wrong"),
    [
        (ANSWER, ["0 INVITEs reached the carrier, not 1"]),
        (INVITE + ANSWER + MOBILE, ["2 INVITEs reached the carrier, not 1"]),
        (INVITE.replace("P-Asserted-Identity: <sip:+33162510000@edge.example.net>\n", ""),
         ["P-Asserted-Identity is not the number of the account: []"]),
        (INVITE.replace("\n\nv=0", "\nX-Account: cust0000\n\nv=0"), ["X-Account reached the carrier"]),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told(trace: str, wrong: list[str]) -> None:
    assert wrong_invites(trace) == wrong


def test_the_presented_number_must_be_gone() -> None:
    assert len(wrong_invites(MOBILE)) == 2


def test_a_command_is_kept_on_its_cores() -> None:
    assert pinned((1, 3), ["sipp"]) == ["taskset", "-c", "1,3", "sipp"]


@pytest.mark.parametrize("scenario", ["call_uac", "refused_uac"])
def test_the_invite_has_the_size_that_the_figures_are_quoted_for(scenario: str) -> None:
    invite = messages(scenario)[0]
    assert 900 <= len(invite) <= 925
    assert len(invite.partition(b"\r\n\r\n")[2]) == 270


def test_both_jobs_send_the_same_invite_but_for_the_caller() -> None:
    call, refused = messages("call_uac")[0], messages("refused_uac")[0]
    assert call.count(b"+33142500000") == refused.count(b"+33612500000") == 2
    assert call.replace(b"+33142500000", b"") == refused.replace(b"+33612500000", b"")
