"""Session descriptions whose media lead nowhere, and those that only look like it."""

from __future__ import annotations

import pytest

from proxy.sip.parse import parse
from proxy.sip.sdp import nowhere

HEAD = "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\n"
PLACE = "c=IN IP4 192.0.2.1\r\n"
AUDIO = "m=audio 4000 RTP/AVP 8\r\n"
OFF = "m=video 0 RTP/AVP 96\r\n"
TIME = "t=0 0\r\n"


def carries(body: str, kind: str = "application/sdp") -> bool:
    lines = [
        "INVITE sip:b@h SIP/2.0", "Via: SIP/2.0/UDP h;branch=z9hG4bK1", "From: <sip:a@h>;tag=1", "To: <sip:b@h>",
        "Call-ID: 1", "CSeq: 1 INVITE", f"Content-Length: {len(body)}",
    ]  # fmt: skip
    if kind:
        lines.append(f"Content-Type: {kind}")
    return nowhere(parse(("\r\n".join([*lines, "", ""]) + body).encode()))


@pytest.mark.parametrize(
    "body",
    [
        HEAD + TIME + AUDIO,
        HEAD + TIME + AUDIO + AUDIO + PLACE,
        HEAD + TIME + AUDIO + PLACE + AUDIO,
        HEAD + TIME + OFF + AUDIO,
        (HEAD + TIME + AUDIO).replace("\r\n", "\n"),
        HEAD + TIME + "a=c=IN\r\n" + AUDIO,
        HEAD + TIME + "m=audio\r\n",
    ],
)
def test_media_without_an_address(body: str) -> None:
    assert carries(body)
    assert carries(body, "Application/SDP ;charset=utf-8")


@pytest.mark.parametrize(
    "body",
    [
        HEAD + PLACE + TIME + AUDIO,
        HEAD + PLACE + TIME + AUDIO + AUDIO,
        HEAD + TIME + AUDIO + PLACE,
        HEAD + TIME + AUDIO + PLACE + AUDIO + PLACE,
        HEAD + TIME + AUDIO + PLACE + OFF,
        HEAD + TIME + OFF,
        HEAD + TIME,
        (HEAD + TIME + AUDIO + PLACE).replace("\r\n", "\n"),
        "",
        "\r\n",
    ],
)
def test_media_with_an_address_or_no_media(body: str) -> None:
    assert not carries(body)


@pytest.mark.parametrize("kind", ["text/plain", "multipart/mixed;boundary=x", "application/sdpfrag"])
def test_other_bodies_are_not_looked_at(kind: str) -> None:
    assert not carries(HEAD + TIME + AUDIO, kind)
