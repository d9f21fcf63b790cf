"""Facts keep what they were given, in fields of their own."""

from __future__ import annotations

from proxy.b2bua.outputs import CallRecord, Fault, Fetch


def test_a_fetch_names_call_keys_and_deadline() -> None:
    fetch = Fetch(7, ("refusal/acme/+331",), 12.5)
    assert (fetch.call, fetch.keys, fetch.deadline) == (7, ("refusal/acme/+331",), 12.5)


def test_a_record_keeps_each_value_in_its_field() -> None:
    values = ("d1", "acme", "spring", "vms", "carrier-1", "+331", 1.0, 2.0, 3.0, 4.0, 200, "a", "done", b"x", b"y")
    record = CallRecord(*values)
    assert values == (
        record.decision_id, record.customer, record.campaign, record.trunk, record.carrier, record.called,
        record.started, record.ringing_at, record.answered_at, record.ended_at, record.status, record.ended_by,
        record.reason, record.a_call_id, record.b_call_id,
    )  # fmt: skip


def test_a_fault_names_the_call() -> None:
    fault = Fault("RuntimeError: x", b"call-1")
    assert (fault.text, fault.call_id) == ("RuntimeError: x", b"call-1")
