"""What the commands have in common: the option for the file, the examples of a help, mistakes without a trace."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Final

import typer

import proxy
from proxy.runtime.toml_source import ConfigError

LOCAL_CONFIG: Final = Path("config/proxy.toml")
PACKAGED_CONFIG: Final = Path(proxy.__file__).parent / "default_config" / "proxy.toml"


def examples(*commands: str) -> str:
    """The lines below the options of a command's help."""
    return "\n\n".join(["Examples:", *commands])


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


def config_path(given: Path | None) -> Path:
    """The file to use: the one given, else the one of the working directory, else the packaged one."""
    if given is not None:
        return given
    return LOCAL_CONFIG if LOCAL_CONFIG.is_file() else PACKAGED_CONFIG


@contextmanager
def mistakes_told() -> Iterator[None]:
    """Within: a mistake of the operator is printed as it is, without a trace, and ends the command with 1."""
    try:
        yield
    except ConfigError as mistake:
        typer.echo(str(mistake), err=True)
        raise typer.Exit(1) from None
