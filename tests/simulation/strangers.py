"""Requests that belong to no call: from the platforms, from the carriers, and from somebody whom nobody knows.

Each is answered at once with what `EXPECTED` says, or not at all; none makes a call.
"""

from __future__ import annotations

from typing import Final, final

from tests.simulation.messages import Sip, request, response
from tests.simulation.peer import Peer
from tests.simulation.transactions import Client, Party

EXPECTED: Final = {
    ("platform", b"OPTIONS"): (200,), ("platform", b"REGISTER"): (405,), ("platform", b"BYE"): (481,),
    ("platform", b"INFO"): (481,), ("platform", b"CANCEL"): (481,),
    ("carrier", b"OPTIONS"): (200,), ("carrier", b"INVITE"): (404,), ("carrier", b"BYE"): (481,),
    ("carrier", b"SUBSCRIBE"): (405,),
    ("stranger", b"OPTIONS"): (200, 403), ("stranger", b"INVITE"): (403,), ("stranger", b"MESSAGE"): (403,),
    ("stranger", b"REGISTER"): (403, 405),
}  # fmt: skip
REQUESTS: Final = tuple(EXPECTED)


@final
class Stranger(Party):
    """Whoever asks; `wrong` gets a line for each answer that should not be."""

    def __init__(self, who: str, wrong: list[str]) -> None:
        self._who: Final = who
        self._wrong: Final = wrong

    def answered(self, client: Client, answer: Sip) -> None:
        """Is it one that was to be expected?"""
        if answer.status >= 200 and answer.status not in EXPECTED[self._who, client.method]:
            self._wrong.append(f"{answer.status} to {client.method.decode()} of {self._who}")


def ask(peer: Peer, who: str, method: bytes, number: int, wrong: list[str]) -> None:
    """Send one request that belongs to nothing; sometimes an ACK or an answer that nobody waits for comes along."""
    branch = peer.branch()
    inside = b";tag=gone" if method in (b"BYE", b"INFO") else b""
    ends = b"<sip:x@x.invalid>;tag=s%d" % number, b"<sip:node@10.0.0.1>" + inside, b"s%d@x.invalid" % number, 7
    extra = b"Contact: <%b>\r\n" % peer.contact if method in (b"INVITE", b"REGISTER") else b""
    data = request(method, b"sip:+33140000000@10.0.0.1", peer.sent_by + branch, ends, extra)
    Client(peer, method, branch, 7, data, Stranger(who, wrong))
    if number % 3 == 0:
        peer.send(response(Sip(data), 200, b"stray"))
        peer.send(request(b"ACK", b"sip:10.0.0.1", peer.sent_by + peer.branch(), ends))
