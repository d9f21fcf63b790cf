"""URIs: sip:, sips:, tel: and others cut into their parts (RFC 3261 19.1, 25; RFC 3966). Everything stays bytes as sent.

A sip URI is read byte by byte; whatever is unusual in it is read again with all that the grammar allows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, final

from proxy.sip.message import ParseError
from proxy.sip.syntax import (
    AT,
    COLON,
    DELETE,
    GREATER,
    LESS,
    NINE,
    OPENING,
    OUTSIDE_URI,
    PERCENT,
    QUESTION,
    QUOTE,
    SEMICOLON,
    SPACE,
    ZERO,
    is_token,
)

if TYPE_CHECKING:
    from mypy_extensions import i64

_HEX: Final = frozenset(b"0123456789abcdefABCDEF")


@final
class Uri:
    """A URI cut into parts. For tel: `user` is the subscriber with its parameters and `host` is empty.

    `port` is 0 when absent; `params` holds the uri-parameters as sent, with their leading `;`.
    """

    __slots__ = ("raw", "scheme", "user", "host", "port", "params")

    def __init__(self, raw: bytes, scheme: bytes, user: bytes, host: bytes, port: int, params: bytes) -> None:
        self.raw: Final = raw
        self.scheme: Final = scheme
        self.user: Final = user
        self.host: Final = host
        self.port: Final = port
        self.params: Final = params


def parse_uri(raw: bytes) -> Uri:
    """A sip:, sips:, tel: or other absolute URI. Raises ParseError 400 when it is none.

    A second `@` is refused: who reads from the left and who reads from the right would see different users.
    """
    return _usual(raw) or _odd(raw)


def _usual(raw: bytes) -> Uri | None:
    """A sip URI as nearly all are: nothing in it has to be looked at twice. None for any other."""
    if not raw.startswith(b"sip:"):
        return None
    size: i64 = len(raw)
    at: i64 = 4
    host: i64 = 4
    colon: i64 = -1  # of the host's part
    end: i64 = -1
    byte: i64 = 0
    user = b""
    while at < size:
        byte = raw[at]
        if byte > AT:  # letters, and what stands among them
            if byte in (OPENING, DELETE):
                return None
        elif byte == AT:
            if user or at == host:
                return None
            user = raw[4:at]
            host = at + 1
            colon = end = -1
        elif byte == COLON:
            if colon < 0 and end < 0:
                colon = at
        elif byte == SEMICOLON:
            if end < 0:
                end = at
        elif byte <= SPACE or byte in (QUOTE, LESS, GREATER, QUESTION):
            return None
        at += 1
    if end < 0:
        end = size
    port: i64 = 0
    if colon >= 0:
        if not 0 < end - colon - 1 < 6:
            return None
        at = colon + 1
        while at < end:
            byte = raw[at]
            if byte < ZERO or byte > NINE:
                return None
            port = port * 10 + byte - ZERO
            at += 1
        if port > 65535:
            return None
    else:
        colon = end
    if colon == host:
        return None
    return Uri(raw, b"sip", user, raw[host:colon], port, raw[end:])


def sip_or_tel(value: bytes, at: i64) -> bool:
    """Does `sip:` or `tel:` stand there? Four bytes must follow."""
    if value[at + 3] != COLON:
        return False
    if value[at] == 0x73:
        return value[at + 1] == 0x69 and value[at + 2] == 0x70
    return value[at] == 0x74 and value[at + 1] == 0x65 and value[at + 2] == 0x6C


def _odd(raw: bytes) -> Uri:
    """Any URI, in any writing."""
    scheme, colon, rest = raw.partition(b":")
    if not colon or raw.translate(None, OUTSIDE_URI) != raw:
        raise ParseError(400, "uri", "expected `scheme:` and what follows without blanks, quotes and angle brackets")
    scheme = scheme.lower()
    if scheme != b"sip" and scheme != b"sips":
        if not rest or not is_token(scheme):
            raise ParseError(400, "uri", "expected a scheme and what it names")
        return Uri(raw, scheme, rest, b"", 0, b"")
    user, at, hostport = rest.partition(b"@")
    if not at:
        user, hostport = b"", rest
    elif AT in hostport:
        raise ParseError(400, "uri", "expected one `@` in a URI")
    hostport, semicolon, params = hostport.partition(b"?")[0].partition(b";")
    host, port = split_host_port(hostport)
    return Uri(raw, scheme, user, host, port, semicolon + params)


def split_host_port(text: bytes) -> tuple[bytes, int]:
    """`host`, `host:port` or `[v6]:port` to host (v6 without brackets) and port (0 when absent)."""
    if text.startswith(b"["):
        close = text.find(b"]")
        if close < 0:
            raise ParseError(400, "host", "expected a closing bracket after an IPv6 address")
        host, rest = text[1:close], text[close + 1 :]
        if rest and not rest.startswith(b":"):
            raise ParseError(400, "host", "expected `:port` after the brackets")
        rest = rest[1:]
    else:
        host, _, rest = text.partition(b":")
    if not host:
        raise ParseError(400, "host", "expected a host")
    if not rest:
        return host, 0
    if not rest.isdigit() or len(rest) > 5 or int(rest) > 65535:
        raise ParseError(400, "host", "expected a port from 0 to 65535")
    return host, int(rest)


def unescape(user: bytes) -> bytes:
    """Percent-escapes decoded (RFC 3261 19.1.2); a broken escape stays as it is."""
    pieces = user.split(b"%")
    out = [pieces[0]]
    for piece in pieces[1:]:
        if len(piece) >= 2 and piece[0] in _HEX and piece[1] in _HEX:
            out.append(bytes((int(piece[:2], 16),)) + piece[2:])
        else:
            out.append(b"%" + piece)
    return b"".join(out)


def subscriber(uri: Uri) -> str:
    """The number text of a URI: the user part without password, decoded, with the parameters that belong to it.

    A tel: subscriber keeps its `;phone-context`; a sip: user part keeps what stands in it (RFC 3261 19.1.6). Bytes
    that are not ASCII come out as Latin-1 letters, so that no two inputs become one.
    """
    user = uri.user
    if uri.scheme == b"urn":
        return uri.raw.decode("latin-1").lower()
    if uri.scheme != b"tel":
        user = user.partition(b":")[0]
    if PERCENT in user:
        user = unescape(user)
    return user.decode("latin-1")
