"""The commands on records: which files they read, what they print, how they end."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from proxy.policy.edition import Edition
from proxy.runtime import cli, cli_records
from proxy.runtime.edition_of_record import version_of
from proxy.runtime.records_at_hand import at_hand
from tests.runtime.recorded import write_day

CONFIG = Path(__file__).parents[2] / "config"
runner = CliRunner()


@pytest.fixture
def folder(tmp_path: Path, edition: Edition, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with the shipped configuration and a day of records."""
    shutil.copytree(CONFIG, tmp_path / "config")
    write_day(tmp_path / "var" / "records.jsonl", edition, 120)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_explain(folder: Path) -> None:
    done = runner.invoke(cli.app, ["explain", "d-3", "--lang", "fr"])
    assert done.exit_code == 0, done.output
    assert "d-3" in done.output
    assert "fondement" in done.output
    assert runner.invoke(cli.app, ["explain", "d-3", "--records", "var/records.jsonl"]).exit_code == 0


def test_a_decision_that_is_not_there(folder: Path) -> None:
    done = runner.invoke(cli.app, ["explain", "d-9999"])
    assert done.exit_code == 1
    assert "no record of a decision `d-9999`" in done.output
    assert runner.invoke(cli.app, ["explain", "d-3", "--lang", "de"]).exit_code == 2


def test_replay_of_unchanged_rules(folder: Path) -> None:
    done = runner.invoke(cli.app, ["replay", "--records", "var/records.jsonl"])
    assert (done.exit_code, done.output.split(" (")[0]) == (0, "120 decisions, 0 would change")


def test_replay_of_other_rules_as_json(folder: Path) -> None:
    rules = folder / "config" / "rules" / "10-cli.toml"
    shutil.copytree(folder / "config" / "rules", folder / "new")
    text = (folder / "new" / rules.name).read_text(encoding="utf-8")
    (folder / "new" / rules.name).write_text(text.replace('mode = "enforce"', 'mode = "off"'), encoding="utf-8")
    done = runner.invoke(cli.app, ["replay", "--rules", "new", "--json"])
    assert done.exit_code == 0, done.output
    result = json.loads(done.output)
    assert result["changed"] > 0
    assert {one["rule"] for one in result["rules"] if one["before"] > one["after"]} & {"cli.mobile", "cli.not_owned"}


def test_replay_by_the_directory_of_then_or_of_today(folder: Path, edition: Edition) -> None:
    (folder / "var" / "records.jsonl").unlink()
    assert runner.invoke(cli.app, ["customers", "set", "acme", "name=Acme"]).exit_code == 0
    then = at_hand(folder / "config" / "proxy.toml").edition
    assert version_of(then.revision) > 0
    made = write_day(folder / "var" / "records.jsonl", then, 120)
    assert runner.invoke(cli.app, ["customers", "set", "acme", "status=suspended"]).exit_code == 0
    again = runner.invoke(cli.app, ["replay"])
    assert (again.exit_code, again.output.split(" (")[0]) == (0, "120 decisions, 0 would change")
    changed = runner.invoke(cli.app, ["replay", "--directory", "today"]).output
    assert "customer.suspended" in changed
    assert runner.invoke(cli.app, ["replay", "--directory", "tomorrow"]).exit_code == 2
    shown = next(
        one for one in made if one.facts.customer_id == "acme" and one.decision.rule.startswith("presentation")
    )
    assert "saw: status active" in runner.invoke(cli.app, ["explain", shown.id]).output


def test_replay_as_of_a_day(folder: Path) -> None:
    done = runner.invoke(cli.app, ["replay", "--as-of", "2021-03-01"])
    assert done.exit_code == 0, done.output
    assert "as of 2021-03-01" in done.output
    assert runner.invoke(cli.app, ["replay", "--as-of", "yesterday"]).exit_code == 2


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["audit", "number", "nobody", "--out", "n"], "`nobody` is no number"),
        (["audit", "customer", "nobody", "--out", "n"], "`nobody` is no customer"),
        (["replay", "--records", "gone.jsonl"], "no file of records at `gone.jsonl`"),
    ],
)
def test_what_is_not_there_is_told(folder: Path, arguments: list[str], told: str) -> None:
    done = runner.invoke(cli.app, arguments)
    assert done.exit_code == 1
    assert told in done.output
    assert not (folder / "n").exists()


def test_no_records_at_all(folder: Path) -> None:
    (folder / "var" / "records.jsonl").unlink()
    assert "no file of records" in runner.invoke(cli.app, ["replay"]).output


def test_a_bar_is_shown_on_a_terminal_only(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    with cli_records.progress(10) as step:
        step(5)
    assert capsys.readouterr().err == ""
    monkeypatch.setenv("FORCE_COLOR", "1")
    with cli_records.progress(10) as step:
        step(10)
    assert "reading records" in capsys.readouterr().err


@pytest.mark.parametrize(
    "command", [["explain"], ["replay"], ["audit", "number"], ["audit", "customer"], ["audit", "verify"]]
)
def test_help_shows_examples(command: list[str]) -> None:
    told = runner.invoke(cli.app, [*command, "--help"]).output
    assert f"npv-proxy {' '.join(command)}" in told
