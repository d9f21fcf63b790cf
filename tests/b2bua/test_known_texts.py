"""What is remembered of texts finds the same as looking through them: SDP of one mould, header lines, their limits."""

from __future__ import annotations

from random import Random

import pytest

from proxy.b2bua import known_texts
from proxy.b2bua.extract import NO_SECRETS, Secrets
from proxy.b2bua.known_texts import REMEMBERED_MOST, known, usual_sdp
from proxy.b2bua.scrub import scrub_body, scrub_lines

SECRETS = Secrets((b"612345678", b"145001234"), (b"dupont",), (b"10.1.0.1", b"vms.example"))
SDP = (
    b"v=0\r\no=vms 8123071 1 IN IP4 10.1.0.1\r\ns=title\r\ni=about\r\nc=IN IP4 10.1.0.1\r\nt=0 0\r\n"
    b"m=audio 38000 RTP/AVP 8 101\r\na=rtpmap:8 PCMA/8000\r\na=fmtp:101 0-15\r\na=sendrecv\r\n"
)
CLEAN = SDP.replace(b"o=vms ", b"o=- ").replace(b"s=title\r\ni=about\r\n", b"s=-\r\n")
# pieces that move where a line, a number or the mould begins and ends
PIECES = (
    b"\r\n", b"\n", b"\r", b" ", b"%", b"%30", b"06 12 34 56 78", b"612345678", b"61234", b"5678", b"dupont", b"VMS.example",
    b"10.1.0.1", b"o=", b"\no=", b"\r\no=x 1 1 IN IP4 1.1.1.1", b"m=", b"\nm=", b"\r\nm=audio 61234 RTP/AVP 8", b"\rs=", b"a=",
    b"=", b"\r\na=x:612345678", b"\r\na=x:dupont", b"\r\ni=dupont", b"\r\nv=0", b"1", b"audio", b"/2", b"\x00", b"\xc2\xa0",
)  # fmt: skip


def the_long_way(body: bytes, secrets: Secrets) -> bytes:
    """The same SDP by a type that is not spelled as usual, which nobody remembers."""
    return scrub_body(body, b"application/SDP", secrets)


def test_sdp_of_a_known_mould_is_cleaned_with_its_own_session_and_port() -> None:
    for session, port in ((b"8123071 1", b"38000"), (b"8123072 2", b"4000"), (b"1 1", b"9")):
        body = SDP.replace(b"8123071 1", session).replace(b"38000", port)
        assert usual_sdp(body, SECRETS) == CLEAN.replace(b"8123071 1", session).replace(b"38000", port)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"8123071", b"0612345678"), (b"8123071", b"06-12-34-56-78"), (b"8123071", b"%30"), (b"8123071 ", b"8\r1 "),
        (b"a=sendrecv", b"a=tool:dupont"), (b"t=0 0", b"t=0 0\r\na=x:06 12 34 56 78"), (b"a=sendrecv", b"a=x:10.1.0.1"),
        (b"38000", b"061234"), (b"38000", b"38000/2"), (b"audio", b"audio 1"), (b"o=vms", b"p=vms"), (b"m=audio", b"x=audio"),
        (b"RTP/AVP", b"612345678"), (b"m=audio ", b"m=\rs=x "), (b"a=sendrecv", b"a=x:%64upont"),
        (b"o=vms 8123071 1 IN IP4 10.1.0.1", b"o=8123071"),
    ],
)  # fmt: skip
def test_what_shows_something_or_is_written_otherwise_goes_the_long_way(old: bytes, new: bytes) -> None:
    assert usual_sdp(SDP, SECRETS)
    assert usual_sdp(SDP.replace(old, new), SECRETS) == b""


@pytest.mark.parametrize(
    "secrets",
    [Secrets((b"38000",), (), ()), Secrets((), (b"a\rb",), ()), Secrets((), (), (b"",)), Secrets((b"06123x",), (), ())],
)
def test_secrets_that_could_be_a_port_or_reach_over_lines_go_the_long_way(secrets: Secrets) -> None:
    assert not secrets.plain
    assert usual_sdp(SDP, secrets) == b""


def test_where_a_body_is_known_it_crosses_as_it_does_the_long_way() -> None:
    chance, usual = Random(7), 0
    for turn in range(20_000):
        body = SDP if turn % 2 else SDP.replace(b"\r\n", b"\n")
        for _ in range(chance.randrange(1, 4)):
            at, end = sorted((chance.randrange(len(body)), chance.randrange(len(body))))
            end = end if chance.random() < 0.2 else at + chance.randrange(3)
            body = body[:at] + chance.choice((*PIECES, b"")) + body[end:]
        found = usual_sdp(body, SECRETS)
        usual += bool(found)
        assert found in (b"", the_long_way(body, SECRETS)), body
        assert scrub_body(body, b"application/sdp", SECRETS) == the_long_way(body, SECRETS), body
    assert usual > 2000


def test_lines_show_the_same_remembered_or_not() -> None:
    """A secret that is not `plain` and stands nowhere sends the same lines the long way."""
    long_way = Secrets((*SECRETS.digits, b"99999"), SECRETS.texts, SECRETS.hosts)
    assert not long_way.plain
    chance = Random(8)
    for _ in range(4000):
        line = b"X: 06 1%32 a" + b"".join(chance.choices(PIECES, k=4)).replace(b"\n", b"").replace(b"\r", b"")
        lines, again = [b"Kept: dupont", line, b"Y: 1"], [b"Kept: dupont", line, b"Y: 1"]
        assert scrub_lines(lines, 1, SECRETS) == scrub_lines(again, 1, long_way)
        assert lines == again


def test_no_more_is_remembered_than_was_said() -> None:
    for turn in range(2 * REMEMBERED_MOST):
        known(b"Reason: %d" % turn)
        usual_sdp(SDP.replace(b"t=0 0", b"t=%d 0" % turn), NO_SECRETS)
        assert len(known_texts._KNOWN) <= REMEMBERED_MOST
        assert len(known_texts._MOULDS) <= REMEMBERED_MOST
    size = len(known_texts._KNOWN)
    known(b"x" * 5000)
    assert len(known_texts._KNOWN) == size
    assert usual_sdp(SDP + b"a=x:" + b"x" * 5000, NO_SECRETS) == b""
