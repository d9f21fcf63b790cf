"""The commands on what persons said: refusals and consents."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer

from proxy.runtime.cli_numbers import WhoOption
from proxy.runtime.cli_options import ConfigOption, config_path, examples, mistakes_told

REFUSAL: Final = "refusal"
CONSENT: Final = "consent"
Person = Annotated[str, typer.Argument(metavar="NUMBER", help="The person's number, in any writing.")]
Customer = Annotated[str, typer.Option("--customer", metavar="ID", help="Id of the customer that was told.")]
At = Annotated[str, typer.Option("--at", metavar="DAY|INSTANT", help="When it was said. [dim]Default: now.[/]")]
Reference = Annotated[str, typer.Option("--reference", help="Under which the proof is found.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    refusals = typer.Typer(no_args_is_help=True, help="Persons who told a customer to stop.")
    refusals.command("add", epilog=examples("npv-proxy refusals add 0612345678 --customer acme"))(add_refusal)
    refusals.command("remove")(remove_refusal)
    add_files(refusals, REFUSAL)
    app.add_typer(refusals, name="refusals")
    consents = typer.Typer(no_args_is_help=True, help="Persons who agreed to be called, with date and proof.")
    sample = "npv-proxy consents add 0612345678 --customer acme --reference form-1 --until 2027-08-01"
    consents.command("add", epilog=examples(sample))(add_consent)
    consents.command("remove")(remove_consent)
    add_files(consents, CONSENT)
    app.add_typer(consents, name="consents")


def add_refusal(
    number: Person,
    customer: Customer,
    at: At = "",
    source: Annotated[str, typer.Option("--source", help="Where it was heard. [dim]Default: this command.[/]")] = "",
    reference: Reference = "",
    who: WhoOption = "",
    config: ConfigOption = None,
) -> None:
    """Record a refusal; the next call to this person is refused, on every node."""
    from proxy.runtime import refusals_command

    said = {"customer": customer, "number": number, "at": at, "source": source, "reference": reference}
    with mistakes_told():
        refusals_command.add(config_path(config), REFUSAL, said, who)


def add_consent(
    number: Person,
    customer: Customer,
    reference: Reference,
    at: At = "",
    until: Annotated[
        str, typer.Option("--until", metavar="DAY|INSTANT", help="Its end. [dim]Default: a year, the most.[/]")
    ] = "",
    campaign: Annotated[str, typer.Option("--campaign", help="Good for this campaign only.")] = "",
    proof: Annotated[str, typer.Option("--proof", help="What proves it: a text, an address, a digest.")] = "",
    slot_from: Annotated[str, typer.Option("--slot-from", metavar="INSTANT", help="Good for one slot: from.")] = "",
    slot_until: Annotated[str, typer.Option("--slot-until", metavar="INSTANT", help="Good for one slot: to.")] = "",
    who: WhoOption = "",
    config: ConfigOption = None,
) -> None:
    """Record a consent; it also ends an earlier refusal."""
    from proxy.runtime import refusals_command

    said = {
        "customer": customer,
        "number": number,
        "reference": reference,
        "at": at,
        "until": until,
        "campaign": campaign,
        "proof": proof,
        "slot_from": slot_from,
        "slot_until": slot_until,
    }
    with mistakes_told():
        refusals_command.add(config_path(config), CONSENT, said, who)


def remove_refusal(number: Person, customer: Customer, who: WhoOption = "", config: ConfigOption = None) -> None:
    """Take back a refusal that was recorded by mistake, and say so in `directory history`; ends with 1 if there is none."""
    from proxy.runtime import refusals_command

    with mistakes_told():
        refusals_command.remove(config_path(config), REFUSAL, {"customer": customer, "number": number}, who)


def remove_consent(number: Person, customer: Customer, reference: Reference = "", config: ConfigOption = None) -> None:
    """The person withdrew it: all consents end now, or the one named; the proof stays. Ends with 1 if there is none."""
    from proxy.runtime import refusals_command

    said = {"customer": customer, "number": number, "reference": reference}
    with mistakes_told():
        refusals_command.remove(config_path(config), CONSENT, said)


def add_files(group: typer.Typer, kind: str) -> None:
    """list, import"""

    @group.command("list")
    def list_(
        customer: Customer,
        number: Annotated[str, typer.Option("--number", help="Only of this person.")] = "",
        as_json: JsonOption = False,
        config: ConfigOption = None,
    ) -> None:
        """The newest first; persons are named by their keys, for the store keeps no numbers."""
        from proxy.runtime import refusals_command

        with mistakes_told():
            refusals_command.list_all(config_path(config), kind, customer, number, as_json)

    @group.command("import")
    def import_(
        file: Annotated[Path, typer.Argument(help="CSV with a line of column names, or TOML (see config/README.md).")],
        dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what is wrong.")] = False,
        who: WhoOption = "",
        config: ConfigOption = None,
    ) -> None:
        """All lines of a file; none of them if any is wrong."""
        from proxy.runtime import refusals_command

        with mistakes_told():
            refusals_command.import_file(config_path(config), kind, file, dry_run, who)
