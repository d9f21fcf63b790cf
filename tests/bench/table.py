"""The results as a table in Markdown and as JSON. Every ratio is to Kamailio with dialog and topology hiding, of the same
run at the same rate; a figure of another rate gets none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

import msgspec

from tests.bench.comparison import Measured, Plan
from tests.bench.contenders import BASE
from tests.bench.figures import CALL, REFUSED, Job, middle

NONE = "-"
FAILED = "calls failed"
SCALE = ("kamailio-plain", 1000)
"""The contender, and the rate of its calls, beside which others were measured that no package installs."""
ELSEWHERE = {"OpenSIPS b2b_logic": 0.31 / 0.24}
"""Their processor time per call as a multiple of its, with the same job and policy on a machine of this kind."""
BUSY = 0.05
"""Share of the measured core that others may take before a run is not worth quoting."""


def ratio(value: float, base: float | None) -> str:
    """A factor behind a figure; nothing when there is nothing to compare with."""
    return f" (×{value / base:.2f})" if base else ""


def cpu(result: Measured, job: Job, rate: int) -> float | None:
    """Median processor time per call, in ms; None when no load at that rate was clean."""
    outcome = middle(result.at(job, rate))
    return outcome.cpu_ms if outcome else None


def cpu_cell(result: Measured, base: Measured | None, job: Job, rate: int) -> str:
    """It, with its ratio; why there is none."""
    value = cpu(result, job, rate)
    if value is None:
        return FAILED if result.at(job, rate) else NONE
    return f"{value:.3f}" + ratio(value, cpu(base, job, rate) if base and base is not result else None)


def latency_cell(result: Measured, base: Measured | None, place: int) -> str:
    """p50 and p99 in ms at the quiet rate (0) or at half of the highest (1), with the ratio of p50 at the same rate."""
    if len(result.latencies) <= place:
        return result.no_latency or NONE
    found = result.latencies[place]
    if not found.clean:
        return FAILED
    same = (
        [one.p50 for one in base.latencies if one.rate == found.rate and one.clean]
        if base and base is not result
        else []
    )
    return f"{found.p50:.2f} / {found.p99:.2f}" + ratio(found.p50, same[0] if same else None)


def header(plan: Plan) -> list[str]:
    """The names of the columns."""
    calls = [f"CPU ms per call, {rate}/s" for rate in plan.rates]
    refused = [f"refused call, {rate}/s" for rate in plan.refused_rates]
    latency = [f"added INVITE ms p50 / p99, {plan.quiet_rate}/s", "at half of the highest rate"]
    return ["", *calls, *refused, "highest rate without failed calls", *latency, "KiB per call"]


def row(result: Measured, base: Measured | None, plan: Plan) -> list[str]:
    """The cells of one contender."""
    if result.missing:
        return [f"{result.name}: not measured", *[NONE] * (len(header(plan)) - 1)]
    other = base if base is not result else None
    highest = NONE
    if result.highest:
        highest = f"{result.highest}" + ratio(result.highest, other.highest if other else None)
    held = NONE
    if result.held:
        before = other.held if other else None
        comparable = before.per_call if before and before.whole and before.asked == result.held.asked else None
        held = f"{result.held.per_call:.1f}" + ratio(result.held.per_call, comparable)
        held = held if result.held.whole else FAILED
    return [
        result.name,
        *[cpu_cell(result, base, CALL, rate) for rate in plan.rates],
        *[cpu_cell(result, base, REFUSED, rate) for rate in plan.refused_rates],
        highest,
        latency_cell(result, base, 0),
        latency_cell(result, base, 1),
        held,
    ]


def base_of(results: Sequence[Measured]) -> Measured | None:
    """Who the others are measured against, if it took part."""
    return next((one for one in results if one.name == BASE and not one.missing), None)


def table(results: Sequence[Measured], plan: Plan) -> str:
    """Markdown."""
    base = base_of(results)
    rows = [header(plan), *[row(one, base, plan) for one in results]]
    widths = [max(len(cells[at]) for cells in rows) for at in range(len(rows[0]))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)) + " |" for cells in rows
    ]
    return "\n".join([lines[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *lines[1:]]) + "\n"


def elsewhere(results: Sequence[Measured]) -> dict[str, float]:
    """Processor time per call, in ms, of those that cannot be installed, scaled to this run; empty without the scale."""
    name, rate = SCALE
    beside = next((cpu(one, CALL, rate) for one in results if one.name == name), None)
    return {other: beside * factor for other, factor in ELSEWHERE.items()} if beside else {}


def remarks(results: Sequence[Measured]) -> list[str]:
    """What a reader of the table has to know."""
    said = [f"{one.name}: {one.missing.strip() or one.version}" for one in results]
    said += [
        f"{name}, measured elsewhere beside {SCALE[0]} and scaled to it: {ms:.3f} ms per call at {SCALE[1]}/s"
        for name, ms in elsewhere(results).items()
    ]
    outcomes = [one for result in results for one in result.outcomes]
    if outcomes and (most := max(one.others_share for one in outcomes)) > BUSY:
        said.append(f"the machine was not quiet: others took up to {most:.0%} of the measured core")
    if outcomes:
        yards = [one.yard_ms for one in outcomes]
        said.append(f"yard-stick between {min(yards):.2f} and {max(yards):.2f} ms")
    if outcomes and (most := max(one.load_share for one in outcomes)) > 0.8:
        said.append(f"the load itself took up to {most:.0%} of a core")
    return said


def as_json(results: Sequence[Measured], plan: Plan, machine: dict[str, str]) -> bytes:
    """Everything that was measured, with what was derived from it."""
    base = base_of(results)
    derived = {
        one.name: {
            "cpu_ms": {f"{job} {rate}": cpu(one, job, rate) for job, rates in _asked(plan) for rate in rates},
            "cpu_ratio": {
                f"{job} {rate}": _divided(cpu(one, job, rate), cpu(base, job, rate) if base else None)
                for job, rates in _asked(plan)
                for rate in rates
            },
            "highest": one.highest,
            "latency_ms": {str(found.rate): [found.p50, found.p99] for found in one.latencies if found.clean},
            "kib_per_call": one.held.per_call if one.held and one.held.whole else None,
        }
        for one in results
    }
    everything = {
        "machine": machine,
        "plan": asdict(plan),
        "base": BASE,
        "summary": derived,
        "elsewhere_cpu_ms": elsewhere(results),
        "contenders": [asdict(one) for one in results],
    }
    return msgspec.json.format(msgspec.json.encode(everything), indent=2) + b"\n"


def _asked(plan: Plan) -> list[tuple[Job, tuple[int, ...]]]:
    return [(CALL, plan.rates), (REFUSED, plan.refused_rates)]


def _divided(value: float | None, base: float | None) -> float | None:
    return value / base if value is not None and base else None
