"""The `npv-proxy` command: options in, exit code out. What a command does stands in the module it calls.

Modules are imported inside the commands: `run` pays for nothing that only `decide` or `check` needs.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated, Final

import typer

import proxy
from proxy.runtime.toml_source import ConfigError

LOCAL_CONFIG: Final = Path("config/proxy.toml")
PACKAGED_CONFIG: Final = Path(proxy.__file__).parent / "default_config" / "proxy.toml"

app: Final = typer.Typer(
    name="npv-proxy",
    help="SIP edge proxy that decides, call by call, which number a French callee may see.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)

ConfigOption = Annotated[
    Path | None,
    typer.Option(
        "--config",
        "-c",
        metavar="FILE",
        help=f"proxy.toml to use. [dim]Default: ./{LOCAL_CONFIG} if present, else the one shipped with the package.[/]",
        show_default=False,
    ),
]


@app.command(epilog="Examples:  npv-proxy run  |  npv-proxy run --config /etc/npv-proxy/proxy.toml")
def run(
    config: ConfigOption = None,
    fixed_clock: Annotated[
        str,
        typer.Option("--fixed-clock", metavar="ISO8601", hidden=True, help="Tests only: decide as at this instant."),
    ] = "",
) -> None:
    """Carry calls until SIGTERM, which lets the calls in progress end first. SIGHUP reloads and reopens the journal."""
    at = instant(fixed_clock, "--fixed-clock") if fixed_clock else None
    from proxy.runtime import app as running

    with mistakes_told():
        raise typer.Exit(running.run(config_path(config), at))


@app.command(epilog="Examples:  npv-proxy check  |  npv-proxy check --config new/proxy.toml && npv-proxy reload")
def check(config: ConfigOption = None) -> None:
    """Read all files as `run` would, say what is wrong and where, or what is configured."""
    from proxy.runtime import check_command

    with mistakes_told():
        check_command.check(config_path(config))


@app.command(epilog="Examples:  npv-proxy reload  |  npv-proxy reload --config /etc/npv-proxy/proxy.toml")
def reload(
    config: ConfigOption = None,
    admin: Annotated[
        str, typer.Option(metavar="HOST:PORT", help="Admin address of the proxy, when it is not the one in the file.")
    ] = "",
) -> None:
    """Tell the running proxy to take over its files; if they are wrong it says why and goes on with the old ones."""
    from proxy.runtime import reload_command

    with mistakes_told():
        raise typer.Exit(reload_command.reload(config_path(config), admin))


@app.command()
def version() -> None:
    """Version, kind of build and Python."""
    import platform

    from proxy.runtime import build

    typer.echo(f"npv-proxy {build.version()} ({build.kind()}, Python {platform.python_version()})")


def config_path(given: Path | None) -> Path:
    """The file to use: the one given, else the one of the working directory, else the packaged one."""
    if given is not None:
        return given
    return LOCAL_CONFIG if LOCAL_CONFIG.is_file() else PACKAGED_CONFIG


def instant(text: str, option: str) -> float:
    """POSIX seconds of an ISO 8601 instant, which must say its offset from UTC."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(
            f"expected an instant such as `2026-11-23T11:00:00+01:00`, seen `{text}`", param_hint=option
        ) from None
    if moment.tzinfo is None:
        raise typer.BadParameter(
            f"expected an offset such as `+01:00` or `Z` behind the time, seen `{text}`", param_hint=option
        )
    return moment.timestamp()


@contextmanager
def mistakes_told() -> Iterator[None]:
    """Within: a mistake of the operator is printed as it is, without a trace, and ends the command with 1."""
    try:
        yield
    except ConfigError as mistake:
        typer.echo(str(mistake), err=True)
        raise typer.Exit(1) from None


def main() -> None:
    """The entry point."""
    app()
