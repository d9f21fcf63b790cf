from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from proxy.runtime.cli_rules import register

CONFIG = str(Path(__file__).parents[2] / "config" / "proxy.toml")


@pytest.fixture
def app() -> typer.Typer:
    made = typer.Typer()
    register(made)
    made.command("other")(lambda: None)
    return made


def test_each_command_answers(app: typer.Typer) -> None:
    runner = CliRunner()
    rules = runner.invoke(app, ["rules", "list", "--on", "2023-03-01", "--json", "-c", CONFIG])
    assert {row["rule"] for row in json.loads(rules.output)} > {"hours.consumer", "frequency.consumer"}
    shown = runner.invoke(app, ["rules", "show", "frequency.consumer", "-c", CONFIG])
    assert "most = 4, days = 30" in shown.output
    changed = runner.invoke(app, ["rules", "diff", "2026-08-10", "2026-08-11", "-c", CONFIG])
    assert "consent.consumer\tbegins" in changed.output
    assert (rules.exit_code, shown.exit_code, changed.exit_code) == (0, 0, 0)


@pytest.mark.parametrize("words", [["list", "--on", "tomorrow"], ["diff", "2026-08-10", "soon"]])
def test_a_day_is_a_date(app: typer.Typer, words: list[str]) -> None:
    said = CliRunner().invoke(app, ["rules", *words, "-c", CONFIG])
    assert said.exit_code == 2
    assert "2026-08-11" in said.output


def test_a_file_that_is_not_there(app: typer.Typer, tmp_path: Path) -> None:
    said = CliRunner().invoke(app, ["rules", "list", "-c", str(tmp_path / "none.toml")])
    assert said.exit_code == 1
    assert "Traceback" not in said.output
