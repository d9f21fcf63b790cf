"""The sockets of all workers, as their supervisor holds them from its start to its end, whoever dies meanwhile.

A UDP address that workers share has one socket for each of them, and the kernel sorts (`kernel_sorting`). Sockets that a
service manager hands over are used as they are: as many as there are workers, or fewer, of which several workers read
the same one. The sockets of TCP and TLS are shared, and whoever is free accepts. What arrives for a worker that is gone
waits in its socket. What workers count together (`shared_meters`) is held here too.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from typing import Final, final

from proxy.runtime.acceptor import listening_socket
from proxy.runtime.handover import pair
from proxy.runtime.held_sockets import HeldSockets
from proxy.runtime.kernel_sorting import sort_by_owner
from proxy.runtime.listen_settings import Listening
from proxy.runtime.shared_meters import SharedMeters, made
from proxy.runtime.udp import bound_socket
from proxy.runtime.worker_place import Files, listeners_of
from proxy.sip.hop import UDP

Told = Callable[[Listening], AbstractContextManager[None]]


@final
class WorkerSockets:
    """All of them. `say` tells the operator one line."""

    def __init__(self, workers: int, say: Callable[[str], None]) -> None:
        self._workers: Final = workers
        self._say: Final = say
        self._opened: Final = ExitStack()
        self._sip: Final[list[list[int]]] = [[] for _ in range(workers)]
        self._meters = -1
        self.meters: SharedMeters | None = None
        self._inboxes: list[int] = []
        self._doors: list[int] = []

    def open(self, listeners: tuple[Listening, ...], told: Told, held: HeldSockets) -> None:
        """Take every address; an OSError of a listener is raised within `told` of it, and everything is given back."""
        with ExitStack() as undo:
            undo.push(self._opened.__exit__)
            for one in listeners:
                with told(one):
                    self._share(one, held)
            for number in range(self._workers):
                for own in listeners_of(listeners, number)[len(listeners) :]:
                    with told(own):
                        self._sip[number].append(self._kept(bound_socket(*own.address)))
            self._meters = made(self._workers)
            self.meters = SharedMeters(self._meters, self._workers, -1)
            self._opened.callback(self.meters.close)
            ends = [pair() for _ in range(self._workers)]
            self._inboxes = [self._kept(read) for read, _ in ends]
            self._doors = [self._kept(write) for _, write in ends]
            undo.pop_all()
        for place in held.left():
            self._say(f"no listener for the socket {place} that was handed over: it is given back")

    def _share(self, one: Listening, held: HeldSockets) -> None:
        """The sockets of one listener of the file: one for each worker, or fewer that are shared."""
        kind = socket.SOCK_DGRAM if one.transport == UDP else socket.SOCK_STREAM
        taken = []
        while (found := held.take(kind, one.address)) is not None:
            taken.append(found)
        if not taken:
            taken = self._shared_port(one) if one.transport == UDP else [listening_socket(*one.address)]
        numbers = [self._kept(opened) for opened in taken]
        if one.transport == UDP and not (len(taken) == self._workers and sort_by_owner(taken[0], self._workers)):
            self._say(f"the kernel does not sort what arrives at `{one.name}`: workers pass it on to each other")
        for number, files in enumerate(self._sip):
            files.append(numbers[number % len(numbers)])

    def _shared_port(self, one: Listening) -> list[socket.socket]:
        """A socket for each worker on one address that nobody else has. Raises OSError."""
        bound_socket(*one.address).close()  # shared ones would be had beside those of another proxy
        return [bound_socket(*one.address, shared=True) for _ in range(self._workers)]

    def _kept(self, opened: socket.socket) -> int:
        self._opened.enter_context(opened)
        return opened.fileno()

    def files(self, number: int, control: int) -> Files:
        """What the worker of this number inherits."""
        return Files(control, self._meters, self._inboxes[number], tuple(self._doors), tuple(self._sip[number]))

    def close(self) -> None:
        """Give all addresses back."""
        self._opened.close()
