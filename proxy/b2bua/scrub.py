"""Leak guard: what crosses towards the carrier is searched for the caller's own identity, and cleaned.

Header lines that may cross at all come from an allow-list (`rewrite`); here their values are searched, since a
Reason text or an Alert-Info address can carry a number too. SDP loses its owner's name, its title and contact lines
(sip.md 5). Numbers are found in every written form: with separators, percent-escaped, with any prefix.
"""

from __future__ import annotations

from typing import Final

from proxy.b2bua.extract import Secrets
from proxy.sip.address import unescape

_SEPARATORS: Final = b" \t.-()/"
_DROPPED: Final = (b"i=", b"u=", b"e=", b"p=")


def _holds(text: bytes, secrets: Secrets, names: bool) -> bool:
    """Does `text` show a secret in any writing? `names` looks for texts too, not just numbers."""
    if b"%" in text:
        text = unescape(text)
    squeezed = text.translate(None, _SEPARATORS)
    for digits in secrets.digits:
        if digits in squeezed:
            return True
    if names:
        lowered = text.lower()
        for name in secrets.texts:
            if name.lower() in lowered:
                return True
    return False


def scrub_lines(lines: list[bytes], start: int, secrets: Secrets) -> int:
    """Clean the crossing header lines from index `start` on, in place; returns how many held a secret.

    A value that shows a secret is dropped with its header; in Content-Type, which cannot be missed, the digits are
    blanked out.
    """
    found = 0
    at = start
    while at < len(lines):
        line = lines[at]
        content = line[:8].lower() == b"content-" or line[:2] == b"c:"
        if _holds(line, secrets, not content):
            found += 1
            if content:
                lines[at] = _blank(line, secrets)
            else:
                del lines[at]
                continue
        at += 1
    return found


def _blank(text: bytes, secrets: Secrets) -> bytes:
    """The digits of every secret number overwritten with zeros: same length, same place, same everywhere."""
    for digits in secrets.digits:
        if digits in text:
            text = text.replace(digits, b"0" * len(digits))
    return text


def scrub_body(body: bytes, content_type: bytes, secrets: Secrets) -> bytes:
    """The body as the carrier may see it: SDP cleaned, also inside multipart; every other type untouched."""
    kind = content_type.lower()
    if kind.startswith(b"application/sdp"):
        return _scrub_sdp(body, secrets)
    if kind.startswith(b"multipart/"):
        return _scrub_multipart(body, secrets)
    return body


def _scrub_sdp(body: bytes, secrets: Secrets) -> bytes:
    out: list[bytes] = []
    session = True
    for line in body.split(b"\n"):
        key = line[:2]
        if key in _DROPPED:
            continue
        if key == b"o=":
            line = _owner(line)
        elif key == b"s=":
            line = b"s=-\r" if line.endswith(b"\r") else b"s=-"
        elif key == b"m=":
            session = False
        elif session and key == b"a=" and _holds(line, secrets, True):
            continue
        out.append(line)
    return _blank(b"\n".join(out), secrets)


def _owner(line: bytes) -> bytes:
    """`o=` with `-` for its user name; session id and version stay (RFC 4566 5.2)."""
    space = line.find(b" ")
    return b"o=-" + line[space:] if space > 0 else line


def _scrub_multipart(body: bytes, secrets: Secrets) -> bytes:
    """Every application/sdp part cleaned; part borders, other parts and line ends stay (RFC 2046 5.1)."""
    first = body.find(b"--")
    end = body.find(b"\n", first)
    if first < 0 or end < 0:
        return body
    border = body[first:end].rstrip(b"\r")
    parts = body.split(border)
    for at in range(1, len(parts)):
        head, blank, content = parts[at].partition(b"\r\n\r\n")
        if blank and b"application/sdp" in head.lower():
            parts[at] = head + blank + _scrub_sdp(content, secrets)
    return _blank(border, secrets).join(parts)
