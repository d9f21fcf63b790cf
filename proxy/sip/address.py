"""Addresses: name-addr, addr-spec, sip:, sips: and tel: URIs with all their parameters (RFC 3261 20.10, 25; RFC 3966).

`parse_address` reads one value of From, To, Contact, P-Asserted-Identity and their like; `split_values` cuts a
comma-joined header into values without being fooled by quotes and angle brackets. Everything stays bytes as sent;
`Address.user` is the user part with its own parameters, undecoded. Work is linear in the length of the value.
"""

from __future__ import annotations

from typing import Final, final

from proxy.sip.message import ParseError

_HEX: Final = b"0123456789abcdefABCDEF"


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
    """The index after the quoted string that opens at `start`."""
    at = start + 1
    while True:
        close = value.find(b'"', at)
        if close < 0:
            raise ParseError(400, "quotes", "expected a closing quote")
        backslash = value.find(b"\\", at, close)
        if backslash < 0:
            return close + 1
        at = backslash + 2


def split_values(value: bytes) -> list[bytes]:
    """Cut a comma-joined header value at its top-level commas; values are stripped, empty ones dropped."""
    if b"," not in value:
        return [value] if value else []
    if b'"' not in value and b"<" not in value:
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
                raise ParseError(400, "address", "expected `>` after `<`")
            at = close
        elif byte == 0x2C:
            part = value[start:at].strip()
            if part:
                found.append(part)
            start = at + 1
        at += 1
    part = value[start:].strip()
    if part:
        found.append(part)
    return found


def _split_parameters(text: bytes) -> list[tuple[bytes, bytes]]:
    """`;a=b;c;d="x;y"` to pairs; names in lower case, values unquoted at their ends only as sent."""
    found: list[tuple[bytes, bytes]] = []
    pieces: list[bytes] = []
    if b'"' in text:
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
    else:
        pieces = text.split(b";")
    for piece in pieces:
        name, _, value = piece.partition(b"=")
        name = name.strip().lower()
        if name:
            found.append((name, value.strip()))
    return found


def _brackets(value: bytes) -> tuple[int, int]:
    """Where `<` and `>` of a name-addr stand, (-1, -1) for an addr-spec. Quoted display names are skipped."""
    at = 0
    if b'"' in value:
        quote = value.find(b'"')
        opening = value.find(b"<")
        while quote >= 0 and (opening < 0 or quote < opening):
            at = _end_of_quotes(value, quote)
            quote = value.find(b'"', at)
            opening = value.find(b"<", at)
    opening = value.find(b"<", at)
    if opening < 0:
        if value.find(b">", at) >= 0:
            raise ParseError(400, "address", "expected `<` before `>`")
        return -1, -1
    closing = value.find(b">", opening)
    if closing < 0:
        raise ParseError(400, "address", "expected `>` after `<`")
    return opening, closing


def parameters_of(value: bytes) -> list[tuple[bytes, bytes]]:
    """The header parameters of an address or Via value as (lower-case name, value)."""
    _, closing = _brackets(value)
    if closing >= 0:
        rest = value[closing + 1 :].strip()
        if rest and not rest.startswith(b";"):
            raise ParseError(400, "address", "expected `;` after `>`")
        return _split_parameters(rest)
    semicolon = value.find(b";")
    return _split_parameters(value[semicolon:]) if semicolon >= 0 else []


def parse_address(value: bytes) -> Address:
    """One name-addr or addr-spec with its header parameters. Raises ParseError 400."""
    opening, closing = _brackets(value)
    if opening < 0:
        bare, semicolon, rest = value.partition(b";")
        return Address(b"", parse_uri(bare.strip()), _split_parameters(rest) if semicolon else [])
    rest = value[closing + 1 :].strip()
    if rest and not rest.startswith(b";"):
        raise ParseError(400, "address", "expected `;` after `>`")
    display = value[:opening].strip()
    if display.startswith(b'"'):
        end = _end_of_quotes(display, 0)
        if end != len(display):
            raise ParseError(400, "address", "expected `<` after the quoted display name")
        display = unquote(display)
    return Address(display, parse_uri(value[opening + 1 : closing].strip()), _split_parameters(rest))


def unquote(text: bytes) -> bytes:
    """A quoted string without its quotes and escapes."""
    inner = text[1:-1]
    if b"\\" not in inner:
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
    """A sip:, sips:, tel: or other absolute URI. Raises ParseError 400 when it is none."""
    scheme, colon, rest = raw.partition(b":")
    if not colon or not scheme or b" " in raw or b"\t" in raw or b'"' in scheme:
        raise ParseError(400, "uri", "expected `scheme:...` without blanks")
    scheme = scheme.lower()
    if scheme == b"tel":
        return Uri(raw, scheme, rest, b"", 0, b"")
    if scheme != b"sip" and scheme != b"sips":
        return Uri(raw, scheme, rest, b"", 0, b"")
    at = rest.rfind(b"@")
    user = rest[:at] if at >= 0 else b""
    if at >= 0:
        rest = rest[at + 1 :]
    question = rest.find(b"?")
    if question >= 0:
        rest = rest[:question]
    semicolon = rest.find(b";")
    params = rest[semicolon:] if semicolon >= 0 else b""
    hostport = rest[:semicolon] if semicolon >= 0 else rest
    host, port = split_host_port(hostport)
    return Uri(raw, scheme, user, host, port, params)


def split_host_port(text: bytes) -> tuple[bytes, int]:
    """`host`, `host:port` or `[v6]:port` to host (v6 without brackets) and port (0 when absent)."""
    if text.startswith(b"["):
        close = text.find(b"]")
        if close < 0:
            raise ParseError(400, "host", "expected `]` after an IPv6 address")
        host, rest = text[1:close], text[close + 1 :]
        if rest and not rest.startswith(b":"):
            raise ParseError(400, "host", "expected `:port` after `]`")
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
    if b"%" not in user:
        return user
    out = bytearray()
    at = 0
    while at < len(user):
        if user[at] == 0x25 and user[at + 1 : at + 2] in _PAIRS and user[at + 2 : at + 3] in _PAIRS:
            out.append(int(user[at + 1 : at + 3], 16))
            at += 3
        else:
            out += user[at : at + 1]
            at += 1
    return bytes(out)


_PAIRS: Final = frozenset(bytes((digit,)) for digit in _HEX)


def subscriber(uri: Uri) -> str:
    """The number text of a URI: the user part without password, decoded, with the parameters that belong to it.

    A tel: subscriber keeps its `;phone-context`; a sip: user part keeps what stands in it (RFC 3261 19.1.6). Bytes
    that are not ASCII come out as Latin-1 letters, so that no two inputs become one.
    """
    user = uri.user
    if uri.scheme == b"urn":
        return uri.raw.decode("latin-1").lower()
    if uri.scheme != b"tel":
        colon = user.find(b":")
        if colon >= 0:
            user = user[:colon]
    if b"%" in user:
        user = unescape(user)
    return user.decode("latin-1")
