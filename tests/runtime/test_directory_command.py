"""Files that come in and go out: all of a file or nothing, and a dry run that says everything."""

from __future__ import annotations

from pathlib import Path

import pytest

from proxy.runtime.directory_command import format_of
from proxy.runtime.toml_source import ConfigError
from tests.runtime.desk import Desk

HEAD = "customer;number;since;callback_target\n"
GOOD = "acme;0162000020;2026-11-01;sip:a@a\nacme;0162000021;2026-11-01;\n"


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.chdir(tmp_path)
    return Desk(tmp_path)


def written(desk: Desk, name: str, text: str) -> str:
    path = desk.folder / name
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_nothing_is_imported_unless_all_is_valid(desk: Desk) -> None:
    path = written(
        desk, "n.csv", HEAD + GOOD + "acme;12;2026-11-01;\nacme;0162000022;soon;\nx;0162000023;2026-11-01;\n"
    )
    for words in (("--dry-run",), ()):
        told = desk.told("numbers", "import", path, *words)
        assert [line.partition(": expected")[0] for line in told] == [
            f"{path}:4: key `number`",
            f"{path}:5: key `since`",
            f"{path}:6: key `customer`",
        ]
    assert len(desk.lines("directory", "history")) == 2


def test_a_dry_run_changes_nothing(desk: Desk) -> None:
    path = written(desk, "n.csv", HEAD + GOOD)
    assert desk.lines("numbers", "import", path, "--dry-run") == [
        "number +33162000020/acme/2026-11-01 added",
        "number +33162000021/acme/2026-11-01 added",
        "all valid: 2 records would change; nothing was changed",
    ]
    assert desk.lines("numbers", "import", path)[-1] == "version 2: 2 records changed"
    assert desk.lines("numbers", "import", path) == ["nothing to change"]
    assert desk.lines("directory", "history")[1].split("\t")[3] == "numbers imported from n.csv"


def test_what_goes_out_comes_in_again(desk: Desk) -> None:
    for group in ("customers", "numbers", "campaigns"):
        for form in ("csv", "toml"):
            path = str(desk.folder / f"out.{form}")
            desk.lines(group, "export", "-o", path)
            assert desk.lines(group, "import", path) == ["nothing to change"]
            assert desk.lines(group, "export", "--format", form) == Path(path).read_text(encoding="utf-8").splitlines()


def test_one_customer_goes_out_alone(desk: Desk) -> None:
    lines = desk.lines("numbers", "export", "--customer", "sonda", "--format", "csv")
    assert [line.split(",")[0] for line in lines] == ["customer", "sonda"]


def test_many_changes_are_counted_not_listed(desk: Desk) -> None:
    rows = "".join(f"acme;01620001{number:02d};2026-11-01;\n" for number in range(30))
    lines = desk.lines("numbers", "import", written(desk, "n.csv", HEAD + rows))
    assert lines[-2:] == ["and 10 more", "version 2: 30 records changed"]
    assert len(lines) == 22


def test_a_file_says_its_format_by_its_name_or_not_at_all() -> None:
    assert format_of(Path("a.CSV"), "") == "csv"
    assert format_of(Path("a.txt"), "toml") == "toml"
    with pytest.raises(ConfigError, match="expected `--format csv` or `--format toml`, seen `txt`"):
        format_of(Path("a.txt"), "")


def test_going_back_needs_two_versions(desk: Desk) -> None:
    assert "expected two versions at least, seen `1`" in desk.told("directory", "rollback", "1")[0]
