"""Pieces of the proxy's work on a call, each alone, for the micro-benchmarks: what is repeated, and how often at a time.

The messages are those of `make bench`, the rules and the numbering plan those of `config/`. The whole call is an engine
without ports: the datagrams of many calls are written down once with identifiers that count, so another engine with the
same identifiers can be fed with them as they are.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from proxy.policy.decide import decide
from proxy.policy.decision import Action
from proxy.policy.edition import Edition
from proxy.policy.facts import TrunkFacts
from proxy.policy.gather import gather
from proxy.policy.ledger import NOTHING_KNOWN
from proxy.runtime.edition_file import load_edition
from proxy.sip.build import request, response, response_head
from proxy.sip.hop import UDP, Hop
from proxy.sip.parse import parse
from proxy.sip.timers import TimerOwner, Timers
from proxy.sip.transaction import ClientTransaction, Pace, ServerTransaction
from proxy.sip.wire import Wire
from tests.bench.scenario import messages
from tests.ladder import EPOCH, Ladder, hang_up, set_up

ROOT = Path(__file__).parents[2]
HOP = Hop(UDP, "127.0.0.1", 5070)
PACE = Pace(0.5, 4.0, 5.0)
GAP = 0.01
"""Seconds between two calls of the engine."""
LINGER = 200.0


@dataclass(frozen=True)
class Piece:
    """`run(times)` does it that often; `times` is a good number at once. `alone`: each run is of interest by itself."""

    name: str
    times: int
    run: Callable[[int], None]
    alone: bool = False


def edition() -> Edition:
    """The shipped rules with the customers of the tests."""
    return load_edition(
        ROOT / "config" / "rules", ROOT / "config" / "numbering.toml", ROOT / "tests/b2bua/customers.toml"
    )


def parsing(data: bytes) -> Callable[[int], None]:
    """A message becomes headers."""

    def run(times: int) -> None:
        for _ in range(times):
            parse(data)

    return run


def answering(data: bytes) -> Callable[[int], None]:
    """100 and 180 to an INVITE."""
    message = parse(data)

    def run(times: int) -> None:
        for _ in range(times):
            head = response_head(message, HOP)
            response(head, message.first(b"to"), 100, [], b"")
            response(head, message.first(b"to"), 180, [b"Contact: <sip:127.0.0.1:5060>"], b"")

    return run


def asking(data: bytes) -> Callable[[int], None]:
    """An INVITE is put together from its lines and its body."""
    head, _, body = data.partition(b"\r\n\r\n")
    start, *lines = head.split(b"\r\n")
    lines = [line for line in lines if not line.startswith(b"Content-Length")]

    def run(times: int) -> None:
        for _ in range(times):
            request(start, lines, body)

    return run


def deciding(rules: Edition, presented: str) -> Callable[[int], None]:
    """The facts of a call, and the decision."""
    trunk = TrunkFacts("vms")
    shown = [("From", presented), ("P-Asserted-Identity", presented)]

    def run(times: int) -> None:
        for _ in range(times):
            facts = gather(rules, trunk, "acme", "", "", "", "INVITE", shown, "+33140000000", EPOCH, False, "1;2")
            decide(facts, rules, NOTHING_KNOWN)

    return run


def waiting(times: int) -> None:
    """A timer is armed and cancelled, another is armed and fires."""
    timers, owner, now = Timers(), TimerOwner(), 0.0
    for _ in range(times):
        now += GAP
        timers.arm(now, 32.0, owner, 1).cancel()
        timers.arm(now, 5.0, owner, 2)
        timers.next_deadline()
        while timers.pop_due(now):
            pass


def transacting(invite: bytes, ok: bytes) -> Callable[[int], None]:
    """An INVITE that we were sent is answered, one that we send is answered, and what lingers ends."""
    answer = parse(ok)

    def run(times: int) -> None:
        wire, now = Wire(Timers()), 0.0
        for _ in range(times):
            now += GAP
            server = ServerTransaction(wire, PACE, "a", b"key", "INVITE", b"Via: v\r\n", b"<sip:c@d>;tag=9", HOP)
            server.reply(invite, 100, now)
            client = ClientTransaction(wire, PACE, "b", b"z9hG4bKm", "INVITE", invite, HOP)
            client.start(now)
            client.response(answer, now)
            server.reply(ok, 200, now)
            wire.sends.clear()
            while due := wire.timers.pop_due(now):
                owner, kind = due
                if isinstance(owner, ServerTransaction | ClientTransaction):
                    owner.fire(kind, now)

    return run


class Noted(Ladder):
    """A ladder that keeps what it was fed."""

    def __init__(self, rules: Edition) -> None:
        super().__init__(rules)
        self.fed: list[tuple[bytes, Hop, float]] = []

    def feed_from(self, source: tuple[str, int] | Hop, data: bytes) -> None:
        """Feed it and write it down."""
        if isinstance(source, tuple):
            source = self.hops.setdefault(source, Hop(UDP, *source))
        self.fed.append((data, source, self.now))
        super().feed_from(source, data)


def calling(rules: Edition, calls: int) -> Callable[[int], None]:
    """Whole calls through an engine, at most `calls` at once: 7 datagrams in, 7 out, two records."""
    noted = Noted(rules)
    for number in range(calls):
        hang_up(set_up(noted, number))
        noted.now += GAP
    each = len(noted.fed) // calls

    def run(times: int) -> None:
        ladder = Ladder(rules)
        engine = ladder.engine
        for data, hop, now in noted.fed[: each * times]:
            engine.receive(data, hop, now, EPOCH)
            engine.take_sends()
            engine.take_outputs()
        if engine.active_calls():
            raise AssertionError("calls were not played as they were written down")

    return run


def pieces() -> list[Piece]:
    """All of them. Raises AssertionError when one does not do what it should."""
    rules = edition()
    invite, ok = messages("call_uac")[0], messages("call_uas")[2]
    ok = b"\r\n".join(line for line in ok.split(b"\r\n") if not line.startswith(b"[last_Record"))
    for name, value in {b"Via": b"SIP/2.0/UDP h;branch=z9hG4bKm", b"From": b"<sip:a@b>;tag=1", b"To": b"<sip:c@d>",
                        b"Call-ID": b"1@h", b"CSeq": b"1 INVITE"}.items():  # fmt: skip
        ok = ok.replace(b"[last_%b:]" % name, b"%b: %b" % (name, value))
    trunk = TrunkFacts("vms")
    for presented, action in (("+33145001234", Action.FORWARD), ("+33612345678", Action.REFUSE)):
        facts = gather(rules, trunk, "acme", "", "", "", "INVITE", [("From", presented)], "+33140000000", EPOCH, False)
        if decide(facts, rules, NOTHING_KNOWN).action != action:
            raise AssertionError(f"{presented} is not decided as {action}")
    return [
        Piece("parse INVITE", 500, parsing(invite)),
        Piece("parse 200", 500, parsing(ok)),
        Piece("build 100 and 180", 500, answering(invite)),
        Piece("build INVITE", 1000, asking(invite)),
        Piece("decide a call", 300, deciding(rules, "+33145001234"), True),
        Piece("decide a refusal", 300, deciding(rules, "+33612345678"), True),
        Piece("two timers", 2000, waiting),
        Piece("two transactions", 500, transacting(invite, ok)),
        Piece("whole call", 100, calling(rules, 100)),
    ]
