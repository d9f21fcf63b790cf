"""Persons without their numbers: HMAC-SHA-256 of customer and number, cut to 16 bytes, under secrets of a key file.

Attempts are kept under keys that rotate. A key is written under from its `since` on, so that all nodes that have the
file change over at the same instant; the one before it stays readable for 31 days, as long as an attempt lives, and two
keys never overlap a third. Refusals and consents live for years and nobody keeps the number to re-key them: they are
kept under `lasting`, which does not rotate. `group` is 12 bits of the lasting HMAC: what a Redis cluster places by.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, final

from proxy.runtime.store.interface import ATTEMPTS_KEPT
from proxy.runtime.toml_source import ConfigError, read_toml

SECRET_BYTES: Final = 32
NAME_BYTES: Final = 16
BLOCK: Final = 64
INNER: Final = bytes(byte ^ 0x36 for byte in range(256))
OUTER: Final = bytes(byte ^ 0x5C for byte in range(256))
LETTERS: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
HEAD: Final = (
    "# Secrets under which persons are kept in the store. The same file on every node; without it the store is lost.\n"
)


class KeyNeeded(ValueError):
    """A third key is refused while attempts may still stand under the oldest: until `until` (POSIX seconds)."""

    def __init__(self, until: float) -> None:
        super().__init__("two keys are still in use")
        self.until: Final = until


class KeysDiffer(Exception):
    """The store was filled with another key file: nothing in it would be found, and every person would count anew."""


@dataclass(frozen=True)
class AttemptKey:
    """A secret that is written under from `since` (POSIX seconds) on."""

    since: float
    secret: bytes

    @property
    def name(self) -> str:
        """Eight digits that tell keys apart; says nothing about the secret."""
        return hmac.digest(self.secret, b"name of a key of attempts", "sha256")[:4].hex()


@final
class Person:
    """Where one (customer, person) pair is kept: attempts under `names` (the first one is written), the rest under `lasting`."""

    __slots__ = ("_group", "lasting", "names")

    def __init__(self, names: tuple[bytes, ...], digest: bytes) -> None:
        """`digest` is the lasting HMAC, whole."""
        self.names: Final = names
        self.lasting: Final = digest[:NAME_BYTES]
        self._group: Final = digest[NAME_BYTES : NAME_BYTES + 2]

    @property
    def group(self) -> bytes:
        """Two letters that say where the person is in a cluster."""
        return bytes((LETTERS[self._group[0] & 63], LETTERS[self._group[1] & 63]))


@final
class Hasher:
    """HMAC-SHA-256 under one secret of at most 64 bytes (RFC 2104), whose first half is done beforehand."""

    __slots__ = ("_inner", "_outer")

    def __init__(self, secret: bytes) -> None:
        block = secret.ljust(BLOCK, b"\0")
        self._inner: Final = hashlib.sha256(block.translate(INNER))
        self._outer: Final = hashlib.sha256(block.translate(OUTER))

    def digest(self, text: bytes) -> bytes:
        """32 bytes."""
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(text)
        outer.update(inner.digest())
        return outer.digest()


@final
class PersonKeys:
    """The secrets of one key file."""

    def __init__(self, lasting: bytes, keys: Sequence[AttemptKey]) -> None:
        self.lasting: Final = lasting
        self.keys: Final = tuple(sorted(keys, key=lambda key: key.since))
        self._lasting: Final = Hasher(lasting)
        self._hashers: list[Hasher] = []
        self._hashers_from = self._hashers_until = 0.0  # while the same secrets are in use

    @property
    def fingerprint(self) -> str:
        """Equal on nodes whose key files belong together; says nothing about the secrets."""
        return hmac.digest(self.lasting, b"fingerprint of the ledger keys", "sha256")[:8].hex()

    def person(self, customer: str, person: str, now: float) -> Person:
        """The keys of a person at the wall-clock time `now`."""
        if not self._hashers_from <= now < self._hashers_until:
            self._take_secrets(now)
        text = f"{customer}\0{person}".encode()
        hashers = self._hashers
        if len(hashers) == 1:
            return Person((hashers[0].digest(text)[:NAME_BYTES],), self._lasting.digest(text))
        return Person(tuple([one.digest(text)[:NAME_BYTES] for one in hashers]), self._lasting.digest(text))

    def _take_secrets(self, now: float) -> None:
        changes = [change for key in self.keys for change in (key.since, key.since + ATTEMPTS_KEPT)]
        self._hashers_from = max((change for change in changes if change <= now), default=float("-inf"))
        self._hashers_until = min((change for change in changes if change > now), default=float("inf"))
        self._hashers = [Hasher(secret) for secret in self.secrets(now)]

    def secrets(self, now: float) -> list[bytes]:
        """The secret to write under, then all others that may have been, or are about to be, written under."""
        current = 0
        for index, key in enumerate(self.keys):
            if key.since <= now:
                current = index
        found = [self.keys[current].secret]
        for index, key in enumerate(self.keys):
            replaced = self.keys[index + 1].since if index + 1 < len(self.keys) else now
            if index != current and (index > current or replaced + ATTEMPTS_KEPT > now):
                found.append(key.secret)
        return found

    def rotated(self, since: float, now: float) -> PersonKeys:
        """With a fresh key from `since` on, without those that nothing can be kept under any more.

        Raises KeyNeeded while attempts of two keys are still alive.
        """
        if len(self.keys) > 1 and now < self.keys[-1].since + ATTEMPTS_KEPT:
            raise KeyNeeded(self.keys[-1].since + ATTEMPTS_KEPT)
        fresh = AttemptKey(since, secrets.token_bytes(SECRET_BYTES))
        return PersonKeys(self.lasting, (self.keys[-1], fresh))

    def needed(self, index: int) -> float:
        """Until when the key in that place is read (POSIX seconds): 31 days after the next one; 0 for no end."""
        return self.keys[index + 1].since + ATTEMPTS_KEPT if index + 1 < len(self.keys) else 0.0

    def expired(self, now: float) -> PersonKeys:
        """Without the keys under which nothing can be kept any more."""
        kept = [key for index, key in enumerate(self.keys) if not 0.0 < self.needed(index) <= now]
        return PersonKeys(self.lasting, kept)


def new_keys(now: float) -> PersonKeys:
    """Fresh secrets."""
    return PersonKeys(secrets.token_bytes(SECRET_BYTES), (AttemptKey(now, secrets.token_bytes(SECRET_BYTES)),))


def load_keys(path: Path, now: float) -> PersonKeys:
    """The key file; made with fresh secrets and mode 0600 if there is none. Raises ConfigError."""
    if path.exists():
        return read_keys(path)
    fresh = new_keys(now)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_keys(path, fresh, os.O_EXCL)
    except OSError as error:
        if path.exists():  # another process made it meanwhile
            return read_keys(path)
        reason = (error.strerror or "an error").lower()
        raise ConfigError(str(path), 0, "", "a file that can be written", f"`{reason}`") from None
    return fresh


def rotate(path: Path, now: float, notice: float) -> PersonKeys:
    """A fresh key in the file, written under from `notice` seconds on: time to bring the file to every node.

    Raises KeyNeeded while two keys are in use, ConfigError for a wrong file.
    """
    fresh = read_keys(path).rotated(now + notice, now)
    write_keys(path, fresh)
    return fresh


def expire(path: Path, now: float) -> tuple[AttemptKey, ...]:
    """Take the keys out of the file that nothing needs any more; those keys. Raises ConfigError for a wrong file."""
    keys = read_keys(path)
    left = keys.expired(now)
    gone = tuple(key for key in keys.keys if key not in left.keys)
    if gone:
        write_keys(path, left)
    return gone


def read_keys(path: Path) -> PersonKeys:
    """The key file as it is."""
    root = read_toml(path).root
    lasting = secret(root.text("lasting"))
    keys = []
    for row in root.tables("key"):
        keys.append(AttemptKey(row.number("since"), secret(row.text("secret"))))
        row.close()
    root.close()
    if len(lasting) != SECRET_BYTES or not keys or any(len(key.secret) != SECRET_BYTES for key in keys):
        raise root.error(
            "lasting", "`lasting` and at least one `[[key]]`, each secret of 64 hexadecimal digits", "another"
        )
    return PersonKeys(lasting, keys)


def secret(text: str) -> bytes:
    """The bytes of a secret; none if it is not hexadecimal."""
    try:
        return bytes.fromhex(text)
    except ValueError:
        return b""


def write_keys(path: Path, keys: PersonKeys, flag: int = 0) -> None:
    """Write the key file in one step, readable by its owner only; with `os.O_EXCL` it must not be there yet."""
    rows = "".join(f'\n[[key]]\nsince = {key.since!r}\nsecret = "{key.secret.hex()}"\n' for key in keys.keys)
    text = f'{HEAD}lasting = "{keys.lasting.hex()}"\n{rows}'
    tomllib.loads(text)
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        if flag & os.O_EXCL:
            os.link(fresh, path)
        else:
            fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)
