"""The commands on records: explain and replay, and which files all such commands read. What they do stands in the modules they call."""

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
THEN: Final = "then"
TODAY: Final = "today"


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


def read(config: Path | None) -> AtHand:
    """All that the commands go by. Raises ConfigError."""
    from proxy.runtime.records_at_hand import at_hand

    return at_hand(config_path(config))


def files(found: AtHand, given: list[Path] | None) -> list[Path]:
    """The files given, else all files of the configured targets and of the workers beside them. Ends the command when
    there is none to read."""
    from proxy.runtime.record_archive import files_of
    from proxy.runtime.worker_place import files_beside

    if given:
        missing = [path for path in given if not path.is_file()]
        paths = given
    else:
        targets = found.configuration.settings.records.targets
        names = [name for name in (targets.path, targets.prospecting) if name not in {"", "-"}]
        paths = [path for name in names for target in files_beside(Path(name)) for path in files_of(target)]
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
