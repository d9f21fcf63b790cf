"""What can be seen of a request without parsing it: whether overload refuses it, and what its answer repeats.

While there is too much of everything, what is to be thrown away must cost less than reading it. Each look is a search
for bytes as nearly everybody writes them. What is written in another way is not seen, and whoever asks then has the
message parsed; so nothing here has to be right about strange messages, only about ordinary ones.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from mypy_extensions import i64

INVITE: Final = b"INVITE "
MESSAGE: Final = b"MESSAGE "
ACK: Final = b"ACK "
PLAIN_DIGITS: Final = 10
"""The longest emergency number has six digits, and two more with `+33`."""
_DIGITS: Final = b"0123456789"
_VIA: Final = 0x56  # `V`, and so on: what a header line begins with
_FROM: Final = 0x46
_TO: Final = 0x54
_CALL: Final = 0x43
_SPACE: Final = 0x20
_SHORTEST_COUNT: Final = 14  # `CSeq: 1 INVITE`


def plain_number(data: bytes) -> bool:
    """Does this request call, by a sip URI, `+` and nine digits or more, or ten that do not begin with `00`?

    Then it is no call to an emergency number, however that is written.
    """
    at = data.find(b" sip:", 0, 16)
    if at < 0:
        return False
    start = at + 5
    user = data[start : start + PLAIN_DIGITS]
    if user[:1] == b"+":
        user = user[1:] + b"0"
    return len(user) == PLAIN_DIGITS and user[:2] != b"00" and not user.translate(None, _DIGITS)


def begins_dialog(data: bytes) -> bool:
    """Has the To of this request no tag? False too for one that is not found."""
    at = data.find(b"\r\nTo: ")
    if at < 0:
        return False
    return data.find(b"tag=", at, data.find(b"\r\n", at + 2)) < 0


def transaction_key(data: bytes) -> bytes:
    """What `matching.invite_key` says of this request, by its first Via; empty when that is not found."""
    at = data.find(b"\r\nVia: SIP/2.0/")
    if at < 0:
        return b""
    end = data.find(b"\r\n", at + 2)
    start = data.find(b" ", at + 15, end) + 1
    stop = data.find(b";", start, end)
    at = data.find(b";branch=z9hG4bK", stop, end)
    if start <= 0 or stop < 0 or at < 0:
        return b""
    over = data.find(b";", at + 8, end)
    return data[at + 8 : over if over >= 0 else end] + b"\n" + data[start:stop]


def header_value(data: bytes, line: bytes) -> bytes:
    """The value of the first header that begins with `line`, a line end and a name with its colon; empty without one."""
    at = data.find(line)
    if at < 0:
        return b""
    start = at + len(line)
    end = data.find(b"\r\n", start)
    return data[start:end].strip() if end >= 0 else b""


def echoed(invite: bytes, mark: bytes) -> bytes:
    """What each answer to this INVITE repeats of it: its Vias, the first with `mark` for `rport`, From, Call-ID, CSeq and
    To, in the order and the writing of `build.response`, without the last line end.

    Empty for an INVITE that is not written as nearly all are, has no `rport`, or offers overload control (RFC 7339).
    """
    end = invite.find(b"\r\n\r\n")
    if end < 0:
        return b""
    vias = caller = call = count = callee = b""
    for line in invite[:end].split(b"\r\n")[1:]:
        first: i64 = line[0]
        if first == _CALL:
            if line.startswith(b"Call-ID: ") and not call:
                call = line
            elif line.startswith(b"CSeq: ") and not count:
                count = line
        elif first == _VIA and line.startswith(b"Via: "):
            vias += line + b"\r\n" if vias else _came_from(line, mark)
            if not vias:
                return b""
        elif first == _FROM and not caller and line.startswith(b"From: "):
            caller = line
        elif first == _TO and not callee and line.startswith(b"To: "):
            callee = line
        elif first in (_VIA, _FROM, _TO) or first <= _SPACE or first in (0x76, 0x66, 0x74, 0x69, 0x49, 0x63):  # vftiIc
            return b""  # folded, short, in another writing, or more than one of what there is one of
    if not call or not callee or caller.find(b";tag=") < 0 or not _counts_invite(count):
        return b""
    echo = b"\r\n".join((caller, call, count, callee))
    if echo.count(b"\n") != 3 or echo.count(b"\r") != 3 or echo.find(b"\0") >= 0:
        return b""
    return vias + echo


def _came_from(via: bytes, mark: bytes) -> bytes:
    """The first Via line with `mark` in the place of its `rport`; empty for one that says more, or less."""
    if via.find(b'"') >= 0 or via.find(b",") >= 0 or via.find(b"received") >= 0 or via.find(b";oc") >= 0:
        return b""
    if via.endswith(b";rport"):
        return via[:-6] + mark + b"\r\n"
    at = via.find(b";rport;")
    return via[:at] + mark + via[at + 6 :] + b"\r\n" if at >= 0 else b""


def _counts_invite(line: bytes) -> bool:
    """Is this the CSeq line of an INVITE, its number written as we write it?"""
    if len(line) < _SHORTEST_COUNT or not line.endswith(b" INVITE"):
        return False
    number = line[6:-7]
    return len(number) <= 9 and number.isdigit() and not number.startswith(b"0")
