"""A telephone made of pyVoIP, run as a program of its own: it takes or places one call and tells on standard output what it saw.

    python pyvoip_phone.py callee USER PORT SERVER_PORT
    python pyvoip_phone.py caller USER PORT SERVER_PORT NUMBER SECONDS_OF_TALK

pyVoIP wants a registrar; here there is none, so registering does nothing. The last line is a JSON object: `states` of the
call in their order, and `caller`, whom it saw.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import time
from typing import Any

VOIP: Any = importlib.import_module("pyVoIP.VoIP")
SIP: Any = importlib.import_module("pyVoIP.SIP")
LONGEST_S = 20.0
HOST = "127.0.0.1"


def registered_nowhere(_: Any) -> bool:
    """Stands in for register and deregister."""
    return True


def main() -> None:
    role, user, port, server = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    SIP.SIPClient.register = SIP.SIPClient.deregister = registered_nowhere
    calls: list[Any] = []
    phone = VOIP.VoIPPhone(
        HOST,
        server,
        user,
        "",
        myIP=HOST,
        callCallback=calls.append,
        sipPort=port,
        rtpPortLow=port + 1,
        rtpPortHigh=port + 40,
    )
    phone.start()
    time.sleep(1.2)  # its receiving thread begins one second after the start
    say("ready")
    if role == "caller":
        calls.append(phone.call(sys.argv[5]))
    states: list[str] = []
    answered_at, end = 0.0, time.monotonic() + LONGEST_S
    while time.monotonic() < end and states[-1:] != ["ENDED"]:
        time.sleep(0.02)
        if not calls:
            continue
        call = calls[0]
        if states[-1:] != [call.state.name]:
            states.append(call.state.name)
        if call.state == VOIP.CallState.RINGING:
            call.answer()
        if call.state == VOIP.CallState.ANSWERED:
            answered_at = answered_at or time.monotonic()
            if role == "caller" and time.monotonic() > answered_at + float(sys.argv[6]):
                call.hangup()
    time.sleep(0.5)
    caller = calls[0].request.headers["From"]["number"] if calls else ""
    say(json.dumps({"states": states, "caller": caller}))
    os._exit(0 if states[-1:] == ["ENDED"] else 1)


def say(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - the test reads it


if __name__ == "__main__":
    main()
