"""The engine's shared state: transactions, dialogs, way out, counters, and the instant that is being worked on.

Calls and exchanges act through it. `now` (monotonic) and `epoch` (UTC) are set by the engine before each input; no
clock is read here.
"""

from __future__ import annotations

from typing import Final, Protocol, final

from proxy.b2bua.back_ways import BackWays
from proxy.b2bua.capacity import Capacity, Others
from proxy.b2bua.counters import Counters
from proxy.b2bua.credentials import Login, logins_for, with_line
from proxy.b2bua.dialogs import Dialogs
from proxy.b2bua.legs import NOBODY, STALE, Couple
from proxy.b2bua.outputs import Output
from proxy.b2bua.rewrite import Face
from proxy.b2bua.routing import Routing
from proxy.b2bua.trunks import Topology
from proxy.policy.edition import Edition
from proxy.policy.inquiry import Inquiry, PersonState
from proxy.sip.build import response, response_head
from proxy.sip.feedback import answered_offer, offers_loss
from proxy.sip.hop import Hop
from proxy.sip.message import Message
from proxy.sip.syntax import METHODS
from proxy.sip.timers import Timers
from proxy.sip.transaction import ClientTransaction, Pace, ServerTransaction
from proxy.sip.via import reply_hop
from proxy.sip.wire import Wire

FEEDBACK_VALID: Final = 1.0  # s
MTU_SAFE: Final = 1300  # RFC 3261 18.1.1


class Ids(Protocol):
    """Where identifiers come from: unique in space and time, tags and Call-IDs not guessable (RFC 3261 19.3)."""

    def branch(self) -> bytes:
        """A branch with the magic cookie."""

    def tag(self) -> bytes:
        """A From or To tag."""

    def call_id(self) -> bytes:
        """A Call-ID that names nobody."""

    def decision(self) -> str:
        """The id of one decision."""


class Stopwatch(Protocol):
    """Measures how long a decision takes."""

    def __call__(self) -> float:
        """Seconds on any scale that only grows."""


class Memory(Protocol):
    """What is remembered of persons when the ledger is silent."""

    def held(self, inquiry: Inquiry) -> PersonState | None:
        """The refusal of this person and consents after it; None if none is remembered."""


class Losses(Protocol):
    """What we want to be sent less; `gate.Gate` knows."""

    def loss_of(self, source: Hop) -> float:
        """The part of its new calls that who sends from there had better not send, 0 to 1."""


class Ledger(Protocol):
    """What may answer the question of a call at once."""

    def answer(self, inquiry: Inquiry) -> PersonState | None:
        """What is known of the person, with the attempt counted if it counts; None: ask by `Fetch`."""


@final
class NoMemory:
    """Nothing is remembered."""

    def held(self, inquiry: Inquiry) -> PersonState | None:
        """Of nobody."""
        return None

    def answer(self, inquiry: Inquiry) -> PersonState | None:
        """Never at once."""
        return None


@final
class Fabric:
    """State shared by everything inside one engine."""

    def __init__(self, topology: Topology, edition: Edition, ids: Ids, stopwatch: Stopwatch) -> None:
        self.ids: Final = ids
        self.stopwatch: Final = stopwatch
        self.capacity: Final = Capacity()
        self.timers: Final = Timers()
        self.wire: Final = Wire(self.timers)
        self.counters: Final = Counters()
        self.outputs: list[Output] = []
        self.servers: Final[dict[bytes, ServerTransaction]] = {}
        self.clients: Final[dict[bytes, ClientTransaction]] = {}
        self.dialogs: Final = Dialogs()
        self.merged: Final[dict[bytes, bytes]] = {}
        self.calls: Final[dict[int, Couple]] = {}
        self.calls_opened = 0
        self.noting = False  # whether somebody keeps notes of calls (`snapshot.take_notes`)
        self.changed: list[Couple] = []  # calls of which a note may be due
        self.now = 0.0
        self.epoch = 0.0
        self.edition = edition
        self.memory: Memory = NoMemory()
        self.losses: Losses | None = None
        self.ledger: Ledger = NoMemory()
        self.topology = topology
        self.agent = b""
        self.a_faces: list[Face] = []  # by listener
        self.ways_out: list[int] = []  # by listener
        self.logins: dict[str, Login] = {}  # by carrier, of those that may challenge us
        self.a_pace = Pace(0.5, 4.0, 5.0)
        self.routing: Final = Routing(topology)
        self.back_ways = BackWays(topology)
        self.use_topology(topology)

    def share_limits(self, others: Others) -> None:
        """Count calls together with other workers of the node, before the first call and the first trunk."""
        self.capacity.share(others)
        self.routing.others = others

    def use_topology(self, topology: Topology) -> None:
        """Take new trunks for calls to come; calls in progress keep what they have."""
        self.topology = topology
        self.capacity.node.set(topology.limits.calls_per_second, topology.limits.max_calls)
        self.agent = topology.server_name.encode("utf-8")
        self.a_faces = [Face(topology, listener, None) for listener in topology.listeners]
        self.ways_out = [one.way_out for one in topology.listeners]
        self.routing.use_topology(topology)
        self.back_ways = BackWays(topology)
        self.logins = logins_for(topology, self.logins)
        t1, t2, t4 = topology.timers
        self.a_pace = Pace(t1, t2, t4)

    def reply(
        self,
        server: ServerTransaction,
        status: int,
        lines: list[bytes],
        body: bytes,
        to: bytes = b"",
        reason: bytes = b"",
    ) -> bytes:
        """Answer `server`; returns the datagram. `to` is the To value of a fork, the transaction's own by default;
        `reason` replaces the standard phrase."""
        self.counters.count_response(False, server.leg, server.method, status)
        data = response(server.head, to or server.to, status, lines, body, reason)
        if len(data) > MTU_SAFE and not server.hop.reliable:
            self.counters.oversized += 1
        server.reply(data, status, self.now)
        return data

    def way_to(self, message: Message, source: Hop) -> Hop:
        """Where our own requests to whoever sent `message` go, and the listener that they leave by."""
        hop = reply_hop(message, source)
        way_out = self.ways_out[hop.listener]
        return hop if way_out < 0 else Hop(hop.transport, hop.host, hop.port, way_out)

    def serve(self, message: Message, method: str, key: bytes, leg: str, source: Hop, to: bytes) -> ServerTransaction:
        """Start a server transaction for the request `message` from `source`; `to` is the To value of its answers."""
        head = self.head(message, source)
        server = ServerTransaction(self.wire, self.a_pace, leg, key, method, head, to, reply_hop(message, source))
        self.servers[key] = server
        return server

    def head(self, message: Message, source: Hop) -> bytes:
        """What every response to this request begins with, and what its sender is told of overload (RFC 7339)."""
        head = response_head(message, source)
        if message.control and self.losses is not None and offers_loss(message.control):
            loss, end = self.losses.loss_of(source), head.find(b"\r\n")
            via = answered_offer(head[5:end], loss, FEEDBACK_VALID if loss else 0.0, self.epoch)
            head = b"Via: " + via + head[end:]
        return head

    def ask(
        self, leg: str, pace: Pace, key: bytes, method: str, data: bytes, hop: Hop, owner: object
    ) -> ClientTransaction:
        """Start a client transaction for the ready request `data` with branch key `key`.

        It gets our credentials where its carrier is known to want them."""
        proof = b""
        if self.logins and hop.trunk in self.logins and method != "CANCEL":
            proof = self.logins[hop.trunk].line(data, self.ids.tag())
            data = with_line(data, proof)
        self.counters.count_request(False, leg, method)
        if len(data) > MTU_SAFE and not hop.reliable:
            self.counters.oversized += 1
        client = ClientTransaction(self.wire, pace, leg, key, method, data, hop)
        client.owner, client.proof = owner, proof
        self.clients[key] = client
        client.start(self.now)
        return client

    def send_ack(self, leg: str, data: bytes, hop: Hop) -> None:
        """An ACK for a 2xx goes out by itself (RFC 3261 13.2.2.4)."""
        self.counters.count_request(False, leg, "ACK")
        self.wire.send(data, hop)

    def note(self, couple: Couple) -> None:
        """More of this call has changed than its state: a new note of it is due, if there is one at all."""
        if self.noting and couple.noted != NOBODY:
            couple.noted = STALE
            self.changed.append(couple)

    def forget_client(self, client: ClientTransaction) -> None:
        """Drop a client transaction and let its owner go."""
        if client.key in self.clients:
            del self.clients[client.key]
        client.owner = None

    def forget_server(self, server: ServerTransaction) -> None:
        """Drop a server transaction; its owner is let go, so that nothing waits for a garbage collection."""
        if server.key in self.servers:
            del self.servers[server.key]
        server.owner = None
        if server.merge_key in self.merged:
            del self.merged[server.merge_key]


def method_name(method: bytes) -> str:
    """A method for counters: those we know by name, all others `other`."""
    return METHODS.get(method, "other")
