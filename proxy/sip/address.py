"""Addresses: name-addr, addr-spec, sip:, sips: and tel: URIs with all their parameters (RFC 3261 20.10, 25; RFC 3966).

`parse_address` reads one value of From, To, Contact, P-Asserted-Identity and their like; `split_values` cuts a
comma-joined header into values without being fooled by quotes and angle brackets. Everything stays bytes as sent;
`Address.user` is the user part with its own parameters, undecoded. Work is linear in the length of the value.
"""

from __future__ import annotations

from typing import Final, final

from proxy.sip.message import ParseError
from proxy.sip.syntax import AT, BACKSLASH, COMMA, LESS, OUTSIDE_URI, PERCENT, QUOTE, is_token

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
    display, uri, rest = _cut(value)
    if display.startswith(b'"'):
        if _end_of_quotes(display, 0) != len(display):
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


def parse_uri(raw: bytes) -> Uri:
    """A sip:, sips:, tel: or other absolute URI. Raises ParseError 400 when it is none.

    A second `@` is refused: who reads from the left and who reads from the right would see different users.
    """
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
