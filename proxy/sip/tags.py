"""The tag of a From or To value: half of what names a dialog, so it is read in every message.

The form that nearly all values have, `display <uri>;tag=...`, is read byte by byte; all else is read as an address.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from proxy.sip.address import NAMED, names_tag, parse_address
from proxy.sip.message import ParseError
from proxy.sip.syntax import BACKSLASH, GREATER, LESS, QUOTE, SEMICOLON, SPACE
from proxy.sip.uri import sip_or_tel

if TYPE_CHECKING:  # a number of the machine where this is compiled, any number where it is not
    from mypy_extensions import i64

_SCHEME: Final = 4  # bytes of `sip:`


def tag_of(value: bytes) -> bytes:
    """The tag parameter of a From or To value, empty when there is none. Raises ParseError on a broken value.

    A tag without a value is broken: ours behind it would be the second of two, and each reader would take another.
    """
    size: i64 = len(value)
    at: i64 = 0
    byte: i64 = 0
    if size and value[0] == QUOTE:
        at = 1
        while at < size:
            byte = value[at]
            at += 1
            if byte == QUOTE:
                break
            if byte == BACKSLASH:
                return _odd_tag(value)
        while at < size and value[at] == SPACE:
            at += 1
        if at >= size or value[at] != LESS:
            return _odd_tag(value)
    while at < size:  # a display name without quotes
        byte = value[at]
        if byte == LESS:
            break
        if byte in (QUOTE, BACKSLASH, GREATER):
            return _odd_tag(value)
        at += 1
    uri: i64 = at + 1
    at = uri
    while at < size:
        byte = value[at]
        if byte <= GREATER:  # most are letters, which stand behind it
            if byte == GREATER:
                break
            if byte in (QUOTE, LESS):
                return _odd_tag(value)
        at += 1
    at += 1
    if at > size or at - uri <= _SCHEME or not sip_or_tel(value, uri):
        return _odd_tag(value)
    if at == size:
        return b""
    start: i64 = at + NAMED
    if start >= size or not names_tag(value, at):
        return _odd_tag(value)
    at = start
    while at < size:
        byte = value[at]
        if byte <= GREATER and (byte <= SPACE or byte in (SEMICOLON, QUOTE, GREATER)):
            return _odd_tag(value)
        at += 1
    return value[start:]


def _no_tag(rest: bytes) -> bytes:
    """Nothing, where nothing was written behind the address; RFC 3261 25.1 knows no empty tag."""
    if rest:
        raise ParseError(400, "tag", "expected a value in the tag of From and To")
    return b""


def _odd_tag(value: bytes) -> bytes:
    tag = parse_address(value).param(b"tag")
    return tag if tag else _no_tag(b"" if tag is None else value)
