"""How the directory is read from a store and how it is changed: all of an edit or nothing, after whatever came before.

Whoever edits reads the last version, edits that, and appends; if somebody was faster the edit is made again on what is
there now, so two people never undo each other unseen.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from proxy.runtime.numbering_file import Numbering
from proxy.runtime.store.directory_book import Book
from proxy.runtime.store.directory_interface import DirectoryStore, DirectoryUnreachable, Overtaken
from proxy.runtime.store.directory_records import Change, Draft, Snapshot, Version

TRIES: Final = 20
# a start reads at most so many versions, or so many changed records, behind the last snapshot
SNAPSHOT_VERSIONS: Final = 200
SNAPSHOT_CHANGES: Final = 5000
READ_AT_ONCE: Final = 500

Edit = Callable[[Book], Sequence[Draft]]


@dataclass(frozen=True)
class Signature:
    """Who changes the directory, when (POSIX seconds) and what for."""

    who: str
    at: float
    what: str


async def load(store: DirectoryStore, numbering: Numbering) -> Book:
    """The book at the last version."""
    with uncollected():
        snapshot = await store.snapshot()
        book = Book(numbering)
        if snapshot is not None:
            book = await asyncio.to_thread(book.filled, snapshot.number, snapshot.records)
        return await caught_up(store, book)


@contextmanager
def uncollected() -> Iterator[None]:
    """Within: no search for garbage. It would go through all records again and again, and takes as long as reading them."""
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()


async def caught_up(store: DirectoryStore, book: Book) -> Book:
    """The book with every version that came after it."""
    while versions := await store.versions(book.version, READ_AT_ONCE):
        book = await asyncio.to_thread(after, book, versions)
    return book


def after(book: Book, versions: Sequence[Version]) -> Book:
    """The book with these versions."""
    return book.applied(*versions)


async def propose(book: Book, edit: Edit) -> tuple[Book, tuple[Change, ...]]:
    """What the edit would make of the book. Raises ConfigError with all that is wrong."""
    return await asyncio.to_thread(lambda: book.edited(edit(book)))


async def change(
    store: DirectoryStore, numbering: Numbering, edit: Edit, signature: Signature, book: Book | None = None
) -> tuple[Book, Version | None]:
    """Make the edit; the book after it, and its version, none if nothing changes. `book` spares reading the last version.

    Raises ConfigError with all that is wrong, and DirectoryUnreachable; nothing has changed then.
    """
    if book is None:
        book = await load(store, numbering)
    for _ in range(TRIES):
        edited, changes = await propose(book, edit)
        if not changes:
            return book, None
        version = Version(book.version + 1, signature.at, signature.who, signature.what, changes)
        try:
            await store.append(version)
        except Overtaken:
            book = await caught_up(store, book)
            continue
        edited.version = version.number
        await keep(store, edited, len(changes))
        return edited, version
    raise DirectoryUnreachable(f"others changed the directory {TRIES} times meanwhile; nothing was changed here")


async def keep(store: DirectoryStore, book: Book, changes: int) -> None:
    """Keep a snapshot now and then."""
    if book.version % SNAPSHOT_VERSIONS == 0 or changes >= SNAPSHOT_CHANGES:
        await store.keep(Snapshot(book.version, tuple(book.records.values())))


async def seed(store: DirectoryStore, numbering: Numbering, drafts: Sequence[Draft], signature: Signature) -> bool:
    """Fill a store that has no version yet; whether it was this call that did. Raises as `change` does."""
    if await store.version():
        return False
    _, changes = await propose(Book(numbering), lambda _: drafts)
    if not changes:
        return False
    try:
        await store.append(Version(1, signature.at, signature.who, signature.what, changes))
    except Overtaken:
        return False
    return True


async def noted(store: DirectoryStore, signature: Signature) -> Version:
    """A version that changes no record: the history tells what was done beside the directory. The store holds one already."""
    for _ in range(TRIES):
        version = Version(await store.version() + 1, signature.at, signature.who, signature.what, ())
        try:
            await store.append(version)
        except Overtaken:
            continue
        return version
    raise DirectoryUnreachable(f"others changed the directory {TRIES} times meanwhile; nothing was noted here")


async def rolled_back(
    store: DirectoryStore, numbering: Numbering, number: int, signature: Signature
) -> tuple[Book, Version | None]:
    """Make what was after version `number` a new version. Raises as `change` does."""
    later = await store.versions(number)
    edit: Edit = lambda book: book.undone([one for one in later if one.number <= book.version], signature.what)  # noqa: E731 - one line, named for its type
    return await change(store, numbering, edit, signature)
