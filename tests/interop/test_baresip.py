"""baresip answers what pjsip dials, over UDP, TCP and TLS behind the proxy."""

from __future__ import annotations

from pathlib import Path

import pytest
from stage import HOST, free_port

from tests.interop.baresip import Baresip
from tests.interop.edge import Edge
from tests.interop.phones import Pjsip
from tests.runtime.certificates import Authority


@pytest.mark.parametrize("transport", ["udp", "tcp", "tls"])
def test_a_call_is_answered_held_and_ended(tmp_path: Path, transport: str) -> None:
    sip, port = free_port(), free_port(2)
    authority = Authority(tmp_path)
    listen, carrier = "", ""
    if transport != "udp":
        listen = f'[[listen]]\ntransport = "{transport}"\naddress = "{HOST}:{free_port()}"\n'
        carrier = f'transport = "{transport}"\n'
    if transport == "tls":
        listen += f'certificate = "{authority.certificate("proxy", HOST)}"\n'
        carrier += f'tls_ca = "{authority.file}"\n'
    phone = Baresip(tmp_path, port, transport, authority.certificate("phone", HOST))
    to = f"sip:+33155660001@{HOST}:{sip}"
    dialer = Pjsip(
        "caller", tmp_path, "caller", free_port(), "--timer", "--hangup",
        "--identity", "sip:+33162000002@127.0.0.1", "--call", to,
    )  # fmt: skip
    edge = Edge(tmp_path, sip, port + (transport == "tls"), listen=listen, carrier_more=carrier)
    with edge, phone:
        with dialer:
            story = dialer.story(30.0)
        assert phone.closed()
        assert edge.ended() == []
    assert story["states"] == ["CALLING", "EARLY", "CONNECTING", "CONFIRMED", "DISCONNECTED"]
    assert dialer.complaints() == []
    heard = phone.heard()
    assert f"{transport.upper()} {HOST}:" in heard
    # the first INVITE, hold and its end, and where baresip leaves two codecs pjsip asks again for one
    assert heard.count("\nINVITE sip:") >= 3
    # what it does not know does not end the call
    assert "SIP/2.0 501" in heard.partition("\nUPDATE sip:")[2]
    assert heard.count("\nBYE sip:") == 1
    assert "From: <sip:+33162000002@edge.example.org;user=phone>" in heard
    assert [record["status"] for record in edge.recorded("call")] == [200]
