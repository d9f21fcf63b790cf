"""Kinds of notices cannot be taken for each other, and both stores tell in the same way."""

from __future__ import annotations

from pathlib import Path

import pytest

from proxy.runtime.store.ledger_choice import chosen_notices
from proxy.runtime.store.notices import ANYTHING, DIRECTORY, PERSON
from proxy.runtime.store.redis_place import Place


def test_kinds_differ_in_their_first_letter() -> None:
    assert len({ANYTHING[:1], DIRECTORY[:1], PERSON[:1]}) == 3


@pytest.mark.parametrize("place", [None, Place(("redis://127.0.0.1:1",)), Place(("redis://127.0.0.1:1",), "", True)])
async def test_what_was_not_started_can_be_stopped(place: Place | None, tmp_path: Path) -> None:
    heard: list[bytes] = []
    notices = chosen_notices(tmp_path / "none.db", place, heard.append, heard.append)  # type: ignore[arg-type]  # texts would come in too
    await notices.stop()
    assert (notices.received, notices.reconnects, heard) == (0, 0, [])
