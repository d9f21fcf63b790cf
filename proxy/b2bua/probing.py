"""OPTIONS to the gateways of carriers, so that a call does not have to find out that one is down.

One `Probe` for each gateway of a carrier that wants it. Any answer means that somebody is there, but 408, 503 and 504 say
that calls would fail (RFC 3261 11, features.md 3 ask 12); silence and a failed connection say so too. Thresholds up and
down stand in `gateways.py`. The first probes of a carrier's gateways are spread over one interval.
"""

from __future__ import annotations

from typing import Final, final

from proxy.b2bua.fabric import Fabric
from proxy.b2bua.gateways import Gateway
from proxy.b2bua.legs import Asker
from proxy.sip.build import request
from proxy.sip.hop import Hop
from proxy.sip.message import Message
from proxy.sip.timers import Timer

OUT_OF_SERVICE: Final = frozenset((408, 503, 504))
PROBE_DUE: Final = 0


@final
class Probed:
    """An OPTIONS that somebody asked for: `status` of the answer, 0 for none, 503 for no connection; `seconds` it took."""

    __slots__ = ("carrier", "hop", "status", "serves", "seconds")

    def __init__(self, carrier: str, hop: Hop, status: int, serves: bool, seconds: float) -> None:
        self.carrier: Final = carrier
        self.hop: Final = hop
        self.status: Final = status
        self.serves: Final = serves
        self.seconds: Final = seconds


@final
class Probe(Asker):
    """The questions to one gateway. `wanted` is True while somebody waits for an answer of this very probe."""

    __slots__ = ("fabric", "gateway", "timer", "asking", "asked_at", "wanted", "told")

    def __init__(self, fabric: Fabric, gateway: Gateway, told: list[Probed]) -> None:
        self.fabric: Final = fabric
        self.gateway: Final = gateway
        self.told: Final = told
        self.timer: Timer | None = None
        self.asking = False
        self.asked_at = 0.0
        self.wanted = False

    def schedule(self, seconds: float) -> None:
        """Ask after so many seconds instead of whenever it was due."""
        self.stop()
        self.timer = self.fabric.timers.arm(self.fabric.now, seconds, self, PROBE_DUE)

    def stop(self) -> None:
        """Ask no more."""
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None

    def fire(self, kind: int, now: float) -> None:
        """It is time to ask, unless the last question is still open; then the time after that."""
        self.timer = None
        if not self.asking:
            self.ask()
        if self.gateway.carrier.probe_every:
            self.schedule(self.gateway.carrier.probe_every)

    def ask(self) -> None:
        """Send one OPTIONS (RFC 3261 11.1)."""
        fabric, gateway = self.fabric, self.gateway
        face, ids = gateway.face, fabric.ids
        self.asking, self.asked_at = True, fabric.now
        branch = ids.branch()
        lines = [
            face.via + branch,
            b"Max-Forwards: 70",
            b"From: <sip:" + face.host + b">;tag=" + ids.tag(),
            b"To: <" + face.target + b">",
            b"Call-ID: " + ids.call_id(),
            b"CSeq: 1 OPTIONS",
            face.contact,
            b"Accept: application/sdp",
        ]
        if face.agent:
            lines.append(b"User-Agent: " + face.agent)
        data = request(b"OPTIONS " + face.target + b" SIP/2.0", lines, b"")
        fabric.ask("b", gateway.pace, branch, "OPTIONS", data, gateway.hop, self)

    def heard(self, message: Message) -> None:
        """An answer."""
        if message.status >= 200:
            self._done(message.status, message.status not in OUT_OF_SERVICE)

    def unheard(self, status: int) -> None:
        """None."""
        self._done(0 if status == 408 else status, False)

    def _done(self, status: int, serves: bool) -> None:
        fabric, gateway = self.fabric, self.gateway
        self.asking = False
        if serves:
            gateway.worked()
        else:
            gateway.failed(fabric.now)
        fabric.counters.count_probe(gateway.carrier.name, serves)
        if self.wanted:
            self.wanted = False
            self.told.append(Probed(gateway.carrier.name, gateway.hop, status, serves, fabric.now - self.asked_at))


@final
class Probes:
    """All probes of one engine, by gateway."""

    __slots__ = ("told", "_fabric", "_running")

    def __init__(self, fabric: Fabric) -> None:
        self.told: list[Probed] = []  # of questions by hand, until somebody takes them
        self._fabric: Final = fabric
        self._running: dict[int, Probe] = {}

    def renew(self) -> None:
        """Ask the gateways that there are now, and no others; an interval that goes on is not begun anew."""
        running: dict[int, Probe] = {}
        for pool in self._fabric.routing.pools.values():
            every = pool.carrier.probe_every
            for place, gateway in enumerate(pool.gateways):
                probe = self._running.pop(id(gateway), None) or Probe(self._fabric, gateway, self.told)
                running[id(gateway)] = probe
                if not every:
                    probe.stop()
                elif probe.timer is None or probe.timer.queue.duration > every:
                    probe.schedule(every * (place + 1) / len(pool.gateways))
        for gone in self._running.values():
            gone.stop()
        self._running = running

    def now(self, carrier: str) -> int:
        """Ask each gateway of a carrier at once; a `Probed` in `told` follows for each. How many they are."""
        asked = 0
        self.told.clear()
        for probe in self._running.values():
            if probe.gateway.carrier.name == carrier:
                asked += 1
                probe.wanted = True
                if not probe.asking:
                    probe.ask()
        return asked
