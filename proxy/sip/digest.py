"""Digest authentication (RFC 7616; RFC 8760 for SIP): the arithmetic, and both headers read and written.

A `Challenge` is what WWW-Authenticate or Proxy-Authenticate says, `Credentials` what Authorization or
Proxy-Authorization says. Known are SHA-512-256, SHA-256 and MD5, each also in its `-sess` form; quality of protection
`auth`, `auth-int` where nothing else is offered, and none at all from peers of RFC 2069. Quoted values are kept as they
stand between their quotes, since both ends hash them so. Nothing here knows who has which password.
"""

from __future__ import annotations

import hashlib
from hmac import compare_digest
from typing import Final, final

from proxy.sip.message import ParseError
from proxy.sip.syntax import is_token

MD5: Final = b"MD5"
SHA_256: Final = b"SHA-256"
SHA_512_256: Final = b"SHA-512-256"
STRONGEST_FIRST: Final = (SHA_512_256, SHA_256, MD5)
_SESSION: Final = b"-SESS"
_HASHES: Final = {MD5: "md5", SHA_256: "sha256", SHA_512_256: "sha512_256"}
_LENGTHS: Final = {MD5: 32, SHA_256: 64, SHA_512_256: 64}
_HEX: Final = frozenset(b"0123456789abcdefABCDEF")
_BLANK: Final = b" \t"


@final
class Challenge:
    """One challenge that we can answer. `qop` is what we will say: `auth`, `auth-int`, or empty for RFC 2069."""

    __slots__ = ("realm", "nonce", "opaque", "algorithm", "session", "qop", "stale")

    def __init__(
        self, realm: bytes, nonce: bytes, opaque: bytes | None, algorithm: bytes, session: bool, qop: bytes, stale: bool
    ) -> None:
        self.realm: Final = realm
        self.nonce: Final = nonce
        self.opaque: Final = opaque
        self.algorithm: Final = algorithm
        self.session: Final = session
        self.qop: Final = qop
        self.stale: Final = stale


@final
class Credentials:
    """What a peer answered to a challenge; `nc` is its count as a number, `algorithm` one of `STRONGEST_FIRST`."""

    __slots__ = ("user", "realm", "nonce", "uri", "response", "algorithm", "session", "cnonce", "nc")

    def __init__(
        self, user: bytes, realm: bytes, nonce: bytes, uri: bytes, response: bytes, algorithm: bytes, session: bool,
        cnonce: bytes, nc: int,
    ) -> None:  # fmt: skip
        self.user: Final = user
        self.realm: Final = realm
        self.nonce: Final = nonce
        self.uri: Final = uri
        self.response: Final = response
        self.algorithm: Final = algorithm
        self.session: Final = session
        self.cnonce: Final = cnonce
        self.nc: Final = nc


def hashed(algorithm: bytes, data: bytes) -> bytes:
    """H(data) of one of `STRONGEST_FIRST`, as lower-case hex digits."""
    return hashlib.new(_HASHES[algorithm], data, usedforsecurity=False).hexdigest().encode("ascii")


def user_hash(algorithm: bytes, user: bytes, realm: bytes, password: bytes) -> bytes:
    """What stands for a password where it must not be kept: H(user:realm:password), often called HA1."""
    return hashed(algorithm, b"%b:%b:%b" % (user, realm, password))


def is_user_hash(algorithm: bytes, text: bytes) -> bool:
    """Has `text` the length and the digits of a `user_hash` of this algorithm?"""
    return len(text) == _LENGTHS[algorithm] and _HEX.issuperset(text)


def answer(
    algorithm: bytes, session: bool, ha1: bytes, nonce: bytes, nc: bytes, cnonce: bytes, qop: bytes, method: bytes,
    uri: bytes, body: bytes,
) -> bytes:  # fmt: skip
    """The `response` of RFC 7616 3.4.1: `ha1` is a `user_hash`, `nc` eight hex digits, `qop` as in `Challenge`."""
    if session:
        ha1 = hashed(algorithm, b"%b:%b:%b" % (ha1, nonce, cnonce))
    asked = b"%b:%b" % (method, uri)
    if qop == b"auth-int":
        asked += b":" + hashed(algorithm, body)
    ha2 = hashed(algorithm, asked)
    if not qop:
        return hashed(algorithm, b"%b:%b:%b" % (ha1, nonce, ha2))
    return hashed(algorithm, b"%b:%b:%b:%b:%b:%b" % (ha1, nonce, nc, cnonce, qop, ha2))


def proves(credentials: Credentials, ha1: bytes, method: bytes) -> bool:
    """Do these credentials of a `method` request show that their sender knows `ha1`? In constant time."""
    found = credentials
    wanted = answer(
        found.algorithm, found.session, ha1, found.nonce, b"%08x" % found.nc, found.cnonce, b"auth", method, found.uri,
        b"",
    )  # fmt: skip
    return compare_digest(wanted, found.response.lower())


# -- headers -----------------------------------------------------------------


def challenge_value(realm: bytes, nonce: bytes, algorithm: bytes, stale: bool) -> bytes:
    """The value of one WWW-Authenticate, with `qop="auth"` (RFC 8760 2.4: one header for each algorithm)."""
    value = b'Digest realm="%b", nonce="%b", qop="auth", algorithm=%b' % (realm, nonce, algorithm)
    return value + b", stale=true" if stale else value


def credentials_value(
    challenge: Challenge, user: bytes, ha1: bytes, method: bytes, uri: bytes, body: bytes, nc: int, cnonce: bytes
) -> bytes:
    """The value of the (Proxy-)Authorization that answers `challenge` for the `nc`-th time (from 1)."""
    count = b"%08x" % nc
    algorithm, session, qop = challenge.algorithm, challenge.session, challenge.qop
    proof = answer(algorithm, session, ha1, challenge.nonce, count, cnonce, qop, method, uri, body)
    value = b'Digest username="%b", realm="%b", nonce="%b", uri="%b", response="%b", algorithm=%b' % (
        user, challenge.realm, challenge.nonce, uri, proof, algorithm + b"-sess" if session else algorithm,
    )  # fmt: skip
    if challenge.opaque is not None:
        value += b', opaque="%b"' % challenge.opaque
    if qop:
        value += b', qop=%b, nc=%b, cnonce="%b"' % (qop, count, cnonce)
    elif session:
        value += b', cnonce="%b"' % cnonce
    return value


def read_challenge(value: bytes) -> Challenge | None:
    """The challenge of one WWW-Authenticate or Proxy-Authenticate value.

    None when it is of another scheme, or asks for an algorithm or a protection that we do not have (RFC 8760 2.5).
    Raises ParseError when it is Digest and cannot be read.
    """
    if not is_digest(value):
        return None
    found = parameters(value)
    algorithm, session = _algorithm(found)
    qop = b""
    if b"qop" in found:
        offered = [name.strip() for name in found[b"qop"].lower().split(b",")]
        qop = b"auth" if b"auth" in offered else b"auth-int" if b"auth-int" in offered else b"?"
    if not algorithm or qop == b"?":
        return None
    stale = found.get(b"stale", b"").lower() == b"true"
    return Challenge(
        _needed(found, b"realm"), _needed(found, b"nonce"), found.get(b"opaque"), algorithm, session, qop, stale
    )


def read_credentials(value: bytes) -> Credentials:
    """The credentials of one (Proxy-)Authorization value of scheme Digest with `qop=auth`.

    Raises ParseError 400 for anything else: we only ever challenge in that way.
    """
    found = parameters(value)
    algorithm, session = _algorithm(found)
    if not algorithm:
        raise _broken("expected algorithm MD5, SHA-256 or SHA-512-256")
    if found.get(b"qop", b"").lower() != b"auth":
        raise _broken("expected qop=auth")
    count = _needed(found, b"nc")
    if len(count) != 8 or not _HEX.issuperset(count):
        raise _broken("expected eight hex digits in nc")
    return Credentials(
        _needed(found, b"username"), _needed(found, b"realm"), _needed(found, b"nonce"), _needed(found, b"uri"),
        _needed(found, b"response"), algorithm, session, _needed(found, b"cnonce"), int(count, 16),
    )  # fmt: skip


def is_digest(value: bytes) -> bool:
    """Is this authentication header of scheme Digest?"""
    return value[:7].lower() in (b"digest ", b"digest\t")


def parameters(value: bytes) -> dict[bytes, bytes]:
    """The parameters behind the scheme: names in lower case, values without their quotes.

    Raises ParseError 400 for a broken or a repeated one. Looks at each byte a fixed number of times.
    """
    found: dict[bytes, bytes] = {}
    at, size = 7, len(value)
    while at < size:
        equals = value.find(b"=", at)
        name = value[at:equals].strip(_BLANK).lower() if equals >= at else b""
        if not is_token(name) or name in found:
            raise _broken("expected each parameter once, as name=value")
        at = equals + 1
        while at < size and value[at] in _BLANK:
            at += 1
        if value[at : at + 1] == b'"':
            end = _closing_quote(value, at + 1)
            found[name] = value[at + 1 : end]
            at = end + 1
            comma = value.find(b",", at)
            comma = size if comma < 0 else comma
            if value[at:comma].strip(_BLANK):
                raise _broken("expected a comma behind a quoted value")
        else:
            comma = value.find(b",", at)
            comma = size if comma < 0 else comma
            text = found[name] = value[at:comma].strip(_BLANK)
            if not is_token(text):
                raise _broken("expected a token or a quoted text as value")
        at = comma + 1
    return found


def _closing_quote(value: bytes, start: int) -> int:
    at, size = start, len(value)
    while at < size:
        byte = value[at]
        if byte == 0x22:
            return at
        at += 2 if byte == 0x5C else 1
    raise _broken("expected a closing quote")


def _algorithm(found: dict[bytes, bytes]) -> tuple[bytes, bool]:
    """The algorithm, MD5 when none is named, and whether in its session form; empty when we do not have it."""
    named = found.get(b"algorithm", MD5).upper()
    session = named.endswith(_SESSION)
    if session:
        named = named[:-5]
    return (named, session) if named in _HASHES else (b"", False)


def _needed(found: dict[bytes, bytes], name: bytes) -> bytes:
    if name not in found:
        raise _broken(f"expected {name.decode('ascii')}")
    return found[name]


def _broken(text: str) -> ParseError:
    return ParseError(400, "digest", text + " in digest authentication")
