"""The `npv-proxy` command: options in, exit code out. What a command does stands in the module it calls.

Modules are imported inside the commands: `run` pays for nothing that only `decide` or `check` needs.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final

import typer

from proxy.runtime import cli_audit, cli_directory, cli_keys, cli_records, cli_refusals, cli_rules
from proxy.runtime.cli_options import ConfigOption, config_path, examples, mistakes_told

app: Final = typer.Typer(
    name="npv-proxy",
    help="SIP edge proxy that decides, call by call, which number a French callee may see.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)


@app.command(epilog=examples("npv-proxy run", "npv-proxy run --config /etc/npv-proxy/proxy.toml"))
def run(
    config: ConfigOption = None,
    fixed_clock: Annotated[
        str,
        typer.Option("--fixed-clock", metavar="ISO8601", hidden=True, help="Tests only: decide as at this instant."),
    ] = "",
) -> None:
    """Carry calls until SIGTERM, which lets the calls in progress end first. SIGHUP reloads and reopens the journal."""
    at = instant(fixed_clock, "--fixed-clock") if fixed_clock else None
    from proxy.runtime import process

    with mistakes_told():
        raise typer.Exit(process.run(config_path(config), at))


@app.command(hidden=True)
def worker(
    place: Annotated[str, typer.Option(metavar="JSON", help="Number and open files, from the supervisor.")],
    config: ConfigOption = None,
    fixed_clock: Annotated[float, typer.Option(hidden=True, help="Tests only: POSIX seconds.")] = 0.0,
) -> None:
    """Be one of the processes that `run` starts where `[node] workers` asks for several."""
    from proxy.runtime import process

    with mistakes_told():
        raise typer.Exit(process.run_worker(config_path(config), place, fixed_clock or None))


@app.command(epilog=examples("npv-proxy check", "npv-proxy check --config new/proxy.toml"))
def check(config: ConfigOption = None) -> None:
    """Read all files as `run` would, say what is wrong and where, or what is configured."""
    from proxy.runtime import check_command

    with mistakes_told():
        check_command.check(config_path(config))


@app.command(
    epilog=examples(
        "npv-proxy decide --to 0612345678 --from 0162000001 --customer acme",
        "npv-proxy decide --to 0590123456 --customer acme --at 2026-11-23T11:00:00+01:00 --json",
        "npv-proxy decide --jsonl < calls.jsonl > decisions.jsonl",
    )
)
def decide(
    to: Annotated[str, typer.Option(help="The called number, or a SIP or tel URI.")] = "",
    from_: Annotated[str, typer.Option("--from", help="The number in From.")] = "",
    pai: Annotated[list[str] | None, typer.Option(help="A number in P-Asserted-Identity; may be repeated.")] = None,
    customer: Annotated[str, typer.Option(help="Id of the customer who calls.")] = "",
    campaign: Annotated[str, typer.Option(help="Id of one of the customer's campaigns.")] = "",
    purpose: Annotated[
        str, typer.Option(help="Purpose of the call. [dim]Default: the campaign's or customer's.[/]")
    ] = "",
    mode: Annotated[str, typer.Option(help="Calling mode. [dim]Default: the campaign's or customer's.[/]")] = "",
    method: Annotated[str, typer.Option(help="INVITE for a call, MESSAGE for a text.")] = "INVITE",
    trunk: Annotated[str, typer.Option(help="Name of the platform trunk that the call comes from.")] = "",
    at: Annotated[str, typer.Option(metavar="ISO8601", help="Instant of the call. [dim]Default: now.[/]")] = "",
    attested: Annotated[bool, typer.Option("--attested", help="The caller number arrives authenticated.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the decision and every rule as JSON.")] = False,
    jsonl: Annotated[bool, typer.Option("--jsonl", help="Decide every line of standard input.")] = False,
    config: ConfigOption = None,
) -> None:
    """Say what the proxy would do with a call, and what each rule thinks of it. No call is made."""
    if not to and not jsonl:
        raise typer.BadParameter("expected the called number in `--to`, or `--jsonl`", param_hint="--to")
    from proxy.runtime import decide_cli
    from proxy.runtime.decide_command import Request

    request = Request(to, from_, pai or [], customer, campaign, purpose, mode, method, trunk, at, attested)
    with mistakes_told():
        raise typer.Exit(decide_cli.answer(config_path(config), request, as_json, jsonl))


@app.command(epilog=examples("npv-proxy reload", "npv-proxy reload --admin 192.0.2.10:9460"))
def reload(
    config: ConfigOption = None,
    admin: Annotated[
        str, typer.Option(metavar="HOST:PORT", help="Admin address of the proxy, when it is not the one in the file.")
    ] = "",
) -> None:
    """Tell the running proxy to take over its files; if they are wrong it says why and goes on with the old ones."""
    from proxy.runtime import reload_command

    with mistakes_told():
        raise typer.Exit(reload_command.reload(config_path(config), admin))


@app.command()
def version() -> None:
    """Version, kind of build and Python."""
    import platform

    from proxy.runtime import build

    typer.echo(f"npv-proxy {build.version()} ({build.kind()}, Python {platform.python_version()})")


def instant(text: str, option: str) -> float:
    """POSIX seconds of an ISO 8601 instant, which must say its offset from UTC."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(
            f"expected an instant such as `2026-11-23T11:00:00+01:00`, seen `{text}`", param_hint=option
        ) from None
    if moment.tzinfo is None:
        raise typer.BadParameter(
            f"expected an offset such as `+01:00` or `Z` behind the time, seen `{text}`", param_hint=option
        )
    return moment.timestamp()


cli_directory.register(app)
cli_refusals.register(app)
cli_records.register(app)
cli_audit.register(app)
cli_keys.register(app)
cli_rules.register(app)


def main() -> None:
    """The entry point."""
    app()
