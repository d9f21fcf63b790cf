"""`auth` of a platform and `login` of a carrier: who must prove what, and where secrets are.

A secret never stands in a record: `secret_references.py` tells how one is named.
"""

from __future__ import annotations

import re
from typing import Final

from proxy.b2bua.logins import CERTIFICATE, DIGEST, Auth, CarrierLogin, DigestUser
from proxy.runtime.secret_references import EXPECTED, REFERENCE
from proxy.runtime.toml_source import Table, seen
from proxy.sip.digest import MD5, SHA_256, STRONGEST_FIRST

KINDS: Final = (DIGEST, CERTIFICATE)
ALGORITHMS: Final = tuple(name.decode() for name in STRONGEST_FIRST)
USUAL: Final = (SHA_256, MD5)
QUOTABLE: Final = re.compile(r"[ !#-\[\]-~]{1,128}")
USER: Final = re.compile(r"([A-Za-z0-9._~!*+@-]{1,128})(?:/([A-Za-z0-9._-]+))?=(\S+)")


def read_auth(table: Table) -> Auth:
    """`auth` of a platform."""
    kind = table.one_of("kind", KINDS)
    if kind == CERTIFICATE:
        names = tuple(name.lower() for name in table.texts("names"))
        if not names or any("," in name or not name for name in names):
            raise table.error("names", "at least one name of a certificate, such as `platform.example.net`")
        table.close()
        return Auth(kind, names=names)
    chosen = table.texts("algorithms", ALGORITHMS)
    algorithms = tuple(name for name in STRONGEST_FIRST if name.decode() in chosen) or USUAL
    auth = Auth(
        kind,
        quotable(table, "realm"),
        users(table),
        algorithms,
        table.flag("in_dialog", False),
        table.flag("any_uri", False),
    )
    table.close()
    return auth


def users(table: Table) -> tuple[DigestUser, ...]:
    """The users of a platform: `name=env:NAME`, or `name/customer=file:path` for a user that calls for one customer."""
    found: list[DigestUser] = []
    for text in table.texts("users"):
        matched = USER.fullmatch(text)
        if matched is None or not REFERENCE.fullmatch(matched[3]):
            name = text.partition("=")[0]
            raise table.error("users", f"`name=` or `name/customer=`, and {EXPECTED}", seen(f"{name}=..."))
        found.append(DigestUser(matched[1].encode(), (), matched[2] or "", matched[3]))
    if not found:
        raise table.error("users", "at least one user")
    return tuple(found)


def read_login(table: Table) -> CarrierLogin:
    """`login` of a carrier."""
    secret = table.text("secret")
    if not REFERENCE.fullmatch(secret):
        raise table.error("secret", EXPECTED, "something else")  # perhaps the password itself
    realm = quotable(table, "realm") if table.has("realm") else b""
    table.text("realm", "")
    login = CarrierLogin(quotable(table, "user"), b"", realm, secret)
    table.close()
    return login


def quotable(table: Table, key: str) -> bytes:
    """A text that stands in a quoted string as it is."""
    text = table.text(key)
    if not QUOTABLE.fullmatch(text):
        raise table.error(key, "up to 128 ASCII characters without quotes and backslashes")
    return text.encode("ascii")
