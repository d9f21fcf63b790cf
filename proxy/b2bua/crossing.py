"""A request or its numbering as it crosses inside a call; the leak guard works on every one."""

from __future__ import annotations

from typing import Final

from proxy.b2bua.extract import NO_SECRETS, Secrets
from proxy.b2bua.legs import Couple, Fork
from proxy.b2bua.rewrite import ALLOW_LINE, cleaned, edits_for
from proxy.b2bua.scrub import scrub_lines
from proxy.sip.address import parameters_of, split_values
from proxy.sip.build import request
from proxy.sip.dialog import Dialog
from proxy.sip.message import Message, ParseError
from proxy.sip.syntax import decimal

WITH_CONTACT: Final = frozenset((b"INVITE", b"UPDATE"))


CHALLENGES: Final = {401: 502, 407: 502}  # the trunk's own matter, nothing for the other side to answer


BLOCKED: Final = b"v=analytics"  # how the Reason text of a network that blocks a call begins


def crossing_status(status: int) -> int:
    """A status as the other leg sees it: redirections and challenges never cross."""
    return 480 if 300 <= status < 400 else CHALLENGES.get(status, status)


def a_rseq(fork: Fork, value: bytes) -> bytes:
    """The carrier's RSeq as the A leg numbers it: each early dialog starts at 1 (RFC 3262 7.1)."""
    if not value.isdigit() or len(value) > 10:
        return value
    if not fork.reliable:
        fork.reliable = True
        fork.rseq_shift = 1 - int(value)
    return b"%d" % (int(value) + fork.rseq_shift)


def crossed_rack(value: bytes, shift: int, cseq: int) -> bytes:
    """A PRACK's RAck as the other leg numbers it: its RSeq and the CSeq of its INVITE (RFC 3262 7.2).

    Empty when it cannot be read, or names a provisional response that there was not.
    """
    parts = value.split()
    if len(parts) != 3 or not parts[0].isdigit() or len(parts[0]) > 10 or parts[2] != b"INVITE":
        return b""
    number = int(parts[0]) - shift
    return b"%d %d INVITE" % (number, cseq) if number > 0 else b""


def in_dialog(
    couple: Couple, dialog: Dialog, to_b: bool, message: Message, rebuilt: tuple[int, bytes, int], rack: bytes
) -> tuple[bytes, int]:
    """A request of one leg as the other sees it, and how often the leak guard had to act.

    `rebuilt` is what is new on this leg: CSeq number, branch, Max-Forwards; `rack` stands for the RAck.
    """
    cseq, branch, hops = rebuilt
    face = couple.b_face if to_b else couple.a_face
    edits = edits_for(couple.b_face, message, couple.untouched, not to_b)
    head = edits.head
    head.append(face.via + branch)
    head.append(b"Max-Forwards: " + decimal(hops))
    head.extend(dialog.lines(cseq, message.method))
    if message.method in WITH_CONTACT:
        head.append(face.contact)
    if face.agent:
        head.append(b"User-Agent: " + face.agent)
    session = couple.crossed_session(message, not to_b)
    if session:
        head.append(session)
    if message.has(b"rack"):
        edits.drop(b"rack")
        if rack:
            head.append(b"RAck: " + rack)
    lines, body, found = cleaned(edits, message, guarded(couple, not to_b))
    return request(dialog.start_line(message.method), lines, body), found


def ack(
    couple: Couple, dialog: Dialog, to_b: bool, message: Message | None, cseq: int, branch: bytes
) -> tuple[bytes, int]:
    """The ACK of a 2xx, with the body of the asker's ACK if that brought one (late offer); and as `in_dialog`."""
    if message is not None and message.body:
        return in_dialog(couple, dialog, to_b, message, (cseq, branch, 70), b"")
    face = couple.b_face if to_b else couple.a_face
    lines = [face.via + branch, b"Max-Forwards: 70", *dialog.lines(cseq, b"ACK"), *couple.session_line(not to_b)]
    return request(dialog.start_line(b"ACK"), lines, b""), 0


def reason_lines(couple: Couple, message: Message, to_a: bool) -> tuple[list[bytes], int]:
    """The Reason lines of a BYE or CANCEL as the other leg sees them (RFC 3326), and as `in_dialog`."""
    lines = [b"Reason: " + value for value in message.all(b"reason")]
    secrets = guarded(couple, to_a)
    if not lines or secrets is NO_SECRETS:
        return lines, 0
    found = scrub_lines(lines, 0, secrets)
    return lines, found


def guarded(couple: Couple, to_a: bool) -> Secrets:
    """What must not cross in this direction."""
    if to_a:
        return couple.a_secrets
    return NO_SECRETS if couple.untouched else couple.secrets


def redress(message: Message) -> list[bytes]:
    """Call-Info lines of a 608 that say where a wrong verdict is complained of, and nothing else (RFC 8688 3.2)."""
    found: list[bytes] = []
    for value in message.all(b"call-info"):
        try:
            found += [part for part in split_values(value) if (b"purpose", b"jwscard") in parameters_of(part)]
        except ParseError:
            continue
    return [b"Call-Info: " + part for part in found]


def phrase_of(message: Message) -> bytes:
    """The phrase of a status that needs its own to be understood, else empty: 603 with the word of a blocking
    network in its Reason (ATIS-1000099)."""
    if message.status != 603 or message.first(b"reason").lower().find(BLOCKED) < 0:
        return b""
    return b"Network Blocked"


def answer(
    couple: Couple, to_a: bool, message: Message, routes: bytes, made: Fork | None
) -> tuple[list[bytes], bytes, int]:
    """Lines and body of an answer of one leg as the other sees it, and how often the leak guard had to act.

    `routes` are the Record-Route lines of the request that is answered; `made` is the dialog
    that the answer makes, if it makes one.
    """
    face = couple.a_face if to_a else couple.b_face
    edits = edits_for(couple.b_face, message, couple.untouched, to_a)
    if message.status < 300 and message.method in WITH_CONTACT:
        if routes:
            edits.line(routes)
        edits.line(face.contact)
    elif message.status == 405:
        edits.drop(b"allow")
        edits.line(ALLOW_LINE)
    if face.agent:
        edits.line(b"Server: " + face.agent)
    session = couple.crossed_session(message, to_a)
    if session:
        edits.line(session)
    if to_a and message.status == 608:
        edits.head.extend(redress(message))
    if made is not None and message.has(b"rseq"):
        edits.set(b"rseq", a_rseq(made, message.first(b"rseq")))
    return cleaned(edits, message, guarded(couple, to_a))
