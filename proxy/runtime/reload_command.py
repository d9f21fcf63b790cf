"""`npv-proxy reload`: ask the running proxy, over its admin port, to take over its files.

The proxy reads the files itself; only the admin address is taken from the file here, so a file that is wrong elsewhere
still reaches the proxy, which refuses it, counts that, and says why.
"""

from __future__ import annotations

import json
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Final

import typer

from proxy.runtime.addresses import Endpoint, endpoint, is_unspecified
from proxy.runtime.settings import read_admin
from proxy.runtime.toml_source import read_toml

PATIENCE: Final = 60.0  # s: large customer files take seconds to read


def reload(config: Path, admin: str) -> int:
    """Ask and print the answer; 0 when the new files are in force. Raises ConfigError for an unreadable file."""
    target = admin_of(config, admin)
    if target is None:
        return 1
    try:
        status, answer = posted(target, "/reload")
    except (OSError, HTTPException, ValueError) as failure:
        typer.echo(f"no proxy answered on {target.host}:{target.port}: {failure}", err=True)
        return 1
    if status != 200:
        typer.echo(str(answer.get("error", f"the proxy answered {status}")), err=True)
        typer.echo("refused: the proxy goes on with the files it had", err=True)
        return 1
    typer.echo(f"applied: configuration {answer.get('config', '')}")
    return 0


def admin_of(config: Path, admin: str) -> Endpoint | None:
    """Where the running proxy is asked: `admin` if it is stated, else [admin] of the file; None, and said, if it has none."""
    try:
        target = endpoint(admin) if admin else read_admin(read_toml(config).root.table("admin"))
    except ValueError as wrong:
        raise typer.BadParameter(f"expected {wrong}, seen `{admin}`", param_hint="--admin") from None
    if target is None:
        typer.echo(f"{config}: [admin] listen is empty: the proxy has no admin port; send it SIGHUP", err=True)
    return target


def posted(target: Endpoint, path: str) -> tuple[int, dict[str, object]]:
    """POST to the admin port; status and the fields of the answer."""
    host = "127.0.0.1" if is_unspecified(target.host) else target.host
    connection = HTTPConnection(host, target.port, timeout=PATIENCE)
    try:
        connection.request("POST", path)
        response = connection.getresponse()
        fields = json.loads(response.read())
    finally:
        connection.close()
    return response.status, {str(key): value for key, value in fields.items()}
