"""The engine: the only entry point of the B2BUA, without I/O.

The law of the engine: *one input, then drain the outputs, then ask for the next deadline.* Inputs are `receive`, `tick`
and `state_arrived`; each comes with `now` (monotonic seconds) and, where a record or a decision may follow, `epoch`
(UTC seconds). Outputs are `take_sends` (datagrams, in order) and `take_outputs` (`Fetch`, records).

It never raises for anything that a network can send: what cannot be read is answered 400 or counted as dropped; our
own fault is caught here once, becomes a `Fault` and ends that one call. A call that waits for the ledger parks alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, final

from proxy.b2bua import admission, events
from proxy.b2bua.call import Call, open_call
from proxy.b2bua.challenges import answered, is_challenge
from proxy.b2bua.crossing import WITH_CONTACT
from proxy.b2bua.door import Door
from proxy.b2bua.exchange import Exchange
from proxy.b2bua.extract import called_text
from proxy.b2bua.fabric import Fabric, Ids, Stopwatch, method_name
from proxy.b2bua.gate import Gate
from proxy.b2bua.gateways import Place
from proxy.b2bua.identities import addresses
from proxy.b2bua.in_dialog import acknowledged, cancelled, carry
from proxy.b2bua.legs import Asker, a_leg
from proxy.b2bua.lost_ways import broken_frame, sender_of, waiting_on
from proxy.b2bua.outputs import Output
from proxy.b2bua.probing import Probes
from proxy.b2bua.shutdown import end_all, strike
from proxy.b2bua.snapshot import take_notes
from proxy.b2bua.stateless import answer, answer_fault, ends_here, max_forwards, out_of_dialog, unreadable
from proxy.b2bua.strays import stray
from proxy.b2bua.take_up import TakenUp, take_up
from proxy.b2bua.trunks import Topology
from proxy.policy.edition import Edition
from proxy.policy.inquiry import PersonState
from proxy.sip.dialog import check_contact
from proxy.sip.framing import Flaw
from proxy.sip.hop import Hop
from proxy.sip.matching import invite_key, server_key
from proxy.sip.message import Message, ParseError
from proxy.sip.parse import parse
from proxy.sip.transaction import FAIL, GONE, PASS, ClientTransaction, ServerTransaction
from proxy.sip.wire import Send

NO_LINES: Final[list[bytes]] = []


@final
class Engine:
    """All calls of one process."""

    def __init__(self, topology: Topology, edition: Edition, ids: Ids, stopwatch: Stopwatch) -> None:
        self.fabric: Final = Fabric(topology, edition, ids, stopwatch)
        self.counters: Final = self.fabric.counters
        self.wire: Final = self.fabric.wire
        self.routing: Final = self.fabric.routing
        self.probes: Final = Probes(self.fabric)
        self.gate: Final = Gate(self.fabric)
        self.draining = False
        self._door = Door(self.fabric, topology, None)
        self._working_on: Call | None = None

    def receive(self, data: bytes, source: Hop, now: float, epoch: float) -> None:
        """One message from `source`: a datagram, or what was framed out of a stream."""
        fabric = self.fabric
        fabric.now, fabric.epoch = now, epoch
        self._working_on = None
        message: Message | None = None
        try:
            if self.gate.shut and self.gate.stops(data, source, self._door.sources):
                return
            message = parse(data)
            if message.status:
                self._response(message)
            else:
                self._request(message, source)
        except ParseError as error:
            if error.message is None and message is not None and not message.status:
                error.message = message
            unreadable(fabric, error, source, self._leg(source))
        except Exception as fault:
            self._fault(fault, message.call_id if message is not None else b"")
            if message is not None and not message.status and message.method != b"ACK":
                answer_fault(fabric, message, source, self._leg(source))

    def tick(self, now: float, epoch: float) -> None:
        """Fire every timer that is due at `now`."""
        fabric = self.fabric
        fabric.now, fabric.epoch = now, epoch
        due = fabric.timers.pop_due(now)
        while due is not None:
            owner, kind = due
            self._working_on = None
            try:
                if isinstance(owner, ServerTransaction):
                    if owner.fire(kind, now) & GONE:
                        fabric.forget_server(owner)
                elif isinstance(owner, ClientTransaction):
                    self._work_on(owner.owner)
                    self._client_over(owner, owner.fire(kind, now), False)
                elif isinstance(owner, Asker):
                    self._work_on(owner)
                    owner.fire(kind, now)
            except Exception as fault:
                self._fault(fault, b"")
            due = fabric.timers.pop_due(now)

    def _client_over(self, client: ClientTransaction, orders: int, unsent: bool) -> None:
        owner = client.owner
        if orders & GONE:
            self.fabric.forget_client(client)
            if isinstance(owner, Exchange):
                owner.couple.exchange_over(owner)
        if orders & FAIL and isinstance(owner, Asker):
            owner.unheard(503 if unsent else 408)

    def undelivered(self, data: bytes, now: float, epoch: float) -> None:
        """`data`, ordered before, does not reach its peer: a request fails as on 503 (RFC 3261 8.1.3.1)."""
        self._unsent(sender_of(self.fabric, data), now, epoch)

    def unreachable(self, hop: Hop, now: float, epoch: float) -> None:
        """The stream to `hop` broke: requests that went there and heard nothing fail as on 503 (RFC 3261 8.1.3.1)."""
        self._unsent(waiting_on(self.fabric, hop), now, epoch)

    def _unsent(self, clients: list[ClientTransaction], now: float, epoch: float) -> None:
        self.fabric.now, self.fabric.epoch = now, epoch
        for client in clients:
            self._working_on = None
            try:
                self._work_on(client.owner)
                self._client_over(client, client.unsent(now), True)
            except Exception as fault:
                self._fault(fault, b"")

    def unframed(self, flaw: Flaw, source: Hop, now: float, epoch: float) -> None:
        """The stream of `source` cannot be cut into messages any more: answered where possible."""
        self.fabric.now, self.fabric.epoch = now, epoch
        unreadable(self.fabric, broken_frame(flaw), source, self._leg(source))

    def state_arrived(self, call: int, state: PersonState, now: float, epoch: float) -> bool:
        """The ledger's answer to a `Fetch`; False: the attempt that it counted must be taken back."""
        fabric = self.fabric
        fabric.now, fabric.epoch = now, epoch
        parked = fabric.calls.get(call)
        if not isinstance(parked, Call):
            return False
        self._working_on = parked
        try:
            return parked.state_arrived(state)
        except Exception as fault:
            self._fault(fault, parked.a.call_id)
            return True  # taken back with the end of the call

    def use_edition(self, edition: Edition) -> None:
        """Decide the calls to come by this edition."""
        self.fabric.edition = edition

    def use_topology(self, topology: Topology, now: float) -> None:
        """Take new trunks and limits for the calls to come."""
        self.fabric.now = now
        self.fabric.use_topology(topology)
        self._door = Door(self.fabric, topology, self._door)
        self.probes.renew()

    def use_places(self, carrier: str, places: list[Place], now: float) -> None:
        """The name of a carrier leads here now (RFC 3263); calls to come go there."""
        self.fabric.now = now
        self.routing.use_places(carrier, places)
        self._door = Door(self.fabric, self.fabric.topology, self._door)
        self.probes.renew()

    def drain(self) -> None:
        """Take no new calls; those in progress go on."""
        self.draining = True

    def stop(self, now: float, epoch: float) -> None:
        """End every call at once; its last datagrams and records are among the outputs."""
        self.draining = True
        self.fabric.now, self.fabric.epoch = now, epoch
        end_all(self.fabric)

    def take_sends(self) -> list[Send]:
        """The datagrams to send now, in order."""
        sends = self.wire.sends
        if sends:
            self.wire.sends = []
        return sends

    def take_outputs(self) -> list[Output]:
        """Fetches and records since the last time."""
        outputs = self.fabric.outputs
        if outputs:
            self.fabric.outputs = []
        return outputs

    def take_notes(self) -> list[bytes]:
        """What is to be kept of calls for whoever takes the place of this process; none unless `fabric.noting`."""
        return take_notes(self.fabric) if self.fabric.changed else NO_LINES

    def restore(self, notes: Sequence[bytes], now: float, epoch: float) -> TakenUp:
        """Take up the calls of a process before this one, whose notes these are, in the order in which it gave them."""
        self.fabric.now, self.fabric.epoch = now, epoch
        return take_up(self.fabric, notes)

    def next_deadline(self, grace: float = 0.0) -> float:
        """When `tick` is due next, `grace` later where one only waits for its end; infinity when nothing waits."""
        return self.fabric.timers.next_deadline(grace)

    def active_calls(self) -> int:
        """Calls between their INVITE and their end."""
        return len(self.fabric.calls)

    def transaction_count(self) -> int:
        """Transactions of both sides, lingering ones included."""
        return len(self.fabric.servers) + len(self.fabric.clients)

    def timer_count(self) -> int:
        """Timers that are armed."""
        return self.fabric.timers.armed()

    def retransmissions(self) -> dict[tuple[str, str], int]:
        """Datagrams sent or received again, by leg and direction (`sent`, `received`)."""
        return self.wire.repeated()

    def _response(self, message: Message) -> None:
        fabric = self.fabric
        key = message.branch if message.method != b"CANCEL" else message.branch + b"C"
        client = fabric.clients.get(key)
        if client is None or client.method != method_name(message.method):
            stray(fabric, message)
            return
        fabric.counters.count_response(True, client.leg, client.method, message.status)
        sent = client.request if is_challenge(message) else b""
        orders = client.response(message, fabric.now)
        if not orders & PASS:
            return
        owner = client.owner
        self._work_on(owner)
        if sent and answered(fabric, client, message, sent):
            return
        if isinstance(owner, Asker):
            owner.heard(message)

    def _work_on(self, owner: object) -> None:
        """A fault from here on strikes the call of `owner`."""
        couple = owner.works_for() if isinstance(owner, Asker) else None
        if isinstance(couple, Call):
            self._working_on = couple

    def _request(self, message: Message, source: Hop) -> None:
        fabric = self.fabric
        method = method_name(message.method)
        key = server_key(message)
        if method == "ACK":
            self._ack(message, key)
            return
        known = fabric.servers.get(key)
        if known is not None:
            known.request_again()
            return
        if method == "CANCEL":
            self._cancel(message, key, source)
        elif message.to_tag:
            self._in_dialog(message, method, key, source)
        elif method == "INVITE" or method == "MESSAGE":
            self._begin(message, method, key, source)
        else:
            leg = self._leg(source)
            fabric.counters.count_request(True, leg, method)
            out_of_dialog(fabric, message, method, source, leg, self.draining)

    def _ack(self, message: Message, key: bytes) -> None:
        fabric = self.fabric
        server = fabric.servers.get(key)
        if server is not None and not server.ack(fabric.now) & PASS:
            fabric.counters.count_request(True, server.leg, "ACK")
            return
        fork = fabric.dialogs.find(message.call_id, message.to_tag, message.from_tag)
        if fork is None:
            if not ends_here(message):
                fabric.counters.count_drop("stray ack")
            return
        if isinstance(fork.couple, Call):
            self._working_on = fork.couple
        acknowledged(fabric, fork, message)

    def _cancel(self, message: Message, key: bytes, source: Hop) -> None:
        fabric = self.fabric
        invite = fabric.servers.get(invite_key(message))
        if invite is None:
            answer(fabric, message, source, self._leg(source), 481, [])
            return
        server = fabric.serve(message, "CANCEL", key, invite.leg, source, invite.to)
        couple = cancelled(fabric, invite, server, message)
        if isinstance(couple, Call):
            self._working_on = couple
            couple.handle(events.CANCEL, message)

    def _begin(self, message: Message, method: str, key: bytes, source: Hop) -> None:
        fabric = self.fabric
        trunk = self._door.enter(message, method, source)
        if trunk is None:
            return
        hops = max_forwards(message)
        status, lines = admission.refusal(fabric, message, hops, self.draining)
        if status:
            answer(fabric, message, source, "a", status, lines)
            return
        shown, called = addresses(message), called_text(message)
        a = a_leg(message, fabric.ids.tag(), fabric.way_to(message, source))
        server = fabric.serve(message, method, key, "a", source, a.local)
        server.merge_key = admission.merge_key(message.call_id, message.from_tag, message.cseq)
        fabric.merged[server.merge_key] = key
        call = self._working_on = open_call(fabric, trunk, a, method, hops - 1)
        call.begin(message, server, shown, called)

    def _in_dialog(self, message: Message, method: str, key: bytes, source: Hop) -> None:
        fabric = self.fabric
        fork = fabric.dialogs.find(message.call_id, message.to_tag, message.from_tag)
        if fork is None:
            fabric.counters.count_request(True, self._leg(source), method)
            answer(fabric, message, source, self._leg(source), 481, [])
            return
        from_a = message.to_tag == fork.a.local_tag
        leg = "a" if from_a else "b"
        fabric.counters.count_request(True, leg, method)
        couple = fork.couple
        if not isinstance(couple, Call):
            return
        self._working_on = couple
        if from_a and couple.trunk.auth is not None and not self._door.stays(message, source, couple.trunk):
            return
        if source.reliable:
            (fork.a if from_a else fork.b).came_by(source)
        hops = max_forwards(message)
        if message.method in WITH_CONTACT:
            check_contact(message)
        server = fabric.serve(message, method, key, leg, source, message.to_value)
        carry(fabric, fork, from_a, server, message, hops)

    def _leg(self, source: Hop) -> str:
        return "b" if self._door.sources.is_carrier(source) else "a"

    def _fault(self, fault: Exception, call_id: bytes) -> None:
        """Our own defect: written down, and the one call that it struck is ended."""
        strike(self.fabric, fault, call_id, self._working_on)
