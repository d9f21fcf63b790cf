"""Sippy's B2BUA at the place of the proxy, for the comparison of `make bench`: python sippy_edge.py HOST PORT CARRIER_PORT

A policy of the same weight as in kamailio_edge.cfg: known source, no mobile number as caller, open hour, account looked up
and counted; the caller becomes the account's number. Two user agents of the library make one call.
"""

from __future__ import annotations

import os
import re
import sys
import time
from functools import cache
from importlib import import_module
from typing import Any, Final

os.environ.setdefault("SIPLOG_BEND", "none")  # or every message goes to standard error

MOBILE: Final = re.compile(r"(\+33|0033|0)[67]")
ACCOUNTS: Final = {f"cust{n:04}": f"+331625{10_000 + n}" for n in range(1000)}
HOURS: Final = {(day, hour) for day in range(7) for hour in range(24)}  # a comparison is made at any hour


@cache
def part(module: str, name: str) -> Any:
    """A class of the library, which has no types."""
    return getattr(import_module(f"sippy.{module}"), name)


class Call:
    """One call: what happens to one leg is told to the other."""

    def __init__(self, settings: dict[str, Any], shown: str) -> None:
        self.settings = settings
        self.shown = shown
        self.calling = part("UA", "UA")(settings, self.event)
        self.called: Any = None
        self.identity = part("SipHeader", "SipHeader")(f"P-Asserted-Identity: <sip:{shown}@edge.example.net>")

    def event(self, event: Any, agent: Any) -> None:
        """Called by the library for each step of a leg."""
        if agent is not self.calling:
            self.calling.recvEvent(event)
            return
        if self.called is None:
            if not isinstance(event, part("CCEvents", "CCEventTry")):
                self.calling.recvEvent(part("CCEvents", "CCEventDisconnect")())
                return
            _, _, number, body, credentials, _ = event.getData()
            event.data = (None, self.shown, number, body, credentials, None)
            self.called = part("UA", "UA")(
                self.settings, event_cb=self.event, nh_address=self.settings["next"], extra_headers=(self.identity,)
            )
        self.called.recvEvent(event)


class Edge:
    """What takes requests outside of calls."""

    def __init__(self, settings: dict[str, Any], source: str) -> None:
        self.settings = settings
        self.source = source
        self.attempts: dict[str, int] = {}

    def request(self, request: Any, transaction: Any) -> Any:
        """Called by the library for each of them; the answer, or the leg that takes it."""
        if request.getHFBody("to").getTag() is not None:
            return (request.genResponse(481, "Call Leg/Transaction Does Not Exist"), None, None)
        if request.getMethod() != "INVITE":
            return (request.genResponse(405, "Method Not Allowed"), None, None)
        callers = [request.getHFBody("from"), *request.getHFBodys("p-asserted-identity")]
        account = request.getHFBody("x-account").body
        shown = ACCOUNTS.get(account)
        now = time.localtime()
        if (
            request.getSource()[0] != self.source
            or any(MOBILE.match(caller.getUrl().username or "") for caller in callers)
            or (now.tm_wday, now.tm_hour) not in HOURS
            or shown is None
        ):
            return (request.genResponse(403, "Forbidden"), None, None)
        self.attempts[account] = self.attempts.get(account, 0) + 1
        return Call(self.settings, shown).calling.recvRequest(request, transaction)


def main(host: str, port: int, carrier: int) -> None:
    """Serve until the process is ended."""
    part("SipConf", "SipConf").my_uaname = "edge"
    settings: dict[str, Any] = {"next": (host, carrier), "_sip_address": host, "_sip_port": port}
    settings["_sip_logger"] = part("SipLogger", "SipLogger")("edge")
    edge = Edge(settings, host)
    settings["_sip_tm"] = part("SipTransactionManager", "SipTransactionManager")(settings, edge.request)
    part("Core.EventDispatcher", "ED2").loop()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
