"""What trunks have beside the commands of every record: `remove`, `drain`, `undrain` and `test`."""

from __future__ import annotations

from typing import Annotated

import typer

from proxy.runtime.cli_numbers import WhoOption
from proxy.runtime.cli_options import ConfigOption, config_path, mistakes_told

TRUNK = "trunk"
AdminOption = Annotated[
    str, typer.Option("--admin", metavar="ADDRESS:PORT", help="[dim]Default: [admin] listen of the configuration.[/]")
]


def add_service(group: typer.Typer) -> None:
    """Hang the commands into the group."""

    @group.command()
    def remove(name: str, who: WhoOption = "", config: ConfigOption = None) -> None:
        """One that is needed no more; refused while another one names it."""
        from proxy.runtime import directory_command

        with mistakes_told():
            directory_command.remove(config_path(config), TRUNK, name, who)

    @group.command()
    def drain(name: str, who: WhoOption = "", config: ConfigOption = None) -> None:
        """Give a carrier no new calls, on every node; those in progress go on."""
        set_state(name, "drained", who, config)

    @group.command()
    def undrain(name: str, who: WhoOption = "", config: ConfigOption = None) -> None:
        """Give it calls again."""
        set_state(name, "", who, config)

    @group.command()
    def test(name: str, admin: AdminOption = "", config: ConfigOption = None) -> None:
        """Have the running proxy send OPTIONS to each gateway of a carrier, and print what each answers."""
        from proxy.runtime import trunk_test

        with mistakes_told():
            raise typer.Exit(trunk_test.ask_gateways(config_path(config), name, admin))


def set_state(name: str, state: str, who: str, config: ConfigOption) -> None:
    """Change the state of one carrier."""
    from proxy.runtime import directory_command

    with mistakes_told():
        directory_command.alter(config_path(config), TRUNK, name, [f"state={state}"], "", who)
