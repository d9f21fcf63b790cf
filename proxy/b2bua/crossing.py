"""A request or its numbering as it crosses inside a call; the leak guard works on every one."""

from __future__ import annotations

from typing import Final

from proxy.b2bua.legs import Couple, Fork
from proxy.b2bua.rewrite import cleaned, edits_for
from proxy.sip.build import request
from proxy.sip.dialog import Dialog
from proxy.sip.message import Message

WITH_CONTACT: Final = frozenset(("INVITE", "UPDATE"))


def a_rseq(fork: Fork, value: bytes) -> bytes:
    """The carrier's RSeq as the A leg numbers it: each early dialog starts at 1 (RFC 3262 7.1)."""
    if not value.isdigit() or len(value) > 10:
        return value
    if not fork.reliable:
        fork.reliable = True
        fork.rseq_shift = 1 - int(value)
    return b"%d" % (int(value) + fork.rseq_shift)


def crossed_rack(value: bytes, shift: int, cseq: int) -> bytes:
    """A PRACK's RAck as the other leg numbers it: its RSeq and the CSeq of its INVITE (RFC 3262 7.2)."""
    parts = value.split()
    if len(parts) != 3 or not parts[0].isdigit() or len(parts[0]) > 10:
        return value
    return b"%d %d %b" % (int(parts[0]) - shift, cseq, parts[2])


def in_dialog(
    couple: Couple, dialog: Dialog, to_b: bool, message: Message, rebuilt: list[bytes], rack: bytes
) -> tuple[bytes, int]:
    """A request of one leg as the other sees it, and how often the leak guard had to act.

    `rebuilt` are the lines that are new on this leg; `rack` replaces the RAck when there is one.
    """
    edits = edits_for(couple.b_face, message, couple.untouched, not to_b)
    edits.head.extend(rebuilt)
    if rack:
        edits.set(b"rack", rack)
    found = 0
    if to_b and not couple.untouched:
        lines, body, found = cleaned(edits, message, couple.secrets)
    else:
        lines, body = edits.lines(message), message.body
    return request(dialog.start_line(message.method), lines, body), found
