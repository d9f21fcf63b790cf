"""The commands of `npv-proxy audit`: what they write and say, and how they end."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from proxy.policy.edition import Edition
from proxy.runtime import cli
from proxy.runtime.record_archive import files_of
from tests.runtime.recorded import write_day
from tests.runtime.sealed import records

CONFIG = Path(__file__).parents[2] / "config"
runner = CliRunner()


@pytest.fixture
def folder(tmp_path: Path, edition: Edition, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with the shipped configuration and a day of records."""
    shutil.copytree(CONFIG, tmp_path / "config")
    write_day(tmp_path / "var" / "records.jsonl", edition, 120)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_audit_and_its_verification(folder: Path) -> None:
    done = runner.invoke(cli.app, ["audit", "number", "0162 00 00 01", "--out", "n.jsonl"])
    assert done.exit_code == 0, done.output
    assert (folder / "var" / "audit-key.pem").stat().st_mode & 0o777 == 0o600
    assert runner.invoke(cli.app, ["audit", "customer", "acme", "--out", "c.jsonl"]).exit_code == 0
    right = runner.invoke(cli.app, ["audit", "verify", "n.jsonl"])
    assert right.exit_code == 0
    assert "lines as they were written; signed by " in right.output
    assert "stays unproven without --key" in right.output
    shown = runner.invoke(cli.app, ["audit", "key"]).output
    key = shown.split()[2]
    assert f"signed by {key}" in right.output
    assert "fingerprint  " in shown
    (folder / "pub.pem").write_text(runner.invoke(cli.app, ["audit", "key", "--pem"]).output, encoding="ascii")
    proven = runner.invoke(cli.app, ["audit", "verify", "n.jsonl", "--key", "pub.pem"])
    assert (proven.exit_code, "as it must be" in proven.output, "unproven" in proven.output) == (0, True, False)
    assert runner.invoke(cli.app, ["audit", "verify", "n.jsonl", "--key", "0" * 64]).exit_code == 1
    assert runner.invoke(cli.app, ["audit", "verify", "n.jsonl", "--key", "no key"]).exit_code == 2
    assert runner.invoke(cli.app, ["audit", "verify", "c.jsonl", "--key", key]).exit_code == 0
    data = bytearray((folder / "n.jsonl").read_bytes())
    data[len(data) // 2] ^= 1
    (folder / "n.jsonl").write_bytes(bytes(data))
    wrong = runner.invoke(cli.app, ["audit", "verify", "n.jsonl"])
    assert wrong.exit_code == 1
    assert f"n.jsonl:{bytes(data[: len(data) // 2]).count(10) + 1}: altered" in wrong.output


def test_records_are_verified_too(folder: Path) -> None:
    done = runner.invoke(cli.app, ["audit", "verify", "var/records.jsonl"])
    assert (done.exit_code, "a file of records" in done.output) == (0, True)
    assert runner.invoke(cli.app, ["audit", "verify", "gone.jsonl"]).exit_code == 1


def test_a_file_missing_between_two_is_told(folder: Path, edition: Edition) -> None:
    for seed in (1, 2):
        write_day(folder / "var" / "records.jsonl", edition, 5, seed)
    names = [f"var/{path.name}" for path in files_of(Path("var/records.jsonl"))]
    assert len(names) == 3
    whole = runner.invoke(cli.app, ["audit", "verify", *names])
    assert (whole.exit_code, whole.output.count("as they were written")) == (0, 3)
    hole = runner.invoke(cli.app, ["audit", "verify", names[0], names[2]])
    assert hole.exit_code == 1
    assert f"{names[2]}:1: does not follow the file before it" in hole.output


def test_a_signed_file_of_records(folder: Path) -> None:
    records(folder / "var" / "signed.jsonl", 3)
    told = runner.invoke(cli.app, ["audit", "verify", "var/signed.jsonl"])
    assert told.exit_code == 0
    assert "a file of records, signed by " in told.output
    assert "stays unproven without --key" in told.output


def test_files_of_two_targets_need_not_follow_each_other(folder: Path, edition: Edition) -> None:
    write_day(folder / "var" / "prospecting.jsonl", edition, 5, 1)
    names = [f"var/{name}.jsonl" for name in ("prospecting", "records")]
    done = runner.invoke(cli.app, ["audit", "verify", *names])
    assert (done.exit_code, done.output.count("as they were written")) == (0, 2)


def test_a_key_is_made_for_the_owner_only(folder: Path) -> None:
    assert runner.invoke(cli.app, ["audit", "key"]).exit_code == 0
    assert (folder / "var" / "audit-key.pem").stat().st_mode & 0o777 == 0o600
