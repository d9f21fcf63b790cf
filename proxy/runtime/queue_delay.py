"""How long datagrams waited in the kernel before they were read, and how full their socket is.

After a batch the kernel is asked when the datagram that was read last had arrived (`SIOCGSTAMPNS`): one system call of
half a microsecond, at most once in `EVERY` seconds, where a time stamp with each datagram would cost twice as much each
time. A small receive buffer is full before anything in it is old, so its filling counts as delay too: half full is as
bad as the target. The measure goes to the gate, and what the gate wants thrown away unseen goes to the kernel.
"""

from __future__ import annotations

import fcntl
import socket
import time
from struct import Struct
from typing import Final, Protocol, final

from proxy.runtime.early_drop import SO_MEMINFO, EarlyDrop

SIOCGSTAMPNS: Final = 0x8907
STAMP: Final = Struct("@qq")
MEMINFO: Final = Struct("@2I24xI")  # of linux/sock_diag.h: what is in the buffer, its size, and what was dropped
EVERY: Final = 0.005  # s
RENEWED: Final = 0.25  # s after which the filter is written anew
LONGEST: Final = 60.0  # s; beyond it the clock was set
NEVER: Final = float("inf")


class GateView(Protocol):
    """What `b2bua.gate.Gate` is told and asked."""

    filtered: bool
    drops: dict[str, float]

    @property
    def unseen(self) -> dict[int, int]: ...
    @property
    def target(self) -> float: ...
    def observe(self, port: int, delay: float, now: float) -> None:
        """A message on this port had waited so long."""


@final
class QueueDelay:
    """The measure of one bound socket, `port` being its number at the gate."""

    __slots__ = ("_socket", "_gate", "_port", "_stamp", "_drop", "_renew_at", "_unseen")

    def __init__(self, bound: socket.socket, gate: GateView, port: int) -> None:
        self._socket: Final = bound
        self._gate: Final = gate
        self._port: Final = port
        self._stamp: Final = bytearray(STAMP.size)
        self._drop: Final = EarlyDrop(bound)
        self._renew_at = NEVER
        self._unseen = -1
        gate.filtered = gate.filtered or self._drop.works

    def look(self, now: float) -> float:
        """Measure what was read just now; when to look again."""
        try:
            fcntl.ioctl(self._socket, SIOCGSTAMPNS, self._stamp)
            room = self._socket.getsockopt(socket.SOL_SOCKET, SO_MEMINFO, MEMINFO.size)
        except OSError:  # nothing has been read yet, or the kernel does not say
            return now + EVERY
        seconds: int
        nanoseconds: int
        seconds, nanoseconds = STAMP.unpack(self._stamp)
        held: int
        most: int
        unseen: int
        held, most, unseen = MEMINFO.unpack(room)
        waited = time.time() - seconds - nanoseconds * 1e-9
        delay = waited if 0.0 < waited < LONGEST else 0.0
        gate = self._gate
        if held:
            delay = max(delay, 2.0 * gate.target * held / (most or 1))
        if unseen != self._unseen:
            gate.unseen[self._port] = self._unseen = unseen
        gate.observe(self._port, delay, now)
        if gate.drops:
            if self._renew_at > now + RENEWED or now >= self._renew_at:
                self._renew_at = now + RENEWED
                self._drop.use(gate.drops)
        elif self._renew_at != NEVER:
            self._renew_at = NEVER
            self._drop.use({})
        return now + EVERY
