"""The commands on keys: a rotation with its notice, a third key refused with the day, and no secret in any output."""

from __future__ import annotations

from pathlib import Path

import pytest

from proxy.runtime.store.person_keys import AttemptKey, PersonKeys, load_keys, read_keys, write_keys
from tests.runtime.desk import Desk

DAY = 86_400.0
NOW = 1_795_431_600.0  # 2026-11-23 12:00 in Paris


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("proxy.runtime.clock.SystemClock.epoch", lambda _: NOW)
    load_keys(tmp_path / "var" / "store.keys", NOW - 3 * DAY)
    return Desk(tmp_path)


def test_a_fresh_key_is_written_under_from_an_instant_ahead(desk: Desk) -> None:
    path = desk.folder / "var" / "store.keys"
    (before,) = read_keys(path).keys
    told = desk.lines("keys", "rotate", "--in", "2", "--as", "zoe")
    kept, fresh = read_keys(path).keys
    assert (kept, fresh.since) == (before, NOW + 7200)
    assert f"key {fresh.name} is written under from 2026-11-23T14:00:00+01:00 on" in told[0]
    assert "a running proxy takes it over" in told[1]
    assert path.stat().st_mode & 0o777 == 0o600
    rows = desk.ran("keys", "list").stdout.splitlines()
    assert rows[1:] == [
        f"{before.name}\t2026-11-20T12:00:00+01:00\t2026-11-23T14:00:00+01:00\t2026-12-24T14:00:00+01:00",
        f"{fresh.name}\t2026-11-23T14:00:00+01:00\topen\topen",
    ]
    said = desk.lines("directory", "history")[1]
    assert "zoe" in said
    assert "keys: a fresh key from 2026-11-23T14:00:00+01:00 on" in said


def test_a_third_key_is_refused_until_the_older_one_is_needed_no_more(desk: Desk) -> None:
    desk.lines("keys", "rotate")
    path = desk.folder / "var" / "store.keys"
    before = path.read_bytes()
    (told,) = desk.told("keys", "rotate")
    assert "needed until 2026-12-25T12:00:00+01:00" in told
    assert path.read_bytes() == before
    assert len(desk.lines("directory", "history")) == 3


def test_a_key_goes_when_nothing_stands_under_it(desk: Desk) -> None:
    path = desk.folder / "var" / "store.keys"
    assert "every key is needed" in desk.lines("keys", "expire")[0]
    lasting = read_keys(path).lasting
    old, new = AttemptKey(NOW - 90 * DAY, b"A" * 32), AttemptKey(NOW - 30 * DAY, b"B" * 32)
    write_keys(path, PersonKeys(lasting, [old, new]))
    assert "the oldest until 2026-11-24T12:00:00+01:00" in desk.lines("keys", "expire")[0]
    older = AttemptKey(NOW - 31 * DAY, b"B" * 32)
    write_keys(path, PersonKeys(lasting, [old, older]))
    assert f"{old.name} taken out" in desk.lines("keys", "expire")[0]
    assert read_keys(path).keys == (older,)
    assert f"keys: {old.name} taken out" in desk.lines("directory", "history")[1]


def test_no_secret_is_told(desk: Desk) -> None:
    desk.lines("keys", "rotate")
    keys = read_keys(desk.folder / "var" / "store.keys")
    told = (
        desk.ran("keys", "list").output + "".join(desk.lines("directory", "history")) + str(desk.json("keys", "list"))
    )
    for secret in (keys.lasting, *(key.secret for key in keys.keys)):
        assert secret.hex() not in told


@pytest.mark.parametrize("hours", ["-1", "soon", "1000", "nan"])
def test_hours_that_are_none(desk: Desk, hours: str) -> None:
    assert "expected hours from 0 to 744" in desk.told("keys", "rotate", "--in", hours)[0]


def test_a_missing_file_is_told(desk: Desk) -> None:
    (desk.folder / "var" / "store.keys").unlink()
    for command in ("list", "rotate", "expire"):
        assert "store.keys" in desk.told("keys", command)[0]
