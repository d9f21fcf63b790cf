"""Kamailio on both sides of the proxy, as a judge of what it emits; and proof that the judge would notice."""

from __future__ import annotations

import os
import shutil
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from cases import CASES
from stage import HOST, free_port

from tests.interop.conftest import STRANGERS
from tests.interop.crossing import played
from tests.interop.kamailio import Kamailio

pytestmark = [
    pytest.mark.sipp,
    pytest.mark.tool,
    pytest.mark.skipif(
        (shutil.which("kamailio") is None or shutil.which("sipp") is None) and not os.environ.get("CI"),
        reason="needs Kamailio and SIPp (Debian: kamailio, sip-tester)",
    ),
]

NOT_THROUGH_A_PROXY = {
    "capacity": "a proxy makes 500 of a 503 (RFC 3261 16.7)",
    "load": "nothing that one call does not show",
}
CHOSEN = {
    "npv_rewrite": {("INVITE", 0), ("INVITE", 200), ("ACK", 0), ("BYE", 0), ("BYE", 200)},
    "withheld": {("INVITE", 0), ("INVITE", 180)},
    "mobile_from": {("INVITE", 403)},
    "busy": {("INVITE", 486), ("ACK", 0)},
    "cancel_late": {("CANCEL", 0), ("CANCEL", 200), ("INVITE", 487), ("ACK", 0)},
    "bye_b": {("BYE", 0), ("BYE", 200)},
    "reinvite_hold": {("INVITE", 0), ("INVITE", 200), ("BYE", 0)},
    "forked": {("INVITE", 183), ("INVITE", 200), ("BYE", 0)},
    "prack_183": {("PRACK", 0), ("PRACK", 200), ("INVITE", 183)},
    "update_info": {("UPDATE", 0), ("UPDATE", 200), ("INFO", 0), ("INFO", 200)},
    "message_ok": {("MESSAGE", 0), ("MESSAGE", 200)},
}
"""Played in every run of the tests, with messages that the judge must have found right."""
CARRIER_EDGE, PLATFORM_EDGE = "carrier_edge", "platform_edge"


@pytest.mark.parametrize("name", list(CHOSEN) + [case for case in CASES if STRANGERS and case not in CHOSEN])
def test_every_message_of_the_proxy_is_found_right(name: str, tmp_path: Path) -> None:
    if name in NOT_THROUGH_A_PROXY:
        pytest.skip(NOT_THROUGH_A_PROXY[name])
    problems, judged = played(CASES[name], tmp_path)
    assert problems == []
    assert judged >= CHOSEN.get(name, set())


def message(start: str, *headers: str, body: str = "", length: int | None = None) -> str:
    """One message as the proxy might emit it."""
    head = [start, "Via: SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bKx", "From: <sip:a@127.0.0.1>;tag=1", *headers]
    size = len(body) if length is None else length
    return "\r\n".join([*head, "Call-ID: judged", f"Content-Length: {size}", "", body])


INVITE = ("INVITE sip:b@127.0.0.1 SIP/2.0", "To: <sip:b@127.0.0.1>", "CSeq: 1 INVITE", "Max-Forwards: 70")
CONTACT = "Contact: <sip:127.0.0.1:9>"
BYE = ("BYE sip:b@127.0.0.1 SIP/2.0", "CSeq: 2 BYE", "Max-Forwards: 70")
TO = "To: <sip:b@127.0.0.1>;tag=2"
OK = "SIP/2.0 200 OK"


@pytest.mark.parametrize(
    ("edge", "sent", "reason"),
    [
        (CARRIER_EDGE, message(*INVITE), "not one Contact"),
        (CARRIER_EDGE, message(*INVITE[:3], CONTACT), "Max-Forwards"),
        (CARRIER_EDGE, message(*INVITE, CONTACT, "Route: <sip:127.0.0.1;lr>"), "Route in a first INVITE"),
        (CARRIER_EDGE, message(*INVITE, CONTACT, "Contact: <sip:c@d>"), "not one Contact"),
        (CARRIER_EDGE, message(*INVITE, CONTACT, "Privacy: none", "Privacy: none"), "a header that may be there once"),
        (CARRIER_EDGE, message(*INVITE, CONTACT, body="v=0\r\n"), "a body without Content-Type"),
        (CARRIER_EDGE, message(*INVITE, CONTACT, "Privacy: id"), "a withheld number in From"),
        (CARRIER_EDGE, message(*INVITE, CONTACT, "Expires: soon"), "sanity"),
        (CARRIER_EDGE, message(*INVITE, CONTACT, length=9), "sanity"),
        (CARRIER_EDGE, message(*INVITE, CONTACT, "Subject:"), "a header without value"),
        (CARRIER_EDGE, message(*INVITE, CONTACT).replace("Call-ID: judged\r", "Call-ID: judged"), "a line end"),
        (CARRIER_EDGE, message(*INVITE, CONTACT).replace("z9hG4bK", ""), "a branch without the cookie"),
        (CARRIER_EDGE, message(*INVITE, CONTACT).replace("CSeq: 1 INVITE", "CSeq: 1 BYE"), "sanity"),
        (CARRIER_EDGE, message(*BYE, TO), "no Route inside a dialog"),
        (PLATFORM_EDGE, message(*BYE, "To: <sip:b@127.0.0.1>"), "no To tag inside a dialog"),
        (PLATFORM_EDGE, message(OK, "To: <sip:b@127.0.0.1>", "CSeq: 1 INVITE", CONTACT), "To without tag"),
        (PLATFORM_EDGE, message(OK, TO, "CSeq: 1 INVITE"), "not one Contact in the answer"),
        (PLATFORM_EDGE, message("SIP/2.0 183 Wait", TO, "CSeq: 1 INVITE", "RSeq: 1"), "RSeq without Require"),
        (PLATFORM_EDGE, message(OK, TO, "CSeq: 1 BYE", "Expires: soon"), "sanity"),
    ],
)
def test_a_message_that_is_wrong_is_refused(
    judge: tuple[Kamailio, dict[str, int]], edge: str, sent: str, reason: str
) -> None:
    kamailio, ports = judge
    before = len(kamailio.refused())
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as proxy:
        proxy.bind((HOST, ports["proxy"]))
        proxy.sendto(sent.encode(), (HOST, ports[edge]))
        end = time.monotonic() + 30
        while len(kamailio.refused()) == before and time.monotonic() < end:
            time.sleep(0.02)
    (refused,) = kamailio.refused()[before:]
    assert f" for {reason}" in refused
    assert sent.split("\r\n", 1)[0] in refused


@pytest.fixture(scope="module")
def judge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Kamailio, dict[str, int]]]:
    ports = {name: free_port() for name in ("proxy", PLATFORM_EDGE, CARRIER_EDGE, "platform", "carrier")}
    with Kamailio(tmp_path_factory.mktemp("judge"), ports) as kamailio:
        yield kamailio, ports
