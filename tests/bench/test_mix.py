"""The kinds of calls of a mixed load, and what its SIPps count."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from stage import HERE

from tests.bench.mix import ALL, REFUSED, called_csv, side

HEAD = "CurrentCall;TotalCallCreated;SuccessfulCall(C);FailedCall(C);Retransmissions(C);CallRate(P);turned_away(P);turned_away(C)"


def test_each_kind_has_its_row_and_one_presents_a_mobile_number() -> None:
    head, *rows = called_csv(200, ALL).splitlines()
    assert head.endswith("PRINTFOFFSET=1000200")
    assert [row.partition(";")[0][-1] for row in rows] == list(ALL)
    assert [row.partition(";")[0][-1] for row in rows if ";+336" in row] == [REFUSED]


def test_what_was_turned_away_is_counted_beside_the_rest() -> None:
    found = side(f"{HEAD}\n3;10;5;2;1;4.0;1;3\n0;12;9;3;4;0.0;0;5\n")
    assert (found.counts.created, found.counts.well, found.counts.failed, found.counts.sent_again) == (12, 9, 3, 4)
    assert found.turned_away == 5


def test_why_calls_failed_is_told_in_the_words_of_sipp() -> None:
    head = f"{HEAD};FailedMaxUDPRetrans(P);FailedMaxUDPRetrans(C);FailedUnexpectedMessage(C);FailedTimeoutOnRecv(C)"
    found = side(f"{head}\n0;12;9;3;4;0.0;0;5;1;2;0;1\n")
    assert found.reasons == {"FailedMaxUDPRetrans": 2, "FailedTimeoutOnRecv": 1}


def test_before_the_first_second_nothing_is_counted() -> None:
    assert side(HEAD).counts.created == 0


@pytest.mark.parametrize("name", ["mix_uac", "mix_uas"])
def test_every_jump_has_a_place_and_every_branch_the_message_that_it_names(name: str) -> None:
    text = Path(HERE, "load", f"{name}.xml").read_text(encoding="utf-8")
    assert set(re.findall(r' next="(\w+)"', text)) <= set(re.findall(r'<label id="(\w+)"', text))
    steps = list(re.finditer(r"<(?:send|recv|nop|pause|timewait)\b[^>]*>", text))
    for found in re.finditer(r"\[branch-(\d+)\]", text):
        place = sum(step.start() < found.start() for step in steps) - 1
        named = place - int(found[1])
        body = text[steps[named].end() : steps[named + 1].start()]
        assert "INVITE sip:" in body
