"""What can be seen of a request without parsing it: the few things that decide whether it is refused for overload.

While there is too much of everything, what is to be thrown away must cost less than reading it. Each look is a search
for bytes as nearly everybody writes them. What is written in another way is not seen, and whoever asks then has the
message parsed; so nothing here has to be right about strange messages, only about ordinary ones.
"""

from __future__ import annotations

from typing import Final

INVITE: Final = b"INVITE "
MESSAGE: Final = b"MESSAGE "
ACK: Final = b"ACK "
PLAIN_DIGITS: Final = 10
"""The longest emergency number has six digits, and two more with `+33`."""
_DIGITS: Final = b"0123456789"


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
