"""Addresses: name-addr and addr-spec with all their parameters (RFC 3261 20.10, 25).

`parse_address` reads one value of From, To, Contact, P-Asserted-Identity and their like; `split_values` cuts a
comma-joined header into values without being fooled by quotes and angle brackets. Everything stays bytes as sent. Work
is linear in the length of the value. What stands between the brackets is read by `uri`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, final

from proxy.sip.message import ParseError
from proxy.sip.syntax import BACKSLASH, COMMA, EQUALS, GREATER, LESS, QUOTE, SEMICOLON, SPACE
from proxy.sip.uri import Uri, parse_uri

if TYPE_CHECKING:
    from mypy_extensions import i64

NAMED: Final = 5  # bytes of `;tag=`


@final
class Address:
    """One header value: display name (unquoted, as bytes), URI and header parameters (lower-case names)."""

    __slots__ = ("display", "uri", "params")

    def __init__(self, display: bytes, uri: Uri, params: list[tuple[bytes, bytes]]) -> None:
        self.display: Final = display
        self.uri: Final = uri
        self.params: Final = params

    def param(self, name: bytes) -> bytes | None:
        """The value of the header parameter `name` (lower case); empty bytes for a flag, None when absent."""
        for seen, value in self.params:
            if seen == name:
                return value
        return None


def _end_of_quotes(value: bytes, start: int) -> int:
    """The index after the quoted string that opens at `start`. Looks at each byte once, whatever is escaped."""
    at = start + 1
    close = value.find(b'"', at)
    while close >= 0:
        backslash = value.find(b"\\", at, close)
        if backslash < 0:
            return close + 1
        at = backslash + 2
        if at > close:
            close = value.find(b'"', at)
    raise ParseError(400, "quotes", "expected a closing quote")


def split_values(value: bytes) -> list[bytes]:
    """Cut a comma-joined header value at its top-level commas; values are stripped, empty ones dropped."""
    if COMMA not in value:
        value = value.strip()
        return [value] if value else []
    if QUOTE not in value and LESS not in value:
        return [part.strip() for part in value.split(b",") if part.strip()]
    found: list[bytes] = []
    start = at = 0
    size = len(value)
    while at < size:
        byte = value[at]
        if byte == 0x22:
            at = _end_of_quotes(value, at)
            continue
        if byte == 0x3C:
            close = value.find(b">", at)
            if close < 0:
                raise ParseError(400, "address", "expected a closing angle bracket")
            at = close
        elif byte == 0x2C:
            found.append(value[start:at].strip())
            start = at + 1
        at += 1
    found.append(value[start:].strip())
    return [part for part in found if part]


def split_semicolons(text: bytes) -> list[bytes]:
    """Cut at the semicolons that stand outside quoted strings; pieces as they stand, empty ones kept."""
    if QUOTE not in text:
        return text.split(b";")
    pieces: list[bytes] = []
    start = at = 0
    while at < len(text):
        byte = text[at]
        if byte == 0x22:
            at = _end_of_quotes(text, at)
            continue
        if byte == 0x3B:
            pieces.append(text[start:at])
            start = at + 1
        at += 1
    pieces.append(text[start:])
    return pieces


def _parameters(text: bytes) -> list[tuple[bytes, bytes]]:
    """`;a=b;c;d="x;y"` to pairs: names in lower case, values as sent with their quotes."""
    found: list[tuple[bytes, bytes]] = []
    for piece in split_semicolons(text):
        name, _, value = piece.partition(b"=")
        name = name.strip().lower()
        if name:
            found.append((name, value.strip()))
    return found


def _cut(value: bytes) -> tuple[bytes, bytes, bytes]:
    """Display part, URI and header parameters of a name-addr or addr-spec, each as sent."""
    at = 0
    opening = value.find(b"<")
    quote = value.find(b'"')
    while quote >= 0 and (opening < 0 or quote < opening):
        at = _end_of_quotes(value, quote)
        quote = value.find(b'"', at)
        if 0 <= opening < at:
            opening = value.find(b"<", at)
    if opening < 0:
        bare, semicolon, rest = value.partition(b";")
        return b"", bare.strip(), semicolon + rest
    return _cut_at(value, opening)


def _cut_at(value: bytes, opening: int) -> tuple[bytes, bytes, bytes]:
    """The same where the angle bracket before the URI is known."""
    closing = value.find(b">", opening)
    if closing < 0:
        raise ParseError(400, "address", "expected a closing angle bracket")
    rest = value[closing + 1 :].strip()
    if rest and not rest.startswith(b";"):
        raise ParseError(400, "address", "expected a semicolon after the angle brackets")
    return value[:opening].strip(), value[opening + 1 : closing], rest


def parameters_of(value: bytes) -> list[tuple[bytes, bytes]]:
    """The header parameters of an address value as (lower-case name, value)."""
    rest = _cut(value)[2]
    return _parameters(rest) if rest else []


def parse_address(value: bytes) -> Address:
    """One name-addr or addr-spec with its header parameters. Raises ParseError 400."""
    return _usual(value) or _odd(value)


def _usual(value: bytes) -> Address | None:
    """An address as nearly all are, `"display" <uri>;parameters`; None for one in another writing."""
    size: i64 = len(value)
    at: i64 = 0
    byte: i64 = 0
    display = b""
    if size and value[0] == QUOTE:
        at = 1
        while at < size:
            byte = value[at]
            if byte == QUOTE:
                break
            if byte == BACKSLASH:
                return None
            at += 1
        if at == size:
            return None
        display = value[1:at]
        at += 1
        while at < size and value[at] == SPACE:
            at += 1
    if at >= size or value[at] != LESS:
        return None
    at += 1
    start: i64 = at
    while at < size and value[at] != GREATER:
        at += 1
    after: i64 = at + 1
    if at == size or (after < size and value[after] != SEMICOLON):
        return None
    uri = parse_uri(value[start:at])
    return Address(display, uri, _tag_alone(value, after) or _parameters(value[after:].strip()) if after < size else [])


def _tag_alone(value: bytes, at: i64) -> list[tuple[bytes, bytes]]:
    """The parameter that stands there when it is a tag and none follows; else an empty list."""
    size: i64 = len(value)
    start: i64 = at + NAMED
    if start > size or not names_tag(value, at):
        return []
    at = start
    while at < size:
        byte: i64 = value[at]
        if byte <= SPACE or byte in (SEMICOLON, QUOTE):
            return []
        at += 1
    return [(b"tag", value[start:])]


def names_tag(value: bytes, at: i64) -> bool:
    """Does `;tag=` stand there? Five bytes must follow."""
    if value[at] != SEMICOLON or value[at + 1] != 0x74 or value[at + 2] != 0x61 or value[at + 3] != 0x67:
        return False
    return value[at + 4] == EQUALS


def _odd(value: bytes) -> Address:
    """An address in any writing."""
    display, uri, rest = _cut(value)
    if display.startswith(b'"'):
        if BACKSLASH in display and _end_of_quotes(display, 0) != len(display):
            raise ParseError(400, "address", "expected an angle bracket after the quoted display name")
        if BACKSLASH not in display and display.find(b'"', 1) != len(display) - 1:
            raise ParseError(400, "address", "expected an angle bracket after the quoted display name")
        display = unquote(display)
    return Address(display, parse_uri(uri), _parameters(rest) if rest else [])


def unquote(text: bytes) -> bytes:
    """A quoted string without its quotes and escapes."""
    inner = text[1:].removesuffix(b'"')  # [1:-1] of one byte fails where mypyc 2.4 compiled it
    if BACKSLASH not in inner:
        return inner
    out = bytearray()
    at = 0
    while at < len(inner):
        if inner[at] == 0x5C:
            at += 1
        out += inner[at : at + 1]
        at += 1
    return bytes(out)
