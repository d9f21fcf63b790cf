"""The commands of `npv-proxy audit`: evidence as one signed file, the key that signs, and the verification."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from proxy.runtime.cli_options import ConfigOption, config_path, examples, mistakes_told
from proxy.runtime.cli_records import RecordsOption, files, progress, read

if TYPE_CHECKING:
    from proxy.runtime.audit_file import Verdict

OutOption = Annotated[Path, typer.Option("--out", metavar="FILE", help="The file to write.")]
UNPROVEN: Final = "who that is stays unproven without --key and the key that the signer made public"
audit: Final = typer.Typer(
    help="Evidence on a number or a customer as one signed file, and its verification.", no_args_is_help=True
)


def register(app: typer.Typer) -> None:
    """Put the commands into `app`."""
    app.add_typer(audit, name="audit")


@audit.command(epilog=examples("npv-proxy audit number 0162000001 --out evidence.jsonl"))
def number(
    number: Annotated[str, typer.Argument(help="A number of a customer, in any writing.")],
    out: OutOption,
    records: RecordsOption = None,
    config: ConfigOption = None,
) -> None:
    """Who held the number when and by what proof, which calls showed it, which rules were in force."""
    evidence(config, records, out, number=number)


@audit.command(epilog=examples("npv-proxy audit customer acme --out evidence.jsonl"))
def customer(
    customer: Annotated[str, typer.Argument(metavar="ID", help="Id of the customer.")],
    out: OutOption,
    records: RecordsOption = None,
    config: ConfigOption = None,
) -> None:
    """The customer's numbers, proofs, campaigns, calls and verdicts, and the rules in force."""
    evidence(config, records, out, customer=customer)


@audit.command(epilog=examples("npv-proxy audit key", "npv-proxy audit key --pem"))
def key(
    pem: Annotated[bool, typer.Option("--pem", help="Print the public key as PEM.")] = False,
    config: ConfigOption = None,
) -> None:
    """The public key that verifies what this node signs, and its fingerprint; a key is made if there is none."""
    from proxy.runtime import audit_key
    from proxy.runtime.settings import load_settings

    with mistakes_told():
        path = load_settings(config_path(config)).records.signing_key
        private = audit_key.signing_key(path)
    public = audit_key.public_text(private)
    if pem:
        typer.echo(audit_key.public_pem(private), nl=False)
    else:
        typer.echo(f"public key   {public}\nfingerprint  {audit_key.fingerprint(public)}\nsigned with  {path}")


@audit.command(epilog=examples("npv-proxy audit verify evidence.jsonl", "npv-proxy audit verify var/records*.jsonl"))
def verify(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Audit files, or files of records in order.")],
    key: Annotated[
        str, typer.Option(metavar="PUB", help="The public key that must have signed: digits, or a file of them or PEM.")
    ] = "",
) -> None:
    """Say which lines were altered, taken out or moved, and which file is missing between two; 1 when there is one."""
    from proxy.runtime import audit_file

    trusted, before, wrong = trusted_key(key), b"", False
    for file in files:
        try:
            data = file.read_bytes()
        except OSError as error:
            typer.echo(f"{file}: {error.strerror}", err=True)
            raise typer.Exit(1) from None
        verdict = audit_file.verify(data, trusted)
        for fault in verdict.faults:
            typer.echo(f"{file}:{fault.line}: {fault.text}")
        chained = before and verdict.note and audit_file.are_of_one_target(before, data)
        if chained and not audit_file.follows(before, data):
            typer.echo(f"{file}:1: does not follow the file before it")
            wrong = True
        elif not verdict.faults:
            typer.echo(f"{file}: {verdict.lines} lines as they were written; {signed(verdict, trusted)}")
        wrong = wrong or bool(verdict.faults)
        before = data if verdict.note else b""
    if wrong:
        raise typer.Exit(1)


def trusted_key(text: str) -> str:
    """The public key that must have signed, as digits; empty for none."""
    from proxy.runtime.audit_key import given_key

    try:
        return given_key(text) if text else ""
    except ValueError as error:
        raise typer.BadParameter(f"expected an Ed25519 public key, {error}", param_hint="--key") from None


def signed(verdict: Verdict, trusted: str) -> str:
    """Who signed a file, and whether that is proven."""
    kind = f"{verdict.note}, " if verdict.note and verdict.public_key else ""
    if not verdict.public_key:
        return verdict.note
    return f"{kind}signed by {verdict.public_key}" + (", as it must be" if trusted else f"; {UNPROVEN}")


def evidence(config: Path | None, records: list[Path] | None, out: Path, number: str = "", customer: str = "") -> None:
    """Gather and write; says what it found."""
    from proxy.runtime import audit_command
    from proxy.runtime.clock import SystemClock

    with mistakes_told():
        found = read(config)
        now = SystemClock().epoch()
        subject = audit_command.Subject(audit_command.known(found.edition, number, now) if number else "", customer)
        if not (subject.number or subject.customer) or (
            customer and found.edition.directory.customer(customer) is None
        ):
            typer.echo(f"`{number or customer}` is no {'number' if number else 'customer'}", err=True)
            raise typer.Exit(1)
        paths = files(found, records)
        made = audit_command.Evidence(subject, found.edition, now, found.configuration.settings.records.signing_key)
        with progress(sum(path.stat().st_size for path in paths)) as step:
            made.write(paths, found.versions, out, step)
    typer.echo(f"{out}: {made.decisions} decisions, {made.calls} calls; signed by {made.public_key}")
