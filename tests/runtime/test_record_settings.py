"""`[records]`: paths from the working directory, and values that make sense together."""

from __future__ import annotations

from pathlib import Path

import pytest

from proxy.runtime.record_archive import Keeping
from proxy.runtime.record_settings import Records, read_records
from proxy.runtime.toml_source import ConfigError, read_toml


def read(folder: Path, text: str) -> Records:
    (folder / "proxy.toml").write_text(f"[records]\n{text}", encoding="utf-8")
    return read_records(read_toml(folder / "proxy.toml").root.table("records"))


def test_what_is_not_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    found = read(tmp_path, "")
    assert (found.path, found.queue, found.signing_key) == ("-", 10_000, tmp_path / "var" / "audit-key.pem")
    assert (found.targets.prospecting, found.targets.audit, found.targets.signing_key) == ("", "", None)
    assert found.targets.keeping == Keeping(256_000_000, True, 366, 1096)


def test_every_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    found = read(
        tmp_path,
        'path = "a"\nqueue = 5\nrotate_mb = 1\nrotate_daily = false\nkeep_days = 2\nkeep_prospecting_days = 3\n'
        'prospecting_path = "p"\naudit_path = "whole"\nsigning_key = "k"\n',
    )
    assert found.keys() == {
        "path": str(tmp_path / "a"), "queue": 5, "prospecting_path": str(tmp_path / "p"),
        "audit_path": str(tmp_path / "whole"), "rotate_mb": 1_000_000, "rotate_daily": False, "keep_days": 2,
        "keep_prospecting_days": 3, "signing_key": str(tmp_path / "k"),
    }  # fmt: skip
    assert found.signing_key == tmp_path / "k"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("queue = 0", "at least 1"),
        ("rotate_mb = -1", "at least 0"),
        ("keep_days = -1", "at least 0"),
        ("keep_prospecting_days = -1", "at least 0"),
        ('audit_path = "-"', "the path of a file"),
        ('path = "a"\naudit_path = "a"', "another file"),
        ('prospecting_path = "a"\naudit_path = "a"', "another file"),
        ("secret = 1", "secret"),
    ],
)
def test_what_cannot_be(tmp_path: Path, text: str, expected: str) -> None:
    with pytest.raises(ConfigError, match=expected):
        read(tmp_path, text + "\n")
