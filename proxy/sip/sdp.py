"""The one thing that must be known of a session description: whether its media have an address at all."""

from __future__ import annotations

from typing import Final

from proxy.sip.message import Message

SDP: Final = b"application/sdp"


def nowhere(message: Message) -> bool:
    """Does this message carry SDP with media that have no address (RFC 8866 5.7: a `c=` for the session, or one for each)?

    A stream that is switched off (port 0) needs none. False for any other body.
    """
    body = message.body
    if not body:
        return False
    kind = message.first(b"content-type")
    if kind != SDP and kind.partition(b";")[0].strip().lower() != SDP:
        return False
    media = body.find(b"\nm=")
    if media < 0:
        return False
    place = body.find(b"\nc=")
    if 0 <= place < media:
        return False
    while media >= 0:
        following = body.find(b"\nm=", media + 3)
        end = following if following >= 0 else len(body)
        if body.find(b"\nc=", media, end) < 0 and not _switched_off(body, media + 3, end):
            return True
        media = following
    return False


def _switched_off(body: bytes, start: int, end: int) -> bool:
    """Is the port of the media line that begins there 0?"""
    words = body[start:end].partition(b"\n")[0].split()
    return len(words) > 1 and words[1] == b"0"
