"""pyVoIP calls and is called through the proxy, with its own ways: late 200s, an ACK to the number instead of the Contact."""

from __future__ import annotations

from pathlib import Path

import pytest
from stage import free_port

from tests.interop.edge import Edge
from tests.interop.phones import Phone, Pjsip

OWN = "+33162000002"
CALLED = "+33155660001"


RUN = 41
"""The port of a pyVoIP and those above it, where it looks for one for its media."""


def pyvoip(folder: Path, role: str, user: str, port: int, server: int, *number: str) -> Phone:
    return Phone("pyvoip", role, folder, role, user, str(port), str(server), *number)


def test_pyvoip_calls_pyvoip(tmp_path: Path) -> None:
    sip, far = free_port(), free_port(RUN)
    edge = Edge(tmp_path, sip, far, carrier_more='numbers = "national"')
    callee = pyvoip(tmp_path, "callee", "0155660001", far, sip)
    caller = pyvoip(tmp_path, "caller", OWN, free_port(RUN), sip, CALLED, "0.8")
    with edge, callee, caller:
        assert caller.story(25.0)["states"] == ["DIALING", "ANSWERED", "ENDED"]
        told = callee.story(25.0)
        assert edge.ended() == []
    assert told["states"][-2:] == ["ANSWERED", "ENDED"]
    assert told["caller"] == "0162000002"
    (record,) = edge.recorded("call")
    assert (record["status"], record["ended_by"]) == (200, "a")


@pytest.mark.parametrize("ends", ["caller", "callee"])
def test_pyvoip_and_pjsip_call_each_other(tmp_path: Path, ends: str) -> None:
    sip, far = free_port(), free_port()
    edge = Edge(tmp_path, sip, far)
    phone = Pjsip("callee", tmp_path, "callee", far, *(["--hangup"] if ends == "callee" else []))
    caller = pyvoip(tmp_path, "caller", OWN, free_port(RUN), sip, CALLED, "0.8" if ends == "caller" else "15")
    with edge, phone, caller:
        assert caller.story(25.0)["states"] == ["DIALING", "ANSWERED", "ENDED"]
        told = phone.story(25.0)
        assert edge.ended() == []
    assert phone.complaints() == []
    assert told["states"] == ["INCOMING", "EARLY", "CONNECTING", "CONFIRMED", "DISCONNECTED"]
    (record,) = edge.recorded("call")
    assert (record["status"], record["ended_by"]) == (200, "a" if ends == "caller" else "b")
