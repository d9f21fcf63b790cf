"""What one worker has of its own: its number, the files that it inherits, and the settings as they hold for it.

To the rest of the process a worker is a node with more listeners: behind those of the file stand its own ports, by which
its requests leave. The supervisor hands all open files over by their numbers, as one JSON text on the command line.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import msgspec

from proxy.runtime.addresses import Endpoint
from proxy.runtime.configuration import Configuration
from proxy.runtime.handover import Handover, Sorter
from proxy.runtime.held_sockets import HeldSockets, inherited
from proxy.runtime.listen_settings import Listening
from proxy.runtime.record_settings import Records
from proxy.runtime.settings import Settings
from proxy.runtime.shared_meters import SharedMeters, made
from proxy.runtime.transports import Transports
from proxy.runtime.udp import Feed
from proxy.runtime.worker_marks import Marks, mark_of
from proxy.sip.hop import UDP

FIRST: Final = 0  # the worker that is started first, and makes what is made once


@dataclass(frozen=True)
class Files:
    """Open files by their numbers: the way to the supervisor, what all count together, the own inbox, the doors of all,
    and the SIP sockets."""

    control: int
    meters: int
    inbox: int
    doors: tuple[int, ...]
    sip: tuple[int, ...]


@dataclass(frozen=True)
class Place:
    """Worker `number` of so many `workers`."""

    number: int
    workers: int
    files: Files

    def text(self) -> str:
        """For the command line."""
        return msgspec.json.encode(self).decode()

    @property
    def mark(self) -> bytes:
        """What begins its tags and branches."""
        return mark_of(self.number)

    def meters(self) -> SharedMeters:
        """What this worker counts together with the others."""
        os.set_inheritable(self.files.meters, False)
        return SharedMeters(self.files.meters, self.workers, self.number)

    def sockets(self) -> HeldSockets:
        """The SIP sockets, for its listeners to take."""
        return inherited(self.files.sip)

    def own(self, configuration: Configuration) -> Configuration:
        """The configuration as it holds for this worker."""
        return replace(configuration, settings=settings_of(configuration.settings, self.number))


def place_of(text: str) -> Place:
    """Out of the command line. Raises ValueError."""
    return msgspec.json.decode(text, type=Place)


def meters_in(place: Place | None, settings: Settings) -> SharedMeters | None:
    """What a process counts together with other workers, or with other nodes; None when it counts alone."""
    if place is not None:
        return place.meters()
    store = settings.store
    return SharedMeters(made(1), 1, FIRST) if store.place is not None and store.share_limits else None


def settings_of(settings: Settings, number: int) -> Settings:
    """The settings as they hold for the worker of that number."""
    listen = listeners_of(settings.listen, number)
    return replace(
        settings,
        worker=number,
        admin=None,
        listen=listen,
        records=records_of(settings.records, number),
        topology=replace(settings.topology, listeners=tuple(one.shown for one in listen)),
    )


def listeners_of(listen: tuple[Listening, ...], number: int) -> tuple[Listening, ...]:
    """The listeners of the file, then the own ports of this worker. Its mark is in every Contact: many peers send all that
    they have to say to the address that they were given, whatever Contact names."""
    shared: list[Listening] = []
    own: list[Listening] = []
    for one in listen:
        if not one.worker_ports:
            shared.append(replace(one, mark=mark_of(number).decode()))
            continue
        port = one.worker_ports + number
        shared.append(replace(one, way_out=len(listen) + len(own)))
        advertise = Endpoint(one.advertise.host, port)
        address, mark = one.address._replace(port=port), mark_of(number).decode()
        own.append(replace(one, address=address, advertise=advertise, worker_ports=port, mark=mark))
    return (*shared, *own)


def records_of(records: Records, number: int) -> Records:
    """The same targets for the first worker, files of its own beside them for each other one."""
    targets = records.targets
    own = replace(
        targets,
        path=file_of(targets.path, number),
        prospecting=file_of(targets.prospecting, number),
        audit=file_of(targets.audit, number),
    )
    return replace(records, path=own.path, targets=own)


def file_of(path: str, number: int) -> str:
    """`records.w01.jsonl` beside `records.jsonl` for worker 1; the first worker has the file itself."""
    if not path or number == FIRST:
        return path
    whole = Path(path)
    return str(whole.with_name(f"{whole.stem}.{mark_of(number).decode()}{whole.suffix}"))


def files_beside(path: Path) -> list[Path]:
    """The target and those of all workers that ever wrote beside it, by their numbers."""
    others = path.parent.glob(f"{path.stem}.w[0-9][0-9]{path.suffix}")
    closed = path.parent.glob(f"{path.stem}.w[0-9][0-9]-*{path.suffix}")
    found = {path.with_name(f"{one.name[: len(path.stem) + 4]}{path.suffix}") for one in (*others, *closed)}
    return [path, *sorted(found)]


def is_shared(one: Listening) -> bool:
    """Whether other workers read datagrams at this address of `listeners_of` too."""
    return one.transport == UDP and one.address.port != one.worker_ports


def handover_in(place: Place, transports: Transports) -> tuple[Handover, Callable[[Listening], Feed | None], Feed]:
    """The ways to the other workers, and what stands before the engine at each UDP listener (None: nothing) and for
    streams."""
    inbox, *doors = (socket.socket(fileno=one) for one in (place.files.inbox, *place.files.doors))
    for one in (inbox, *doors):
        one.set_inheritable(False)
    handover = Handover(place.number, inbox, doors, transports)
    marks = Marks(place.workers)
    sorter, for_streams = (Sorter(transports.engine, marks, handover, streams) for streams in (False, True))
    return handover, lambda one: sorter if is_shared(one) else None, for_streams
