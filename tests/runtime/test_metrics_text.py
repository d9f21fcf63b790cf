"""The text of a scrape: ours family by family, then what the processes take, of several together."""

from __future__ import annotations

import os
import subprocess
import sys

from prometheus_client.parser import text_string_to_metric_families

from proxy.runtime.metric_samples import Snapshot
from proxy.runtime.metrics import TABLE
from proxy.runtime.metrics_text import Metrics, chosen, families


def empty() -> Snapshot:
    return {row.name: {} for row in TABLE}


def values(text: bytes) -> dict[str, float]:
    """The series without labels."""
    return {
        sample.name: sample.value
        for family in text_string_to_metric_families(text.decode())
        for sample in family.samples
        if not sample.labels
    }


def test_every_row_has_its_family_in_the_order_of_the_table() -> None:
    assert [family.name for family in families(empty())] == [row.name.removesuffix("_total") for row in TABLE]


def test_a_node_whose_workers_are_being_started_tells_what_it_knows() -> None:
    assert values(Metrics().render({"npv_workers": {(): 2.0}}))["npv_workers"] == 2.0


def test_several_processes_tell_what_they_take_together() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        alone = values(Metrics().render(empty()))
        both = values(Metrics(lambda: (os.getpid(), other.pid)).render(empty()))
        assert both["process_resident_memory_bytes"] > alone["process_resident_memory_bytes"] > 0
        assert both["process_start_time_seconds"] == alone["process_start_time_seconds"]
        assert both["process_max_fds"] <= alone["process_max_fds"]
        other.communicate(b"over\n")


def test_a_process_that_is_gone_is_left_out() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as gone:
        gone.wait()
    assert "process_resident_memory_bytes" in values(Metrics(lambda: ("self", gone.pid)).render(empty()))


def test_what_is_a_limit_or_an_instant_does_not_add_up() -> None:
    assert chosen("process_cpu_seconds", 2.0, 3.0) == 5.0
    assert chosen("process_start_time_seconds", 2.0, 3.0) == 2.0
