"""Notes read back."""

from __future__ import annotations

from struct import Struct

import pytest

from proxy.b2bua.note_reading import Early, Talk, head_of
from proxy.b2bua.snapshot import EARLY, HEAD, TALK, VERSION
from tests.ladder import Caller, Ladder, set_up

STATUS = Struct("<H")


def test_a_talk_says_where_both_legs_are(ladder: Ladder) -> None:
    set_up(ladder)
    (note,) = [data for data in ladder.notes if head_of(data)[0] == TALK]
    talk = Talk(7, note)
    (call,) = ladder.engine.fabric.calls.values()
    fork = call.fork
    assert fork is not None
    for read, kept in ((talk.a, fork.a), (talk.b, fork.b)):
        for name in (
            "call_id",
            "local",
            "local_tag",
            "remote",
            "remote_tag",
            "target",
            "routes",
            "local_cseq",
            "remote_cseq",
        ):
            assert getattr(read, name) == getattr(kept, name)
        assert read.hop.text() == kept.hop.text()
    assert (talk.story.number, talk.story.customer, talk.story.called) == (7, "acme", "+33140000000")
    assert talk.secrets.digits == call.secrets.digits


def test_an_early_call_keeps_what_its_answers_and_its_cancel_are_made_of(ladder: Ladder) -> None:
    ladder.feed("a", Caller().invite())
    _, invite = ladder.expect("a 100 INVITE", "b INVITE")
    (note,) = ladder.notes
    early = Early(1, note)
    assert head_of(note) == (EARLY, 1, 1)
    assert invite.data.startswith(early.request)
    assert early.request.endswith(b"\r\n\r\n")
    assert early.branch == invite.message.branch
    assert early.head.startswith(b"Via: ")
    assert early.head.endswith(b"INVITE\r\n")
    early.forget_carrier()
    assert early.b_hop is None


@pytest.mark.parametrize(
    "data", [b"", HEAD.pack(VERSION, TALK, 0, 1)[:-1], HEAD.pack(VERSION + 1, TALK, 0, 1)], ids=["none", "cut", "newer"]
)
def test_what_is_no_note_of_ours_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"cut off|of version"):
        head_of(data)


def test_a_status_that_there_is_not_is_refused(ladder: Ladder) -> None:
    ladder.feed("a", Caller().invite())
    ladder.expect("a 100 INVITE", "b INVITE")
    note = bytearray(ladder.notes[0])
    STATUS.pack_into(note, HEAD.size + 2, 699)
    assert Early(1, bytes(note)).story.status == 699
    STATUS.pack_into(note, HEAD.size + 2, 700)
    with pytest.raises(ValueError, match="no status"):
        Early(1, bytes(note))
