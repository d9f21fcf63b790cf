"""Leak guard: what crosses towards the carrier is searched for the caller's own identity, and cleaned.

Header lines that may cross at all come from an allow-list (`rewrite`); here their values are searched, since a
Reason text or an Alert-Info address can carry a number too. SDP loses its owner's name, its title and contact lines
(sip.md 5), in a multipart body as well. Numbers are found in every written form: with separators, percent-escaped,
with any prefix.
"""

from __future__ import annotations

from typing import Final

from proxy.b2bua.extract import LONGEST_PORT, Secrets
from proxy.b2bua.known_texts import BETWEEN, KEPT, known, line_end, tidy, usual_sdp
from proxy.sip.address import split_semicolons
from proxy.sip.message import ParseError
from proxy.sip.syntax import PERCENT
from proxy.sip.uri import unescape

_EQUALS: Final = 0x3D
_A: Final = 0x61
_M: Final = 0x6D
_V: Final = 0x76
_OF_THE_MEDIA: Final = (  # attributes that are no place for a name, and without which there is no call
    b"a=rtpmap:", b"a=fmtp:", b"a=ptime:", b"a=maxptime:", b"a=sendrecv", b"a=sendonly", b"a=recvonly", b"a=inactive",
    b"a=rtcp:", b"a=rtcp-mux", b"a=rtcp-fb:", b"a=crypto:", b"a=fingerprint:", b"a=setup:", b"a=candidate:",
    b"a=group:", b"a=mid:", b"a=curr:", b"a=des:", b"a=conf:", b"a=silenceSupp:",
)  # fmt: skip
_SHORTEST_LINE: Final = 5  # `a=` and a host of three letters
_BOUNDARY: Final = b"crossed-part"


def _shows_number(text: bytes, secrets: Secrets) -> bool:
    """Does `text` show a secret number in any writing?"""
    if not secrets.digits:
        return False
    if PERCENT in text:
        text = unescape(text)
    squeezed = text.translate(None, BETWEEN)
    for digits in secrets.digits:  # noqa: SIM110 - a generator is a frame more for every line of every call
        if squeezed.find(digits) >= 0:
            return True
    return False


def _shows(text: bytes, secrets: Secrets) -> bool:
    """Does `text` show a secret number or name in any writing, or where the platform is?"""
    if _shows_number(text, secrets):
        return True
    lowered = (unescape(text) if PERCENT in text else text).lower()
    for host in secrets.hosts:
        if lowered.find(host) >= 0:
            return True
    for name in secrets.texts:  # noqa: SIM110 - as above
        if lowered.find(name) >= 0:
            return True
    return False


def _attribute_shows(line: bytes, secrets: Secrets) -> bool:
    """Does an `a=` line show a secret? In what describes the media only numbers count: `audio` may be a name too."""
    if len(line) < _SHORTEST_LINE:
        return False
    return _shows_number(line, secrets) if line.startswith(_OF_THE_MEDIA) else _shows(line, secrets)


def scrub_lines(lines: list[bytes], start: int, secrets: Secrets) -> int:
    """Drop the crossing header lines from index `start` on whose values show a secret; returns how many did."""
    text = b"\n".join(lines[start:])  # a line feed stays where numbers are looked for
    if not (known(text).shows(secrets) if secrets.plain else _shows(text, secrets)):
        return 0
    found = 0
    at = start
    while at < len(lines):
        line = lines[at]
        if _shows(line[line.find(b":") + 1 :], secrets):
            found += 1
            del lines[at]
        else:
            at += 1
    return found


def scrub_type(kind: bytes, secrets: Secrets) -> bytes:
    """The Content-Type value as the carrier may see it: one that shows a secret is cut down to its media type."""
    if kind == b"application/sdp" or not _shows(kind, secrets):
        return kind
    media = kind.partition(b";")[0].strip()
    if _shows(media, secrets):
        return b"application/octet-stream"
    return media + b";boundary=" + _BOUNDARY if _is_multipart(media) else media


def scrub_body(body: bytes, kind: bytes, secrets: Secrets) -> bytes:
    """The body as the carrier may see it, `kind` being the Content-Type as received.

    SDP is cleaned, also inside multipart; elsewhere only the digits of a secret number are overwritten.
    """
    if kind == b"application/sdp":
        return usual_sdp(body, secrets) or _scrub_sdp(body, secrets, False)
    if not kind:
        return _scrub_sdp(body, secrets, True)  # no type says what it is
    media = kind.partition(b";")[0].translate(None, b" \t").lower()
    if media == b"application/sdp":
        return _scrub_sdp(body, secrets, False)
    if _is_multipart(media):
        if scrub_type(kind, secrets) != kind:
            border = _boundary(kind)
            if border:
                body = body.replace(b"--" + border, b"--" + _BOUNDARY)
        return _scrub_sdp(body, secrets, True)
    return _blank(body, secrets)


def _is_multipart(media: bytes) -> bool:
    return media[:10].lower() == b"multipart/"


def _boundary(kind: bytes) -> bytes:
    """The boundary parameter of a multipart type without its quotes; empty when it cannot be read."""
    try:
        for part in split_semicolons(kind):
            name, _, value = part.partition(b"=")
            if name.strip().lower() == b"boundary":
                return value.strip().strip(b'"')
    except ParseError:
        return b""
    return b""


def _blank(text: bytes, secrets: Secrets) -> bytes:
    """The digits of every secret number overwritten with zeros: same length, same place, same everywhere."""
    for digits in secrets.digits:
        if len(digits) > LONGEST_PORT and text.find(digits) >= 0:
            text = text.replace(digits, b"0" * len(digits))
    return text


def _scrub_sdp(body: bytes, secrets: Secrets, multipart: bool) -> bytes:
    """Every line of SDP cleaned; in a multipart body the heads of its parts are cleaned as well.
    A multipart body is not cut into its parts: whatever a reader takes for SDP in it has been cleaned. Lines end where
    any reader may end them, and keep their ends, so that a binary part crosses as it came.
    """
    out: list[bytes] = []
    session = True
    for line in body.splitlines(True):
        if len(line) > 1 and line[1] == _EQUALS:
            key = line[0]
            if key == _A:
                if session and _attribute_shows(line, secrets):
                    continue
            elif key == _M:
                session = False
            elif key == _V:
                session = True
            else:
                line = tidy(line)
                if not line:
                    continue
        if multipart and _is_part_header(line) and _shows(line, secrets):
            continue
        out.append(line)
    text = _blank(b"".join(out), secrets)
    if _shown_by_media_only(text, secrets) or not _shows(text, secrets):
        return text
    text = b"".join(_harmless(text.splitlines(True), secrets))
    numbers = Secrets(tuple([digits for digits in secrets.digits if len(digits) > LONGEST_PORT]), (), ())
    if text.count(b"\r") == text.count(b"\r\n") or not _shows_number(text, numbers):
        return text
    # who does not end lines at CR reads a number on behind it: now everybody ends them
    return text.replace(b"\r\n", b"\n").replace(b"\r", b"\n")


def _shown_by_media_only(text: bytes, secrets: Secrets) -> bool:
    """Are names and hosts of cleaned SDP in such lines only as there is no SDP without, and no numbers in it?

    So it is in nearly every call: the media are where the platform is. False sends the text the long way.
    """
    if PERCENT in text or _shows_number(text, secrets):
        return False
    lowered = text.lower()
    for secret in secrets.hosts + secrets.texts:
        at = lowered.find(secret)
        while at >= 0:
            start = max(text.rfind(b"\n", 0, at), text.rfind(b"\r", 0, at)) + 1
            if text[start : start + 2] not in KEPT:
                return False
            at = lowered.find(secret, at + 1)
    return True


def _harmless(lines: list[bytes], secrets: Secrets) -> list[bytes]:
    """The lines that show no secret, and those without which there is no call."""
    kept: list[bytes] = []
    for line in lines:
        if line[:2] in KEPT or not _attribute_shows(line, secrets):
            kept.append(line)
        elif line[:13].lower() == b"content-type:":
            kept.append(line[:13] + b" " + scrub_type(line[13:].strip(), secrets) + line_end(line))
    return kept


def _is_part_header(line: bytes) -> bool:
    """Is this a header line of a part that nobody misses? Content-Type says how to read what follows, so it stays."""
    lowered = line[:13].lower()
    return lowered[:8] == b"content-" and lowered != b"content-type:"
