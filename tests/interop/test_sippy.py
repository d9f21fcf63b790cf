"""Sippy's B2BUA as the next hop: two back-to-back user agents in a row, with pjsip at both ends."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from stage import HOST, Program, free_port

from tests.interop.conftest import STRANGERS
from tests.interop.edge import Edge
from tests.interop.phones import Pjsip

WITHIN = 30.0


class Sippy(Program):
    """`b2bua_simple`, which sends every call to `onward`."""

    def __init__(self, folder: Path, port: int, onward: int) -> None:
        program = str(Path(STRANGERS).with_name("b2bua_simple"))
        listen = ["-f", "-l", HOST, "-p", str(port), "-n", f"{HOST}:{onward}"]
        super().__init__([STRANGERS, program, *listen, "-L", str(folder / "sippy_messages.log")], folder / "sippy.log")

    def __enter__(self) -> Program:
        super().__enter__()
        time.sleep(1.5)  # it says nothing when it is ready; an INVITE that came too early would be sent again
        return self


def played(
    folder: Path, caller: tuple[str, ...], callee: tuple[str, ...]
) -> tuple[Any, Any, list[str], dict[str, Any]]:
    """Stories of caller and callee, problems, and the record of the call."""
    sip, hop, far = free_port(), free_port(), free_port()
    dial = ("--identity", "sip:+33162000002@127.0.0.1", "--call", f"sip:+33155660001@{HOST}:{sip}")
    phone = Pjsip("callee", folder, "callee", far, *callee)
    dialer = Pjsip("caller", folder, "caller", free_port(), *dial, *caller)
    with Edge(folder, sip, hop) as edge, Sippy(folder, hop, far), phone, dialer:
        stories = dialer.story(WITHIN), phone.story(WITHIN)
        problems = edge.ended() + dialer.complaints() + phone.complaints()
        (record,) = edge.recorded("call")
    return *stories, problems, record


@pytest.mark.parametrize("ends", ["caller", "callee"])
def test_a_call_is_held_and_ended_from_both_sides(tmp_path: Path, ends: str) -> None:
    by_caller, by_callee = (("--hangup",), ()) if ends == "caller" else ((), ("--hangup",))
    caller, callee, problems, record = played(tmp_path, by_caller, ("--early", *by_callee))
    assert problems == []
    assert caller["states"] == ["CALLING", "EARLY", "CONNECTING", "CONFIRMED", "DISCONNECTED"]
    assert callee["states"] == ["INCOMING", "EARLY", "CONNECTING", "CONFIRMED", "DISCONNECTED"]
    assert callee["offers"] >= 2
    assert "+33162000002" in callee["remote"]
    assert (record["status"], record["ended_by"]) == (200, "a" if ends == "caller" else "b")


def test_a_refusal_crosses_both(tmp_path: Path) -> None:
    caller, _, problems, record = played(tmp_path, (), ("--answer", "486"))
    assert problems == []
    assert (caller["status"], record["status"]) == (486, 486)


def test_who_gives_up_stops_the_ringing(tmp_path: Path) -> None:
    caller, callee, problems, record = played(tmp_path, ("--give-up",), ("--ring", "10"))
    assert problems == []
    assert (caller["status"], callee["status"], record["status"]) == (487, 487, 487)
