"""`auth` and `login` of trunks: read, checked, and without any secret."""

from __future__ import annotations

import pytest

from proxy.b2bua.logins import CERTIFICATE, DIGEST, Auth, CarrierLogin, DigestUser
from proxy.runtime.login_settings import read_auth, read_login
from proxy.runtime.toml_source import ConfigError, Table, TomlSource


def table(text: str) -> Table:
    return TomlSource("trunks.toml", "\n" + text).root.table(text.partition(" ")[0])


def test_digest_with_defaults_and_with_everything() -> None:
    plain = read_auth(table('auth = { kind = "digest", realm = "edge", users = ["vms-1=env:VMS"] }'))
    assert plain == Auth(DIGEST, b"edge", (DigestUser(b"vms-1", (), "", "env:VMS"),), (b"SHA-256", b"MD5"))
    full = read_auth(
        table(
            'auth = { kind = "digest", realm = "edge", users = ["a=env:A", "b/acme=file:/run/b"], in_dialog = true, '
            'any_uri = true, algorithms = ["MD5", "SHA-512-256"] }'
        )
    )
    assert full.algorithms == (b"SHA-512-256", b"MD5")
    assert (full.in_dialog, full.any_uri) == (True, True)
    assert full.users[1] == DigestUser(b"b", (), "acme", "file:/run/b")


def test_certificates() -> None:
    found = read_auth(table('auth = { kind = "certificate", names = ["Platform.Example.net"] }'))
    assert found == Auth(CERTIFICATE, names=("platform.example.net",))


def test_a_login() -> None:
    assert read_login(table('login = { user = "edge", secret = "env:C" }')) == CarrierLogin(b"edge", b"", b"", "env:C")
    found = read_login(table('login = { user = "edge", secret = "file:/x", realm = "carrier" }'))
    assert (found.realm, found.secret) == (b"carrier", "file:/x")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('auth = { kind = "basic" }', "one of `digest`, `certificate`"),
        ('auth = { kind = "digest", users = ["a=env:A"] }', "expected a text in quotes, seen nothing"),
        ('auth = { kind = "digest", realm = "e\\"e", users = ["a=env:A"] }', "without quotes and backslashes"),
        ('auth = { kind = "digest", realm = "e", users = [] }', "at least one user"),
        ('auth = { kind = "digest", realm = "e", users = ["a=hunter2"] }', "seen `a=...`"),
        ('auth = { kind = "digest", realm = "e", users = ["a b=env:A"] }', "seen `a b=...`"),
        ('auth = { kind = "digest", realm = "e", users = ["a=env:A"], algorithms = ["SHA-1"] }', "seen `SHA-1`"),
        ('auth = { kind = "digest", realm = "e", users = ["a=env:A"], names = ["x"] }', "unknown key `names`"),
        ('auth = { kind = "certificate" }', "at least one name of a certificate"),
        ('auth = { kind = "certificate", names = ["a,b"] }', "at least one name of a certificate"),
        ('login = { user = "edge", secret = "hunter2" }', "`env:NAME` or `file:path`"),
        ('login = { secret = "env:A" }', "expected a text in quotes, seen nothing"),
        ('login = { user = "edge", secret = "env:A", password = "hunter2" }', "unknown key `password`"),
    ],
)
def test_what_is_wrong_is_told_without_a_secret(text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=r"trunks\.toml:2: ") as caught:
        (read_auth if text.startswith("auth") else read_login)(table(text))
    assert message in str(caught.value)
    assert "hunter2" not in str(caught.value)
