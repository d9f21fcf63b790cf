"""`npv-proxy trunks test`: ask the running proxy, over its admin port, to send OPTIONS to the gateways of a carrier.

The question comes from the proxy itself, from the address and over the transport that its calls take, so an answer says
what a call would meet.
"""

from __future__ import annotations

from http.client import HTTPException
from pathlib import Path
from urllib.parse import quote

import typer

from proxy.runtime.listing import Listing, show
from proxy.runtime.reload_command import admin_of, posted

HEAD = ("carrier", "gateway", "answer", "seconds", "takes calls")


def ask_gateways(config: Path, carrier: str, admin: str) -> int:
    """Ask and print a line for each gateway; 0 when all of them take calls. Raises ConfigError."""
    target = admin_of(config, admin)
    if target is None:
        return 1
    try:
        status, answer = posted(target, f"/carriers/test?name={quote(carrier)}")
    except (OSError, HTTPException, ValueError) as failure:
        typer.echo(f"no proxy answered on {target.host}:{target.port}: {failure}", err=True)
        return 1
    if status != 200:
        typer.echo(str(answer.get("error", f"the proxy answered {status}")), err=True)
        return 1
    found = answer.get("gateways")
    rows = [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
    lines = [tuple(str(row[key]) for key in ("carrier", "gateway", "answer", "seconds", "serves")) for row in rows]
    show(Listing(HEAD, lines, list(rows)), False)
    return 0 if rows and all(row["serves"] == "yes" for row in rows) else 1
