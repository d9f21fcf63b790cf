"""The edition that a record was decided with, as far as the directory goes: customers, numbers and campaigns of then.

A record names its edition as `<hash of the files>.<version of the directory>`. Every version stays in the store, so the
directory of any of them can be made again. Rules and plan are those of the edition given: whoever replays wants to try
others. Records come mostly in the order of their versions; a step forward costs what changed, a step back a whole reading.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, final

from proxy.policy.edition import Edition
from proxy.runtime.numbering_file import Numbering
from proxy.runtime.store.directory_book import Book
from proxy.runtime.store.directory_changes import after
from proxy.runtime.store.directory_records import Record, Version

REVISION: Final = re.compile(r"(\w+)(?:\.(\d+))?")
KEPT: Final = 32  # editions held at once


@final
class EditionsOfRecords:
    """Editions by the revision that a record names; `missing` counts those whose directory the store does not hold."""

    def __init__(self, edition: Edition, versions: Sequence[Version], numbering: Numbering) -> None:
        self.missing = 0
        self._edition: Final = edition
        self._numbering: Final = numbering
        self._versions: Final = {version.number: version for version in versions}
        self._book = Book(numbering)
        self._kept: Final[dict[str, Edition]] = {}

    def of(self, revision: str) -> Edition:
        """The edition given, with the directory of that revision; as it is for a record made without a store."""
        found = self._kept.get(revision)
        if found is None:
            if len(self._kept) >= KEPT:
                self._kept.clear()
            found = self._kept[revision] = self._made(revision)
        self.missing += found is self._edition and version_of(revision) > 0
        return found

    def _made(self, revision: str) -> Edition:
        version, edition = version_of(revision), self._edition
        if version not in self._versions:
            return edition
        self._book = self._book_at(version)
        return Edition(
            edition.plan, edition.calendar, edition.book, self._book.directory(), renamed(edition.revision, version)
        )

    def _book_at(self, version: int) -> Book:
        if self._book.version <= version and self._book.version:
            return after(self._book, [self._versions[number] for number in range(self._book.version + 1, version + 1)])
        records: dict[tuple[str, str], Record] = {}
        for number in range(1, version + 1):
            for change in self._versions[number].changes:
                records.pop((change.kind, change.key), None)
                if change.after is not None:
                    records[change.kind, change.key] = change.after
        return Book(self._numbering).filled(version, records.values())


def version_of(revision: str) -> int:
    """The version of the directory that a revision names; 0 for none."""
    found = REVISION.match(revision)
    return int(found[2] or 0) if found else 0


def renamed(revision: str, version: int) -> str:
    """The revision with another version of the directory."""
    return REVISION.sub(rf"\1.{version}", revision, count=1)


def without_directory(revision: str) -> str:
    """The revision of rules and plan alone."""
    return REVISION.sub(r"\1", revision, count=1)
