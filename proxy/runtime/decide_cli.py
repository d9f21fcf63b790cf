"""`npv-proxy decide`: load the files, answer one call or a stream of them, in the form that was asked for."""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec
import typer
from rich.console import Console

from proxy.runtime.clock import SystemClock
from proxy.runtime.decide_command import BadRequest, Decider, Request, explained
from proxy.runtime.decide_lines import decide_lines
from proxy.runtime.decide_text import plain_text, print_rich
from proxy.runtime.records_at_hand import at_hand


def answer(config: Path, request: Request, as_json: bool, as_lines: bool) -> int:
    """Print the decision of `request`, or of every line of standard input; 1 when a request could not be read.

    Customers and trunks are those of the store where there is one, else those of the files. Raises ConfigError.
    """
    now = at_hand(config)
    trunks = {platform.name: platform.facts for platform in now.trunks.platforms}
    decider = Decider(now.edition, trunks, SystemClock().epoch)
    if as_lines:
        return decide_lines(decider, sys.stdin.buffer, sys.stdout.buffer)
    try:
        one = explained(decider, request)
    except BadRequest as wrong:
        typer.echo(str(wrong), err=True)
        return 1
    console = Console()
    if as_json:
        typer.echo(msgspec.json.format(msgspec.json.encode(one), indent=2))
    elif console.is_terminal:
        print_rich(one, console)
    else:
        typer.echo(plain_text(one), nl=False)
    return 0
