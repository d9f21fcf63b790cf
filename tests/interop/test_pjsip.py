"""pjsip as caller and as callee, over UDP, TCP and TLS; its parser reads every message of the proxy."""

from __future__ import annotations

import re
import socket
import time
from pathlib import Path
from typing import Any

import pytest
from stage import HOST, free_port

from tests.interop.edge import Edge
from tests.interop.phones import Pjsip
from tests.runtime.certificates import Authority

OWN = "sip:+33162000002@127.0.0.1"
CALLED = "+33155660001"
WITHIN = 30.0


class Played:
    """One call from pjsip through the proxy to pjsip."""

    def __init__(self, folder: Path, transport: str, caller: tuple[str, ...], callee: tuple[str, ...]) -> None:
        sip, near, far = free_port(), free_port(), free_port()
        more, carrier = "", ""
        way: tuple[str, ...] = ("--transport", transport)
        if transport != "udp":
            more = f'[[listen]]\ntransport = "{transport}"\naddress = "{HOST}:{near}"\n'
            carrier = f'transport = "{transport}"\n'
        if transport == "tls":
            authority = Authority(folder)
            more += f'certificate = "{authority.certificate("proxy", HOST)}"\n'
            carrier += f'tls_ca = "{authority.file}"\n'
            way += ("--ca", str(authority.file), "--certificate", str(authority.certificate("phone", HOST)))
        to = f"sip:{CALLED}@{HOST}:{sip if transport == 'udp' else near};transport={transport}"
        phone = Pjsip("callee", folder, "callee", far, *way, *callee)
        dialer = Pjsip("caller", folder, "caller", free_port(), *way, "--identity", OWN, "--call", to, *caller)
        with Edge(folder, sip, far, listen=more, carrier_more=carrier) as edge, phone, dialer:
            self.caller: dict[str, Any] = dialer.story(WITHIN)
            self.callee: dict[str, Any] = phone.story(WITHIN)
            self.problems = edge.ended() + dialer.complaints() + phone.complaints()
            self.records = edge.recorded("call")
        self.heard_by_caller, self.heard_by_callee = dialer.heard(), phone.heard()


@pytest.mark.parametrize("transport", ["udp", "tcp", "tls"])
@pytest.mark.parametrize("ends", ["caller", "callee"])
@pytest.mark.parametrize("prack", ["optional", "mandatory"])
def test_a_call_with_reliable_ringing_holds_and_timers(tmp_path: Path, transport: str, prack: str, ends: str) -> None:
    options = ("--prack", prack, "--timer")
    by_caller, by_callee = (("--hangup",), ()) if ends == "caller" else ((), ("--hangup",))
    call = Played(tmp_path, transport, (*options, *by_caller), (*options, "--early", *by_callee))
    assert call.problems == []
    assert call.caller["states"] == ["CALLING", "EARLY", "CONNECTING", "CONFIRMED", "DISCONNECTED"]
    assert call.callee["states"] == ["INCOMING", "EARLY", "CONNECTING", "CONFIRMED", "DISCONNECTED"]
    assert call.callee["offers"] == 3
    assert "+33162000002@edge.example.org" in call.callee["remote"]
    assert re.search(rf"Via: SIP/2.0/{transport.upper()} .*\n(.*\n)*?Require: timer", call.heard_by_caller)
    assert re.search("^PRACK sip:", call.heard_by_callee, re.MULTILINE)
    assert re.search("^UPDATE sip:", call.heard_by_callee, re.MULTILINE)
    (record,) = call.records
    assert (record["status"], record["ended_by"]) == (200, "a" if ends == "caller" else "b")


@pytest.mark.parametrize("transport", ["udp", "tcp", "tls"])
def test_a_refusal_of_the_person_comes_back(tmp_path: Path, transport: str) -> None:
    call = Played(tmp_path, transport, (), ("--answer", "486"))
    assert call.problems == []
    assert call.caller["status"] == 486
    assert call.caller["states"] == ["CALLING", "EARLY", "DISCONNECTED"]


@pytest.mark.parametrize("transport", ["udp", "tcp", "tls"])
@pytest.mark.parametrize("prack", ["none", "mandatory"])
def test_who_gives_up_stops_the_ringing(tmp_path: Path, transport: str, prack: str) -> None:
    call = Played(tmp_path, transport, ("--prack", prack, "--give-up"), ("--prack", prack, "--ring", "10"))
    assert call.problems == []
    assert (call.caller["status"], call.callee["status"]) == (487, 487)
    assert [record["status"] for record in call.records] == [487]


@pytest.mark.parametrize(
    "broken",
    [
        "Contact: <sip:a@[1>",
        "Content-Length: -1",
        "CSeq: none",
        "Via: x",
    ],
)
def test_a_message_that_pjsip_cannot_read_is_noticed(tmp_path: Path, broken: str) -> None:
    port = free_port()
    head = (
        "OPTIONS sip:x@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bK1\r\nFrom: <sip:a@b>;tag=1\r\n"
    )
    rest = "To: <sip:x@b>\r\nCall-ID: 1\r\nCSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
    with Pjsip("phone", tmp_path, "callee", port) as phone:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
            peer.sendto(f"{head}{broken}\r\n{rest}".encode(), (HOST, port))
        end = time.monotonic() + 5
        while not phone.complaints() and time.monotonic() < end:
            time.sleep(0.05)
        assert phone.complaints() != []
