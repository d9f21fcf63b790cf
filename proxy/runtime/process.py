"""What `npv-proxy run` starts: one process that carries all calls, or a supervisor and its workers.

SIGTERM drains, a second SIGTERM or SIGINT stops at once; SIGHUP reloads and reopens the journal. A worker leaves signals
to its supervisor: a service manager or a terminal sends them to all processes at once. What only one of the three needs
is imported there: a supervisor has no engine, and a worker that is replaced starts the sooner.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

from proxy.runtime import build
from proxy.runtime.clock import Clock, FixedClock, SystemClock
from proxy.runtime.configuration import Configuration, load_configuration
from proxy.runtime.garbage import settle, tidy
from proxy.runtime.needs import listening, say
from proxy.runtime.short_turns import short_turns
from proxy.runtime.toml_source import ConfigError
from proxy.runtime.worker_place import place_of

if TYPE_CHECKING:
    from proxy.runtime.app import App
    from proxy.runtime.worker import Worker

# s; the loop takes the interpreter anew for each datagram, and while a thread reads files each take waits this long
SWITCH: Final = 1e-4
M_TRIM_THRESHOLD: Final = -1  # malloc.h
M_MMAP_THRESHOLD: Final = -3
LARGE: Final = 1 << 20  # bytes; pieces of memory that are this large are given back as soon as nobody needs them
SPARE: Final = 16 << 20  # bytes at the end of the heap that are not given back
OURS: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class Running(Protocol):
    """What a signal reaches; `app.App` and `supervisor.Supervisor` are such."""

    def terminate(self) -> None:
        """SIGTERM."""

    def stop_now(self) -> None:
        """SIGINT."""

    def hung_up(self) -> None:
        """SIGHUP."""


def run(config: Path, fixed_clock: float | None) -> int:
    """Carry calls until a signal ends it; the exit code. Raises ConfigError for wrong files."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # a rotation of the records while the files are read must not end us
    configuration = load_configuration(config)
    if configuration.settings.workers > 1:
        return on_loop(supervise(configuration, fixed_clock))
    return on_loop(carry(configuration, clock_at(fixed_clock)))


def run_worker(config: Path, place_text: str, fixed_clock: float | None) -> int:
    """Be one of several processes until the supervisor ends it; the exit code. Raises ConfigError for wrong files."""
    for one in OURS:
        signal.signal(one, signal.SIG_IGN)
    from proxy.runtime.worker import Worker

    place = place_of(place_text)
    configuration = place.own(load_configuration(config))
    return on_loop(work(Worker(configuration, clock_at(fixed_clock), place)))


def clock_at(fixed: float | None) -> Clock:
    """The clock of the system, or one that began at that instant."""
    return SystemClock() if fixed is None else FixedClock(fixed, running=True)


def steady_memory() -> None:
    """Keep the heap from growing where large pieces come and go, as tables of calls do when they are made anew.

    glibc takes the largest piece that was ever given back for the size below which pieces come out of the heap, so tables
    of 5 MB ended up between small pieces, and left holes. With another C library nothing is done.
    """
    import ctypes

    try:
        adjust = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return
    adjust(M_MMAP_THRESHOLD, LARGE)
    adjust(M_TRIM_THRESHOLD, SPARE)


def on_loop(main: Coroutine[Any, Any, int]) -> int:
    """Run it on uvloop."""
    import uvloop

    sys.setswitchinterval(SWITCH)
    steady_memory()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(main)


def obey(running: Running) -> None:
    """Let signals reach it."""
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, running.terminate)
    loop.add_signal_handler(signal.SIGINT, running.stop_now)
    loop.add_signal_handler(signal.SIGHUP, running.hung_up)


def say_started(configuration: Configuration, admin_port: int, more: str = "") -> None:
    """One line that says what runs."""
    say(
        f"version {build.version()}, {build.kind()} build, SIP on {listening(configuration.settings)}, "
        f"admin on port {admin_port}, configuration {configuration.digest}, "
        f"rules {configuration.edition.revision}{more}"
    )


def settle_down(app: App) -> None:
    """What is there at the start stays, and this thread is the one that answers: it gets the core when it asks for it."""
    settle()
    short_turns()
    app.tasks.spawn(tidy(app.engine.active_calls), "garbage")


async def carry(configuration: Configuration, clock: Clock) -> int:
    """One process for all calls."""
    from proxy.runtime.app import App

    app = App(configuration, clock)
    obey(app)
    try:
        await app.start()
        settle_down(app)
        say_started(configuration, app.admin_port)
        await app.serve()
    except ConfigError as mistake:
        say(f"cannot start: {mistake}")
        return 1
    finally:
        await app.stop()
    return 0


async def supervise(configuration: Configuration, fixed_clock: float | None) -> int:
    """The process that keeps the workers."""
    from proxy.runtime.supervisor import Supervisor

    supervisor = Supervisor(configuration, fixed_clock, say)
    obey(supervisor)
    try:
        if not await supervisor.start():
            return 1
        say_started(configuration, supervisor.admin_port, f", {configuration.settings.workers} workers")
        await supervisor.serve()
    except ConfigError as mistake:
        say(f"cannot start: {mistake}")
        return 1
    finally:
        await supervisor.stop()
    return 0


async def work(worker: Worker) -> int:
    """One worker."""
    try:
        if await worker.start():
            settle_down(worker.app)
            await worker.serve()
    except ConfigError as mistake:
        say(f"cannot start: {mistake}")
        return 1
    finally:
        await worker.stop()
    return 0
