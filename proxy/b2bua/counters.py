"""Plain numbers that the engine counts up and `runtime/metrics.py` publishes at scrape.

An increment costs one dict write; nothing here knows Prometheus. Keys come from closed sets (legs, methods we know,
rule ids, carrier names), never from numbers or Call-IDs.
"""

from __future__ import annotations

from typing import Final, final

DECISION_BOUNDS: Final[tuple[float, ...]] = (
    10e-6,
    20e-6,
    50e-6,
    100e-6,
    200e-6,
    500e-6,
    1e-3,
    2e-3,
    5e-3,
    10e-3,
    50e-3,
)
CALL_BOUNDS: Final[tuple[float, ...]] = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 40.0, 60.0, 120.0)
DURATION_BOUNDS: Final[tuple[float, ...]] = (1.0, 3.0, 6.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0)

_CLASSES: Final = ("0xx", "1xx", "2xx", "3xx", "4xx", "5xx", "6xx", "7xx", "8xx", "9xx")


@final
class Histogram:
    """Counts per bucket (last one is +Inf) and the sum, in seconds."""

    __slots__ = ("bounds", "buckets", "sum")

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self.bounds: Final = bounds
        self.buckets: Final[list[int]] = [0] * (len(bounds) + 1)
        self.sum = 0.0

    def observe(self, seconds: float) -> None:
        """Count one value."""
        place = 0
        for bound in self.bounds:
            if seconds <= bound:
                break
            place += 1
        self.buckets[place] += 1
        self.sum += seconds


@final
class Counted:
    """So many numbers that only grow."""

    __slots__ = ("of",)

    def __init__(self, many: int) -> None:
        self.of: Final[list[int]] = [0] * many


def _place(incoming: bool, leg: str) -> int:
    """Where requests or responses of one direction and leg are counted."""
    return (2 if leg == "b" else 0) + (1 if incoming else 0)


@final
class Counters:
    """Everything that one engine counts."""

    def __init__(self) -> None:
        self._decisions: Final[dict[str, dict[str, Counted]]] = {}  # by verdict and rule
        self.warnings: Final[dict[str, int]] = {}
        self.decision_seconds: Final = Histogram(DECISION_BOUNDS)
        self._requests: Final[list[dict[str, Counted]]] = [{}, {}, {}, {}]  # out and in of either leg, by method
        self._responses: Final[list[dict[str, Counted]]] = [{}, {}, {}, {}]
        self.parse_errors: Final[dict[str, int]] = {}
        self.dropped: Final[dict[str, int]] = {}
        self.setup_seconds: Final[dict[str, Histogram]] = {}
        self.pdd_seconds: Final[dict[str, Histogram]] = {}
        self.duration_seconds: Final[dict[str, Histogram]] = {}
        self.calls_ended: Final[dict[tuple[str, str], int]] = {}
        self.call_backs: Final[dict[str, int]] = {}
        self.failovers: Final[dict[tuple[str, str], int]] = {}
        self.auth: Final[dict[str, int]] = {}
        self.challenges: Final[dict[tuple[str, str], int]] = {}
        self.probes: Final[dict[tuple[str, str], int]] = {}
        self.refreshes: Final[dict[tuple[str, str], int]] = {}
        self.feedback: Final[dict[str, int]] = {}
        self.overload: Final[dict[tuple[str, str, str], int]] = {}
        self.sessions_expired = 0
        self.calls_started = 0
        self.faults = 0
        self.oversized = 0
        self.identity_scrubbed = 0

    def count_decision(self, verdict: str, rule: str) -> None:
        """One more decision with this verdict (`npv`, `withheld`, `unchanged`, `refused`, `parked`) and rule id."""
        table = self._decisions.get(verdict)
        if table is None:
            table = self._decisions[verdict] = {}
        counted = table.get(rule)
        if counted is None:
            counted = table[rule] = Counted(1)
        counted.of[0] += 1

    @property
    def decisions(self) -> dict[tuple[str, str], int]:
        """Decisions by verdict and rule id."""
        found: dict[tuple[str, str], int] = {}
        for verdict, table in self._decisions.items():
            for rule, counted in table.items():
                found[verdict, rule] = counted.of[0]
        return found

    def count_warning(self, rule: str) -> None:
        """One more hit of a rule in mode `warn`, or of a note such as `numbering.repaired`."""
        self.warnings[rule] = self.warnings.get(rule, 0) + 1

    def count_request(self, incoming: bool, leg: str, method: str) -> None:
        """One more request on `leg` (`a` or `b`)."""
        table = self._requests[_place(incoming, leg)]
        counted = table.get(method)
        if counted is None:
            counted = table[method] = Counted(1)
        counted.of[0] += 1

    def count_response(self, incoming: bool, leg: str, method: str, code: int) -> None:
        """One more response on `leg`, from 100 to 699."""
        table = self._responses[_place(incoming, leg)]
        counted = table.get(method)
        if counted is None:
            counted = table[method] = Counted(700)
        counted.of[code] += 1

    @property
    def requests_in(self) -> dict[tuple[str, str], int]:
        """Received requests by leg and method."""
        return self._request_table(True)

    @property
    def requests_out(self) -> dict[tuple[str, str], int]:
        """Sent requests by leg and method."""
        return self._request_table(False)

    @property
    def responses_in(self) -> dict[tuple[str, str, int], int]:
        """Received responses by leg, method and status."""
        return self._response_table(True)

    @property
    def responses_out(self) -> dict[tuple[str, str, int], int]:
        """Sent responses by leg, method and status."""
        return self._response_table(False)

    def _request_table(self, incoming: bool) -> dict[tuple[str, str], int]:
        found: dict[tuple[str, str], int] = {}
        for leg in ("a", "b"):
            for method, counted in self._requests[_place(incoming, leg)].items():
                found[leg, method] = counted.of[0]
        return found

    def _response_table(self, incoming: bool) -> dict[tuple[str, str, int], int]:
        found: dict[tuple[str, str, int], int] = {}
        for leg in ("a", "b"):
            for method, counted in self._responses[_place(incoming, leg)].items():
                for code, count in enumerate(counted.of):
                    if count:
                        found[leg, method, code] = count
        return found

    def count_parse_error(self, kind: str) -> None:
        """One more datagram that could not be read."""
        self.parse_errors[kind] = self.parse_errors.get(kind, 0) + 1

    def count_drop(self, kind: str) -> None:
        """One more message that was dropped, by reason."""
        self.dropped[kind] = self.dropped.get(kind, 0) + 1

    def count_overload(self, trunk: str, weight: float, outcome: str) -> None:
        """One more new call of `trunk` during overload, `admitted` or `refused`, by the weight of its customer."""
        key = (trunk, f"{weight:g}", outcome)
        self.overload[key] = self.overload.get(key, 0) + 1

    def count_feedback(self, trunk: str) -> None:
        """One more answer that asked `trunk` to send less (RFC 7339)."""
        self.feedback[trunk] = self.feedback.get(trunk, 0) + 1

    def count_auth(self, outcome: str) -> None:
        """One more request of a platform that had to prove who it is, by what became of it."""
        self.auth[outcome] = self.auth.get(outcome, 0) + 1

    def count_challenge(self, carrier: str, outcome: str) -> None:
        """One more challenge of `carrier`: `answered`, `unanswered` (we have nothing to answer with) or `refused`."""
        key = (carrier, outcome)
        self.challenges[key] = self.challenges.get(key, 0) + 1

    def count_end(self, carrier: str, status: int) -> None:
        """One more call that went to `carrier` and ended with `status`."""
        hundreds = status // 100
        key = (carrier, _CLASSES[hundreds] if 0 <= hundreds < len(_CLASSES) else f"{hundreds}xx")
        self.calls_ended[key] = self.calls_ended.get(key, 0) + 1

    def count_probe(self, carrier: str, serves: bool) -> None:
        """One more OPTIONS to a gateway of `carrier`, with or without an answer that takes calls."""
        key = (carrier, "serves" if serves else "fails")
        self.probes[key] = self.probes.get(key, 0) + 1

    def count_refresh(self, leg: str, outcome: str) -> None:
        """One more answer to our own question inside a call on `leg`: `alive`, `glare` (491) or `gone`."""
        key = (leg, outcome)
        self.refreshes[key] = self.refreshes.get(key, 0) + 1

    def count_call_back(self, rule: str) -> None:
        """One more call to a number of ours, by its rule id."""
        outcome = rule.partition(".")[2]
        self.call_backs[outcome] = self.call_backs.get(outcome, 0) + 1

    def count_failover(self, carrier: str, cause: str) -> None:
        """One more call that left `carrier` for the next one; `cause` is a status, `silent` or `no progress`."""
        key = (carrier, cause)
        self.failovers[key] = self.failovers.get(key, 0) + 1

    def observe(self, table: dict[str, Histogram], name: str, bounds: tuple[float, ...], seconds: float) -> None:
        """Add `seconds` to the histogram of `name` in `table`, which starts with `bounds` when new."""
        histogram = table.get(name)
        if histogram is None:
            histogram = table[name] = Histogram(bounds)
        histogram.observe(seconds)
