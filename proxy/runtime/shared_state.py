"""The state that outlives calls, as the running proxy holds it: the ledger with its desk, the directory and the refusals
in memory, each with its watch, and the notices by which the store tells both of changes.

Opened before the first call and closed after the last: what is owed to the ledger is told before the proxy goes.
A store that holds no directory yet is filled from the customers file.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from typing import Final, final

from proxy.policy.directory import Directory
from proxy.policy.inquiry import Inquiry, PersonState
from proxy.runtime.ahead_log import AheadLog
from proxy.runtime.ahead_reading import Entry
from proxy.runtime.clock import Clock
from proxy.runtime.directory_desk import book_of, seed_from
from proxy.runtime.node_limits import NodeLimits
from proxy.runtime.numbering_file import load_numbering
from proxy.runtime.person_entries import Context
from proxy.runtime.persons import Persons
from proxy.runtime.settings import Settings
from proxy.runtime.shared_meters import SharedMeters
from proxy.runtime.store.directory_changes import Signature, noted
from proxy.runtime.store.directory_interface import DirectoryStore, DirectoryUnreachable
from proxy.runtime.store.directory_open import directory_store
from proxy.runtime.store.directory_records import Version
from proxy.runtime.store.directory_watch import Arrived as Renewed
from proxy.runtime.store.directory_watch import DirectoryWatch
from proxy.runtime.store.embedded import EmbeddedLedger
from proxy.runtime.store.inline_ledger import InlineLedger
from proxy.runtime.store.interface import LedgerSilent
from proxy.runtime.store.keys_watch import KeysWatch
from proxy.runtime.store.ledger_choice import (
    SomeLedger,
    chosen_ledger,
    chosen_notices,
    chosen_refusals,
    take_keys,
)
from proxy.runtime.store.ledger_desk import Arrived, LedgerDesk
from proxy.runtime.store.notices import ANYTHING, DIRECTORY, Notices
from proxy.runtime.store.person_keys import KeysDiffer, Person
from proxy.runtime.store.redis_limits import RedisLimits
from proxy.runtime.store.redis_version import check_servers
from proxy.runtime.store.refusals_watch import RefusalsWatch
from proxy.runtime.tasks import Tasks
from proxy.runtime.toml_source import ConfigError, read_toml
from proxy.runtime.worker_place import FIRST

PATIENCE: Final = 5.0  # s that a stop waits for what is owed to the ledger


def find_person(ledger: SomeLedger, clock: Clock, customer: str, person: str) -> Person:
    """Where the person is kept, under the keys that the ledger uses at this moment."""
    return ledger.keys.person(customer, person, clock.epoch())


def known(watch: DirectoryWatch, clock: Clock, who: str) -> Context:
    """What is checked before it is recorded: by the plan and the customers in force here."""
    return Context(watch.numbering, watch.customers, clock.epoch(), f"told by {who}")


async def note(store: DirectoryStore, clock: Clock, who: str, what: str) -> Version:
    """A line in the history of the directory."""
    return await noted(store, Signature(who, clock.epoch(), what))


@final
class SharedState:
    """Ledger and directory of one proxy. `say` gets a line when something is wrong while it runs.

    From the start on `desk` asks for calls, and `persons` takes in what persons said by any other way.
    """

    def __init__(
        self,
        settings: Settings,
        clock: Clock,
        tasks: Tasks,
        say: Callable[[str], None],
        ahead: AheadLog,
        meters: SharedMeters | None = None,
    ) -> None:
        self._settings: Final = settings
        self._clock: Final = clock
        self._tasks: Final = tasks
        self._say: Final = say
        self._ahead: Final = ahead
        self._meters: Final = meters
        self._taken: Final = AsyncExitStack()
        self._ledger: SomeLedger | None = None
        self._watch: DirectoryWatch | None = None
        self._notices: Notices | None = None
        self._refusals: RefusalsWatch | None = None
        self.desk: LedgerDesk | InlineLedger | None = None
        self.persons: Persons | None = None
        self.limits: RedisLimits | None = None  # over nodes

    @property
    def directory(self) -> tuple[Directory, int] | None:
        """The directory in force and its version; None before the start."""
        return (self._watch.directory, self._watch.version) if self._watch is not None else None

    def directory_age(self) -> float:
        """Seconds since the store last said that there is nothing newer; 0 before the start."""
        return self._watch.age() if self._watch is not None else 0.0

    def held(self, inquiry: Inquiry) -> PersonState | None:
        """What is remembered of the person's refusal, for when the ledger is silent."""
        return self._refusals.held(inquiry) if self._refusals is not None else None

    @property
    def refusals(self) -> tuple[int, int, float]:
        """Refusals in memory, those that found no room there, and seconds since all of them were known."""
        watch = self._refusals
        return (len(watch.kept), watch.kept.dropped, watch.age()) if watch is not None else (0, 0, 0.0)

    @property
    def notices(self) -> tuple[int, int]:
        """Notices of the store that came, and how often the way to them had to be made anew."""
        return (self._notices.received, self._notices.reconnects) if self._notices is not None else (0, 0)

    def reachable(self) -> bool:
        """Whether the store answered when it was last asked for the directory."""
        return self._watch is not None and self._watch.reachable

    def answer(self, inquiry: Inquiry) -> PersonState | None:
        """What the ledger says at once; None where it has to be asked for by the desk."""
        return self.desk.answer(inquiry) if isinstance(self.desk, InlineLedger) else None

    async def start(self, arrived: Arrived, renewed: Renewed, left: Sequence[Entry] = ()) -> None:
        """Open both. `arrived` gets the ledger's answers, `renewed` each new directory with its trunks; `left` is what a
        predecessor put into its log. Raises ConfigError."""
        store = self._settings.store
        await check_servers(store.place, self._settings.path)
        try:
            history, watch = await self._open_directory(renewed)
            ledger = await self._open_ledger(arrived, left)
            notices = self._notices = chosen_notices(store.path, store.place, self._heard, self._say)
            await notices.start()
            self._taken.push_async_callback(notices.stop)
            await self._share_limits()
            self.persons = Persons(ledger, partial(known, watch, self._clock), partial(note, history, self._clock))
        except (DirectoryUnreachable, LedgerSilent, KeysDiffer) as failure:
            raise self._mistake(str(failure)) from None
        except OSError as failure:
            raise self._mistake(failure.strerror or str(failure)) from None

    async def _share_limits(self) -> None:
        """One process of a node speaks with the other nodes."""
        settings, store = self._settings, self._settings.store
        if self._meters is None or store.place is None or not store.share_limits or settings.worker != FIRST:
            return
        counted = NodeLimits(self._meters, settings.node)
        limits = self.limits = RedisLimits(store.place, counted, self._clock.monotonic, self._say)
        await limits.start()
        self._taken.push_async_callback(limits.stop)

    async def _open_directory(self, renewed: Renewed) -> tuple[DirectoryStore, DirectoryWatch]:
        settings = self._settings
        numbering = load_numbering(read_toml(settings.files.numbering))
        store = directory_store(settings.store.path, settings.store.place)
        self._taken.push_async_callback(store.close)
        await seed_from(store, numbering, settings.files, self._clock.epoch())
        watch = self._watch = DirectoryWatch(store, numbering, self._clock, renewed, self._say)
        await watch.start(await book_of(store, numbering, settings.files, self._clock.epoch()))
        self._taken.push_async_callback(watch.stop)
        return store, watch

    def _heard(self, notice: bytes) -> None:
        if self._watch is not None and notice in (ANYTHING, DIRECTORY):
            self._watch.told()
        if self._refusals is not None and notice != DIRECTORY:
            self._refusals.told(notice)

    async def _open_ledger(self, arrived: Arrived, left: Sequence[Entry]) -> SomeLedger:
        store, clock = self._settings.store, self._clock
        ledger = self._ledger = chosen_ledger(store.path, store.place, store.keys, store.wait, clock.epoch)
        await ledger.open()
        self._taken.push_async_callback(ledger.close)
        source = chosen_refusals(store.path, store.place)
        refusals = self._refusals = RefusalsWatch(
            source, store.refusals_held, partial(find_person, ledger, clock), clock, self._say
        )
        refusals.start()
        self._taken.push_async_callback(refusals.stop)
        self._tasks.spawn(KeysWatch(store.keys, self._renew_keys, self._say).follow(), "key file")
        if isinstance(ledger, EmbeddedLedger):
            inline = self.desk = InlineLedger(ledger, self._ahead, clock.epoch, arrived, refusals.heard)
            self._taken.callback(inline.close)
            await inline.open(left)
        else:
            self.desk = LedgerDesk(ledger, arrived, self._tasks, clock.monotonic, refusals.heard)
        self._taken.push_async_callback(self._settle, self.desk)
        return ledger

    async def _settle(self, desk: LedgerDesk | InlineLedger) -> None:
        owed = await desk.settle(PATIENCE)
        if owed:
            self._say(f"{owed} notes to the ledger could not be delivered before the stop")

    async def use_plan(self, numbering: Path) -> None:
        """Read the directory anew under this numbering plan. Raises ConfigError; the old one stays then."""
        if self._watch is not None:
            await self._watch.use_plan(load_numbering(read_toml(numbering)))

    @property
    def key(self) -> str:
        """The name of the newest key that this node holds, which tells nothing of its secret; empty before the start."""
        return self._ledger.keys.keys[-1].name if self._ledger is not None else ""

    def _renew_keys(self) -> None:
        if self._ledger is not None:
            take_keys(self._ledger, self._settings.store.keys)

    def take_keys(self) -> None:
        """Go on with the key file as it is now. Raises ConfigError."""
        try:
            self._renew_keys()
        except KeysDiffer as failure:
            raise self._mistake(str(failure)) from None

    def _mistake(self, reason: str) -> ConfigError:
        settings = self._settings
        key = "path" if settings.store.place is None else "urls"
        line = read_toml(settings.path).line(("store", key))
        return ConfigError(str(settings.path), line, f"store.{key}", "a store that answers", reason)

    async def stop(self) -> None:
        """Tell what is owed, then close; right after a failed start too."""
        await self._taken.aclose()
