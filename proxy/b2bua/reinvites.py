"""A re-INVITE that is under way, as a part of the note of its call: written, read, and taken up by another process.

Its asker stops sending it again once it has heard a provisional answer, and the leg that was asked once it has the ACK of
its 2xx. So whoever takes the call up asks again, or gives the 2xx again, and both ends end with the same media. As long as
nobody has answered, the whole request is noted; from the 2xx on that one alone, until its ACK has come.
"""

from __future__ import annotations

from struct import Struct
from typing import Final, final

from proxy.b2bua.exchange import Exchange
from proxy.b2bua.fabric import Fabric
from proxy.b2bua.legs import Couple, Fork
from proxy.b2bua.note_texts import parted
from proxy.sip.hop import hop_of
from proxy.sip.transaction import ACCEPTED, EXPIRE, ClientTransaction, ServerTransaction

HEAD: Final = Struct("<BIIIII")  # flags, CSeq of the asker and on the other leg; sizes of head, request and 2xx
FROM_A: Final = 1
OFFERED: Final = 2
TEXTS: Final = 6


def under_way(couple: Couple) -> bytes:
    """What is to be kept of the re-INVITE of this call; empty when there is none."""
    exchange = couple.invite
    if not isinstance(exchange, Exchange) or exchange.set_up or exchange.client is None:
        return b""
    server, client = exchange.server, exchange.client
    request = b"" if exchange.ok else client.request
    flags = (FROM_A if exchange.from_a else 0) | (OFFERED if exchange.offered else 0)
    texts = [
        server.key.replace(b"\n", b"\t"), server.to, server.hop.text(), client.key, client.hop.text(), client.proof,
    ]  # fmt: skip
    head = HEAD.pack(
        flags, exchange.cseq_in, exchange.cseq_out, len(server.head), len(request), len(exchange.ok)
    )  # fmt: skip
    return b"".join((head, b"\n".join(texts), b"\n", server.head, request, exchange.ok))


@final
class Reinvite:
    """It read back. Raises ValueError, or struct.error, for what is none."""

    __slots__ = (
        "from_a", "offered", "cseq_in", "cseq_out", "key", "to", "hop", "branch", "asked_hop", "proof", "head",
        "request", "ok",
    )  # fmt: skip

    def __init__(self, data: bytes) -> None:
        flags, cseq_in, cseq_out, head, request, size = HEAD.unpack_from(data)
        texts, rest = parted(data, HEAD.size, TEXTS, head + request + size)
        self.from_a: Final[bool] = flags & FROM_A != 0
        self.offered: Final[bool] = flags & OFFERED != 0
        self.cseq_in: Final[int] = cseq_in
        self.cseq_out: Final[int] = cseq_out
        self.key: Final = texts[0].replace(b"\t", b"\n")
        self.to: Final = texts[1]
        self.hop: Final = hop_of(texts[2])
        self.branch: Final = texts[3]
        self.asked_hop: Final = hop_of(texts[4])
        self.proof: Final = texts[5]
        self.head: Final = rest[:head]
        self.request: Final = rest[head : head + request]
        self.ok: Final = rest[head + request :]


def ask_again(fabric: Fabric, couple: Couple, fork: Fork, found: Reinvite) -> None:
    """Go on with it: the same request goes out once more, or the same 2xx, which is repeated until its ACK comes."""
    asker, asked = ("a", "b") if found.from_a else ("b", "a")
    server = ServerTransaction(
        fabric.wire, fabric.a_pace, asker, found.key, "INVITE", found.head, found.to, found.hop
    )  # fmt: skip
    fabric.servers[found.key] = server
    exchange = Exchange(fabric, couple, found.from_a, server, found.cseq_in, found.offered, False)
    exchange.fork, exchange.cseq_out, couple.invite = fork, found.cseq_out, exchange
    pace = couple.b_pace if found.from_a else couple.a_pace
    client = exchange.client = ClientTransaction(
        fabric.wire, pace, asked, found.branch, "INVITE", found.request, found.asked_hop
    )
    client.owner, client.proof = exchange, found.proof
    fabric.clients[found.branch] = client
    if found.ok:
        exchange.ok = found.ok
        server.reply(found.ok, 200, fabric.now)
        exchange.repeat_until_acked()
        if found.offered:
            exchange.acknowledge(None)
        client.state = ACCEPTED
        client.expiry = fabric.timers.arm(fabric.now, pace.long, client, EXPIRE)
    else:
        client.start(fabric.now)
        exchange.wait_for_final(fabric.topology.limits.answer_timeout)
