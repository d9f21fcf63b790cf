"""Notes of calls: one for what has changed, and none for what has not."""

from __future__ import annotations

import pytest

from proxy.b2bua.call import Call
from proxy.b2bua.coupling import CANCELLING
from proxy.b2bua.note_reading import Talk, head_of
from proxy.b2bua.outputs import told_first
from proxy.b2bua.snapshot import EARLY, END, HEAD, MARK, TALK, ended, note_again
from tests.ladder import ANSWER, Callee, Caller, Ladder, hang_up, set_up


def kinds(ladder: Ladder) -> list[int]:
    """The kinds of the notes since the last look."""
    found, ladder.notes = [head_of(data)[0] for data in ladder.notes], []
    return found


def test_each_step_of_a_call_is_one_note(ladder: Ladder) -> None:
    caller = Caller()
    ladder.feed("a", caller.invite())
    callee = Callee(ladder.expect("a 100 INVITE", "b INVITE")[1])
    assert kinds(ladder) == [EARLY]
    ladder.feed("b", callee.reply(100))
    assert kinds(ladder) == []
    ladder.feed("b", callee.reply(180))
    ladder.expect("a 180 INVITE")
    assert kinds(ladder) == [MARK]
    ladder.feed("b", callee.reply(183))
    ladder.expect("a 183 INVITE")
    assert kinds(ladder) == []
    ladder.feed("b", callee.reply(200, body=ANSWER))
    caller.learn(ladder.expect("a 200 INVITE", "b ACK")[0])
    assert kinds(ladder) == [TALK]
    ladder.feed("a", caller.ack())
    assert kinds(ladder) == [MARK]
    ladder.feed("a", caller.request("INFO"))
    ladder.feed("b", callee.reply(200, to=ladder.one("b INFO")))
    ladder.one("a 200 INFO")
    assert kinds(ladder) == [TALK]
    ladder.feed("a", caller.request("BYE"))
    _, bye = ladder.expect("a 200 BYE", "b BYE")
    assert kinds(ladder) == [MARK]
    ladder.feed("b", callee.reply(200, to=bye))
    assert kinds(ladder) == [END]
    ladder.advance(70)
    assert kinds(ladder) == []


def test_a_call_that_nobody_answers_is_over_behind_its_record(ladder: Ladder) -> None:
    caller = Caller()
    ladder.feed("a", caller.invite())
    callee = Callee(ladder.expect("a 100 INVITE", "b INVITE")[1])
    ladder.feed("b", callee.reply(180))
    ladder.one("a 180 INVITE")
    assert kinds(ladder) == [EARLY, MARK]
    ladder.feed("b", callee.reply(486))
    ladder.expect("b ACK", "a 486 INVITE")
    (record,) = ladder.records()
    assert told_first(record)
    note = ladder.notes[0]
    assert kinds(ladder) == [MARK, END]
    assert note[HEAD.size] == CANCELLING
    assert head_of(ended(record.number)) == (END, record.number, 0)


@pytest.mark.parametrize("status", [486, 503])
def test_one_that_dies_before_the_wire_knows_its_end_ends_the_same_way(ladder: Ladder, status: int) -> None:
    caller = Caller()
    ladder.feed("a", caller.invite())
    callee = Callee(ladder.expect("a 100 INVITE", "b INVITE")[1])
    ladder.feed("b", callee.reply(status))
    ladder.expect("b ACK", f"a {status} INVITE")
    (before,) = ladder.records()
    ladder.outputs.clear()
    assert ladder.notes.pop() == ended(before.number)  # neither was written
    ladder.die()
    failed, cancel = ladder.expect(f"a {status} INVITE", "b CANCEL")
    ladder.feed("a", caller.ack_failure(failed))
    ladder.feed("b", callee.reply(481, to=cancel))
    ladder.feed("b", callee.reply(status))  # the ACK was not sent either
    ladder.one("b ACK")
    (record,) = ladder.records()
    assert (record.status, record.ended_by, record.reason) == (status, "b", before.reason)
    ladder.advance(70)
    ladder.assert_empty()


def test_a_note_of_a_talk_is_small(ladder: Ladder) -> None:
    set_up(ladder)
    (number,) = ladder.engine.fabric.calls
    assert len(note_again(ladder.engine.fabric, number)) < 600


def test_a_whole_note_says_the_state_that_marks_would(ladder: Ladder) -> None:
    talk = set_up(ladder)
    ladder.feed("a", talk.caller.request("BYE"))
    _, bye = ladder.expect("a 200 BYE", "b BYE")
    (call,) = ladder.engine.fabric.calls.values()
    assert isinstance(call, Call)
    story = Talk(call.number, note_again(ladder.engine.fabric, call.number)).story
    assert (story.state, story.ended_by, story.status) == (call.state, "a", 200)
    ladder.feed("b", talk.callee.reply(200, to=bye))
    assert note_again(ladder.engine.fabric, call.number) == b""


def test_nobody_keeps_notes_unless_somebody_wants_them(ladder: Ladder) -> None:
    ladder.engine.fabric.noting = False
    hang_up(set_up(ladder))
    assert ladder.notes == []
    assert ladder.engine.fabric.changed == []


def test_a_call_that_cannot_be_noted_goes_on(ladder: Ladder) -> None:
    talk = set_up(ladder)
    (call,) = ladder.engine.fabric.calls.values()
    assert isinstance(call, Call)
    call.campaign = "\udc80"
    ladder.feed("a", talk.caller.request("INFO"))
    ladder.feed("b", talk.callee.reply(200, to=ladder.one("b INFO")))
    ladder.one("a 200 INFO")
    (told,) = ladder.faults()
    assert told.startswith("no note: UnicodeEncodeError")
    ladder.outputs.clear()
    call.campaign = ""
    hang_up(talk)
