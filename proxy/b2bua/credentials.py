"""What we prove ourselves with to one carrier: its last challenge, answered with a count that grows.

A challenge is kept and answered in later requests before they are challenged (RFC 7616 3.6), until the carrier sends
another one. The password never leaves as itself; what stands for it is kept for the realm and algorithm in use only.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Final, final

from proxy.b2bua.logins import CarrierLogin
from proxy.b2bua.trunks import Topology
from proxy.sip.digest import STRONGEST_FIRST, Challenge, credentials_value, read_challenge, user_hash
from proxy.sip.message import Message, ParseError

_END: Final = b"\r\n\r\n"


@final
class Login:
    """The credentials of one carrier trunk and the challenge that they answer now."""

    __slots__ = ("given", "challenge", "header", "ha1", "count")

    def __init__(self, given: CarrierLogin) -> None:
        self.given: Final = given
        self.challenge: Challenge | None = None
        self.header = b""
        self.ha1 = b""
        self.count = 0

    def choose(self, message: Message) -> Challenge | None:
        """The strongest challenge of a 401 or 407 that can be answered; None when there is none."""
        name = b"www-authenticate" if message.status == 401 else b"proxy-authenticate"
        best: Challenge | None = None
        for value in message.all(name):
            found: Challenge | None = None
            with suppress(ParseError):
                found = read_challenge(value)
            if found is None or (self.given.realm and found.realm != self.given.realm):
                continue
            if best is None or STRONGEST_FIRST.index(found.algorithm) < STRONGEST_FIRST.index(best.algorithm):
                best = found
        return best

    def learn(self, challenge: Challenge, status: int) -> None:
        """Answer this challenge from now on; it came with `status` 401 or 407."""
        self.challenge, self.count = challenge, 0
        self.header = b"Authorization: " if status == 401 else b"Proxy-Authorization: "
        given = self.given
        self.ha1 = user_hash(challenge.algorithm, given.user, challenge.realm, given.password)

    def forget(self) -> None:
        """The carrier does not take these credentials: the next request goes without."""
        self.challenge = None

    def line(self, data: bytes, cnonce: bytes) -> bytes:
        """The header line with our credentials for the ready request `data`; empty while no challenge is known."""
        challenge = self.challenge
        if challenge is None:
            return b""
        self.count += 1
        method, uri, _ = data[: data.find(b"\r\n")].split(b" ")
        body = data[data.find(_END) + 4 :]
        return self.header + credentials_value(
            challenge, self.given.user, self.ha1, method, uri, body, self.count, cnonce
        )  # fmt: skip


def with_line(data: bytes, line: bytes) -> bytes:
    """The ready message `data` with one more header line, before its Content-Length; as it is for an empty one."""
    if not line:
        return data
    at = data.rfind(b"\r\n", 0, data.find(_END))
    return b"%b\r\n%b%b" % (data[:at], line, data[at:])


def renewed(sent: bytes, key: bytes, fresh: bytes, cseq: int) -> bytes:
    """The request `sent` once more: with the branch `fresh` instead of `key`, that CSeq, and without credentials."""
    end = sent.find(_END)
    lines: list[bytes] = []
    for line in sent[:end].split(b"\r\n"):
        if line.startswith((b"Authorization: ", b"Proxy-Authorization: ")):
            continue
        if line.startswith(b"Via: ") and line.endswith(b";branch=" + key):
            line = line[: -len(key)] + fresh
        elif line.startswith(b"CSeq: "):
            line = b"CSeq: %d%b" % (cseq, line[line.rfind(b" ") :])
        lines.append(line)
    return b"\r\n".join(lines) + sent[end:]


def cseq_of(sent: bytes) -> int:
    """The CSeq number of one of our own requests."""
    at = sent.find(b"\r\nCSeq: ") + 8
    return int(sent[at : sent.find(b" ", at)])


def logins_for(topology: Topology, known: dict[str, Login]) -> dict[str, Login]:
    """A login for each carrier that has credentials; one that is `known` with the same ones goes on counting."""
    found: dict[str, Login] = {}
    for carrier in topology.carriers:
        if carrier.login is not None:
            before = known.get(carrier.name)
            found[carrier.name] = (
                before if before is not None and before.given == carrier.login else Login(carrier.login)
            )
    return found
