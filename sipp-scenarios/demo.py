"""Plays different calls through the proxy and shows what became of each.

    python sipp-scenarios/demo.py

The proxy runs with the configuration in config/, copied so that it gets free ports, and with its clock set: at night the
law would refuse most of these calls. Copy, records, store and traces are in var/demo, new for each run, and stay there
for the commands that are named in the end. SIPp plays the platform and the carrier. Nothing in the table is written here but who calls whom and what is
presented: what the callee saw is read from the messages that the carrier received, the answer from
those that the platform received, the rule from the decision records and its legal basis from the
rules. No process is left behind.
"""

from __future__ import annotations

import shutil
import sys
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from demo_table import Seen, read, table
from messages import Message, read_trace
from rich.console import Console
from stage import GONE_WITHIN, HERE, HOST, PLAYED_WITHIN, ROOT, Proxy, Sipp, StageError, command_done, free_port

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


UNWILLING = "+33155660015"
"""Whose telephone answers 607: no more calls of this kind."""
ASKED = "+33155660016"

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
    *[Placed("acme", "sip:+33162000001", "+33155660014")] * 5,
    *[Placed("acme", "sip:+33162000001", UNWILLING)] * 2,
    Placed("acme", "sip:+33162000001", ASKED, campaign="opt-in"),
)

CONSENT = f"consents add {ASKED} --customer acme --reference form-17 --at 2026-11-20"
"""What the operator records while the proxy runs."""

THEN = (Placed("acme", "sip:+33162000001", ASKED, campaign="opt-in"),)

CONFIG = ROOT / "config"
KEPT = ROOT / "var" / "demo"


def copy_configuration(folder: Path) -> tuple[Path, dict[str, int]]:
    """The default configuration in `folder`, on free ports of the loopback address, and the ports."""
    shutil.copytree(CONFIG, folder / "config")
    path = folder / "config" / "proxy.toml"
    text = path.read_text(encoding="utf-8")
    settings = tomllib.loads(text)
    ports = {name: free_port() for name in ("sip", "admin", "carrier", "platform")}
    text = text.replace(f'"{settings["listen"]["udp"]}"', f'"{HOST}:{ports["sip"]}"')
    text = text.replace(f'"{settings["admin"]["listen"]}"', f'"{HOST}:{ports["admin"]}"')
    text = text.replace('"var/', f'"{folder}/var/')  # commands on it are given from any working directory
    text = text.replace("decision_timeout_ms = 50", "decision_timeout_ms = 5000")  # a demonstration may be slow,
    text = text.replace("queue_delay_ms = 50", "queue_delay_ms = 0")  # and a machine may pause,
    text = text.replace('kind = "embedded"', 'kind = "embedded"\nwait_ms = 4900')  # but it shows what the rules say
    path.write_text(text, encoding="utf-8")
    trunks = folder / "config" / "trunks.toml"
    text = trunks.read_text(encoding="utf-8")
    address = tomllib.loads(text)["carrier"][0]["address"]
    trunks.write_text(text.replace(f'"{address}"', f'"{HOST}:{ports["carrier"]}"'), encoding="utf-8")
    return path, ports


def rows(calls: Sequence[Placed]) -> list[tuple[str, ...]]:
    """What is injected into the platform's side, one row a call."""
    campaigns = [f"X-Campaign: {call.campaign}" if call.campaign else "Organization: demonstration" for call in calls]
    return [
        (f'"Plateau" <{call.caller}@vms.example.net>', call.identity, call.called, call.account, campaign)
        for call, campaign in zip(calls, campaigns, strict=True)
    ]


def place(side: str, calls: Sequence[Placed], ports: dict[str, int], folder: Path) -> list[Message]:
    """Place these calls one after another; what the platform sent and received."""
    platform = Sipp(
        HERE / "demo_uac.xml", side, ports["platform"], rows(calls), folder,
        "-m", str(len(calls)), "-r", "10", "-l", "1", "-d", "50", f"{HOST}:{ports['sip']}",
    )  # fmt: skip
    with platform:
        if platform.wait(PLAYED_WITHIN + GONE_WITHIN) != 0:
            raise StageError(f"the platform's side failed: {platform.complaint()}")
    return read_trace(platform.trace)


def play(folder: Path) -> tuple[list[Seen], str]:
    """Play all calls with SIPp on both sides; what was seen, and the line with which the proxy started."""
    config, ports = copy_configuration(folder)
    carrier = Sipp(HERE / "demo_uas.xml", "carrier", ports["carrier"], [(UNWILLING,)], folder)
    with carrier, Proxy(config, ports["admin"], CLOCK, folder) as proxy:
        seen = place("platform", CALLS, ports, folder)
        command_done(CONSENT, config, folder)
        seen += place("platform-then", THEN, ports, folder)
        proxy.stop()
        carrier.stop()
    return read(folder, seen, read_trace(carrier.trace)), proxy.output().partition("\n")[0]


def next_commands(folder: Path, calls: Sequence[Seen]) -> list[str]:
    """What can be asked about the calls that were played, in this order; without the name of the program."""
    refused = [call for call in calls if call.answer.startswith("480")]
    evidence = folder / "evidence.jsonl"
    config = f"--config {folder / 'config' / 'proxy.toml'}"
    return [
        f"explain {refused[-1].decision} --lang fr {config}",
        f"replay {config}",
        f"replay --as-of 2026-08-10 {config}",
        f"audit number 0162000001 --out {evidence} {config}",
        f"audit verify {evidence}",
        *[f"audit verify {path}" for path in sorted((folder / "var").glob("*.jsonl"))],
        f"directory history {config}",
    ]


def shortened(path: Path) -> str:
    """The path as it is written from the working directory."""
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


def main() -> int:
    """Exit code: 0 when all calls were played and found again in the records."""
    shutil.rmtree(KEPT, ignore_errors=True)
    KEPT.mkdir(parents=True)
    try:
        calls, first_line = play(KEPT)
    except StageError as failure:
        print(failure, file=sys.stderr)
        return 1
    console = Console(width=None if sys.stdout.isatty() else WIDTH)
    console.print(first_line, markup=False)
    console.print(table(calls, datetime.fromisoformat(CLOCK).date()))
    console.print(f"Before the last call, with the proxy running: npv-proxy {CONSENT}", markup=False)
    console.print(f"The clock was set to {CLOCK}, so that the legal hours do not depend on when this is run.")
    console.print("`make run` starts the proxy with the real clock, on the addresses in config/proxy.toml.")
    program = Path(sys.prefix) / "bin" / "npv-proxy"
    name = shortened(program) if program.exists() else "npv-proxy"
    console.print(
        f"\nRecords, store and configuration of this run are in {shortened(KEPT)}. What can be asked of them:"
    )
    for command in next_commands(KEPT, calls):
        print(f"  {name} {command.replace(str(KEPT), shortened(KEPT))}")
    return 0 if len(calls) == len(CALLS) + len(THEN) else 1


if __name__ == "__main__":
    sys.exit(main())
