"""The commands on the directory: customers, numbers, campaigns, trunks, and the directory's own history.

Options in, calls of `directory_command.py` and `directory_view.py` out; `register` hangs them into the program.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer

from proxy.runtime.cli_numbers import CustomerOption, WhoOption, add_rights
from proxy.runtime.cli_options import ConfigOption, config_path, examples, mistakes_told
from proxy.runtime.cli_trunks import add_service

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
FormatOption = Annotated[
    str, typer.Option("--format", metavar="csv|toml", help="[dim]Default: as the file's name ends.[/]")
]
# the words of `store/directory_records.py`, which takes long to import
CUSTOMER: Final = "customer"
NUMBER: Final = "number"
CAMPAIGN: Final = "campaign"
TRUNK: Final = "trunk"
KINDS: Final = (CUSTOMER, NUMBER, CAMPAIGN, TRUNK)
NAMED: Final = {CUSTOMER: "id", NUMBER: "number", CAMPAIGN: "customer/campaign", TRUNK: "name"}

EXAMPLES: Final = {
    CUSTOMER: (
        "npv-proxy customers add id=acme name='ACME' siren=000000001 status=active purpose=service mode=manual kyc.status=pending",
        "npv-proxy customers set acme kyc.status=verified kyc.evidence=kyc/2026/17 kyc.expires=2028-01-12",
        "npv-proxy customers import customers.toml --dry-run",
    ),
    NUMBER: (
        "npv-proxy numbers assign 0162000010 --to acme callback_target=sip:accueil@acme.example",
        "npv-proxy numbers release 0162000010 --quarantine 60",
        "npv-proxy numbers import numbers.csv --dry-run",
    ),
    CAMPAIGN: (
        "npv-proxy campaigns add customer=acme id=autumn purpose=b2b hours='mon-fri 10:00-12:00; sat 09:00-12:00'",
        "npv-proxy campaigns set acme/autumn until=2026-12-31",
    ),
    TRUNK: (
        "npv-proxy trunks add kind=carrier name=operator-2 address=sip.operator.example:5060 domain=edge.example.net",
        "npv-proxy trunks add kind=platform name=paris sources=192.0.2.10,192.0.2.32/28 customer_header=X-Account carrier=operator-2",
        "npv-proxy trunks set paris carrier=carrier-1",
        "npv-proxy trunks add kind=route name=france carriers=carrier-1:1:60,operator-2:1:40",
        "npv-proxy trunks drain operator-2",
    ),
}


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    for kind in KINDS:
        group = typer.Typer(no_args_is_help=True, help=f"The {kind}s of the directory.")
        add_records(group, kind)
        if kind == NUMBER:
            add_rights(group)
        if kind == TRUNK:
            add_service(group)
        app.add_typer(group, name=f"{kind}s", epilog=examples(*EXAMPLES[kind]))
        if kind == TRUNK:
            app.add_typer(group, name=kind, hidden=True)  # one trunk is drained, undrained or tested
    app.add_typer(directory(), name="directory")


def add_records(group: typer.Typer, kind: str) -> None:
    """list, show, add, set, import, export"""
    name_argument = typer.Argument(metavar=NAMED[kind].upper(), show_default=False)
    file = "trunks.toml, and `kind=`" if kind == TRUNK else "customers.toml"
    pairs_argument = typer.Argument(
        metavar="FIELD=VALUE...", show_default=False, help=f"Fields as in {file}; `FIELD=` takes one away."
    )

    @group.command("list")
    def list_(customer: CustomerOption = "", as_json: JsonOption = False, config: ConfigOption = None) -> None:
        """All of them, with what there is to do about each."""
        from proxy.runtime import directory_view

        with mistakes_told():
            directory_view.list_records(config_path(config), kind, customer, as_json)

    @group.command()
    def show(
        name: str = name_argument,
        customer: CustomerOption = "",
        as_json: JsonOption = False,
        config: ConfigOption = None,
    ) -> None:
        """One of them, with the versions that changed it."""
        from proxy.runtime import directory_view

        with mistakes_told():
            directory_view.show_record(config_path(config), kind, name, customer, as_json)

    @group.command()
    def add(pairs: list[str] = pairs_argument, who: WhoOption = "", config: ConfigOption = None) -> None:
        """A new one."""
        from proxy.runtime import directory_command

        with mistakes_told():
            directory_command.add(config_path(config), kind, pairs, who)

    @group.command("set")
    def set_(
        name: str = name_argument,
        pairs: list[str] = pairs_argument,
        customer: CustomerOption = "",
        who: WhoOption = "",
        config: ConfigOption = None,
    ) -> None:
        """Other values for some fields."""
        from proxy.runtime import directory_command

        with mistakes_told():
            directory_command.alter(config_path(config), kind, name, pairs, customer, who)

    add_files(group, kind)


def add_files(group: typer.Typer, kind: str) -> None:
    """import, export"""

    @group.command("import")
    def import_(
        file: Annotated[
            Path, typer.Argument(help="CSV with a line of field names, or TOML as customers.toml or trunks.toml.")
        ],
        form: FormatOption = "",
        dry_run: Annotated[
            bool, typer.Option("--dry-run", help="Only say what would change, or what is wrong.")
        ] = False,
        who: WhoOption = "",
        config: ConfigOption = None,
    ) -> None:
        """All records of a file, new ones and changed ones; none of them if any is wrong."""
        from proxy.runtime import directory_command

        with mistakes_told():
            directory_command.import_file(config_path(config), kind, file, form, dry_run, who)

    @group.command()
    def export(
        form: FormatOption = "",
        customer: CustomerOption = "",
        output: Annotated[
            Path | None, typer.Option("--output", "-o", metavar="FILE", help="Instead of standard output.")
        ] = None,
        config: ConfigOption = None,
    ) -> None:
        """As a file that `import` reads."""
        from proxy.runtime import directory_command

        with mistakes_told():
            directory_command.export(config_path(config), kind, form, customer, output)


def directory() -> typer.Typer:
    """history, rollback"""
    group = typer.Typer(no_args_is_help=True, help="The versions of the directory: every change ever made.")

    @group.command()
    def history(
        kind: Annotated[
            str, typer.Option("--kind", metavar="|".join(KINDS), help="With --name: of one record.")
        ] = NUMBER,
        name: Annotated[str, typer.Option("--name", help="An id, a number, customer/campaign, or a trunk.")] = "",
        most: Annotated[int, typer.Option("--last", min=1, help="How many.")] = 50,
        as_json: JsonOption = False,
        config: ConfigOption = None,
    ) -> None:
        """Who changed what, and when; the newest first."""
        from proxy.runtime import directory_view

        if kind not in KINDS:
            raise typer.BadParameter(f"expected one of {', '.join(KINDS)}, seen `{kind}`", param_hint="--kind")
        with mistakes_told():
            directory_view.history(config_path(config), kind, name, most, as_json)

    @group.command()
    def rollback(version: int, who: WhoOption = "", config: ConfigOption = None) -> None:
        """Make everything as it was after VERSION; that is a new version, and nothing is forgotten."""
        from proxy.runtime import directory_command

        with mistakes_told():
            directory_command.roll_back(config_path(config), version, who)

    return group
