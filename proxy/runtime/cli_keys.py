"""The commands on the secrets of the store: list, rotate, expire. Options in, calls of `keys_command.py` out."""

from __future__ import annotations

from typing import Annotated

import typer

from proxy.runtime.cli_numbers import WhoOption
from proxy.runtime.cli_options import ConfigOption, config_path, examples, mistakes_told


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    group = typer.Typer(no_args_is_help=True, help="The secrets under which persons' attempts are kept.")
    group.command("list", epilog=examples("npv-proxy keys list"))(list_keys)
    group.command("rotate", epilog=examples("npv-proxy keys rotate", "npv-proxy keys rotate --in 48 --as zoe"))(rotate)
    group.command("expire", epilog=examples("npv-proxy keys expire"))(expire)
    app.add_typer(group, name="keys")


def list_keys(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False, config: ConfigOption = None
) -> None:
    """The keys by name, from when to when they are written under, and until when they are read. Never the secrets."""
    from proxy.runtime import keys_command

    with mistakes_told():
        keys_command.list_keys(config_path(config), as_json)


def rotate(
    ahead: Annotated[
        str,
        typer.Option("--in", metavar="HOURS", help="When the fresh key takes over: every node must have it by then."),
    ] = "24",
    who: WhoOption = "",
    config: ConfigOption = None,
) -> None:
    """Put a fresh key into the key file; refused while the older of two keys is needed."""
    from proxy.runtime import keys_command

    with mistakes_told():
        keys_command.rotate_keys(config_path(config), keys_command.hours_of(ahead), who)


def expire(who: WhoOption = "", config: ConfigOption = None) -> None:
    """Take out of the key file what no attempt can stand under any more (31 days after the key was replaced)."""
    from proxy.runtime import keys_command

    with mistakes_told():
        keys_command.expire_keys(config_path(config), who)
