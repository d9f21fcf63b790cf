"""A SIP peer at one address: where its transactions live, and its calls by Call-ID."""

from __future__ import annotations

from collections import Counter
from random import Random
from typing import Final

from tests.simulation.loop import Loop
from tests.simulation.messages import COMPLAINT, Malformed, Sip
from tests.simulation.network import NODE, Address, Network
from tests.simulation.transactions import Client, Party, Server


class Peer:
    """One address. What it does with calls is for `asked` of its heirs."""

    def __init__(self, name: str, address: Address, loop: Loop, network: Network, rng: Random) -> None:
        self.name: Final = name
        self.address: Final = address
        self.loop: Final = loop
        self.network: Final = network
        self.rng: Final = rng
        host, port = address
        self.stream: Final = address in network.streams
        self.sent_by: Final = b"%b %b:%d;branch=" % (b"TCP" if self.stream else b"UDP", host.encode(), port)
        self.contact: Final = b"sip:gw@%b:%d" % (host.encode(), port)
        self.clients: dict[bytes, Client] = {}
        self.servers: dict[bytes, Server] = {}
        self.calls: dict[bytes, Party] = {}
        self.strays: Final[Counter[str]] = Counter()
        self.copies = 1
        self._branches = 0
        network.attach(address, self.arrive)

    def branch(self) -> bytes:
        """A new branch."""
        self._branches += 1
        return b"z9hG4bK%b%x" % (self.name.encode(), self._branches)

    def send(self, data: bytes) -> None:
        """Everything goes to the proxy; a rude peer says it all several times."""
        for _ in range(1 if self.stream else self.copies):
            self.network.send(data, self.address, NODE)

    def forget(self) -> None:
        """All that it knew is lost, as after a crash."""
        for call in self.calls.values():
            call.gone = True
        self.clients, self.servers, self.calls = {}, {}, {}

    def arrive(self, data: bytes, source: Address) -> None:
        """One datagram from the network."""
        try:
            message = Sip(data)
        except Malformed:
            if data[:12] != COMPLAINT:  # what was broken is answered with what of it could be read
                raise
            return
        if message.status:
            client = self.clients.get(message.branch + message.method)
            if client is None:
                self.strays["response"] += 1
            elif client.asker is None or not client.asker.gone:
                client.answer(message)
            return
        method = message.method
        if method == b"ACK":
            self._ack(message)
            return
        server = self.servers.get(message.branch + method)
        if server is not None:
            if (
                server.last
                and not (server.call and server.call.gone)
                and (method != b"INVITE" or not 200 <= server.status < 300)
            ):
                self.send(server.last)
            return
        server = self.servers[message.branch + method] = Server(self, message)
        if method == b"CANCEL":
            self._cancel(server)
        else:
            self.take(server)

    def _ack(self, message: Sip) -> None:
        server = self.servers.get(message.branch + b"INVITE")
        if server is not None and server.status >= 300:
            server.acked = True
            return
        call = self.calls.get(message.call_id)
        if call is not None and not call.gone:
            call.acknowledged(message)

    def _cancel(self, server: Server) -> None:
        invite = self.servers.get(server.message.branch + b"INVITE")
        if invite is None:
            server.reply(481, b"none")
            return
        server.call = invite.call
        if invite.call is None or not invite.call.gone:
            server.reply(200, b"cancel")
            if invite.status < 200 and invite.call is not None:
                invite.call.cancelled(invite)

    def take(self, server: Server) -> None:
        """A new request: to its call, or to the front desk."""
        call = self.calls.get(server.message.call_id)
        if call is not None:
            server.call = call
            if not call.gone:
                call.asked(server)
        elif server.message.to_tag:
            server.reply(481)
        else:
            self.opened(server)

    def opened(self, server: Server) -> None:
        """A request outside of any call."""
        server.reply(200 if server.message.method == b"OPTIONS" else 405, b"desk")
