"""The gate: what becomes of new calls while more of them come than can be served.

It stands before the parser and is shut only while `Pressure` holds new calls to a rate. Then each INVITE and MESSAGE that
begins a dialog is looked at with `sip.skim`, and passes if the shares of its trunk and of its customer have room for it
(`Shares`). What does not pass is answered 503 without a transaction, as long as there are not more such answers than
calls: an answer costs a tenth of a call, but it ends the retransmissions. Everything beyond is thrown away unanswered,
and by `drops` the kernel is told how much of what each host sends it can throw away before anybody reads it.

Never stopped: responses, requests inside a dialog, CANCEL, calls to emergency numbers, and the retransmissions of what
was let in. What was refused once is refused again, so that nobody is served who has given up already.
"""

from __future__ import annotations

from typing import Final, final
from zlib import crc32

from proxy.b2bua.admission import is_emergency
from proxy.b2bua.counters import Histogram
from proxy.b2bua.fabric import Fabric, method_name
from proxy.b2bua.pressure import Pressure
from proxy.b2bua.shares import MOST_HOSTS, Share
from proxy.b2bua.sources import Sources
from proxy.b2bua.stateless import answer, refused_unread
from proxy.b2bua.trunks import PlatformTrunk
from proxy.sip.hop import Hop
from proxy.sip.matching import server_key
from proxy.sip.message import Message, ParseError
from proxy.sip.parse import parse
from proxy.sip.skim import ACK, INVITE, MESSAGE, begins_dialog, header_value, plain_number, transaction_key

DELAY_BOUNDS: Final[tuple[float, ...]] = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 5.0)
DIVIDED_EVERY: Final = 0.1  # s
STRANGERS: Final = "unknown"
ANSWERS: Final = 0.5  # answered refusals for each call that is let in
# messages that are read of a host for each of its calls that can be let in; the kernel drops the rest
READ: Final = 2.0
REMEMBERED: Final = 32.0  # s, as long as an INVITE is repeated (RFC 3261 17.1.1.2)
REMEMBERED_MOST: Final = 32768
STALE: Final = 0.5  # s: T1, after which a message that waited is repeated behind it
RETRY_LEAST: Final = 1
RETRY_SPREAD: Final = 3


@final
class Gate:
    """The gate of one engine. `shut` says whether `stops` has to be asked at all."""

    __slots__ = (
        "shut", "pressure", "shares", "drops", "filtered", "delays", "unseen", "_fabric", "_headers", "_refused", "_before", "_turned_at", "_answers",
        "_divided_at", "_opened", "_stale", "_sources",
    )  # fmt: skip

    def __init__(self, fabric: Fabric) -> None:
        self.shut = False
        self.pressure: Final = Pressure(fabric.topology.limits.queue_delay)
        self.shares: Final = Share("", 1.0, 0.0, 0.0)
        self.drops: dict[str, float] = {}
        """By host, the part of its new calls that nobody needs to read."""
        self.filtered = False
        """Does somebody keep what `drops` says from being read?"""
        self.unseen: Final[dict[int, int]] = {}
        """By port, what the kernel has dropped so far."""
        self.delays: Final = Histogram(DELAY_BOUNDS)
        self._fabric: Final = fabric
        self._headers: Final[dict[str, bytes]] = {}
        self._refused: set[bytes] = set()
        self._before: set[bytes] = set()
        self._turned_at = 0.0
        self._answers = 0.0
        self._divided_at = 0.0
        self._opened = 0
        self._stale = False
        self._sources: Sources | None = None
        fabric.losses = self

    @property
    def target(self) -> float:
        """Seconds that messages may wait; 0: the gate is never shut."""
        return self._fabric.topology.limits.queue_delay

    def rate(self) -> float:
        """New calls per second that are let in; 0: as many as come."""
        return self.pressure.rate if self.pressure.high else 0.0

    def observe(self, port: int, delay: float, now: float) -> None:
        """A message had waited `delay` seconds in the kernel when it was read at `now` on `port`."""
        pressure, fabric = self.pressure, self._fabric
        pressure.target = fabric.topology.limits.queue_delay
        self.delays.observe(delay)
        self._stale = delay >= STALE
        if not pressure.observe(port, delay, now, fabric.calls_opened):
            return
        if not pressure.high:
            if self.shut:
                self._ease(now)
            return
        if not self.shut:
            self.shut, self._turned_at, self._divided_at, self._opened = True, now, now, fabric.calls_opened
            self._answers, self.shares.rate = 1.0, pressure.rate
        self._divide(now)

    def _ease(self, now: float) -> None:
        """There is no rate any more; what was refused is still remembered for a while."""
        self.drops = {}
        self.shares.members.clear()
        self._turn(now)
        self.shut = bool(self._refused) or bool(self._before)

    def _turn(self, now: float) -> None:
        if now - self._turned_at >= REMEMBERED or len(self._refused) >= REMEMBERED_MOST:
            self._before, self._refused, self._turned_at = self._refused, set(), now

    def _divide(self, now: float) -> None:
        """Shares by what is asked for, answers by what was let in, and what the kernel may drop."""
        passed = now - self._divided_at
        if passed < DIVIDED_EVERY:
            return
        opened = self._fabric.calls_opened
        self._answers = min(self._answers + ANSWERS * (opened - self._opened), max(1.0, ANSWERS * self.pressure.rate))
        self._divided_at, self._opened = now, opened
        self._turn(now)
        self.shares.rate = self.pressure.rate
        self.shares.divide(passed, now)
        drops: dict[str, float] = {}
        if self.filtered:
            for share in self.shares.members.values():
                share.drop(READ, drops)
        self.drops = drops

    def stops(self, data: bytes, source: Hop, sources: Sources) -> bool:
        """Is this message refused or thrown away here? Asked only while the gate is shut."""
        self._sources = sources
        if data[:7] == INVITE:
            key = transaction_key(data)
        elif data[:4] == ACK:
            return self._absorbs(data)
        elif data[:8] == MESSAGE:
            key = transaction_key(data) + b"\nMESSAGE"
        else:
            return False
        if not begins_dialog(data) or key in self._fabric.servers:
            return False
        message: Message | None = None
        if not plain_number(data):
            message = self._harmless(data)
            if message is None:
                return False
        trunk = sources.platform(source) or sources.calling_back(source)
        again = key in self._refused or key in self._before
        if not again and (not self.pressure.high or self._has_room(data, source, trunk)):
            return False
        return self._refuse(data, message, source, key)

    def _has_room(self, data: bytes, source: Hop, trunk: PlatformTrunk | None) -> bool:
        """Is there room for one more call in the shares of its trunk and its customer? Then it is taken."""
        fabric, now = self._fabric, self._fabric.now
        if trunk is None:
            share = self.shares.member(STRANGERS, 1.0, now)
            customer = None
        else:
            share = self.shares.member(trunk.name, trunk.weight, now)
            customer = fabric.edition.directory.customer(trunk.customer or self._named(data, trunk.customer_header))
        if customer is None:
            member = share.member("", 1.0, now)
        else:
            member = share.member(customer.id, customer.weight, now)
        share.asked += 1
        member.asked += 1
        if len(share.hosts) < MOST_HOSTS and not source.reliable and source.host not in share.hosts:
            share.hosts.append(source.host)
        ready = (source.reliable or not self._stale) and share.admits(member, now)
        if ready:
            fabric.counters.count_overload(share.name, member.weight, "admitted")
        else:
            self.pressure.refused(now)
            fabric.counters.count_overload(share.name, member.weight, "refused")
        return ready

    def _named(self, data: bytes, header: str) -> str:
        """The customer that this header names, as far as it is written as in the trunk."""
        if not header:
            return ""
        line = self._headers.get(header)
        if line is None:
            line = self._headers[header] = b"\r\n" + header.encode("latin-1") + b":"
        return header_value(data, line).decode("latin-1")

    def _harmless(self, data: bytes) -> Message | None:
        """The message, if it can be read and calls no emergency number."""
        try:
            message = parse(data)
            return None if message.to_tag or is_emergency(self._fabric, message) else message
        except ParseError:
            return None

    def _refuse(self, data: bytes, message: Message | None, source: Hop, key: bytes) -> bool:
        """Answer 503 while there are answers, which a stream never lacks, for nothing is repeated there; False: it is
        none of those after all that may be refused."""
        fabric = self._fabric
        if self._answers < 1.0 and not source.reliable:
            fabric.counters.count_drop("overload")
            return True
        retry = b"Retry-After: %d" % (RETRY_LEAST + crc32(key) % RETRY_SPREAD)
        method = "INVITE"
        if message is not None or data[:7] != INVITE or not refused_unread(fabric, data, key, source, retry):
            if message is None:
                message = self._harmless(data)
            if message is None or server_key(message) in fabric.servers:
                return False
            method = method_name(message.method)
            answer(fabric, message, source, "a", 503, [retry])
        self._answers -= 1.0
        if key:
            self._refused.add(key)
        fabric.counters.count_request(True, "a", method)
        return True

    def _absorbs(self, data: bytes) -> bool:
        """Is this the ACK of an INVITE that was refused here?"""
        key = transaction_key(data)
        if key not in self._refused and key not in self._before:
            return False
        self._fabric.counters.count_request(True, "a", "ACK")
        return True

    def loss_of(self, source: Hop) -> float:
        """The part of its new calls that who sends from there had better not send, 0 to 1 (RFC 7339)."""
        if not self.pressure.high or self._sources is None:
            return 0.0
        trunk = self._sources.platform(source) or self._sources.calling_back(source)
        share = self.shares.members.get(trunk.name if trunk is not None else STRANGERS)
        loss = share.loss if share is not None else 0.0
        if loss > 0.0 and share is not None:
            self._fabric.counters.count_feedback(share.name)
        return loss
