"""What the logins of several platforms say together.

A user belongs to one platform of a realm, and who has no address is known by user or certificate alone: strangers can
only be asked in one realm, and a certificate's name must lead to one trunk.
"""

from __future__ import annotations

from collections.abc import Sequence, Set

from proxy.b2bua.logins import DIGEST
from proxy.b2bua.trunks import PlatformTrunk
from proxy.runtime.mistakes import Mistakes
from proxy.runtime.toml_source import seen
from proxy.runtime.trunk_checks import Written


def check_logins(rows: Sequence[Written], customers: Set[str], mistakes: Mistakes) -> None:
    """Keep a mistake where two platforms cannot be told apart, and for users of customers that nobody knows."""
    users_of: dict[tuple[bytes, bytes], Written] = {}
    names_of: dict[str, Written] = {}
    strangers: Written | None = None
    for row in rows:
        trunk = row.trunk
        if not isinstance(trunk, PlatformTrunk) or trunk.auth is None:
            continue
        auth, table = trunk.auth, row.table.table("auth")
        for user in auth.users:
            if users_of.setdefault((auth.realm, user.name), row) is not row:
                other = users_of[auth.realm, user.name].place
                mistakes.add(table.error("users", f"other users than {other}", seen(user.name.decode())))
            if user.customer and user.customer not in customers:
                mistakes.add(table.error("users", "ids of customers in the directory", seen(user.customer)))
        if trunk.sources:
            continue
        for name in auth.names:
            if names_of.setdefault(name, row) is not row:
                mistakes.add(table.error("names", f"other names than {names_of[name].place}", seen(name)))
        if auth.kind == DIGEST:
            strangers = strangers or row
            before = strangers.trunk.auth if isinstance(strangers.trunk, PlatformTrunk) else None
            if before is not None and (before.realm, before.algorithms) != (auth.realm, auth.algorithms):
                expected = f"the realm and algorithms of {strangers.place}, which has no addresses either"
                mistakes.add(table.error("realm", expected))
