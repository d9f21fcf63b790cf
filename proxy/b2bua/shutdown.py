"""The end of everything: calls that a stop cuts off are hung up and recorded, not just lost."""

from __future__ import annotations

from proxy.b2bua.call import Call
from proxy.b2bua.fabric import Fabric


def end_all(fabric: Fabric) -> None:
    """BYE or CANCEL on both legs of every call, 503 where no final answer was given, and the record of each."""
    for call in list(fabric.calls.values()):
        if isinstance(call, Call):
            call.end(503, "proxy stopped")
            call.forget()
