"""All files together: what runs is one `Configuration`, and a reload swaps the whole of it or nothing.

`load_configuration` reads every file into new objects and checks what the files say about each other; only when all of
it is right does anybody see it. `load_successor` does the same for a running proxy and also refuses what cannot change
without a restart. Both take a while for many customers: call them in a thread.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from proxy.policy.edition import Edition
from proxy.policy.ranges import FOREIGN
from proxy.runtime.edition_file import load_edition
from proxy.runtime.headers_file import headers_digest, load_headers
from proxy.runtime.mistakes import Mistakes
from proxy.runtime.settings import Settings, load_settings
from proxy.runtime.toml_source import Table, read_toml, seen

DIGEST_LENGTH: Final = 12


@dataclass(frozen=True)
class Configuration:
    """Everything that the files say. `digest` is equal on two nodes that decide and route alike."""

    settings: Settings
    edition: Edition
    digest: str


def load_configuration(path: Path) -> Configuration:
    """Read `proxy.toml` and every file it names. Raises ConfigError with all mistakes that could be found."""
    settings, mistakes = load_settings(path), Mistakes()
    files = settings.files
    edition = mistakes.attempt(lambda: load_edition(files.rules, files.numbering, files.customers))
    headers = mistakes.attempt(lambda: load_headers(files.headers))
    mistakes.raise_any()
    if edition is None or headers is None:
        raise mistakes.error()
    agree(settings, edition)
    settings = replace(settings, topology=replace(settings.topology, headers=headers))
    text = f"{settings.digest} {edition.revision} {headers_digest(headers)}"
    return Configuration(settings, edition, hashlib.sha256(text.encode()).hexdigest()[:DIGEST_LENGTH])


def load_successor(running: Configuration) -> Configuration:
    """What the files of a running proxy say now. Raises ConfigError; nothing has changed then."""
    fresh = load_configuration(running.settings.path)
    old, new = running.settings, fresh.settings
    root, mistakes = read_toml(new.path).root, Mistakes()
    for section, key, before, after in (
        ("node", "name", old.node, new.node),
        ("listen", "udp", old.listen, new.listen),
        ("admin", "listen", old.admin, new.admin),
        ("store", "path", old.store.path, new.store.path),
        ("store", "urls", old.store.place, new.store.place),
        ("store", "keys", old.store.keys, new.store.keys),
        ("store", "wait_ms", old.store.wait, new.store.wait),
        *(("records", key, value, new.records.keys()[key]) for key, value in old.records.keys().items()),
    ):
        if before != after:
            mistakes.add(root.table(section).error(key, "no change while running; restart the proxy for another value"))
    mistakes.raise_any()
    return fresh


def agree(settings: Settings, edition: Edition) -> None:
    """Refuse a platform whose customer or classes of numbers no file knows."""
    mistakes = Mistakes()
    classes = {FOREIGN, *(number_class.name for number_class in edition.plan.classes())}
    for table in read_toml(settings.path).root.tables("platform"):
        check_customer(table, edition, mistakes)
        for name in table.texts("destinations"):
            if name not in classes:
                expected = "classes of numbers: " + ", ".join(f"`{known}`" for known in sorted(classes))
                mistakes.add(table.error("destinations", expected, seen(name)))
    mistakes.raise_any()


def check_customer(table: Table, edition: Edition, mistakes: Mistakes) -> None:
    """Keep a mistake when the platform's one customer is not in the customers file."""
    customer = table.text("customer", "")
    if customer and edition.directory.customer(customer) is None:
        mistakes.add(table.error("customer", "the id of a customer in the customers file"))
