"""The key file, and under which names a person is kept before, at and after a rotation."""

from __future__ import annotations

from pathlib import Path

import pytest

from proxy.runtime.store.person_keys import AttemptKey, PersonKeys, load_keys, new_keys, read_keys, write_keys
from proxy.runtime.toml_source import ConfigError
from tests.runtime.store.histories import DAY, NOON, PERSON

FIRST, SECOND = b"A" * 32, b"B" * 32


def test_the_file_is_made_once_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "var" / "keys.toml"
    made = load_keys(path, NOON)
    assert path.stat().st_mode & 0o777 == 0o600
    again = load_keys(path, NOON + DAY)
    assert (again.lasting, again.keys) == (made.lasting, made.keys)
    assert again.fingerprint == made.fingerprint
    assert new_keys(NOON).fingerprint != made.fingerprint
    assert [found.name for found in path.parent.iterdir()] == ["keys.toml"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "key `lasting`"),
        ('lasting = "zz"\n', "64 hexadecimal digits"),
        ('lasting = "' + "ab" * 32 + '"\n', "64 hexadecimal digits"),
        ('lasting = "' + "ab" * 32 + '"\n[[key]]\nsince = 1\nsecret = "ab"\n', "64 hexadecimal digits"),
        ('lasting = "' + "ab" * 32 + '"\n[[key]]\nsince = 1\n', "key `secret`"),
        ('lasting = "' + "ab" * 32 + '"\ncolour = 1\n', "unknown key"),
    ],
)
def test_a_wrong_file_is_told(text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "keys.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=message) as caught:
        read_keys(tmp_path / "keys.toml")
    assert "ab" * 32 not in str(caught.value)


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(ConfigError, match="a file that can be written"):
        load_keys(tmp_path / "file" / "keys.toml", NOON)


@pytest.mark.parametrize(
    ("now", "secrets"),
    [
        (NOON - 1, [FIRST, SECOND]),
        (NOON, [SECOND, FIRST]),
        (NOON + 31 * DAY - 1, [SECOND, FIRST]),
        (NOON + 31 * DAY, [SECOND]),
        (NOON - 400 * DAY, [FIRST, SECOND]),
    ],
)
def test_the_key_to_write_under_and_the_other_one(now: float, secrets: list[bytes]) -> None:
    keys = PersonKeys(b"L" * 32, [AttemptKey(NOON, SECOND), AttemptKey(NOON - 90 * DAY, FIRST)])
    assert keys.secrets(now) == secrets


def test_a_rotation_keeps_the_lasting_key_and_one_before(tmp_path: Path) -> None:
    keys = PersonKeys(b"L" * 32, [AttemptKey(NOON - 90 * DAY, FIRST), AttemptKey(NOON - 40 * DAY, SECOND)])
    fresh = keys.rotated(NOON + 600, NOON)
    assert [key.secret for key in fresh.keys[:-1]] == [SECOND]
    assert (fresh.keys[-1].since, fresh.lasting, fresh.fingerprint) == (NOON + 600, keys.lasting, keys.fingerprint)
    with pytest.raises(ValueError, match="two keys are still in use"):
        fresh.rotated(NOON + 20 * DAY, NOON + 20 * DAY)
    write_keys(tmp_path / "keys.toml", keys)
    write_keys(tmp_path / "keys.toml", fresh)
    assert read_keys(tmp_path / "keys.toml").keys == fresh.keys


def test_a_person_has_names_without_the_number() -> None:
    keys = PersonKeys(b"L" * 32, [AttemptKey(NOON - DAY, FIRST)])
    found = keys.person("acme", PERSON, NOON)
    assert (len(found.names), len(found.names[0]), len(found.lasting), len(found.group)) == (1, 16, 16, 2)
    assert found.group.isascii()
    assert found.names[0] != found.lasting
    assert keys.person("acme", PERSON + "1", NOON).names != found.names
    assert keys.person("acme+", PERSON[1:], NOON).names != found.names
