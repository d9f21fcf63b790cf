"""Plays a dozen different calls through the proxy and shows what became of each.

    python sipp-scenarios/demo.py

The proxy runs with the configuration in config/, copied so that its records stay out of the tree,
and with its clock standing still: at night the law would refuse most of these calls. SIPp plays the
platform and the carrier. Nothing in the table is written here but who calls whom and what is
presented: what the callee saw is read from the messages that the carrier received, the answer from
those that the platform received, the rule from the decision records and its legal basis from the
rules. No process is left behind.
"""

from __future__ import annotations

import json
import re
import shutil
import socket
import sys
import tempfile
import tomllib
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from messages import Message, read_trace
from rich.console import Console
from rich.table import Table
from stage import HOST, ROOT, Proxy, Sipp, StageError, free_port

CLOCK = "2026-11-23T11:00:00+01:00"
WIDTH = 170


@dataclass(frozen=True)
class Placed:
    """One call of the demonstration: what the platform says."""

    account: str
    caller: str
    called: str
    identity: str = "Subject: demonstration"
    campaign: str = ""


CALLS = (
    Placed("acme", "sip:+33142685300", "+33155660001"),
    Placed("acme", "sip:+33270000001", "+33155660002"),
    Placed("acme", "sip:+33142685300", "+33491000003", campaign="local"),
    Placed("acme", "sip:+33142685300", "+262262450004", campaign="local"),
    Placed("acme", "sip:+33142685300", "+596596450005", campaign="local"),
    Placed("acme", "sip:+33140000010", "+33155660006", campaign="agents"),
    Placed("acme", "sip:+33162000001", "+33155660007", "P-Asserted-Identity: <tel:+33-6-12-34-56-78>"),
    Placed("acme", "sip:+33162000001", "+33899700008"),
    Placed("medirappel", "sip:0612345678", "+33249000009"),
    Placed("nonumber", "sip:+33142685300", "+33155660010"),
    Placed("sonda", "sip:+33162000001", "+33155660011"),
    Placed("stopped", "sip:+33162200001", "+33155660012"),
    Placed("acme", "sip:+33142685300", "15"),
)

CONFIG = ROOT / "config"
RULES = CONFIG / "rules"


@dataclass(frozen=True)
class Seen:
    """One call as traces and records tell it."""

    customer: str
    called: str
    presented: str
    shown: str
    answer: str
    rule: str


def copy_configuration(folder: Path) -> tuple[Path, dict[str, int]]:
    """The default configuration in `folder`, with free ports where its own are taken, and the ports."""
    shutil.copytree(CONFIG, folder / "config")
    path = folder / "config" / "proxy.toml"
    text = path.read_text(encoding="utf-8")
    settings = tomllib.loads(text)
    addresses = {
        "sip": settings["listen"]["udp"],
        "admin": settings["admin"]["listen"],
        "carrier": settings["carrier"][0]["address"],
    }
    ports = {"platform": free_port()}
    for name, address in addresses.items():
        ports[name] = int(address.rpartition(":")[2])
        if taken(ports[name]):
            ports[name] = free_port()
            print(f"{address} is taken: the demonstration uses port {ports[name]} instead")
            text = text.replace(f'"{address}"', f'"{HOST}:{ports[name]}"')
    path.write_text(text, encoding="utf-8")
    return path, ports


def taken(port: int) -> bool:
    """Whether another program holds that port of the loopback address."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp, socket.socket() as tcp:
        tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            udp.bind((HOST, port))
            tcp.bind((HOST, port))
        except OSError:
            return True
    return False


def rows() -> list[tuple[str, ...]]:
    """What is injected into the platform's side, one row a call."""
    campaigns = [f"X-Campaign: {call.campaign}" if call.campaign else "Organization: demonstration" for call in CALLS]
    return [
        (f'"Plateau" <{call.caller}@vms.example.net>', call.identity, call.called, call.account, campaign)
        for call, campaign in zip(CALLS, campaigns, strict=True)
    ]


def play(folder: Path) -> tuple[list[Seen], str]:
    """Play all calls with SIPp on both sides; what was seen, and the line with which the proxy started."""
    config, ports = copy_configuration(folder)
    carrier = Sipp("demo_uas", "carrier", ports["carrier"], [("",)], folder)
    platform = Sipp(
        "demo_uac", "platform", ports["platform"], rows(), folder,
        "-m", str(len(CALLS)), "-r", "10", "-l", "1", "-d", "50", f"{HOST}:{ports['sip']}",
    )  # fmt: skip
    with carrier, Proxy(config, ports["admin"], CLOCK, folder) as proxy:
        with platform:
            if platform.wait(45) != 0:
                raise StageError(f"the platform's side failed: {platform.complaint()}")
        proxy.stop()
        carrier.stop()
    return read(folder, read_trace(platform.trace), read_trace(carrier.trace)), proxy.output().partition("\n")[0]


def read(folder: Path, platform: list[Message], carrier: list[Message]) -> list[Seen]:
    """Join the messages of both sides with the records; one entry a call, in the order of the calls."""
    lines = [json.loads(line) for line in (folder / "var" / "records.jsonl").read_text(encoding="utf-8").splitlines()]
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
                    decision["customer"],
                    called(invite, decision),
                    presented(invite),
                    shown(reached),
                    answer(answers.get(call_id)),
                    decision["rule"],
                )
            )
    return seen


def called(invite: Message, decision: dict[str, str]) -> str:
    number = re.search(r"sips?:([^@;]*)", invite.start_line)
    return f"{number.group(1) if number else ''} {decision['territory']}".strip()


def presented(invite: Message) -> str:
    """The user parts of the identities in the platform's INVITE."""
    names = ("From", "P-Asserted-Identity", "P-Preferred-Identity", "Remote-Party-ID", "Diversion")
    short = {"P-Asserted-Identity": "PAI", "P-Preferred-Identity": "PPI", "Remote-Party-ID": "RPID"}
    return "\n".join(f"{short.get(name, name)} {user(invite.header(name))}" for name in names if invite.header(name))


def user(identity: str) -> str:
    found = re.search(r"(?:sips?|tel):([^@;>]*)", identity)
    return found.group(1) if found else identity


def shown(invite: Message | None) -> str:
    """What a telephone shows for the INVITE that the carrier received."""
    if invite is None:
        return "the telephone does not ring"
    if "id" in invite.header("Privacy") or user(invite.header("From")) == "anonymous":
        return "Numéro inconnu"
    return user(invite.header("P-Asserted-Identity") or invite.header("From"))


def answer(final: Message | None) -> str:
    if final is None:
        return "none"
    retry = final.header("Retry-After")
    return final.start_line.removeprefix("SIP/2.0 ") + (f"\nRetry-After {retry}" if retry else "")


def bases(day: date) -> dict[str, str]:
    """Legal basis of each rule id in force on that day, as the rules state it."""
    found: dict[str, str] = {}
    for path in sorted(RULES.glob("*.toml")):
        content = tomllib.loads(path.read_text(encoding="utf-8"))
        for row in content["rule"]:
            if row["from"] <= day <= row.get("until", day):
                source = content.get("source", {}).get(row["basis"])
                found[row["id"]] = source.get("codified", source["title"]) if source else f"our reading: {row['why']}"
    return found


def table(calls: list[Seen]) -> Table:
    grid = Table(show_lines=True)
    for title in (
        "customer",
        "called",
        "presented by the platform",
        "seen by the callee",
        "answer",
        "rule",
        "legal basis",
    ):
        grid.add_column(title)
    basis = bases(datetime.fromisoformat(CLOCK).date())
    for call in calls:
        grid.add_row(
            call.customer, call.called, call.presented, call.shown, call.answer, call.rule, basis.get(call.rule, "")
        )
    return grid


def main() -> int:
    """Exit code: 0 when all calls were played and found again in the records."""
    with tempfile.TemporaryDirectory(prefix="npv-demo-") as name:
        try:
            calls, first_line = play(Path(name))
        except StageError as failure:
            print(failure, file=sys.stderr)
            return 1
    console = Console(width=None if sys.stdout.isatty() else WIDTH)
    console.print(first_line, markup=False)
    console.print(table(calls))
    console.print(f"The clock stood at {CLOCK}, so that the legal hours do not depend on when this is run.")
    console.print("`make run` starts the proxy with the real clock, on the addresses in config/proxy.toml.")
    return 0 if len(calls) == len(CALLS) else 1


if __name__ == "__main__":
    sys.exit(main())
