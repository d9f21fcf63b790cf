"""The commands on records: explain, replay, audit. What they do stands in the modules they call."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from proxy.runtime.cli_options import ConfigOption, config_path, examples, mistakes_told

if TYPE_CHECKING:
    from proxy.runtime.records_at_hand import AtHand
    from proxy.runtime.replay_command import Replayed

RecordsOption = Annotated[
    list[Path] | None,
    typer.Option(
        "--records",
        metavar="FILE",
        help="A file of records; may be repeated. [dim]Default: all files of `[records]`.[/]",
        show_default=False,
    ),
]
OutOption = Annotated[Path, typer.Option("--out", metavar="FILE", help="The file to write.")]
THEN: Final = "then"
TODAY: Final = "today"
audit: Final = typer.Typer(
    help="Evidence on a number or a customer as one signed file, and its verification.", no_args_is_help=True
)


def register(app: typer.Typer) -> None:
    """Put the commands into `app`."""
    app.command(epilog=examples("npv-proxy explain 5f2c90aa", "npv-proxy explain 5f2c90aa --lang fr"))(explain)
    app.command(
        epilog=examples(
            "npv-proxy replay",
            "npv-proxy replay --records var/prospecting.jsonl --rules new/rules --json",
            "npv-proxy replay --as-of 2026-08-10",
            "npv-proxy replay --directory today",
        )
    )(replay)
    app.add_typer(audit, name="audit")


def explain(
    decision_id: Annotated[str, typer.Argument(metavar="DECISION-ID", help="As in the Warning header of a refusal.")],
    lang: Annotated[str, typer.Option(help="`en` or `fr`.")] = "en",
    records: RecordsOption = None,
    config: ConfigOption = None,
) -> None:
    """Tell a recorded decision whole: what it saw, every rule with basis and verdict, what to tell the customer."""
    from proxy.runtime import explain_command
    from proxy.runtime.explain_words import LANGUAGES

    if lang not in LANGUAGES:
        raise typer.BadParameter(f"expected `en` or `fr`, seen `{lang}`", param_hint="--lang")
    with mistakes_told():
        found = read(config)
        line = explain_command.find(files(found, records), decision_id)
        if line is None:
            typer.echo(f"no record of a decision `{decision_id}`", err=True)
            raise typer.Exit(1)
        typer.echo(explain_command.told(line, found.editions().of(line.revision), lang), nl=False)


def replay(
    records: RecordsOption = None,
    rules: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Rules to try instead of the configured ones.")
    ] = None,
    as_of: Annotated[
        str, typer.Option(metavar="DATE", help="Go by the law of that day, whatever the day of a call.")
    ] = "",
    directory: Annotated[
        str, typer.Option(help="`then`: customers and numbers as each call was decided with; `today`: as they are now.")
    ] = THEN,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
    config: ConfigOption = None,
) -> None:
    """Decide recorded calls again and say what would change, by rule and by customer. No call is made."""
    day = ordinal(as_of) if as_of else 0
    from proxy.runtime import replay_command, replay_text

    if directory not in (THEN, TODAY):
        raise typer.BadParameter(f"expected `{THEN}` or `{TODAY}`, seen `{directory}`", param_hint="--directory")
    with mistakes_told():
        found = read(config)
        edition = replay_text.edition_for(found.configuration, found.edition, rules, day)
        paths = files(found, records)
        with progress(sum(path.stat().st_size for path in paths)) as step:
            editions = found.editions(edition) if directory == THEN else None
            result = replay_command.replay(edition, paths, step, editions)
    show(result, as_json)


def show(result: Replayed, as_json: bool) -> None:
    """Print the result."""
    import msgspec

    from proxy.runtime import replay_text

    if as_json:
        typer.echo(msgspec.json.format(msgspec.json.encode(result), indent=2))
    else:
        typer.echo(replay_text.told(result), nl=False)


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


@audit.command(epilog=examples("npv-proxy audit verify evidence.jsonl", "npv-proxy audit verify var/records*.jsonl"))
def verify(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Audit files, or files of records in order.")],
    key: Annotated[str, typer.Option(metavar="HEX", help="The public key that must have signed.")] = "",
) -> None:
    """Say which lines were altered, taken out or moved, and which file is missing between two; 1 when there is one."""
    from proxy.runtime import audit_file

    before, wrong = b"", False
    for file in files:
        try:
            data = file.read_bytes()
        except OSError as error:
            typer.echo(f"{file}: {error.strerror}", err=True)
            raise typer.Exit(1) from None
        verdict = audit_file.verify(data, key)
        for fault in verdict.faults:
            typer.echo(f"{file}:{fault.line}: {fault.text}")
        if before and verdict.note and not audit_file.follows(before, data):
            typer.echo(f"{file}:1: does not follow the file before it")
            wrong = True
        elif not verdict.faults:
            signed = f"signed by {verdict.public_key}" if verdict.public_key else verdict.note
            typer.echo(f"{file}: {verdict.lines} lines as they were written; {signed}")
        wrong = wrong or bool(verdict.faults)
        before = data if verdict.note else b""
    if wrong:
        raise typer.Exit(1)


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


def read(config: Path | None) -> AtHand:
    """All that the commands go by. Raises ConfigError."""
    from proxy.runtime.records_at_hand import at_hand

    return at_hand(config_path(config))


def files(found: AtHand, given: list[Path] | None) -> list[Path]:
    """The files given, else all files of the configured targets. Ends the command when there is none to read."""
    from proxy.runtime.record_archive import files_of

    if given:
        missing = [path for path in given if not path.is_file()]
        paths = given
    else:
        targets = found.configuration.settings.records.targets
        names = [name for name in (targets.path, targets.prospecting) if name not in {"", "-"}]
        paths = [path for name in names for path in files_of(Path(name))]
        missing = [] if paths else [Path(targets.path)]
    for path in missing:
        typer.echo(f"no file of records at `{path}`", err=True)
        raise typer.Exit(1)
    return paths


def ordinal(text: str) -> int:
    """The day of `2026-11-22` as an ordinal."""
    try:
        return date.fromisoformat(text).toordinal()
    except ValueError:
        raise typer.BadParameter(f"expected a date such as `2026-08-11`, seen `{text}`", param_hint="--as-of") from None


@contextmanager
def progress(total: int) -> Iterator[Callable[[int], None]]:
    """Within: a bar on a terminal, told the bytes that are done; nothing elsewhere."""
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda done: None
        return
    with Progress(console=console, transient=True) as bar:
        task = bar.add_task("reading records", total=total)
        yield lambda done: bar.update(task, completed=done)
