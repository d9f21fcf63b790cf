"""A network that loses, doubles, delays and reorders datagrams, and hosts that go away and come back."""

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

    __slots__ = ("_hosts", "_loop", "_rng", "counts", "down", "log", "weather")

    def __init__(self, loop: Loop, rng: Random, weather: Weather, counts: Counter[str]) -> None:
        self._loop: Final = loop
        self._rng: Final = rng
        self._hosts: Final[dict[Address, Listener]] = {}
        self.weather: Final = weather
        self.counts: Final = counts
        self.down: Final[set[Address]] = set()
        self.log: Callable[[str, Datagram], None] | None = None

    def attach(self, address: Address, listener: Listener) -> None:
        """From now on `listener` gets what is sent to `address`."""
        self._hosts[address] = listener

    def send(self, data: bytes, source: Address, target: Address) -> None:
        """Put one datagram on its way."""
        rng, weather = self._rng, self.weather
        self.counts["datagrams"] += 1
        if source in self.down:
            return
        if self.log is not None:
            self.log("sent", (data, source, target))
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
