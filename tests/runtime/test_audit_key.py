"""The key that signs: made once, for its owner only; the public one is given as digits, as PEM or in a file."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from proxy.runtime.audit_key import fingerprint, given_key, public_pem, public_text, signing_key
from proxy.runtime.toml_source import ConfigError
from tests.runtime.sealed import KEY


def test_the_key_is_made_once_and_for_the_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "var" / "key.pem"
    made = signing_key(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert public_text(signing_key(path)) == public_text(made)


def test_another_file_is_no_key(tmp_path: Path) -> None:
    (tmp_path / "key.pem").write_text("secret", encoding="utf-8")
    with pytest.raises(ConfigError, match="Ed25519"):
        signing_key(tmp_path / "key.pem")


def test_a_key_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match="a key file that can be read or made"):
        signing_key(tmp_path / "file" / "key.pem")


def test_a_fingerprint_is_the_hash_of_the_public_key() -> None:
    told = fingerprint(public_text(KEY))
    assert told.replace(" ", "") == sha256(KEY.public_key().public_bytes_raw()).hexdigest()
    assert all(len(group) == 4 for group in told.split())


def test_a_public_key_is_given_in_any_form(tmp_path: Path) -> None:
    digits = public_text(KEY)
    (tmp_path / "pub.pem").write_text(public_pem(KEY), encoding="ascii")
    (tmp_path / "pub.txt").write_text(digits + "\n", encoding="ascii")
    for form in (digits, digits.upper(), str(tmp_path / "pub.pem"), str(tmp_path / "pub.txt")):
        assert given_key(form) == digits


@pytest.mark.parametrize("text", ["", "00", "xyz", "-----BEGIN", "0" * 63])
def test_what_is_no_public_key(tmp_path: Path, text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the library's own words
        given_key(text)
    (tmp_path / "pub").write_text(text, encoding="ascii")
    with pytest.raises(ValueError):  # noqa: PT011 - the library's own words
        given_key(str(tmp_path / "pub"))


def test_a_public_key_of_another_kind_is_none(tmp_path: Path) -> None:
    other = X25519PrivateKey.generate().public_key()
    (tmp_path / "pub").write_bytes(other.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    with pytest.raises(ValueError, match="another kind"):
        given_key(str(tmp_path / "pub"))
