"""Secrets by reference: records say where a password is (`env:NAME`, `file:path`), each node reads it for itself.

So the directory can be exported, audited and copied without a password in it. A secret is a password, or lines of
`ALGORITHM:hash` with H(user:realm:password) for those who keep no password at all. What cannot be read is said, and only
that user or that login is without effect; it is read anew with every change of the directory and every reload.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

from proxy.b2bua.logins import DigestUser
from proxy.b2bua.trunks import CarrierTrunk, PlatformTrunk
from proxy.sip.digest import STRONGEST_FIRST, is_user_hash, user_hash

REFERENCE: Final = re.compile(r"env:[A-Za-z_][A-Za-z0-9_]*|file:\S+")
EXPECTED: Final = "`env:NAME` or `file:path`, where the password is"
LONGEST: Final = 4096

Say = Callable[[str], None]


def read_secret(reference: str) -> str:
    """What a reference leads to, without its line end. Raises ValueError with what was expected."""
    kind, _, place = reference.partition(":")
    if kind == "env":
        found = os.environ.get(place, "")
        if not found:
            raise ValueError(f"the environment variable `{place}` to hold a secret")
    else:
        try:
            found = Path(place).read_text(encoding="utf-8").strip("\r\n")
        except (OSError, UnicodeDecodeError):
            raise ValueError(f"a readable file `{place}` with a secret") from None
        if not found or len(found) > LONGEST:
            raise ValueError(f"a secret of up to {LONGEST} characters in the file `{place}`")
    return found


def hashes_of(secret: str, user: bytes, realm: bytes, algorithms: tuple[bytes, ...]) -> tuple[tuple[bytes, bytes], ...]:
    """What a password, or the lines of hashes that stand for it, is compared by. Raises ValueError for a missing one."""
    given = {}
    for line in secret.split():
        name, _, value = line.partition(":")
        if name.encode() in STRONGEST_FIRST and is_user_hash(name.encode(), value.encode()):
            given[name.encode()] = value.lower().encode()
    if not given or len(given) != len(secret.split()):
        return tuple((name, user_hash(name, user, realm, secret.encode())) for name in algorithms)
    missing = [name.decode() for name in algorithms if name not in given]
    if missing:
        raise ValueError(f"a hash for {', '.join(missing)} too")
    return tuple((name, given[name]) for name in algorithms)


def armed_platform(trunk: PlatformTrunk, say: Say) -> PlatformTrunk:
    """The trunk with the secrets of its users; one that cannot be had is said, and that user stays without."""
    auth = trunk.auth
    if auth is None or not auth.users:
        return trunk
    users: list[DigestUser] = []
    for user in auth.users:
        try:
            hashes = hashes_of(read_secret(user.secret), user.name, auth.realm, auth.algorithms)
            users.append(replace(user, hashes=hashes))
        except ValueError as wrong:
            say(
                f"user `{user.name.decode()}` of the platform `{trunk.name}`: expected {wrong}; nobody can be this user"
            )
            users.append(user)
    return replace(trunk, auth=replace(auth, users=tuple(users)))


def armed_carrier(trunk: CarrierTrunk, say: Say) -> CarrierTrunk:
    """The trunk with its password; one that cannot be had is said, and challenges stay unanswered."""
    if trunk.login is None:
        return trunk
    try:
        password = read_secret(trunk.login.secret).encode()
    except ValueError as wrong:
        say(f"the login at the carrier `{trunk.name}`: expected {wrong}; its challenges are not answered")
        return replace(trunk, login=None)
    return replace(trunk, login=replace(trunk.login, password=password))
