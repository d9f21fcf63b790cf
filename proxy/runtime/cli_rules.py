"""The commands on the rules: list, show, diff. Options in, calls of `rules_command.py` out."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from proxy.runtime.cli_options import ConfigOption, config_path, examples, mistakes_told

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    group = typer.Typer(no_args_is_help=True, help="The law as dated rules.")
    group.command("list", epilog=examples("npv-proxy rules list", "npv-proxy rules list --on 2023-03-01"))(list_rules)
    group.command("show", epilog=examples("npv-proxy rules show frequency.consumer"))(show_rule)
    group.command("diff", epilog=examples("npv-proxy rules diff 2026-08-10 2026-08-11"))(diff_rules)
    app.add_typer(group, name="rules")


def list_rules(
    on: Annotated[str, typer.Option(metavar="DATE", help="The rules of that day. [dim]Default: today.[/]")] = "",
    every: Annotated[bool, typer.Option("--all", help="All versions of all rules.")] = False,
    cases: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", exists=True, file_okay=False, help="Count the legal cases of each version."),
    ] = None,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """The rules in force on a day, in the order in which they are asked."""
    from proxy.runtime import rules_command

    with mistakes_told():
        rules_command.list_rules(config_path(config), day(on, "--on") if on else None, every, cases, as_json)


def show_rule(
    rule: Annotated[str, typer.Argument(metavar="RULE", show_default=False, help="Id such as `hours.consumer`.")],
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Every version of one rule, with its basis and its parameters."""
    from proxy.runtime import rules_command

    with mistakes_told():
        rules_command.show_rule(config_path(config), rule, as_json)


def diff_rules(
    first: Annotated[str, typer.Argument(metavar="DATE", show_default=False, help="A day.")],
    second: Annotated[str, typer.Argument(metavar="DATE", show_default=False, help="Another day.")],
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """What is different in the rules between two days."""
    from proxy.runtime import rules_command

    days = day(first, "the first DATE"), day(second, "the second DATE")
    with mistakes_told():
        rules_command.diff_rules(config_path(config), *days, as_json)


def day(text: str, option: str) -> date:
    """A day such as 2026-08-11."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"expected a day such as `2026-08-11`, seen `{text}`", param_hint=option) from None
