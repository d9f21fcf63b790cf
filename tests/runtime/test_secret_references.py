"""Secrets are read where their reference says, each node for itself, and never shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from proxy.b2bua.logins import DIGEST, Auth, CarrierLogin, DigestUser
from proxy.b2bua.trunks import CarrierTrunk, PlatformTrunk
from proxy.policy.facts import TrunkFacts
from proxy.runtime.secret_references import (
    LONGEST,
    REFERENCE,
    armed_carrier,
    armed_platform,
    hashes_of,
    read_secret,
)
from proxy.sip.digest import MD5, SHA_256, user_hash

BOTH = (SHA_256, MD5)


def test_a_secret_comes_from_the_environment_or_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NPV_TEST_SECRET", "wonder land")
    assert read_secret("env:NPV_TEST_SECRET") == "wonder land"
    (tmp_path / "word").write_text("wonder é\n", encoding="utf-8")
    assert read_secret(f"file:{tmp_path / 'word'}") == "wonder é"


def test_what_cannot_be_read_names_the_place_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NPV_TEST_SECRET", raising=False)
    with pytest.raises(ValueError, match="the environment variable `NPV_TEST_SECRET` to hold a secret"):
        read_secret("env:NPV_TEST_SECRET")
    with pytest.raises(ValueError, match="a readable file"):
        read_secret(f"file:{tmp_path / 'none'}")
    for name, content in (("empty", b"\n"), ("long", b"x" * (LONGEST + 1))):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(ValueError, match="a secret of up to"):
            read_secret(f"file:{tmp_path / name}")
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    with pytest.raises(ValueError, match="a readable file"):
        read_secret(f"file:{tmp_path / 'binary'}")


@pytest.mark.parametrize(
    ("text", "right"),
    [("env:A_1", True), ("file:/run/secrets/x", True), ("hunter2", False), ("env:", False), ("env:a b", False)],
)
def test_references_are_told_from_secrets(text: str, right: bool) -> None:
    assert bool(REFERENCE.fullmatch(text)) is right


def test_a_password_is_hashed_for_each_algorithm_and_hashes_stand_as_they_are() -> None:
    wanted = tuple((name, user_hash(name, b"u", b"r", b"wonder")) for name in BOTH)
    assert hashes_of("wonder", b"u", b"r", BOTH) == wanted
    lines = "\n".join(f"{name.decode()}:{value.decode().upper()}" for name, value in wanted)
    assert hashes_of(lines, b"u", b"r", BOTH) == wanted
    with pytest.raises(ValueError, match="a hash for MD5 too"):
        hashes_of(lines.split("\n")[0], b"u", b"r", BOTH)
    almost = "SHA-256:abc"
    assert hashes_of(almost, b"u", b"r", (MD5,)) == ((MD5, user_hash(MD5, b"u", b"r", almost.encode())),)


def test_one_user_without_a_secret_leaves_the_others_theirs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NPV_TEST_SECRET", "wonder")
    monkeypatch.delenv("NPV_TEST_OTHER", raising=False)
    users = (DigestUser(b"u1", (), "", "env:NPV_TEST_OTHER"), DigestUser(b"u2", (), "", "env:NPV_TEST_SECRET"))
    trunk = PlatformTrunk("vms", (), TrunkFacts("vms"), "c", auth=Auth(DIGEST, b"r", users, BOTH))
    said: list[str] = []
    armed = armed_platform(trunk, said.append)
    assert armed.auth is not None
    assert [bool(user.hashes) for user in armed.auth.users] == [False, True]
    assert said == [
        "user `u1` of the platform `vms`: expected the environment variable `NPV_TEST_OTHER` to hold a secret; "
        "nobody can be this user"
    ]
    plain = PlatformTrunk("plain", ("192.0.2.1",), TrunkFacts("plain"), "c")
    assert armed_platform(plain, said.append) is plain


def test_a_login_without_its_password_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NPV_TEST_SECRET", "wonder")
    trunk = CarrierTrunk("c", "192.0.2.9", 5060, "x", login=CarrierLogin(b"edge", b"", b"", "env:NPV_TEST_SECRET"))
    said: list[str] = []
    armed = armed_carrier(trunk, said.append).login
    assert armed is not None
    assert armed.password == b"wonder"
    monkeypatch.delenv("NPV_TEST_SECRET")
    assert armed_carrier(trunk, said.append).login is None
    assert said == [
        "the login at the carrier `c`: expected the environment variable `NPV_TEST_SECRET` to hold a secret; "
        "its challenges are not answered"
    ]
    without = CarrierTrunk("c", "192.0.2.9", 5060, "x")
    assert armed_carrier(without, said.append) is without
