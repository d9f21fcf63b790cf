"""What the engine's orders are handed to has the methods that are called."""

from __future__ import annotations

import pytest

from proxy.runtime.call_keeping import CallKeeping
from proxy.runtime.journal import Journal
from proxy.runtime.store.inline_ledger import InlineLedger
from proxy.runtime.store.ledger_desk import LedgerDesk
from proxy.runtime.streams import Streams
from proxy.runtime.takers import Keeper, Ledger, Recorder, Way
from proxy.runtime.udp import UdpPort

TAKERS: list[tuple[type, type]] = [
    (Recorder, Journal), (Keeper, CallKeeping), (Ledger, LedgerDesk), (Ledger, InlineLedger), (Way, UdpPort), (Way, Streams),
]  # fmt: skip


@pytest.mark.parametrize(("asked", "taker"), TAKERS, ids=lambda one: one.__name__)
def test_it_can_be_handed_what_is_ordered(asked: type, taker: type) -> None:
    wanted = {name for name in vars(asked) if not name.startswith("_")}
    assert wanted
    assert {name for name in wanted if callable(getattr(taker, name, None))} == wanted
