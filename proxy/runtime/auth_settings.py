"""`[auth]` of `proxy.toml`: how long nonces last, and when guessing is refused."""

from __future__ import annotations

from secrets import token_bytes
from typing import Final

from proxy.b2bua.logins import AuthPolicy
from proxy.runtime.toml_source import Table

PROCESS_KEY: Final = token_bytes(32)  # signs our nonces; those of a process before are stale


def read_policy(table: Table) -> AuthPolicy:
    """`[auth]` of `proxy.toml`."""
    lifetime = table.integer("nonce_seconds", 300)
    if lifetime < 1:
        raise table.error("nonce_seconds", "a whole number of at least 1")
    silence = table.integer("refuse_seconds", 60)
    if silence < 1:
        raise table.error("refuse_seconds", "a whole number of at least 1")
    failures = table.integer("failures", 10)
    if failures < 0:
        raise table.error("failures", "a whole number, 0 for no bound")
    table.close()
    return AuthPolicy(PROCESS_KEY, float(lifetime), failures, float(silence))
