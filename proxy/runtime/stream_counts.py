"""What is counted about streams: connections by listener, how they end, what they are refused.

Labels come from closed sets: names of listeners, directions, and the reasons that stand here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final, final

from proxy.runtime.metric_samples import Samples, Snapshot

INBOUND: Final = "in"
OUTBOUND: Final = "out"
# why a connection ended
BY_PEER: Final = "peer"
IDLE: Final = "idle"
SILENT: Final = "silent"  # opened and never used
STALLED: Final = "stalled"  # a message that never became whole
UNFRAMED: Final = "unframed"
UNREAD: Final = "unread"  # the peer does not read what we send
BROKEN: Final = "broken"
STOPPED: Final = "stopped"
# why one never came to be
TOO_MANY: Final = "too many"
REFUSED: Final = "refused"
TIMEOUT: Final = "timeout"
CERTIFICATE: Final = "certificate"
PROTOCOL: Final = "protocol"
NO_ROUTE: Final = "no route"

STREAM_ROWS: Final = (
    ("npv_connections_open", "gauge", ("listener", "direction"), "Connections that are open."),
    ("npv_connections_opened_total", "counter", ("listener", "direction"), "Connections that were opened."),
    ("npv_connections_closed_total", "counter", ("listener", "reason"), "Connections that ended, by reason."),
    ("npv_connections_failed_total", "counter", ("listener", "direction", "reason"), "Connections that never came to be."),
    ("npv_tls_handshakes_failed_total", "counter", ("listener", "direction", "reason"), "TLS handshakes that failed."),
    ("npv_stream_messages_dropped_total", "counter", ("listener", "reason"), "Messages that no connection carried."),
    ("npv_stream_bytes_refused_total", "counter", ("listener",), "Bytes received that could not be cut into messages."),
)  # fmt: skip


@final
class StreamCounts:
    """Counts of all streams of one process, by the number of their listener."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names: Final = tuple(names)
        self.open: Final[Counter[tuple[int, str]]] = Counter()
        self.opened: Final[Counter[tuple[int, str]]] = Counter()
        self.closed: Final[Counter[tuple[int, str]]] = Counter()
        self.failed: Final[Counter[tuple[int, str, str]]] = Counter()
        self.handshakes: Final[Counter[tuple[int, str, str]]] = Counter()
        self.dropped: Final[Counter[tuple[int, str]]] = Counter()
        self.bytes_refused: Final[Counter[int]] = Counter()

    def begin(self, listener: int, direction: str) -> None:
        """One more connection is open."""
        self.open[listener, direction] += 1
        self.opened[listener, direction] += 1

    def end(self, listener: int, direction: str, reason: str) -> None:
        """One connection fewer is open."""
        self.open[listener, direction] -= 1
        self.closed[listener, reason] += 1

    def fail(self, listener: int, direction: str, reason: str) -> None:
        """A connection never came to be; a wrong certificate or handshake is counted as that too."""
        self.failed[listener, direction, reason] += 1
        if reason in (CERTIFICATE, PROTOCOL):
            self.handshakes[listener, direction, reason] += 1

    def samples(self) -> Snapshot:
        """Every value by name and labels."""
        two = {
            "npv_connections_open": self.open,
            "npv_connections_opened_total": self.opened,
            "npv_connections_closed_total": self.closed,
            "npv_stream_messages_dropped_total": self.dropped,
        }
        three = {"npv_connections_failed_total": self.failed, "npv_tls_handshakes_failed_total": self.handshakes}
        found: Snapshot = {}
        for name, pairs in two.items():
            found[name] = {(self.names[at], label): count for (at, label), count in pairs.items()}
        for name, triples in three.items():
            found[name] = {(self.names[at], way, reason): count for (at, way, reason), count in triples.items()}
        refused: Samples = {(self.names[at],): count for at, count in self.bytes_refused.items()}
        found["npv_stream_bytes_refused_total"] = refused
        return {name: found[name] for name, *_ in STREAM_ROWS}
