"""The command line: which file is used, how mistakes are told, and what each command hands on."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from proxy.runtime import cli
from proxy.runtime.decide_command import Request

runner = CliRunner()
SHIPPED = Path(__file__).parents[2] / "config" / "proxy.toml"


def test_help_lists_the_commands() -> None:
    told = runner.invoke(cli.app, ["--help"]).output
    for command in ("run", "check", "decide", "reload", "version"):
        assert f" {command} " in told


@pytest.mark.parametrize("command", ["run", "check", "decide", "reload"])
def test_help_of_a_command_shows_examples(command: str) -> None:
    told = runner.invoke(cli.app, [command, "--help"]).output
    assert "Examples:" in told
    assert f"npv-proxy {command}" in told
    assert "fixed-clock" not in told


def test_version() -> None:
    told = runner.invoke(cli.app, ["version"])
    assert told.exit_code == 0
    assert told.output.startswith("npv-proxy ")
    assert "Python 3." in told.output


def test_run_hands_on_file_and_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[Path, float | None]] = []

    def running(config: Path, at: float | None) -> int:
        seen.append((config, at))
        return 3

    monkeypatch.setattr("proxy.runtime.process.run", running)
    assert runner.invoke(cli.app, ["run", "--config", "x.toml"]).exit_code == 3
    runner.invoke(cli.app, ["run", "-c", "x.toml", "--fixed-clock", "2026-11-23T11:00:00+01:00"])
    assert seen == [(Path("x.toml"), None), (Path("x.toml"), 1795428000.0)]


@pytest.mark.parametrize("text", ["noon", "2026-11-23T11:00:00"])
def test_a_clock_without_offset_is_refused(text: str) -> None:
    with pytest.raises(typer.BadParameter, match="seen"):
        cli.instant(text, "--fixed-clock")


def test_check_says_what_is_configured() -> None:
    told = runner.invoke(cli.app, ["check", "--config", str(SHIPPED)])
    assert told.exit_code == 0
    assert "node: edge-1" in told.output


def test_a_mistake_is_one_line_without_a_trace(tmp_path: Path) -> None:
    path = tmp_path / "proxy.toml"
    path.write_text("[node]\nname = 5\n", encoding="utf-8")
    told = runner.invoke(cli.app, ["check", "--config", str(path)])
    assert told.exit_code == 1
    assert f"{path}:2: key `name`: expected a text in quotes, seen `5`" in told.stderr
    assert "Traceback" not in told.stderr


def test_decide_hands_on_every_option(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[object] = []

    def answer(*given: object) -> int:
        seen.extend(given)
        return 0

    monkeypatch.setattr("proxy.runtime.decide_cli.answer", answer)
    told = runner.invoke(
        cli.app,
        [
            "decide",
            "-c",
            "f.toml",
            "--to",
            "1",
            "--from",
            "2",
            "--pai",
            "3",
            "--pai",
            "4",
            "--customer",
            "c",
            "--campaign",
            "k",
            "--purpose",
            "p",
            "--mode",
            "m",
            "--method",
            "MESSAGE",
            "--trunk",
            "t",
            "--at",
            "now",
            "--attested",
            "--json",
        ],
    )
    assert told.exit_code == 0
    request = Request("1", "2", ["3", "4"], "c", "k", "p", "m", "MESSAGE", "t", "now", True)
    assert seen == [Path("f.toml"), request, True, False]


def test_decide_needs_somebody_to_call() -> None:
    told = runner.invoke(cli.app, ["decide"])
    assert told.exit_code == 2
    assert "--jsonl" in told.stderr


def test_reload_hands_on_file_and_address(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[object] = []

    def reload(*given: object) -> int:
        seen.extend(given)
        return 1

    monkeypatch.setattr("proxy.runtime.reload_command.reload", reload)
    assert runner.invoke(cli.app, ["reload", "-c", "f.toml", "--admin", "[::1]:9"]).exit_code == 1
    assert seen == [Path("f.toml"), "[::1]:9"]


def test_the_program_starts_without_what_run_does_not_need() -> None:
    code = (
        "import sys, proxy.runtime.cli\n"
        "print([name for name in ('aiohttp', 'holidays', 'uvloop', 'prometheus_client', 'msgspec') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_python_dash_m_is_the_same_program() -> None:
    done = subprocess.run([sys.executable, "-m", "proxy", "version"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("npv-proxy ")
