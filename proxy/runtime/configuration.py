"""All files together: what runs is one `Configuration`, and a reload swaps the whole of it or nothing.

`load_configuration` reads every file into new objects and checks what the files say about each other; only when all of
it is right does anybody see it. `load_successor` does the same for a running proxy and also refuses what cannot change
without a restart. Both take a while for many customers: call them in a thread.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Final

from proxy.policy.edition import Edition
from proxy.runtime.edition_file import load_edition, revision_of
from proxy.runtime.headers_file import headers_digest, load_headers
from proxy.runtime.mistakes import Mistakes
from proxy.runtime.numbering_file import load_numbering
from proxy.runtime.settings import Files, Settings, load_settings
from proxy.runtime.toml_source import read_toml
from proxy.runtime.trunk_settings import Trunks, load_trunks

DIGEST_LENGTH: Final = 12


@dataclass(frozen=True)
class Configuration:
    """Everything that the files say; customers and trunks are those of a store that holds nothing yet.

    `digest` is equal on two nodes that decide and route alike.
    """

    settings: Settings
    edition: Edition
    trunks: Trunks
    digest: str


def load_configuration(path: Path) -> Configuration:
    """Read `proxy.toml` and every file it names. Raises ConfigError with all mistakes that could be found."""
    settings, mistakes = load_settings(path), Mistakes()
    files = settings.files
    edition = mistakes.attempt(lambda: load_edition(files.rules, files.numbering, files.customers))
    headers = mistakes.attempt(lambda: load_headers(files.headers))
    trunks = None if edition is None else mistakes.attempt(partial(trunks_for, files, edition))
    mistakes.raise_any()
    if edition is None or headers is None or trunks is None:
        raise mistakes.error()
    settings = replace(settings, topology=replace(settings.topology, headers=headers))
    text = f"{settings.digest} {edition.revision} {headers_digest(headers)} {revision_of([files.trunks])}"
    return Configuration(settings, edition, trunks, hashlib.sha256(text.encode()).hexdigest()[:DIGEST_LENGTH])


def trunks_for(files: Files, edition: Edition) -> Trunks:
    """The trunks of the file, among the customers of theirs. Raises ConfigError."""
    customers = [customer.id for customer in edition.directory.customers()]
    return load_trunks(read_toml(files.trunks), load_numbering(read_toml(files.numbering)), customers)


def load_successor(
    running: Configuration, own: Callable[[Configuration], Configuration] = lambda fresh: fresh
) -> Configuration:
    """What the files of a running proxy say now, as it is its `own`. Raises ConfigError; nothing has changed then."""
    fresh = own(load_configuration(running.settings.path))
    old, new = running.settings, fresh.settings
    root, mistakes = read_toml(new.path).root, Mistakes()
    for section, key, before, after in (
        ("node", "name", old.node, new.node),
        ("node", "workers", old.workers, new.workers),
        ("admin", "listen", old.admin, new.admin),
        ("store", "path", old.store.path, new.store.path),
        ("store", "urls", old.store.place, new.store.place),
        ("store", "keys", old.store.keys, new.store.keys),
        ("state", "folder", old.state.folder, new.state.folder),
        ("state", "most_mb", old.state.most, new.state.most),
        ("store", "wait_ms", old.store.wait, new.store.wait),
        *(("records", key, value, new.records.keys()[key]) for key, value in old.records.keys().items()),
    ):
        if before != after:
            mistakes.add(root.table(section).error(key, "no change while running; restart the proxy for another value"))
    if [replace(one, tls=None) for one in old.listen] != [replace(one, tls=None) for one in new.listen]:
        table = root if isinstance(root.values.get("listen"), list) else root.table("listen")
        key = "listen" if table is root else "udp"
        mistakes.add(
            table.error(key, "no change but of certificates while running; restart the proxy for another value")
        )
    mistakes.raise_any()
    return fresh
