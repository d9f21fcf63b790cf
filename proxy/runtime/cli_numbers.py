"""The commands on a customer's right to show a number: its beginning, its end and the rest after it."""

from __future__ import annotations

from typing import Annotated

import typer

from proxy.runtime.cli_options import ConfigOption, config_path, mistakes_told

WhoOption = Annotated[
    str, typer.Option("--as", metavar="NAME", help="Who makes the change. [dim]Default: the login name.[/]")
]
CustomerOption = Annotated[str, typer.Option("--customer", metavar="ID", help="Only this customer's.")]
NumberArgument = Annotated[str, typer.Argument(metavar="NUMBER", help="In any writing.")]


def add_rights(group: typer.Typer) -> None:
    """Add assign, release and quarantine to the commands on numbers."""
    group.command()(assign)
    group.command()(release)
    group.command()(quarantine)


def assign(
    number: NumberArgument,
    to: Annotated[str, typer.Option("--to", metavar="CUSTOMER", help="Id of the customer.")],
    pairs: Annotated[
        list[str] | None, typer.Argument(metavar="FIELD=VALUE...", help="More fields, as in customers.toml.")
    ] = None,
    since: Annotated[str, typer.Option("--from", metavar="DAY", help="First day. [dim]Default: today.[/]")] = "",
    who: WhoOption = "",
    config: ConfigOption = None,
) -> None:
    """Give a customer the right to show a number."""
    from proxy.runtime import directory_command

    with mistakes_told():
        directory_command.assign(config_path(config), number, to, since, pairs or [], who)


def release(
    number: NumberArgument,
    on: Annotated[str, typer.Option("--on", metavar="DAY", help="Last day of the right. [dim]Default: today.[/]")] = "",
    rest: Annotated[
        int | None,
        typer.Option("--quarantine", metavar="DAYS", help="45 to 120. [dim]Default: the fewest that are lawful.[/]"),
    ] = None,
    ported_out: Annotated[
        bool, typer.Option("--ported-out", help="It left with its customer: it does not rest.")
    ] = False,
    customer: CustomerOption = "",
    who: WhoOption = "",
    config: ConfigOption = None,
) -> None:
    """End a right; nobody else gets the number before its quarantine is over."""
    from proxy.runtime import directory_command

    with mistakes_told():
        directory_command.release(config_path(config), number, customer, on, rest, ported_out, who)


def quarantine(
    number: NumberArgument,
    days: Annotated[int, typer.Option("--days", help="45 to 120, from the last day of the right.")],
    customer: CustomerOption = "",
    who: WhoOption = "",
    config: ConfigOption = None,
) -> None:
    """Set how long a released number rests."""
    from proxy.runtime import directory_command

    with mistakes_told():
        directory_command.quarantine(config_path(config), number, customer, days, who)
