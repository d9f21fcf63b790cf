"""The table and the JSON of a run: every figure in its place, every ratio of one rate."""

from __future__ import annotations

from dataclasses import replace

import msgspec

from tests.bench.comparison import QUICK, Measured
from tests.bench.figures import CALL, REFUSED, Held, Job, Latency
from tests.bench.table import as_json, elsewhere, header, remarks, row, table
from tests.bench.test_figures import OUTCOME

PLAN = replace(QUICK, rates=(100, 1000), refused_rates=(500,), quiet_rate=50)


def measured(name: str, cpu: dict[tuple[Job, int], float], highest: int, p50: float, held: int) -> Measured:
    """A contender that took so long for each job and rate."""
    outcomes = [
        replace(OUTCOME, job=job, rate=rate, rate_reached=rate, user_ms=ms, system_ms=0.0)
        for (job, rate), ms in cpu.items()
    ]
    return Measured(
        name, f"{name} 1.0", outcomes=outcomes, highest=highest, held=Held(held, held, 0, held * 4096),
        latencies=[Latency(50, 900, p50, 2 * p50, 9.0, True), Latency(highest // 2, 9000, 1.0, 2.0, 9.0, True)],
    )  # fmt: skip


KAMAILIO = measured("kamailio", {(CALL, 100): 1.0, (CALL, 1000): 0.4, (REFUSED, 500): 0.05}, 3000, 0.5, 2000)
PROXY = measured("proxy", {(CALL, 100): 0.8, (CALL, 1000): 0.5, (REFUSED, 500): 0.1}, 2000, 0.4, 2000)
SIPPY = measured("sippy", {(CALL, 100): 6.0}, 150, 1.8, 600)
ABSENT = Measured("opensips", missing="not installed\nat all")
EVERYBODY = [PROXY, KAMAILIO, SIPPY, ABSENT]


def test_every_column_has_its_name() -> None:
    assert header(PLAN) == [
        "", "CPU ms per call, 100/s", "CPU ms per call, 1000/s", "refused call, 500/s", "highest rate without failed calls",
        "added INVITE ms p50 / p99, 50/s", "at half of the highest rate", "KiB per call",
    ]  # fmt: skip


def test_figures_and_their_ratios_to_kamailio() -> None:
    assert row(PROXY, KAMAILIO, PLAN) == [
        "proxy", "0.800 (×0.80)", "0.500 (×1.25)", "0.100 (×2.00)", "2000 (×0.67)", "0.40 / 0.80 (×0.80)", "1.00 / 2.00",
        "4.0 (×1.00)",
    ]  # fmt: skip


def test_kamailio_itself_has_none() -> None:
    assert row(KAMAILIO, KAMAILIO, PLAN) == [
        "kamailio", "1.000", "0.400", "0.050", "3000", "0.50 / 1.00", "1.00 / 2.00", "4.0",
    ]  # fmt: skip


def test_what_was_measured_elsewhere_is_not_compared() -> None:
    cells = row(SIPPY, KAMAILIO, PLAN)
    assert cells[1] == "6.000 (×6.00)"
    assert cells[2:4] == ["-", "-"]
    assert cells[7] == "4.0"  # with fewer calls


def test_without_kamailio_there_are_no_ratios() -> None:
    assert "×" not in table([PROXY, replace(KAMAILIO, missing="not installed")], PLAN)


def test_who_did_not_take_part_is_named_with_the_reason_below() -> None:
    assert row(ABSENT, KAMAILIO, PLAN) == ["opensips: not measured", *["-"] * 7]
    assert "opensips: not installed\nat all" in remarks(EVERYBODY)


def test_failed_calls_are_not_figures() -> None:
    failing = replace(
        PROXY, outcomes=[replace(one, well=0) for one in PROXY.outcomes], latencies=[], no_latency="root only"
    )
    assert row(failing, KAMAILIO, PLAN)[1:4] == ["calls failed"] * 3
    assert row(failing, KAMAILIO, PLAN)[5:7] == ["root only"] * 2


def test_memory_of_calls_that_were_not_up_and_latency_of_failing_ones_are_no_figures() -> None:
    unheld = replace(
        PROXY, held=Held(2000, 1900, 0, 1), latencies=[replace(one, clean=False) for one in PROXY.latencies]
    )
    assert row(unheld, KAMAILIO, PLAN)[5:] == ["calls failed"] * 3
    assert row(PROXY, unheld, PLAN)[5:] == ["0.40 / 0.80", "1.00 / 2.00", "4.0"]


def test_the_table_is_markdown() -> None:
    lines = table(EVERYBODY, PLAN).splitlines()
    assert len(lines) == 2 + len(EVERYBODY)
    assert {line.count("|") for line in lines} == {len(header(PLAN)) + 1}
    assert len({len(line) for line in lines}) == 1
    assert set(lines[1]) == {"|", "-"}


def test_a_busy_machine_is_told() -> None:
    busy = replace(PROXY, outcomes=[replace(one, others_share=0.42, load_share=0.9) for one in PROXY.outcomes])
    said = " ".join(remarks([busy]))
    assert "others took up to 42% of the measured core" in said
    assert "the load itself took up to 90% of a core" in said
    assert "others took" not in " ".join(remarks([PROXY]))


def test_the_json_holds_everything() -> None:
    read = msgspec.json.decode(as_json(EVERYBODY, PLAN, {"cores": "2"}))
    assert read["machine"] == {"cores": "2"}
    assert read["plan"]["rates"] == [100, 1000]
    assert read["summary"]["proxy"]["cpu_ms"]["call 1000"] == 0.5
    assert read["summary"]["proxy"]["cpu_ratio"]["call 1000"] == 1.25
    assert read["summary"]["sippy"]["cpu_ratio"] == {"call 100": 6.0, "call 1000": None, "refused 500": None}
    assert [one["name"] for one in read["contenders"]] == ["proxy", "kamailio", "sippy", "opensips"]
    assert read["contenders"][0]["outcomes"][0]["user_ms"] == 0.8


def test_who_cannot_be_installed_is_scaled_by_who_was_measured_beside_it() -> None:
    plain = measured("kamailio-plain", {(CALL, 1000): 0.48}, 4000, 0.4, 2000)
    assert {name: round(ms, 9) for name, ms in elsewhere([*EVERYBODY, plain]).items()} == {"OpenSIPS b2b_logic": 0.62}
    assert "scaled to it: 0.620 ms per call at 1000/s" in " ".join(remarks([plain]))
    read = msgspec.json.decode(as_json([*EVERYBODY, plain], PLAN, {}))
    assert round(read["elsewhere_cpu_ms"]["OpenSIPS b2b_logic"], 9) == 0.62
    assert read["summary"]["proxy"]["latency_ms"] == {"50": [0.4, 0.8], "1000": [1.0, 2.0]}


def test_without_the_scale_nothing_is_said_of_them() -> None:
    assert elsewhere(EVERYBODY) == {}
    assert "OpenSIPS" not in " ".join(remarks(EVERYBODY))
