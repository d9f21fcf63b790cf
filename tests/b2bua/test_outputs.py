"""Facts keep what they were given, in fields of their own."""

from __future__ import annotations

from proxy.b2bua.outputs import CallRecord, Count, Fault, Fetch, RefusalHeard, Release
from proxy.policy.inquiry import Inquiry


def test_a_fetch_names_call_inquiry_and_deadline() -> None:
    inquiry = Inquiry("acme", "+331", "spring", "call-1", 5.0)
    fetch = Fetch(7, inquiry, 12.5)
    assert (fetch.call, fetch.inquiry, fetch.deadline) == (7, inquiry, 12.5)
    assert Release(inquiry).inquiry is Count(inquiry).inquiry is inquiry


def test_a_refusal_that_was_heard_says_of_whom_and_when() -> None:
    heard = RefusalHeard("acme", "+331", 5.0, b"call-1")
    assert (heard.customer, heard.person, heard.at, heard.call_id) == ("acme", "+331", 5.0, b"call-1")


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
