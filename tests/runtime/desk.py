"""A folder with the shipped files and an empty store, and the program run in it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from typer.testing import CliRunner, Result

from proxy.runtime import cli

CONFIG = Path(__file__).parents[2] / "config"


class Desk:
    """`ran` is the whole outcome of a command, `lines` what it printed when it went well, `told` why it did not."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        shutil.copytree(CONFIG, folder / "config", ignore=shutil.ignore_patterns("grafana", "prometheus", "systemd"))
        self._runner = CliRunner()

    def ran(self, *words: str) -> Result:
        return self._runner.invoke(cli.app, [*words, "--config", str(self.folder / "config" / "proxy.toml")])

    def lines(self, *words: str) -> list[str]:
        done = self.ran(*words)
        assert done.exit_code == 0, done.output + done.stderr
        return done.output.splitlines()

    def json(self, *words: str) -> list[dict[str, object]]:
        found = json.loads("\n".join(self.lines(*words, "--json")))
        return list(found) if isinstance(found, list) else [found]

    def told(self, *words: str) -> list[str]:
        done = self.ran(*words)
        assert done.exit_code == 1, done.output
        assert "Traceback" not in done.stderr
        return done.stderr.splitlines()
