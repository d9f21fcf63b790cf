"""A small language for calls through the engine: feed a datagram, expect exactly these, let time pass.

`Ladder.expect` names every datagram that must have left since the last look, in order, as `side what`: `b INVITE`,
`a 180 INVITE`. One that is missing or too many fails with the wanted and the seen ladder side by side. Nothing may be
fed while something that left was not looked at. `Caller` and `Callee` write what the two ends would; they know SIP
only as far as their own dialog.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from proxy.b2bua.engine import Engine
from proxy.b2bua.outputs import CallRecord, DecisionRecord, Fault, Fetch, Output, told_first
from proxy.b2bua.snapshot import ended
from proxy.b2bua.take_up import TakenUp
from proxy.b2bua.trunks import CarrierTrunk, Limits, Listener, PlatformTrunk, Route, Topology
from proxy.policy.edition import Edition
from proxy.policy.facts import TrunkFacts
from proxy.policy.inquiry import PersonState
from proxy.runtime.headers_file import load_headers
from proxy.sip.hop import TCP, UDP, Hop
from proxy.sip.message import Message, ParseError
from proxy.sip.parse import parse

EPOCH = datetime.fromisoformat("2026-11-23T11:00:00+01:00").timestamp()
A = ("10.1.0.1", 5070)
B = ("10.2.0.1", 5080)
C = ("10.2.0.2", 5080)  # another carrier, for the tests that have two
OWN = b"10.0.0.1:5060"
OWN_UDP = Listener("10.0.0.1", 5060)
OWN_TCP = Listener("10.0.0.1", 5060, TCP, "tcp")
A_STREAM = Hop(TCP, A[0], 41_001, 1, 7)  # a connection that the platform opened
B_STREAM = Hop(TCP, B[0], B[1], 1, 8, "carrier-1")  # one that we opened to the carrier
SIDES = {A: "a", B: "b", C: "c", (A[0], 41_001): "a"}
NOWHERE = Hop(UDP, "", 0)
CALLED = "+33140000000"
PRESENTED = "+33145001234"  # a geographic number that no customer holds: rewritten
OFFER = b"v=0\r\no=alice 1 1 IN IP4 10.1.0.9\r\ns=call\r\nc=IN IP4 10.1.0.9\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8\r\n"
ANSWER = b"v=0\r\no=bob 7 7 IN IP4 10.2.0.9\r\ns=-\r\nc=IN IP4 10.2.0.9\r\nt=0 0\r\nm=audio 6000 RTP/AVP 8\r\n"
HEADERS = load_headers(Path(__file__).parents[1] / "config" / "headers.toml")
SDP = ("Content-Type: application/sdp",)


class CountedIds:
    """Identifiers that count, so that a run is a replay. Tags and branches look like nothing a caller writes."""

    def __init__(self) -> None:
        self.count = 0
        self.broken = False

    def _next(self) -> int:
        if self.broken:
            raise RuntimeError("no identifiers left")
        self.count += 1
        return self.count

    def branch(self) -> bytes:
        return b"z9hG4bKx%d" % self._next()

    def tag(self) -> bytes:
        return b"t%d" % self._next()

    def call_id(self) -> bytes:
        return b"c%d" % self._next()

    def decision(self) -> str:
        return f"d{self._next()}"


class Ticks:
    """A stopwatch on which each look takes a microsecond."""

    def __init__(self) -> None:
        self.at = 0.0

    def __call__(self) -> float:
        self.at += 1e-6
        return self.at


def platform(**changes: object) -> PlatformTrunk:
    """The platform trunk of the tests: its customer is `acme` unless the X-Account header names another."""
    values: dict[str, object] = {
        "name": "vms",
        "sources": (A[0],),
        "facts": TrunkFacts("vms"),
        "carrier": "carrier-1",
        "customer_header": "X-Account",
        "campaign_header": "X-Campaign",
    }
    return PlatformTrunk(**(values | changes))  # type: ignore[arg-type]  # one place that takes any field


def carrier(**changes: object) -> CarrierTrunk:
    """The carrier trunk of the tests."""
    values: dict[str, object] = {"name": "carrier-1", "host": B[0], "port": B[1], "domain": "edge.example.net"}
    return CarrierTrunk(**(values | changes))  # type: ignore[arg-type]  # one place that takes any field


def topology(
    *, platform_trunk: PlatformTrunk | None = None, carrier_trunk: CarrierTrunk | None = None,
    limits: Limits | None = None, server_name: str = "", listeners: tuple[Listener, ...] = (OWN_UDP,),
    carriers: tuple[CarrierTrunk, ...] = (), routes: tuple[Route, ...] = (),
    call_backs: tuple[CarrierTrunk, ...] = (),
) -> Topology:  # fmt: skip
    """One platform, one carrier unless `carriers` names others, and this node between them."""
    return Topology(
        listeners,
        (platform_trunk or platform(),),
        carriers or (carrier_trunk or carrier(),),
        limits or Limits(),
        server_name,
        headers=HEADERS,
        routes=routes,
        call_backs=call_backs,
    )


@dataclass
class Seen:
    """One datagram that the engine sent."""

    side: str
    data: bytes
    at: float
    hop: Hop = NOWHERE
    message: Message = field(init=False)

    def __post_init__(self) -> None:
        try:
            self.message = parse(self.data)
        except ParseError as error:  # an answer lacks what its broken request lacked
            if error.message is None or not error.message.status:
                raise
            self.message = error.message

    @property
    def label(self) -> str:
        what = self.message.method.decode()
        return f"{self.side} {self.message.status} {what}" if self.message.status else f"{self.side} {what}"

    def header(self, name: str) -> str:
        """The first value of that header, empty when there is none."""
        return self.message.first(name.lower().encode()).decode("latin-1")

    def headers(self, name: str) -> list[str]:
        return [value.decode("latin-1") for value in self.message.all(name.lower().encode())]

    @property
    def body(self) -> bytes:
        return self.message.body

    @property
    def head(self) -> str:
        return self.data.partition(b"\r\n\r\n")[0].decode("latin-1")

    @property
    def start(self) -> str:
        return self.head.split("\r\n", 1)[0]


def side_of(hop: Hop) -> str:
    """`a`, `b`, or the address of somebody else."""
    return SIDES.get((hop.host, hop.port), f"{hop.host}:{hop.port}")


class LadderError(AssertionError):
    """What left is not what was expected."""


class Ladder:
    """One engine between platform and carrier, with its clock in hand."""

    def __init__(self, edition: Edition, given: Topology | None = None, ids: CountedIds | None = None) -> None:
        self.ids = ids or CountedIds()
        self.topology, self.edition = given or topology(), edition
        self.engine = Engine(self.topology, edition, self.ids, Ticks())
        self.engine.fabric.noting = True
        self.notes: list[bytes] = []
        self.now = 1000.0
        self.unread: list[Seen] = []
        self.seen: list[Seen] = []  # all of them
        self.history: list[str] = []
        self.outputs: list[Output] = []
        self.hops: dict[tuple[str, int], Hop] = {}

    # -- what is fed ---------------------------------------------------------

    def feed(self, side: str, data: bytes) -> None:
        """One datagram from `a` (platform), `b` (carrier) or `c` (the other carrier)."""
        self.feed_from({"a": A, "b": B, "c": C}[side], data)

    def feed_from(self, source: tuple[str, int] | Hop, data: bytes) -> None:
        """One message from any address, over UDP unless a hop says otherwise."""
        if isinstance(source, tuple):
            source = self.hops.setdefault(source, Hop(UDP, *source))
        if self.unread:
            raise LadderError(f"left and not looked at:\n{self._side_by_side([])}")
        first = data.split(b"\r\n", 1)[0].decode("latin-1", "replace")
        self.history.append(f"{self.now - 1000:9.3f}  {side_of(source)} -> {first}")
        self.engine.receive(data, source, self.now, self.epoch)
        self.drain()

    def advance(self, seconds: float) -> None:
        """Let time pass; every timer fires at its own instant."""
        end = self.now + seconds
        while self.engine.next_deadline() <= end:
            self.now = max(self.now, self.engine.next_deadline())
            self.engine.tick(self.now, self.epoch)
            self.drain()
        self.now = end

    def arrived(self, call: int, state: PersonState) -> None:
        """The ledger answers."""
        self.engine.state_arrived(call, state, self.now, self.epoch)
        self.drain()

    def stop(self) -> None:
        """The process stops at once."""
        self.engine.stop(self.now, self.epoch)
        self.drain()

    @property
    def epoch(self) -> float:
        return EPOCH + self.now - 1000.0

    def drain(self) -> None:
        """Look at what the engine ordered."""
        for send in self.engine.take_sends():
            seen = Seen(side_of(send.hop), send.data, self.now, send.hop)
            self.unread.append(seen)
            self.seen.append(seen)
            self.history.append(f"{self.now - 1000:9.3f}      {seen.label}")
        outputs = self.engine.take_outputs()
        self.outputs += outputs
        self.notes += self.engine.take_notes()
        self.notes += [ended(one.number) for one in outputs if isinstance(one, CallRecord) and told_first(one)]

    def die(self, away: float = 0.0, given: Topology | None = None) -> TakenUp:
        """The process is killed, and another one takes its place after `away` seconds, with another topology if given."""
        self.now += away
        before, self.notes = self.notes, []
        self.engine = Engine(given or self.topology, self.edition, self.ids, Ticks())
        self.engine.fabric.noting = True
        taken = self.engine.restore(before, self.now, self.epoch)
        self.history.append(f"{self.now - 1000:9.3f}  -- another process: {taken.calls} calls, {taken.early} early --")
        self.drain()
        return taken

    # -- what is expected ----------------------------------------------------

    def expect(self, *labels: str) -> list[Seen]:
        """Exactly these left since the last look, in this order; returns them."""
        seen, wanted = self.unread, list(labels)
        if [one.label for one in seen] != wanted:
            text = self._side_by_side(wanted)
            self.unread = []
            raise LadderError(text)
        self.unread = []
        return seen

    def one(self, label: str) -> Seen:
        """Exactly this one datagram left."""
        return self.expect(label)[0]

    def _side_by_side(self, wanted: Sequence[str]) -> str:
        got = [one.label for one in self.unread]
        rows = [f"{'expected':32}seen"]
        for at in range(max(len(wanted), len(got))):
            left = wanted[at] if at < len(wanted) else "-"
            right = got[at] if at < len(got) else "-"
            rows.append(f"{left:30}{'  ' if left == right else '! '}{right}")
        return "\n".join([*rows, "the whole ladder:", *self.history[-60:]])

    # -- records -------------------------------------------------------------

    def decisions(self) -> list[DecisionRecord]:
        return [output for output in self.outputs if isinstance(output, DecisionRecord)]

    def records(self) -> list[CallRecord]:
        return [output for output in self.outputs if isinstance(output, CallRecord)]

    def fetches(self) -> list[Fetch]:
        return [output for output in self.outputs if isinstance(output, Fetch)]

    def faults(self) -> list[str]:
        return [output.text for output in self.outputs if isinstance(output, Fault)]

    def assert_empty(self) -> None:
        """No call, transaction, dialog or timer is left."""
        engine, fabric = self.engine, self.engine.fabric
        left = {
            "calls": engine.active_calls(),
            "servers": len(fabric.servers),
            "clients": len(fabric.clients),
            "dialogs": len(fabric.dialogs),
            "merged": len(fabric.merged),
            "timers": engine.timer_count(),
        }
        if any(left.values()):
            raise LadderError(f"something is left: {left}\n" + "\n".join(self.history[-60:]))


# -- the two ends ------------------------------------------------------------


def datagram(start: str, lines: Sequence[str], body: bytes = b"") -> bytes:
    """A message of these lines."""
    head = "\r\n".join([start, *lines, f"Content-Length: {len(body)}", "", ""])
    return head.encode("latin-1") + body


def reply(
    seen: Seen, status: int, *, tag: str = "", extra: Sequence[str] = (), body: bytes = b"", contact: str = ""
) -> bytes:
    """The answer of whoever got `seen`; a tag is added to To where it has none."""
    to = seen.header("to")
    if tag and ";tag=" not in to:
        to += f";tag={tag}"
    lines = [f"Via: {via}" for via in seen.headers("via")]
    lines += [f"From: {seen.header('from')}", f"To: {to}", f"Call-ID: {seen.header('call-id')}"]
    lines.append(f"CSeq: {seen.header('cseq')}")
    if contact:
        lines.append(f"Contact: <{contact}>")
    if body and not any(line.lower().startswith("content-type") for line in extra):
        lines += SDP
    return datagram(f"SIP/2.0 {status} Whatever", [*lines, *extra], body)


class Caller:
    """The platform's side of one call."""

    def __init__(self, number: int = 1, user: str = PRESENTED, called: str = CALLED) -> None:
        self.call_id = f"call-{number}@platform"
        self.tag = f"atag{number}"
        self.number = number
        self.user = user
        self.called = called
        self.cseq = 1
        self.branches = 0
        self.to_tag = ""
        self.target = "sip:10.0.0.1:5060"
        self.contact = f"sip:agent{number}@{A[0]}:{A[1]}"
        self.display = ""
        self.last_via = ""
        self.from_uri = ""

    @property
    def from_line(self) -> str:
        name = f'"{self.display}" ' if self.display else ""
        return f"From: {name}<{self.from_uri or f'sip:{self.user}@{A[0]}'}>;tag={self.tag}"

    def _via(self) -> str:
        self.branches += 1
        self.last_via = f"Via: SIP/2.0/UDP {A[0]}:{A[1]};branch=z9hG4bKa{self.number}-{self.branches};rport"
        return self.last_via

    def invite(
        self, *, account: str = "acme", extra: Sequence[str] = (), body: bytes = OFFER, contact: bool = True,
        hops: str = "70",
    ) -> bytes:  # fmt: skip
        """The first INVITE."""
        lines = [self._via(), f"Max-Forwards: {hops}", self.from_line, f"To: <sip:{self.called}@10.0.0.1>"]
        lines += [f"Call-ID: {self.call_id}", f"CSeq: {self.cseq} INVITE"]
        if contact:
            lines.append(f"Contact: <{self.contact}>")
        if account:
            lines.append(f"X-Account: {account}")
        if body and not any(line.lower().startswith("content-type") for line in extra):
            lines += SDP
        return datagram(f"INVITE sip:{self.called}@10.0.0.1 SIP/2.0", [*lines, *extra], body)

    def learn(self, seen: Seen) -> None:
        """Take the dialog of this answer."""
        self.to_tag = seen.message.to_tag.decode()

    def _dialog_lines(self, cseq: int, method: str) -> list[str]:
        to = f"To: <sip:{self.called}@10.0.0.1>" + (f";tag={self.to_tag}" if self.to_tag else "")
        return [self.from_line, to, f"Call-ID: {self.call_id}", f"CSeq: {cseq} {method}"]

    def ack(self, *, body: bytes = b"", extra: Sequence[str] = (), cseq: int = 0) -> bytes:
        """The ACK of a 2xx."""
        lines = [self._via(), "Max-Forwards: 70", *self._dialog_lines(cseq or self.cseq, "ACK")]
        if body and not any(line.lower().startswith("content-type") for line in extra):
            lines += SDP
        return datagram(f"ACK {self.target} SIP/2.0", [*lines, *extra], body)

    def ack_failure(self, seen: Seen) -> bytes:
        """The ACK of a final that is no 2xx: the branch of its INVITE."""
        via = f"Via: {seen.header('via').replace(';received=' + A[0], '')}"
        to = f"To: {seen.header('to')}"
        number = seen.header("cseq").split()[0]
        lines = [via, "Max-Forwards: 70", self.from_line, to, f"Call-ID: {self.call_id}", f"CSeq: {number} ACK"]
        return datagram(f"ACK sip:{self.called}@10.0.0.1 SIP/2.0", lines)

    def cancel(self, via: str = "") -> bytes:
        """The CANCEL of the last INVITE."""
        lines = [via or self.last_via, "Max-Forwards: 70", self.from_line, f"To: <sip:{self.called}@10.0.0.1>"]
        lines += [f"Call-ID: {self.call_id}", f"CSeq: {self.cseq} CANCEL"]
        return datagram(f"CANCEL sip:{self.called}@10.0.0.1 SIP/2.0", lines)

    def request(
        self, method: str, *, extra: Sequence[str] = (), body: bytes = b"", cseq: int = 0, hops: str = "70",
    ) -> bytes:  # fmt: skip
        """A request inside the dialog."""
        if not cseq:
            self.cseq += 1
        lines = [self._via(), f"Max-Forwards: {hops}", *self._dialog_lines(cseq or self.cseq, method)]
        if method in ("INVITE", "UPDATE") and not any(line.lower().startswith("contact") for line in extra):
            lines.append(f"Contact: <{self.contact}>")
        if body and not any(line.lower().startswith("content-type") for line in extra):
            lines += SDP
        return datagram(f"{method} {self.target} SIP/2.0", [*lines, *extra], body)


class Callee:
    """The carrier's side of one call, from the INVITE that it got."""

    def __init__(self, invite: Seen, tag: str = "btag1") -> None:
        self.invite = invite
        self.tag = tag
        self.cseq = 100
        self.branches = 0
        self.contact = f"sip:gw@{B[0]}:{B[1]}"

    def reply(
        self, status: int, *, extra: Sequence[str] = (), body: bytes = b"", contact: bool = True, to: Seen | None = None
    ) -> bytes:
        """An answer to the INVITE, or to another request."""
        seen = to or self.invite
        with_contact = contact and status > 100 and seen.message.method in (b"INVITE", b"UPDATE")
        return reply(
            seen,
            status,
            tag="" if status == 100 else self.tag,
            extra=extra,
            body=body,
            contact=self.contact if with_contact else "",
        )

    def request(self, method: str, *, extra: Sequence[str] = (), body: bytes = b"", cseq: int = 0) -> bytes:
        """A request inside the dialog."""
        if not cseq:
            self.cseq += 1
        self.branches += 1
        lines = [f"Via: SIP/2.0/UDP {B[0]}:{B[1]};branch=z9hG4bKb{self.tag}-{self.branches};rport", "Max-Forwards: 70"]
        lines += [f"From: {self.invite.header('to')};tag={self.tag}", f"To: {self.invite.header('from')}"]
        lines += [f"Call-ID: {self.invite.header('call-id')}", f"CSeq: {cseq or self.cseq} {method}"]
        if method in ("INVITE", "UPDATE"):
            lines.append(f"Contact: <{self.contact}>")
        if body and not any(line.lower().startswith("content-type") for line in extra):
            lines += SDP
        return datagram(f"{method} sip:10.0.0.1:5060 SIP/2.0", [*lines, *extra], body)

    def ack(self, ok: Seen, *, body: bytes = b"") -> bytes:
        """The ACK of a 2xx to our re-INVITE."""
        return self.request("ACK", cseq=int(ok.header("cseq").split()[0]), body=body)


@dataclass
class Talk:
    """A call that is up."""

    ladder: Ladder
    caller: Caller
    callee: Callee


def set_up(ladder: Ladder, number: int = 1, caller: Caller | None = None, account: str = "acme") -> Talk:
    """Play a call until both ends talk."""
    caller = caller or Caller(number)
    ladder.feed("a", caller.invite(account=account))
    _, invite = ladder.expect("a 100 INVITE", "b INVITE")
    callee = Callee(invite, f"btag{number}")
    ladder.feed("b", callee.reply(180))
    ladder.expect("a 180 INVITE")
    ladder.feed("b", callee.reply(200, body=ANSWER))
    ok, _ = ladder.expect("a 200 INVITE", "b ACK")
    caller.learn(ok)
    ladder.feed("a", caller.ack())
    ladder.expect()
    return Talk(ladder, caller, callee)


def hang_up(talk: Talk) -> None:
    """The caller hangs up, and everything that lingers ends."""
    ladder = talk.ladder
    ladder.feed("a", talk.caller.request("BYE"))
    _, bye = ladder.expect("a 200 BYE", "b BYE")
    ladder.feed("b", talk.callee.reply(200, to=bye))
    ladder.expect()
