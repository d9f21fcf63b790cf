"""The head of a message cut into lines, and each line filed under its name.

Nearly every line begins with a name as RFC 3261 spells it, a colon and a blank: such a line is found by two of its bytes
and one comparison (`usual_lines`). A head in which a line is folded, repeated against the rules, too long or no header
at all is read a second time by `odd_lines`, which takes every spelling and names what is at fault. Both file the same for
what both can read. A bare CR, LF or NUL is refused, since the next hop might read it as a line end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, final

from proxy.sip import syntax
from proxy.sip.message import Message, ParseError, value_of
from proxy.sip.syntax import COMPACT, KNOWN, NUL, SINGLE, SPACE, SPELLING, is_token

if TYPE_CHECKING:
    from mypy_extensions import i64

_CALL_ID: Final = 1
_FROM: Final = 2
_TO: Final = 3
_KEPT: Final = {b"call-id": _CALL_ID, b"from": _FROM, b"to": _TO}  # what is kept in a field of its own at once
_SHORTEST: Final = 4  # shorter lines are read slowly
_PLACES: Final = 5 * 255 + 1
_REMEMBERED_MOST: Final = 1024


@final
class Usual:
    """A header name as nearly everybody writes it; `other` is the next one that shares its place."""

    __slots__ = ("prefix", "size", "name", "kept", "other")

    def __init__(self, prefix: bytes, name: bytes) -> None:
        self.prefix: Final = prefix
        self.size: Final[i64] = len(prefix)
        self.name: Final = name
        self.kept: Final[i64] = _KEPT.get(name, 0)
        self.other: Usual | None = None


def _places() -> list[Usual | None]:
    """All spellings by the place that two of their bytes make; what comes first in `SPELLING` is looked at first."""
    table: list[Usual | None] = [None] * _PLACES
    for name, spelled in SPELLING.items():
        usual = Usual(spelled + b": ", name)
        place = usual.prefix[0] + 4 * usual.prefix[3]
        last = table[place]
        if last is None:
            table[place] = usual
            continue
        while last.other is not None:
            last = last.other
        last.other = usual
    return table


_USUAL: Final[list[Usual | None]] = _places()
_SEEN: Final[dict[bytes, bytes]] = {}  # other names as they were written, with what they mean


def usual_lines(message: Message, head: bytes) -> bool:
    """File the header lines of a head, which begins with the first of them.

    False when something in it is not as usual; what is filed by then counts for nothing.
    """
    if NUL in head:
        return False
    lines = head.splitlines()
    if len(lines) > syntax.MAX_HEADERS:
        return False
    names, index = message.names, message.index
    left: i64 = len(head) + 2
    for line in lines:
        length: i64 = len(line)
        left -= length + 2
        if length < _SHORTEST or length > syntax.MAX_LINE:
            return False
        place: i64 = line[3]
        place = line[0] + 4 * place
        usual = _USUAL[place]
        while usual is not None and not line.startswith(usual.prefix):
            usual = usual.other
        if usual is None:
            name = _spelled(line)
            if not name:
                return False
            value = value_of(line)
        else:
            name = usual.name
            start: i64 = usual.size
            if start < length and line[start] > SPACE and line[length - 1] > SPACE:
                value = line[start:]
            else:
                value = line[start:].strip()
            kept: i64 = usual.kept
            if kept == _CALL_ID:
                message.call_id = value
            elif kept == _FROM:
                message.from_value = value
            elif kept == _TO:
                message.to_value = value
        names.append(name)
        index.setdefault(name, value)
    if left:  # some line did not end with CRLF
        return False
    if len(index) != len(names):
        for name in SINGLE:
            if names.count(name) > 1:
                return False
    message.lines = lines
    return True


def _spelled(line: bytes) -> bytes:
    """The name that a line begins with, however it is written; empty when it begins with none."""
    spelled, colon, _ = line.partition(b":")
    if not colon:
        return b""
    name = KNOWN.get(spelled) or _SEEN.get(spelled)
    if name is None:
        name = _name(spelled)
        if name:
            if len(_SEEN) >= _REMEMBERED_MOST:
                _SEEN.clear()
            _SEEN[spelled] = name
    return name


def _name(spelled: bytes) -> bytes:
    """A header name in an unusual spelling: other case, blanks before the colon, unknown to us; empty when none."""
    name = spelled.rstrip(b" \t")
    if not is_token(name):
        return b""
    name = name.lower()
    return COMPACT.get(name, name)


def odd_lines(message: Message, head: bytes, lines: list[bytes], breaks: int) -> None:
    """File the lines that follow the start line; `breaks` is how many line ends they were cut at, the first one's too.

    Raises ParseError 400 for the first one at fault when all have been seen.
    """
    message.names.clear()
    message.index.clear()
    message.lines = []
    message.call_id = message.from_value = message.to_value = b""
    _file(message, lines)
    if head.count(b"\n") != breaks or head.count(b"\r") != breaks or NUL in head:
        _control(message, head, breaks)


def _file(message: Message, lines: list[bytes]) -> None:
    names, kept, index = message.names, message.lines, message.index
    flaw: ParseError | None = None
    if len(lines) > syntax.MAX_HEADERS:
        flaw = ParseError(400, "headers", f"expected at most {syntax.MAX_HEADERS} header lines, saw {len(lines)}")
        del lines[syntax.MAX_HEADERS :]
    for line in lines:
        if line[:1] in (b" ", b"\t") and kept:
            kept[-1] = kept[-1] + b" " + line.strip()
            if names.index(names[-1]) == len(names) - 1:
                index[names[-1]] = value_of(kept[-1])
            continue
        name = _spelled(line)
        if not name:
            flaw = flaw or ParseError(400, "header", "expected `Name: value` in every header line")
            continue
        if name in index:
            if name in SINGLE:
                flaw = flaw or ParseError(400, "repeated", f"expected one {name.decode('latin-1')}, saw several")
        else:
            index[name] = value_of(line)
        names.append(name)
        kept.append(line)
    if flaw is not None:
        raise flaw


def _control(message: Message, head: bytes, breaks: int) -> None:
    """Refuse what another parser might read as a line end.

    An escaped NUL inside a display name is legal (RFC 4475 3.1.1.2) and harmless in From and To, which never cross.
    """
    if head.count(b"\n") == breaks and head.count(b"\r") == breaks:
        legal = 0
        for at, name in enumerate(message.names):
            if name in (b"from", b"to"):
                legal += message.lines[at].count(b"\\\x00")
        if head.count(b"\x00") == legal:
            return
    raise ParseError(400, "control", "expected no bare CR, LF or NUL in the headers")


def long_lines(message: Message) -> None:
    """Raise ParseError 400 for a line that is too long once it is unfolded."""
    for line in message.lines:
        if len(line) > syntax.MAX_LINE:
            raise ParseError(400, "headers", f"expected at most {syntax.MAX_LINE} bytes in a header, saw {len(line)}")
