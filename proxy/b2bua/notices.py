"""The NOTIFY of a transfer (RFC 3515 2.4, RFC 6665): what of it crosses, and the one request that carries it."""

from __future__ import annotations

from typing import Final, final

from proxy.b2bua.crossing import crossing_status
from proxy.b2bua.legs import Asker, Fork
from proxy.b2bua.state import CallState
from proxy.sip.build import request, status_line
from proxy.sip.message import Message
from proxy.sip.transaction import ServerTransaction

STATES: Final = frozenset((b"active", b"pending", b"terminated"))
REASONS: Final = frozenset((
    b"deactivated", b"probation", b"rejected", b"timeout", b"giveup", b"noresource", b"invariant",
))  # fmt: skip
_LEAST_STATUS: Final = len(b"SIP/2.0 200")


@final
class Crossing:
    """What of a NOTIFY crosses: its ready lines, its body, and whether it is the last one."""

    __slots__ = ("lines", "body", "last")

    def __init__(self, lines: list[bytes], body: bytes, last: bool) -> None:
        self.lines: Final = lines
        self.body: Final = body
        self.last: Final = last


def notice_of(message: Message, asked: int, asker: int) -> Crossing | None:
    """Event, state and progress of a NOTIFY; None when it is of another event or another REFER.

    A REFER is named by its CSeq, which is `asked` on the leg that notifies and `asker` on the other (RFC 3515 2.4.6).
    """
    parts = [part.strip() for part in message.first(b"event").split(b";")]
    event = b"Event: refer"
    if parts[0].lower() != b"refer":
        return None
    for part in parts[1:]:
        if part[:3].lower() == b"id=":
            if part[3:] != b"%d" % asked:
                return None
            event += b";id=%d" % asker
    state, last = _state(message.first(b"subscription-state"))
    lines = [event, b"Subscription-State: " + state]
    body = progress(message)
    if body:
        lines.append(b"Content-Type: message/sipfrag;version=2.0")
    return Crossing(lines, body, last)


def _state(value: bytes) -> tuple[bytes, bool]:
    """The state with its known parameters, and whether it is the end; one that cannot be read is taken for active."""
    parts = [part.strip() for part in value.lower().split(b";")]
    state = parts[0] if parts[0] in STATES else b"active"
    out = state
    for part in parts[1:]:
        name, _, text = part.partition(b"=")
        if (name == b"expires" and text.isdigit() and len(text) < 10) or (name == b"reason" and text in REASONS):
            out += b";" + part
    return out, state == b"terminated"


def progress(message: Message) -> bytes:
    """The status line of a sipfrag body with the standard phrase; nothing else of it may cross. Empty when there is none."""
    body = message.body
    kind = message.first(b"content-type").partition(b";")[0].strip().lower()
    status = body[len(b"SIP/2.0 ") : _LEAST_STATUS]
    if kind != b"message/sipfrag" or not body.startswith(b"SIP/2.0 ") or not status.isdigit():
        return b""
    return status_line(int(status)) if 100 <= int(status) < 700 else b""


@final
class Notice(Asker):
    """One NOTIFY on its way to the leg that asked for the transfer; its answer goes back."""

    __slots__ = ("call", "fork", "to_a", "server")

    def __init__(self, call: CallState, fork: Fork, to_a: bool, server: ServerTransaction) -> None:
        self.call: Final = call
        self.fork: Final = fork
        self.to_a: Final = to_a
        self.server: Final = server

    def works_for(self) -> Asker:
        """The call."""
        return self.call

    def cross(self, crossing: Crossing, hops: int) -> None:
        """Send it on."""
        call, fabric = self.call, self.call.fabric
        dialog = self.fork.a if self.to_a else self.fork.b
        face = call.a_face if self.to_a else call.b_face
        key = fabric.ids.branch()
        head = [face.via + key, b"Max-Forwards: %d" % hops, *dialog.lines(dialog.next_cseq(), b"NOTIFY"), face.contact]
        head += call.session_line(self.to_a)
        if face.agent:
            head.append(b"User-Agent: " + face.agent)
        data = request(dialog.start_line(b"NOTIFY"), head + crossing.lines, crossing.body)
        pace = call.a_pace if self.to_a else call.b_pace
        fabric.ask("a" if self.to_a else "b", pace, key, "NOTIFY", data, dialog.hop, self)

    def heard(self, message: Message) -> None:
        """The answer goes back; challenges and redirections stay here."""
        status = message.status
        if status >= 200:
            crossing = crossing_status(status)
            self.call.fabric.reply(self.server, crossing, self.call.session_line(not self.to_a), b"")

    def unheard(self, status: int) -> None:
        """Silence is not told (RFC 4320 4.2)."""
        if status == 408:
            self.server.give_up(self.call.fabric.now)
        else:
            self.call.fabric.reply(self.server, status, self.call.session_line(not self.to_a), b"")
