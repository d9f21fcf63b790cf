"""Notes of `snapshot.py` read back: bytes to plain records, or a `ValueError` that says what is wrong with them.

Nothing here knows the node that reads; what its trunks and listeners make of a record is for `take_up.py`.
"""

from __future__ import annotations

from sys import intern
from typing import Final, final

from proxy.b2bua.coupling import NEW, OVER
from proxy.b2bua.extract import NO_SECRETS, Secrets
from proxy.b2bua.note_texts import parted, unescaped
from proxy.b2bua.outputs import CallRecord
from proxy.b2bua.reinvites import Reinvite
from proxy.b2bua.snapshot import BACK, EARLY_NUMBERS, ENDERS, HEAD, NUMBERS, REINVITE, STATE, VERSION
from proxy.sip.address import split_values
from proxy.sip.dialog import Dialog
from proxy.sip.hop import hop_of

LATEST: Final = 1e11
_COMMON: Final = 11  # texts of `snapshot.texts_of`
_DIALOG: Final = 6
_EARLY_TEXTS: Final = _COMMON + 11
_TALK_TEXTS: Final = _COMMON + 2 * _DIALOG + 11


@final
class Story:
    """What every note of a call says: who it belongs to, and how far it has come."""

    __slots__ = (
        "number", "state", "ended_by", "status", "ringing_at", "answered_at", "started", "flags", "decision_id",
        "customer", "campaign", "purpose", "mode", "trunk", "carrier", "called", "reason", "a_call_id", "b_call_id",
    )  # fmt: skip

    def __init__(self, number: int, texts: list[bytes], flags: int, started: float) -> None:
        self.number: Final = number
        self.flags: Final = flags
        self.started: Final = started
        said = [intern(text.decode("utf-8")) for text in texts[:9]]  # names that many calls share
        self.decision_id: Final = said[0]
        self.customer: Final = said[1]
        self.campaign: Final = said[2]
        self.purpose: Final = said[3]
        self.mode: Final = said[4]
        self.trunk: Final = said[5]
        self.carrier: Final = said[6]
        self.called: Final = unescaped(texts[7]).decode("utf-8")
        self.reason = said[8]
        self.a_call_id: Final = texts[9]
        self.b_call_id: Final = texts[10]
        self.state = 0
        self.ended_by = ENDERS[0]
        self.status = 0
        self.ringing_at = 0.0
        self.answered_at = 0.0

    def take(self, data: bytes) -> None:
        """State and what changes with it, from behind the head of a whole note or a mark."""
        state, ender, status, ringing_at, answered_at = STATE.unpack_from(data, HEAD.size)
        if ender >= len(ENDERS) or not NEW < state < OVER or status >= 700:
            raise ValueError("it names no state, no status, or nobody who ended it")
        check_times(ringing_at, answered_at)
        self.state, self.ended_by, self.status = state, ENDERS[ender], status
        self.ringing_at, self.answered_at = ringing_at, answered_at

    def take_mark(self, data: bytes) -> None:
        """A mark."""
        self.take(data)
        self.reason = data[HEAD.size + STATE.size :].decode("utf-8")

    def record(self, ended_at: float, status: int, ended_by: str, reason: str) -> CallRecord:
        """The record of the call that ends now, in this way."""
        return CallRecord(
            self.decision_id, self.customer, self.campaign, self.trunk, self.carrier, self.called, self.started,
            self.ringing_at, self.answered_at, ended_at, status, ended_by, reason, self.a_call_id, self.b_call_id,
            "back" if self.flags & BACK else "out", self.number,
        )  # fmt: skip


@final
class Early:
    """A call that nobody had answered."""

    __slots__ = ("story", "key", "merge_key", "to", "hop", "asked", "inquiry", "branch", "b_hop", "gateway", "head", "request")  # fmt: skip

    def __init__(self, number: int, data: bytes) -> None:
        flags, started, asked, head, request = EARLY_NUMBERS.unpack_from(data, HEAD.size + STATE.size)
        texts, rest = parted(data, HEAD.size + STATE.size + EARLY_NUMBERS.size, _EARLY_TEXTS, head + request)
        story = self.story = Story(number, texts, flags, started)
        story.take(data)
        check_times(started, asked)
        self.asked: Final[float] = asked
        self.key: Final = texts[11].replace(b"\t", b"\n")
        self.merge_key: Final = texts[12].replace(b"\t", b"\n")
        self.to: Final = texts[13]
        self.hop: Final = hop_of(texts[14])
        self.inquiry: Final = (
            texts[15].decode("utf-8"), unescaped(texts[16]).decode("utf-8"), texts[17].decode("utf-8"),
            texts[18].decode("utf-8"),
        )  # fmt: skip
        self.branch: Final = texts[19]
        self.b_hop = hop_of(texts[20]) if texts[20] else None
        self.gateway: Final = hop_of(texts[21]) if texts[21] else None
        self.head: Final = rest[:head]
        self.request: Final = rest[head:]

    def forget_carrier(self) -> None:
        """There is no such carrier any more: it is told nothing."""
        self.b_hop = None


@final
class Talk:
    """A call that was answered."""

    __slots__ = (
        "story", "longest_due", "session", "session_due", "a", "b", "rseq_shift", "gateway", "secrets", "a_secrets",
        "session_ids", "moved", "moved_cseq_in", "moved_cseq_out", "key", "hop", "branch", "cseq", "ok", "reinvite",
    )  # fmt: skip

    def __init__(self, number: int, data: bytes) -> None:
        (
            flags, started, longest_due, session, session_due, a_local, a_remote, b_local, b_remote, shift, moved,
            cseq_in, cseq_out, cseq, size,
        ) = NUMBERS.unpack_from(data, HEAD.size + STATE.size)  # fmt: skip
        texts, ok = parted(data, HEAD.size + STATE.size + NUMBERS.size, _TALK_TEXTS, size)
        story = self.story = Story(number, texts, flags, started)
        story.take(data)
        check_times(started, longest_due, session, session_due)
        self.longest_due: Final[float] = longest_due
        self.session: Final[float] = session
        self.session_due: Final[float] = session_due
        self.a: Final = dialog_of(story.a_call_id, texts[11:17], a_local, a_remote)
        self.b: Final = dialog_of(story.b_call_id, texts[17:23], b_local, b_remote)
        self.rseq_shift: Final[int] = shift
        self.gateway: Final = hop_of(texts[23])
        self.secrets: Final = secrets_of(texts[24:27])
        self.a_secrets: Final = secrets_of(texts[27:30])
        self.session_ids: Final = texts[30].split(b" ")
        if len(self.session_ids) not in (1, 5):
            raise ValueError("its session ids are not five")
        self.moved: Final[int] = moved
        self.moved_cseq_in: Final[int] = cseq_in
        self.moved_cseq_out: Final[int] = cseq_out
        self.key: Final = texts[31].replace(b"\t", b"\n")
        self.hop: Final = hop_of(texts[32]) if texts[32] else None
        self.branch: Final = texts[33]
        self.cseq: Final[int] = cseq
        self.ok: Final = ok if flags & REINVITE == 0 else b""
        self.reinvite: Final = Reinvite(ok) if flags & REINVITE else None


def check_times(*times: float) -> None:
    """Raises ValueError for what is no time of this age."""
    for instant in times:
        if not 0.0 <= instant < LATEST:
            raise ValueError("it names a time that cannot be")


def head_of(data: bytes) -> tuple[int, int, int]:
    """Kind of a note, number of its call, and which whole note it is or adds to. Raises ValueError."""
    if len(data) < HEAD.size:
        raise ValueError("it is cut off")
    version, kind, count, number = HEAD.unpack_from(data, 0)
    if version != VERSION:
        raise ValueError(f"it is of version {version}, and {VERSION} is known here")
    return kind, number, count


def dialog_of(call_id: bytes, texts: list[bytes], local_cseq: int, remote_cseq: int) -> Dialog:
    """Our half of a dialog."""
    local = texts[0]
    dialog = Dialog(call_id, local, local[local.rfind(b";tag=") + 5 :], texts[1], texts[2], hop_of(texts[5]))
    dialog.target = texts[3]
    dialog.routes = tuple(split_values(texts[4])) if texts[4] else ()
    dialog.local_cseq, dialog.remote_cseq = local_cseq, remote_cseq
    return dialog


def secrets_of(texts: list[bytes]) -> Secrets:
    """What must not cross."""
    if texts == _NO_SECRETS:
        return NO_SECRETS
    digits, names, hosts = [tuple([unescaped(one) for one in text.split(b"\t") if one]) for text in texts]
    return Secrets(digits, names, hosts)


_NO_SECRETS: Final = [b"", b"", b""]
