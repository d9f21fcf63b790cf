"""A name server on a free loopback port, with the zone that a test wants; real datagrams, made by dnspython."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final, cast

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

TEXT: Final = dns.rdatatype.to_text


class NameServer(asyncio.DatagramProtocol):
    """Answers from `zone`: `(name, type)` to the texts of its records. `ttl` in seconds; `failing` answers SERVFAIL."""

    def __init__(self) -> None:
        self.zone: dict[tuple[str, str], list[str]] = {}
        self.ttl = 60
        self.failing = False
        self.silent = False
        self.asked: list[tuple[str, str]] = []
        self.address = ""
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The socket is bound."""
        self._transport = cast(asyncio.DatagramTransport, transport)
        self.address = "127.0.0.1:{}".format(transport.get_extra_info("sockname")[1])

    def datagram_received(self, data: bytes, addr: tuple[str | int, ...]) -> None:
        """One question."""
        question = dns.message.from_wire(data)
        asked = question.question[0]
        name, kind = asked.name.to_text(omit_final_dot=True).lower(), TEXT(asked.rdtype)
        self.asked.append((name, kind))
        if self.silent:
            return
        answer = dns.message.make_response(question)
        records = self.zone.get((name, kind), [])
        if self.failing:
            answer.set_rcode(dns.rcode.SERVFAIL)
        elif records:
            answer.answer.append(dns.rrset.from_text_list(asked.name, self.ttl, "IN", kind, records))
        elif not any(known == name for known, _ in self.zone):
            answer.set_rcode(dns.rcode.NXDOMAIN)
        assert self._transport is not None
        self._transport.sendto(answer.to_wire(), addr)


@asynccontextmanager
async def name_server() -> AsyncIterator[NameServer]:
    """A running one."""
    transport, protocol = await asyncio.get_running_loop().create_datagram_endpoint(
        NameServer, local_addr=("127.0.0.1", 0)
    )
    try:
        yield protocol
    finally:
        transport.close()
