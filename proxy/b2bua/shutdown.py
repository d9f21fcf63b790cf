"""The end of everything: calls that a stop cuts off are hung up and recorded, not just lost."""

from __future__ import annotations

from proxy.b2bua.call import Call
from proxy.b2bua.fabric import Fabric
from proxy.b2bua.outputs import Fault


def end_all(fabric: Fabric) -> None:
    """BYE or CANCEL on both legs of every call, 503 where no final answer was given, and the record of each."""
    for call in list(fabric.calls.values()):
        if isinstance(call, Call):
            call.end(503, "proxy stopped")
            call.forget()


def strike(fabric: Fabric, fault: Exception, call_id: bytes, call: Call | None) -> None:
    """Our own defect: written down, and the one call that it struck is ended."""
    fabric.counters.faults += 1
    fabric.outputs.append(Fault(f"{type(fault).__name__}: {fault}", call_id))
    if call is not None:
        try:
            call.end(500, "internal error")
        except Exception as second:
            fabric.outputs.append(Fault(f"while ending the call: {second}", call_id))
            call.forget()
