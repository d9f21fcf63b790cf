"""A network that loses, doubles, delays and reorders datagrams, and hosts that go away and come back.

What goes to or from an address in `streams` goes over a stream: nothing is lost, doubled or overtaken, but all that was
on its way is gone when one of its ends goes down, and who sends to an end that is down is told.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from random import Random
from typing import Final, final

from tests.simulation.loop import Loop

Address = tuple[str, int]
Listener = Callable[[bytes, Address], None]
Datagram = tuple[bytes, Address, Address]
NODE: Final[Address] = ("10.0.0.1", 5060)


@final
class Weather:
    """How bad it is: shares of datagrams from 0 to 1, delays in seconds."""

    __slots__ = ("delay", "doubled", "jitter", "loss", "stray")

    def __init__(self, rng: Random) -> None:
        self.loss: Final = rng.choice((0.0, 0.01, 0.05, 0.1, 0.15, 0.2))
        self.doubled: Final = rng.choice((0.0, 0.0, 0.01, 0.05, 0.1))
        self.delay: Final = rng.choice((0.0005, 0.005, 0.02, 0.1))
        self.jitter: Final = self.delay * rng.choice((0.0, 0.5, 3.0))
        self.stray: Final = rng.choice((0.0, 0.0, 0.01, 0.03))  # overtaken by what was sent seconds later

    def text(self) -> str:
        """For the head of a trace."""
        return (
            f"loss {self.loss:.0%}, doubled {self.doubled:.0%}, delay {self.delay * 1000:g} ms, "
            f"jitter {self.jitter * 1000:g} ms, stray {self.stray:.0%}"
        )


@final
class Network:
    """Everything between the hosts. `log` gets each datagram's fate when a trace is wanted."""

    __slots__ = (
        "_arrival",
        "_hosts",
        "_life",
        "_loop",
        "_rng",
        "counts",
        "down",
        "log",
        "streams",
        "unsent",
        "weather",
    )

    def __init__(self, loop: Loop, rng: Random, weather: Weather, counts: Counter[str]) -> None:
        self._loop: Final = loop
        self._rng: Final = rng
        self._hosts: Final[dict[Address, Listener]] = {}
        self.weather: Final = weather
        self.counts: Final = counts
        self.down: Final[set[Address]] = set()
        self.streams: Final[set[Address]] = set()
        self.unsent: Callable[[bytes], None] | None = None  # tells the node
        self._life: Final[Counter[Address]] = Counter()
        self._arrival: Final[dict[tuple[Address, Address], float]] = {}
        self.log: Callable[[str, Datagram], None] | None = None

    def attach(self, address: Address, listener: Listener) -> None:
        """From now on `listener` gets what is sent to `address`."""
        self._hosts[address] = listener

    def fall(self, address: Address) -> None:
        """The host is down, and its streams are broken."""
        self.down.add(address)
        self._life[address] += 1

    def _stream(self, datagram: Datagram) -> None:
        _, source, target = datagram
        self.counts["over streams"] += 1
        when = self._loop.now + self.weather.delay
        if target in self.down:
            if source == NODE:
                self._loop.at(when, self._tell, datagram[0])
            return
        when = self._arrival[source, target] = max(when, self._arrival.get((source, target), 0.0))
        self._loop.at(when, self._flow, (datagram, self._life[source], self._life[target]))

    def _tell(self, data: bytes) -> None:
        if self.unsent is not None and NODE not in self.down:
            self.unsent(data)

    def _flow(self, given: tuple[Datagram, int, int]) -> None:
        datagram, of_source, of_target = given
        if (self._life[datagram[1]], self._life[datagram[2]]) == (of_source, of_target):
            self._arrive(datagram)

    def send(self, data: bytes, source: Address, target: Address) -> None:
        """Put one datagram on its way."""
        rng, weather = self._rng, self.weather
        self.counts["datagrams"] += 1
        if source in self.down:
            return
        if self.log is not None:
            self.log("sent", (data, source, target))
        if source in self.streams or target in self.streams:
            self._stream((data, source, target))
            return
        if weather.loss and rng.random() < weather.loss:
            self.counts["lost"] += 1
            if self.log is not None:
                self.log("LOST", (data, source, target))
            return
        self._carry((data, source, target))
        if weather.doubled and rng.random() < weather.doubled:
            self.counts["doubled"] += 1
            self._carry((data, source, target))

    def _carry(self, datagram: Datagram) -> None:
        rng, weather = self._rng, self.weather
        delay = weather.delay + weather.jitter * rng.random()
        if weather.stray and rng.random() < weather.stray:
            self.counts["overtaken"] += 1
            delay += rng.random() * 3
        self._loop.after(delay, self._arrive, datagram)

    def _arrive(self, datagram: Datagram) -> None:
        data, source, target = datagram
        listener = self._hosts.get(target)
        if listener is None or target in self.down:
            self.counts["to nobody"] += 1
            return
        if self.log is not None:
            self.log("came", datagram)
        listener(data, source)
