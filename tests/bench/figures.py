"""The arithmetic of a load: from what SIPp counted and Linux told to the figures of a table.

A load is clean when no call failed, next to nothing was sent twice and the rate asked for was reached. Only clean loads
count, and processor time per call falls as the rate rises (one wake-up serves several datagrams), so figures are compared
at one rate only.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from io import StringIO
from statistics import median
from typing import Literal

CALL: Literal["call"] = "call"
REFUSED: Literal["refused"] = "refused"
Job = Literal["call", "refused"]
SENT_ONCE = {CALL: 3, REFUSED: 1}
"""Messages of a job that SIPp would send again: INVITE, 200 and BYE, or the INVITE."""
MOST_SENT_AGAIN = 0.001
REACHED = 0.97


@dataclass(frozen=True)
class Load:
    """What is asked for: calls a second for a time, each held `hold` seconds."""

    job: Job
    rate: int
    seconds: float
    hold: float = 0.5

    @property
    def calls(self) -> int:
        """All of them."""
        return max(1, round(self.rate * self.seconds))


@dataclass(frozen=True)
class Counts:
    """What a SIPp counted until its end; `rate` is the median of its full seconds."""

    created: int
    well: int
    failed: int
    sent_again: int
    up: int
    rate: float


@dataclass(frozen=True)
class Outcome:
    """What came of a load."""

    job: Job
    rate: int
    rate_reached: float
    calls: int
    well: int
    sent_again: int
    dropped: int
    user_ms: float
    system_ms: float
    core_share: float
    others_share: float
    load_share: float
    yard_ms: float
    survived: bool

    @property
    def failed(self) -> int:
        """Calls that did not end well, those that never ended too."""
        return self.calls - self.well

    @property
    def cpu_ms(self) -> float:
        """Processor time per call that ended well, in ms."""
        return self.user_ms + self.system_ms

    @property
    def clean(self) -> bool:
        """Whether its figures count."""
        again = self.sent_again / (max(self.calls, 1) * SENT_ONCE[self.job])
        return (
            self.survived and self.failed == 0 and again < MOST_SENT_AGAIN and self.rate_reached >= REACHED * self.rate
        )


@dataclass(frozen=True)
class Latency:
    """Times between an INVITE coming in and going out, in ms; `rate` calls per second, `seen` of them."""

    rate: int
    seen: int
    p50: float
    p99: float
    most: float
    clean: bool


@dataclass(frozen=True)
class Held:
    """Bytes before any call and with `calls` of the `asked` up."""

    asked: int
    calls: int
    idle: int
    full: int

    @property
    def whole(self) -> bool:
        """Whether next to all calls that were asked for were up, so that the figure counts."""
        return self.calls >= 0.99 * self.asked

    @property
    def per_call(self) -> float:
        """KiB for each call."""
        return (self.full - self.idle) / max(self.calls, 1) / 1024


def counts(statistics: str) -> Counts:
    """From a SIPp statistics file with a row for each second; all zero when it has none."""
    rows = [row for row in csv.DictReader(StringIO(statistics), delimiter=";") if row.get("CurrentCall")]
    if not rows:
        return Counts(0, 0, 0, 0, 0, 0.0)
    last = rows[-1]
    steady = [rate for row in rows[1:-2] if (rate := float(row["CallRate(P)"])) > 0]
    return Counts(
        created=int(last["TotalCallCreated"]), well=int(last["SuccessfulCall(C)"]), failed=int(last["FailedCall(C)"]),
        sent_again=int(last["Retransmissions(C)"]), up=int(last["CurrentCall"]), rate=median(steady) if steady else 0.0,
    )  # fmt: skip


def quantile(values: Iterable[float], share: float) -> float:
    """The value below which that share of them lies; 0 of none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


def latency(rate: int, came: dict[bytes, int], left: dict[bytes, int], clean: bool) -> Latency:
    """From the instants, in ns, at which the INVITE to each number came in and left."""
    took = [(left[number] - at) / 1e6 for number, at in came.items() if number in left]
    return Latency(rate, len(took), quantile(took, 0.5), quantile(took, 0.99), max(took, default=0.0), clean)


def middle(outcomes: Sequence[Outcome]) -> Outcome | None:
    """The clean outcome with the median processor time, the lower one of two; None when none is clean."""
    clean = sorted((one for one in outcomes if one.clean), key=lambda one: one.cpu_ms)
    return clean[(len(clean) - 1) // 2] if clean else None


class Search:
    """Looks for the highest clean rate: `next` says what to try, `saw` is told what came of it.

    It starts at what is known to be clean, goes up by a quarter until a rate is not, then halves what is between, until
    that is less than `NEAR` of the rate or `steps` have been tried.
    """

    NEAR = 0.05
    UP = 1.25

    def __init__(self, known: int, first: int, most: int, steps: int) -> None:
        self.clean = known
        self.failed: int | None = None
        self.most = most
        self.left = steps
        self._guess: int | None = max(first, known + 1)

    def next(self) -> int | None:
        """The rate to try, None at the end."""
        guess, self._guess = self._guess, None
        if guess is not None and self.failed is None:
            rate = min(guess, self.most)
        elif self.failed is None:
            rate = min(int(self.clean * self.UP), self.most)
        else:
            rate = (self.clean + self.failed) // 2
        near = self.failed is not None and self.failed - self.clean <= self.NEAR * self.failed
        return None if self.left <= 0 or near or rate <= self.clean else rate

    def saw(self, rate: int, clean: bool) -> None:
        """What came of that rate."""
        self.left -= 1
        if clean:
            self.clean = max(self.clean, rate)
        else:
            self.failed = min(rate, self.failed or rate)
