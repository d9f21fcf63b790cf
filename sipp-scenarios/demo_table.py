"""The table of the demonstration, made from what was seen: traces, decision records and the rules.

Nothing here knows what the calls of demo.py are meant to show.
"""

from __future__ import annotations

import json
import re
import tomllib
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby
from pathlib import Path

from messages import Message
from rich.table import Table
from stage import ROOT

RULES = ROOT / "config" / "rules"
TERRITORIES = {"METRO": "metropolitan", "RE": "La Réunion", "MQ": "Martinique", "NAT": "national"}


@dataclass(frozen=True)
class Seen:
    """One call as traces and records tell it; two calls are alike whatever the ids of their decisions."""

    customer: str
    called: str
    presented: str
    shown: str
    answer: str
    rule: str
    decision: str = field(default="", compare=False)


def read(folder: Path, platform: list[Message], carrier: list[Message]) -> list[Seen]:
    """Join the messages of both sides with the records; one entry a call, in the order of the calls."""
    files = sorted((folder / "var").glob("*.jsonl"))
    lines = [json.loads(line) for path in files for line in path.read_text(encoding="utf-8").splitlines()]
    decisions = {line["call_id"]: line for line in lines if line["record"] == "decision"}
    legs = {line["a_call_id"]: line["b_call_id"] for line in lines if line["record"] == "call"}
    offered = {m.header("Call-ID"): m for m in carrier if m.received and m.method == "INVITE"}
    answers = {m.header("Call-ID"): m for m in platform if m.received and m.method == "INVITE" and m.status >= 200}
    seen = []
    for invite in platform:
        call_id = invite.header("Call-ID")
        if not invite.received and invite.method == "INVITE" and not invite.status and call_id in decisions:
            decision = decisions.pop(call_id)
            reached = offered.get(legs.get(call_id, ""))
            seen.append(
                Seen(
                    "\n".join(filter(None, map(decision.get, ("customer", "campaign", "purpose", "mode")))),
                    called(invite, decision),
                    presented(invite),
                    shown(reached),
                    answer(answers.get(call_id)),
                    decision["rule"],
                    decision["id"],
                )
            )
    return seen


def called(invite: Message, decision: dict[str, str]) -> str:
    """The called number as the platform sent it, where that is, and the time of day there."""
    number = re.search(r"sips?:([^@;]*)", invite.start_line)
    place = TERRITORIES.get(decision["territory"], decision["territory"])
    return f"{number.group(1) if number else ''}\n{place}, {decision['local_time'][11:16] or 'no clock'}"


def presented(invite: Message) -> str:
    """The user parts of the identities in the platform's INVITE."""
    names = ("From", "P-Asserted-Identity", "P-Preferred-Identity", "Remote-Party-ID", "Diversion")
    short = {"P-Asserted-Identity": "PAI", "P-Preferred-Identity": "PPI", "Remote-Party-ID": "RPID"}
    return "\n".join(f"{short.get(name, name)} {user(invite.header(name))}" for name in names if invite.header(name))


def user(identity: str) -> str:
    """The user part of the URI in an identity header."""
    found = re.search(r"(?:sips?|tel):([^@;>]*)", identity)
    return found.group(1) if found else identity


def shown(invite: Message | None) -> str:
    """What a telephone shows for the INVITE that the carrier received."""
    if invite is None:
        return "the telephone does not ring"
    if "id" in invite.header("Privacy") or user(invite.header("From")) == "anonymous":
        return "Numéro inconnu"
    name = re.match(r'"([^"]*)"', invite.header("From"))
    number = user(invite.header("P-Asserted-Identity") or invite.header("From"))
    return f"{number}\n{name.group(1)}" if name else number


def answer(final: Message | None) -> str:
    """The final response as the platform received it."""
    if final is None:
        return "none"
    retry = final.header("Retry-After")
    return final.start_line.removeprefix("SIP/2.0 ") + (f"\nRetry-After {retry}" if retry else "")


def bases(day: date) -> dict[str, str]:
    """Legal basis of each rule id in force on that day, as the rules state it; "" for a reading of our own."""
    found: dict[str, str] = {}
    for path in sorted(RULES.glob("*.toml")):
        content = tomllib.loads(path.read_text(encoding="utf-8"))
        for row in content["rule"]:
            if row["from"] <= day <= row.get("until", day):
                source = content.get("source", {}).get(row["basis"])
                found[row["id"]] = source.get("codified", source["title"]) if source else ""
    return found


def table(calls: list[Seen], day: date) -> Table:
    """One row a call, or one for several alike in a row; `day` picks the version of the rules."""
    grid = Table(show_lines=True)
    for title in ("customer", "called", "presented", "seen by the callee", "answer", "rule", "legal basis"):
        grid.add_column(title)
    basis = bases(day)
    for call, alike in groupby(calls):
        times = len(list(alike))
        grid.add_row(
            call.customer,
            f"{call.called}\n{times} calls" if times > 1 else call.called,
            call.presented,
            call.shown,
            call.answer,
            call.rule,
            basis.get(call.rule) or "our reading, see config/rules",
        )
    return grid
