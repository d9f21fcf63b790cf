"""A case of sipp-scenarios with Kamailio between each SIPp and our proxy.

What counts as success here: both SIPp sides are content, Kamailio refused no message of ours and was shown some, and the
proxy recorded no defect. Leaks and counts are looked at where the same cases are played without Kamailio.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from pathlib import Path

from cases import Case
from stage import GONE_WITHIN, HERE, HOST, PLAYED_WITHIN, Sipp, command_done, free_port

from tests.interop.edge import BY_HEADER, Edge
from tests.interop.kamailio import Kamailio

CARRIER_ENDS_WITHIN = 40.0
QUIET_S = 0.5
_NO_100 = {"digest"}
"""Platforms that wait for nothing but the answer of our proxy."""
_LATE_ANSWER = re.compile(r"\[last_Via:\](?=(?:(?!\]\]>).)*CSeq: \[\$cseq\] INVITE)|Via:\[\$via\]", re.DOTALL)
_FIRST_INVITE = re.compile(r'<recv request="INVITE"[^>]*>\s*<action>')
_NEXT_VIA = '<ereg regexp=".*" search_in="hdr" header="Via:" occurrence="2" check_it="true" assign_to="next_via"/>'


def played(case: Case, folder: Path) -> tuple[list[str], set[tuple[str, int]]]:
    """What went wrong, and the kinds of messages (method, status or 0) that the judge found right."""
    names = ("proxy", "platform_edge", "carrier_edge", "platform", "carrier")
    ports = {name: free_port() for name in names}
    more = {"limits": "", "timers": "[timers]\n", "platform": "", "carrier": ""}
    for key, value in case.settings.items():
        table, _, name = key.partition(".")
        more[table] += f"{name} = {value}\n"
    source, outwards = HOST, ports["carrier_edge"]
    if case.back:  # who calls is the carrier: the edges change their places
        source, outwards = f"{HOST}:{ports['carrier_edge']}", ports["platform_edge"]
        more["platform"] += f'address = "{source}"\ncallback_hosts = ["acme.example"]\n'
    edge = Edge(
        folder, ports["proxy"], outwards, source=source, naming=f"{BY_HEADER}\n{more['platform']}",
        carrier_more=more["carrier"], limits=more["limits"] + more["timers"], clock=case.clock,
    )  # fmt: skip
    for command in case.before:
        command_done(command, edge.config, folder)
    carrier, platform = _sides(case, folder, ports)
    problems = []
    with Kamailio(folder, ports, own_100=case.uac not in _NO_100) as judge, carrier:
        with edge:
            with platform:
                if platform.wait(PLAYED_WITHIN + GONE_WITHIN) != 0:
                    problems.append(f"platform: {platform.complaint()}")
            problems += _carrier_ends(case, carrier) + edge.ended()
        problems += judge.refused()
        if not judge.accepted():
            problems.append(f"the judge saw no message: {judge.output()[-2000:]}")
    return problems, judge.accepted()


def _sides(case: Case, folder: Path, ports: Mapping[str, int]) -> tuple[Sipp, Sipp]:
    """SIPp as carrier and as platform, each behind an edge of Kamailio."""
    carrier = Sipp(
        _behind_a_proxy(HERE / f"{case.uas}_uas.xml", folder), "carrier", ports["carrier"], [(case.shown,)], folder,
        "-m", str(max(case.reaching, 1)),
    )  # fmt: skip
    platform = Sipp(
        HERE / f"{case.uac}_uac.xml", "platform", ports["platform"], case.rows(), folder,
        "-m", str(case.decided), "-r", str(case.rate), "-d", str(case.hold_ms),
        "-l", str(case.at_once or case.decided), f"{HOST}:{ports['platform_edge']}",
    )  # fmt: skip
    return carrier, platform


def _behind_a_proxy(scenario: Path, folder: Path) -> Path:
    """The carrier's scenario made fit to stand behind a proxy: it gives back Record-Route and every Via.

    SIPp leaves out a line whose header was not there. A CANCEL comes with one Via, a PRACK is answered in between: what
    answers the INVITE after them needs the second Via that came with the INVITE.
    """
    text = scenario.read_text(encoding="utf-8")
    text, answers = _LATE_ANSWER.subn(r"\g<0>\n      Via:[$next_via]", text)
    if answers:
        text = _FIRST_INVITE.sub(rf"\g<0>\n      {_NEXT_VIA}", text, count=1)
    patched = folder / scenario.name
    patched.write_text(text.replace("[last_Via:]\n", "[last_Via:]\n      [last_Record-Route:]\n"), encoding="utf-8")
    return patched


def _carrier_ends(case: Case, carrier: Sipp) -> list[str]:
    if case.reaching:
        return [] if carrier.wait(CARRIER_ENDS_WITHIN) == 0 else [f"carrier: {carrier.complaint()}"]
    time.sleep(QUIET_S)
    return [] if carrier.process.poll() is None else ["a refused call reached the carrier"]
