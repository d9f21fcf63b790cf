"""All files a decision rests on, to one `Edition`; its revision is a hash of their texts."""

from __future__ import annotations

import hashlib
from pathlib import Path

from proxy.policy.directory import Directory
from proxy.policy.edition import Edition
from proxy.runtime.clock import calendar_of
from proxy.runtime.directory_file import load_directory
from proxy.runtime.numbering_file import load_numbering
from proxy.runtime.rules_file import load_rules
from proxy.runtime.toml_source import ConfigError, read_toml

REVISION_LENGTH = 12


def load_edition(rules_dir: Path, numbering: Path, customers: Path) -> Edition:
    """The edition of these files; raises ConfigError for the first fault found."""
    rule_paths = sorted(rules_dir.glob("*.toml"))
    if not rule_paths:
        raise ConfigError(str(rules_dir), 0, "", "a folder with `*.toml` rule files", "none")
    plan = load_numbering(read_toml(numbering))
    book = load_rules([read_toml(path) for path in rule_paths], plan.class_names)
    directory = load_directory(read_toml(customers), plan)
    calendar = calendar_of(plan.territories)
    return Edition(plan.plan, calendar, book, directory, revision_of([numbering, *rule_paths, customers]))


def edition_with(edition: Edition, directory: Directory, version: int) -> Edition:
    """The same law with the directory that the store holds at that version; the revision says both."""
    revision = f"{edition.revision.partition('.')[0]}.{version}"
    return Edition(edition.plan, edition.calendar, edition.book, directory, revision)


def revision_of(paths: list[Path]) -> str:
    """A short hash over names and texts."""
    digest = hashlib.sha256()
    for path in paths:
        digest.update(path.name.encode())
        digest.update(b"\0")
        digest.update(path.read_bytes())
        digest.update(b"\0")
    return digest.hexdigest()[:REVISION_LENGTH]
