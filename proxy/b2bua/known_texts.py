"""Texts that were looked through for secrets before: what of them can show one is kept, so that it is looked at alone.

A `Known` keeps of a text all that a secret is compared with: its runs of digits in any writing, and its letters. The
SDP of one platform varies from call to call in its session id and its first port only, so a `Mould` is kept of all the
rest, cleaned. Whoever asks here gets what `scrub` would find the long way, or the word that it must go that way. Nothing
here is about one person: what is kept is what the platforms write, and never more than `REMEMBERED_MOST` of it.
"""

from __future__ import annotations

from typing import Final, final

from proxy.b2bua.extract import LONGEST_PORT, Secrets
from proxy.sip.syntax import CR, DOT, LF, PERCENT, SPACE
from proxy.sip.uri import unescape

BETWEEN: Final = bytes([code for code in range(256) if code != 10 and not (code < 128 and chr(code).isalnum())])
KEPT: Final = frozenset(
    (b"o=", b"c=", b"m=")
)  # there is no SDP without them; their digits are overwritten where they must be
REMEMBERED_MOST: Final = 1024
LONGEST_REMEMBERED: Final = 1024  # bytes of one text
_EQUALS: Final = 0x3D
_M: Final = 0x6D
_O: Final = 0x6F
_S: Final = 0x73
_DROPPED: Final = (0x69, 0x75, 0x65, 0x70)  # `i=`, `u=`, `e=`, `p=`


@final
class Known:
    """One text as secrets are looked for in it: `runs` are all its digits that may be a number, `letters` the rest."""

    __slots__ = ("runs", "letters", "hosts", "texts")

    def __init__(self, runs: bytes, letters: bytes) -> None:
        self.runs: Final = runs
        self.letters: Final = letters
        self.hosts: tuple[bytes, ...] = ()  # which were looked for the last time, and are not there
        self.texts: tuple[bytes, ...] = ()

    def shows(self, secrets: Secrets) -> bool:
        """Is any secret there? Only for secrets that are `plain`."""
        if self.runs:
            for digits in secrets.digits:
                if self.runs.find(digits) >= 0:
                    return True
        if secrets.hosts == self.hosts and secrets.texts == self.texts:
            return False
        letters = self.letters
        for host in secrets.hosts:
            if letters.find(host) >= 0:
                return True
        for name in secrets.texts:
            if letters.find(name) >= 0:
                return True
        self.hosts, self.texts = secrets.hosts, secrets.texts
        return False


@final
class Mould:
    """Cleaned SDP without its session id and its first port: the three pieces around them, and what they show."""

    __slots__ = ("head", "between", "tail", "known", "escapes")

    def __init__(self, head: bytes, between: bytes, tail: bytes) -> None:
        self.head: Final = head
        self.between: Final = between
        self.tail: Final = tail
        text = head + between + b"0" + tail
        named = b"".join([line for line in text.splitlines(True) if line[:2] not in KEPT])
        self.known: Final = Known(_runs(text), named.lower())
        self.escapes: Final = PERCENT in text


def known(text: bytes) -> Known:
    """What is known of this text."""
    found = _KNOWN.get(text)
    if found is None:
        read = unescape(text) if PERCENT in text else text
        found = Known(_runs(read), read.lower())
        if len(text) <= LONGEST_REMEMBERED:
            if len(_KNOWN) >= REMEMBERED_MOST:
                _KNOWN.clear()
            _KNOWN[text] = found
    return found


def _runs(text: bytes) -> bytes:
    """All digits of `text` that stand together in any writing and are more than a port has, one run a line."""
    squeezed = text.translate(None, BETWEEN).translate(_DIGITS_ONLY)
    return b"\n".join([run for run in squeezed.split() if len(run) > LONGEST_PORT])


def usual_sdp(body: bytes, secrets: Secrets) -> bytes:
    """The SDP `body` cleaned, if it is of a known mould and shows no secret but where the media are; else empty.

    The session id stands in a line of its own and the port between two words: no number reaches over their ends.
    """
    if not secrets.plain or len(body) > LONGEST_REMEMBERED:
        return b""
    owner = 7 if body.startswith(b"v=0\r\no=") else 6
    if owner == 6 and not body.startswith(b"v=0\no="):
        return b""
    end = body.find(b"\n", owner)
    if end <= owner:
        return b""
    if body[end - 1] == CR:
        end -= 1
    media = body.find(b"\nm=", end)
    port = body.find(b" ", media + 3) + 1
    after = body.find(b" ", port)
    if media < 0 or port < media + 5 or not 0 < after - port <= LONGEST_PORT or after + 1 >= len(body):
        return b""
    for at in range(media + 3, port - 1):
        if not _is_letter(body[at]):
            return b""
    for at in range(port, after):
        if not 0x30 <= body[at] <= 0x39:
            return b""
    if not _is_letter(body[after + 1]):
        return b""
    space, plain = 0, True
    for at in range(owner, end):
        code = body[at]
        if code == SPACE:
            space = space or at
        elif code == CR or code == PERCENT:  # noqa: SIM109 - a tuple would be made for each byte
            return b""
        elif code != DOT and not 0x30 <= code <= 0x39 and not _is_letter(code):
            plain = False
    if not space:
        return b""
    mould = _mould(body[:owner], body[end:port], body[after:])
    session = body[space:end]
    # what stands between digits is left out; a table for all of it takes longer to make than blanks and dots to replace
    squeezed = session.replace(b" ", b"").replace(b".", b"") if plain else session.translate(None, BETWEEN)
    for digits in secrets.digits:
        if squeezed.find(digits) >= 0:
            return b""
    if mould.escapes or mould.known.shows(secrets):
        return b""
    return b"".join((mould.head, session, mould.between, body[port:after], mould.tail))


def _is_letter(code: int) -> bool:
    return 0x61 <= code <= 0x7A or 0x41 <= code <= 0x5A


def _mould(head: bytes, between: bytes, tail: bytes) -> Mould:
    """The mould of an SDP body that is cut behind its first `o=` and around its first port."""
    key = head + between + tail  # where it is cut can be told from it
    mould = _MOULDS.get(key)
    if mould is None:
        if len(_MOULDS) >= REMEMBERED_MOST:
            _MOULDS.clear()
        mould = _MOULDS[key] = Mould(_tidied(head[:-2]) + b"o=-", _tidied(between), _tidied(tail))
    return mould


def _tidied(text: bytes) -> bytes:
    return b"".join([tidy(line) for line in text.splitlines(True)])


def tidy(line: bytes) -> bytes:
    """A line of SDP as any carrier may see it: no owner, no title; empty when it says who or where to ask."""
    if len(line) > 1 and line[1] == _EQUALS:
        key = line[0]
        if key == _O:
            space = line.find(b" ")
            return b"o=-" + line[space:] if space > 0 else line  # id and version stay (RFC 4566 5.2)
        if key == _S:
            return b"s=-" + line_end(line)
        if key in _DROPPED:
            return b""
    return line


def line_end(line: bytes) -> bytes:
    """The line end as it came: CRLF, LF, CR, or none."""
    return line[len(line.rstrip(b"\r\n")) :]


_DIGITS_ONLY: Final = bytes([code if 0x30 <= code <= 0x39 else LF for code in range(256)])
_KNOWN: Final[dict[bytes, Known]] = {}
_MOULDS: Final[dict[bytes, Mould]] = {}
