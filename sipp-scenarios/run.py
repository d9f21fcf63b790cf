"""Plays the cases of cases.py through a running proxy with SIPp on both sides.

    python sipp-scenarios/run.py                 every case; the exit code is the verdict
    python sipp-scenarios/run.py busy forked     these cases
    python sipp-scenarios/run.py --transport tls every case over TLS; also tcp and ipv6, and by two workers (over UDP)
                                                 with ports of their own (workers) or one port (one_port)
    python sipp-scenarios/run.py --list          names of the cases and their flows
    python sipp-scenarios/run.py --capture DIR   keep the messages of both sides of every case in DIR/<case>

A case succeeds when both SIPp sides do, and when the messages that SIPp wrote down hold up: the
carrier received as many calls as expected, under Call-IDs of their own, and nothing of what the
platform presented; the platform received nothing of the carrier's address; the proxy recorded each
call once and no defect of its own. The files of a failed case are kept in sipp-scenarios/logs/<case> and shown.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from cases import CASES, Case
from messages import Message, digits_of, leaks, read_trace
from stage import GONE_WITHIN, HERE, PLAYED_WITHIN, Proxy, Sipp, StageError, command_done, free_port, write_config
from ways import WAYS, Way, bridges, scenario_for

LOGS = HERE / "logs"
PLATFORM_WORDS = {"dupont", "campagne", "vms.example", "x-account", "x-campaign", "accords", "-platform"}
QUIET_S = 0.3
"""How long after a refusal the carrier is still watched."""
CARRIER_ENDS_WITHIN = 40.0


@dataclass(frozen=True)
class Outcome:
    """What came of a case: no problem, or what was wrong in the words of who saw it."""

    case: str
    seconds: float
    problems: tuple[str, ...]


def play(case: Case, transport: str = "udp", keep: Path | None = None, logs: Path = LOGS) -> Outcome:
    """Play one case with a proxy of its own.

    Its files go to `keep`, if given, whatever the outcome, and to `logs` when it failed.
    """
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix=f"npv-{case.name}-") as name:
        folder = Path(name)
        try:
            problems = _play(case, WAYS[transport], folder)
        except (StageError, OSError) as failure:
            problems = [str(failure)]
        if keep is not None:
            shutil.copytree(folder, keep / case.name, dirs_exist_ok=True)
        if problems:
            shutil.copytree(folder, logs / case.name, dirs_exist_ok=True)
        else:
            shutil.rmtree(logs / case.name, ignore_errors=True)
    return Outcome(case.name, time.monotonic() - started, tuple(problems))


def _play(case: Case, way: Way, folder: Path) -> list[str]:
    ports = {"sip": free_port(), "admin": free_port(), "carrier": free_port(), "platform": free_port()}
    told = ports | {"carrier": ports["platform"], "platform": ports["carrier"]} if case.back else ports
    settings = {"node.workers": way.workers, **case.settings}
    config = write_config(folder, told, settings, way.listen(ports["sip"]), way.carrier(), way.host, not case.back)
    with bridges(way, ports, folder) as (near, far):
        return _played(case, way, ports, config, near, far)


def _played(case: Case, way: Way, ports: dict[str, int], config: Path, near: int, far: int) -> list[str]:
    """Play with the platform's SIPp sending to `near` and the carrier's listening on `far`."""
    folder = config.parent
    carrier = Sipp(
        scenario_for(way, HERE / f"{case.uas}_uas.xml", ports["carrier"], folder),
        "carrier", far, [(case.shown,)], folder, "-t", way.sipp, "-m", str(max(case.reaching, 1)), host=way.host,
    )  # fmt: skip
    platform = Sipp(
        scenario_for(way, HERE / f"{case.uac}_uac.xml", ports["platform"], folder), "platform", ports["platform"], case.rows(), folder,
        "-t", way.sipp, "-m", str(case.decided), "-r", str(case.rate), "-d", str(case.hold_ms),
        "-l", str(case.at_once or case.decided), f"{way.place}:{near}", host=way.host,
    )  # fmt: skip
    for command in case.before:
        command_done(command, config, folder)
    problems = []
    with carrier, Proxy(config, ports["admin"], case.clock, folder) as proxy:
        with platform:
            if platform.wait(PLAYED_WITHIN + GONE_WITHIN) != 0:
                problems.append(f"platform: {platform.complaint()}")
        if not _carrier_done(case, carrier, CARRIER_ENDS_WITHIN if not problems else QUIET_S):
            problems.append(f"carrier: {carrier.complaint()}")
        if (code := proxy.stop()) != 0:
            problems.append(f"the proxy ended with code {code}:\n{proxy.output()[-2000:]}")
    problems += _recorded(case, sorted(folder.glob("records*.jsonl")))
    return problems + _seen(case, way, ports, read_trace(platform.trace), read_trace(carrier.trace))


def _carrier_done(case: Case, carrier: Sipp, within: float) -> bool:
    """Whether the carrier's side ended well; a side that must stay silent is ended here."""
    if case.reaching:
        return carrier.wait(within) == 0
    time.sleep(QUIET_S)
    return carrier.process.poll() is None


def _recorded(case: Case, records: Sequence[Path]) -> list[str]:
    """What is wrong with the records: one decision a call, the rule that refused, one ended call a forwarded one."""
    lines = [json.loads(line) for path in records for line in path.read_text(encoding="utf-8").splitlines()]
    kinds = Counter(line["record"] for line in lines)
    problems = [f"a defect was recorded: {line['text']}" for line in lines if line["record"] == "fault"]
    seen, expected = (kinds["decision"], kinds["call"]), (case.decided + len(case.transfers), case.reaching)
    if seen != expected:
        problems.append("{} decisions and {} calls were recorded, expected {} and {}".format(*seen, *expected))
    refused = {line["rule"] for line in lines if line["record"] == "decision" and line["action"] == "refuse"}
    if refused != case.rules:
        problems.append(f"refused by {sorted(refused)}, expected {sorted(case.rules)}")
    return problems


def _seen(
    case: Case, way: Way, ports: dict[str, int], platform: Sequence[Message], carrier: Sequence[Message]
) -> list[str]:
    """What is wrong with the messages that both sides wrote down."""
    problems = []
    offered = {message.header("Call-ID") for message in carrier if message.received and message.method == case.method}
    if len(offered) != case.reaching:
        problems.append(f"the carrier received {len(offered)} calls, expected {case.reaching}")
    if offered & {message.header("Call-ID") for message in platform}:
        problems.append("a Call-ID of the platform went on to the carrier")
    numbers = {digits_of(case.caller), digits_of(case.identity)} - {digits_of(f"sip:{case.shown}")}
    words = PLATFORM_WORDS | {f"{way.place}:{ports['platform']}"}
    if not case.untouched:
        problems += [f"leak to the carrier: {line}" for line in leaks(carrier, numbers, words)]
    problems += [
        f"leak to the platform: {line}"
        for line in leaks(platform, set(), {f"{way.place}:{ports['carrier']}", "trunk@"})
    ]
    sides = {"platform": platform, "carrier": carrier}
    for want in case.traced:
        seen = sum(m.received and m.method == want.method and m.status == want.status for m in sides[want.side])
        if seen < want.count:
            problems.append(
                f"the {want.side} received {want.method} {want.status or ''} {seen} times, expected {want.count}"
            )
    return problems


def play_all(
    names: Sequence[str], transport: str, keep: Path | None, at_once: int, report: Callable[[Outcome], None]
) -> bool:
    """Play these cases, `at_once` at a time; report each as it ends; True when all succeeded."""
    good = True
    with ThreadPoolExecutor(max_workers=at_once) as pool:
        for outcome in pool.map(lambda name: play(CASES[name], transport, keep), names):
            report(outcome)
            good = good and not outcome.problems
    return good


def _report(outcome: Outcome) -> None:
    verdict = "failed" if outcome.problems else "ok"
    print(f"{outcome.case:<22} {verdict:<7} {outcome.seconds:5.1f} s", flush=True)
    for problem in outcome.problems:
        print("    " + problem.replace("\n", "\n    "))
    if outcome.problems:
        print(f"    files: {LOGS / outcome.case}")


def _list() -> None:
    for case in CASES.values():
        print(f"{case.name:<22} {case.uac}_uac.xml  {case.uas}_uas.xml")


def main(arguments: Sequence[str]) -> int:
    """Exit code: 0 all cases succeeded, 1 one failed, 2 the call was wrong."""
    parser = argparse.ArgumentParser(prog="run.py", description="plays calls through the proxy with SIPp")
    parser.add_argument("case", nargs="*", help="cases to play; all when none is named")
    parser.add_argument("--list", action="store_true", help="name the cases and end")
    parser.add_argument("--transport", choices=list(WAYS), default="udp")
    parser.add_argument("--capture", type=Path, metavar="DIR", help="keep the files of every case in DIR/<case>")
    parser.add_argument("--at-once", type=int, default=2, metavar="N", help="cases played at the same time")
    options = parser.parse_args(arguments)
    if options.list:
        _list()
        return 0
    unknown = [name for name in options.case if name not in CASES]
    if unknown:
        parser.error(f"no case `{unknown[0]}`; --list names them")
    if shutil.which("sipp") is None:
        parser.error("`sipp` is missing; Debian and Ubuntu have it in the package sip-tester")
    if WAYS[options.transport].bridged and shutil.which("socat") is None:
        parser.error("`socat` is missing; Debian and Ubuntu have it in the package socat")
    return (
        0 if play_all(options.case or list(CASES), options.transport, options.capture, options.at_once, _report) else 1
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
