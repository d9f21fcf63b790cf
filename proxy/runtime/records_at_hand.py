"""What the commands on records go by: the files, the directory of the store, and its history.

They only read: a store that holds nothing yet is left as it is, and the files of customers and trunks speak in its place.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

from proxy.policy.edition import Edition
from proxy.runtime.configuration import Configuration, load_configuration
from proxy.runtime.edition_file import edition_with
from proxy.runtime.edition_of_record import EditionsOfRecords
from proxy.runtime.numbering_file import load_numbering
from proxy.runtime.settings import Settings
from proxy.runtime.store.directory_book import Book
from proxy.runtime.store.directory_changes import load
from proxy.runtime.store.directory_interface import DirectoryUnreachable
from proxy.runtime.store.directory_open import directory_store
from proxy.runtime.store.directory_records import Version
from proxy.runtime.toml_source import ConfigError, read_toml
from proxy.runtime.trunk_settings import Trunks


@dataclass(frozen=True)
class AtHand:
    """The configuration, its law with the directory in force, its trunks, and every change that the directory has seen."""

    configuration: Configuration
    edition: Edition
    trunks: Trunks
    versions: tuple[Version, ...]

    def editions(self, edition: Edition | None = None) -> EditionsOfRecords:
        """The edition (default: the one in force) with the directory that each record was decided with."""
        numbering = load_numbering(read_toml(self.configuration.settings.files.numbering))
        return EditionsOfRecords(self.edition if edition is None else edition, self.versions, numbering)


def at_hand(config: Path) -> AtHand:
    """Read it all. Raises ConfigError, also when the store does not answer."""
    found = load_configuration(config)
    store = found.settings.store
    if store.place is None and not store.path.exists():
        return AtHand(found, found.edition, found.trunks, ())
    try:
        book, versions = asyncio.run(read_directory(found.settings))
    except DirectoryUnreachable as failure:
        raise ConfigError(str(config), 0, "store", "a store that answers", str(failure)) from None
    if not versions:
        return AtHand(found, found.edition, found.trunks, ())
    trunks = book.peers() if book.trunks else found.trunks
    return AtHand(found, edition_with(found.edition, book.directory(), versions[-1].number), trunks, versions)


async def read_directory(settings: Settings) -> tuple[Book, tuple[Version, ...]]:
    """The directory at its last version, and all versions. Raises DirectoryUnreachable."""
    store = directory_store(settings.store.path, settings.store.place)
    try:
        book = await load(store, load_numbering(read_toml(settings.files.numbering)))
        return book, tuple(await store.versions(0))
    finally:
        await store.close()
