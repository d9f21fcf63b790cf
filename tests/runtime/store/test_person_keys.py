"""The key file, and under which names a person is kept before, at and after a rotation."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proxy.runtime.store.person_keys import (
    AttemptKey,
    KeyNeeded,
    PersonKeys,
    expire,
    load_keys,
    new_keys,
    read_keys,
    rotate,
    write_keys,
)
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
    with pytest.raises(KeyNeeded, match="two keys are still in use") as caught:
        fresh.rotated(NOON + 60 * DAY, NOON + 20 * DAY)
    assert caught.value.until == NOON + 600 + 31 * DAY
    write_keys(tmp_path / "keys.toml", keys)
    turned = rotate(tmp_path / "keys.toml", NOON, 600.0)
    assert read_keys(tmp_path / "keys.toml").keys == turned.keys
    assert [key.since for key in turned.keys] == [NOON - 40 * DAY, NOON + 600]


def test_a_single_key_may_be_rotated_at_once() -> None:
    keys = PersonKeys(b"L" * 32, [AttemptKey(NOON, FIRST)])
    fresh = keys.rotated(NOON + 60, NOON + 1)
    assert [key.secret for key in fresh.keys[:1]] == [FIRST]
    assert fresh.secrets(NOON + 1) == [FIRST, fresh.keys[1].secret]
    assert fresh.secrets(NOON + 60) == [fresh.keys[1].secret, FIRST]


def test_no_key_goes_while_it_is_read(tmp_path: Path) -> None:
    keys = PersonKeys(b"L" * 32, [AttemptKey(NOON - 90 * DAY, FIRST), AttemptKey(NOON, SECOND)])
    write_keys(tmp_path / "keys.toml", keys)
    assert (keys.needed(0), keys.needed(1)) == (NOON + 31 * DAY, 0.0)
    assert expire(tmp_path / "keys.toml", NOON + 31 * DAY - 1) == ()
    assert read_keys(tmp_path / "keys.toml").keys == keys.keys
    assert [key.secret for key in expire(tmp_path / "keys.toml", NOON + 31 * DAY)] == [FIRST]
    assert [key.secret for key in read_keys(tmp_path / "keys.toml").keys] == [SECOND]
    assert expire(tmp_path / "keys.toml", NOON + 400 * DAY) == ()


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 40), st.floats(0, 3), st.booleans()), min_size=1, max_size=12))
def test_an_attempt_of_the_last_31_days_is_always_read(steps: list[tuple[float, float, bool]]) -> None:
    keys, now = PersonKeys(b"L" * 32, [AttemptKey(NOON, FIRST)]), NOON
    written: list[tuple[float, bytes]] = []
    for days, ahead, thin in steps:
        now += days * DAY
        written.append((now, keys.secrets(now)[0]))
        with suppress(KeyNeeded):
            keys = keys.rotated(now + ahead * DAY, now)
        if thin:
            keys = keys.expired(now)
        assert len(keys.keys) <= 2
        read = keys.secrets(now)
        assert all(secret in read for at, secret in written if at > now - 31 * DAY)


def test_keys_are_told_apart_by_their_names() -> None:
    one, two = AttemptKey(NOON, FIRST), AttemptKey(NOON, SECOND)
    assert one.name != two.name
    assert one.name == AttemptKey(NOON + 1, FIRST).name
    assert len(one.name) == 8


def test_a_person_has_names_without_the_number() -> None:
    keys = PersonKeys(b"L" * 32, [AttemptKey(NOON - DAY, FIRST)])
    found = keys.person("acme", PERSON, NOON)
    assert (len(found.names), len(found.names[0]), len(found.lasting), len(found.group)) == (1, 16, 16, 2)
    assert found.group.isascii()
    assert found.names[0] != found.lasting
    assert keys.person("acme", PERSON + "1", NOON).names != found.names
    assert keys.person("acme+", PERSON[1:], NOON).names != found.names
