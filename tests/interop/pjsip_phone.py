"""A telephone made of pjsip, run as a program of its own: it takes or places one call and tells on standard output what it saw.

    python pjsip_phone.py callee PORT [options]
    python pjsip_phone.py caller PORT --call URI [options]

The caller, once answered, holds the call, takes it up again and sends UPDATE; who has --hangup ends it. The last line is a
JSON object: `states` of the call in their order, `status` (last one), `remote` (whom it saw), `offers` it was sent inside the
call. Everything else, each message and each complaint of pjsip's parser among it, goes to the file of --log.

The process ends at once when the call is over, since pjsip dislikes being taken apart by Python's collector.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import sys
import time
from typing import Any

pj: Any = importlib.import_module("pjsua2")
LONGEST_S = 25.0
PAUSE_S = 0.4
KEPT: list[Any] = []
"""What pjsip uses without holding on to it."""


class Story:
    """What one phone saw."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.states: list[str] = []
        self.status = 0
        self.remote = ""
        self.offers = 0
        self.call: Any = None
        self.confirmed_at = 0.0
        self.step = 0

    @property
    def over(self) -> bool:
        return "DISCONNECTED" in self.states

    def told(self) -> str:
        return json.dumps({"states": self.states, "status": self.status, "remote": self.remote, "offers": self.offers})


def call_of(story: Story, account: Any, call_id: int) -> Any:
    """One call of pjsip that writes its story."""

    class Call(pj.Call):  # type: ignore[misc]  # pjsua2 comes without types
        def onCallState(self, _: Any) -> None:
            info = self.getInfo()
            if not story.states or story.states[-1] != info.stateText:
                story.states.append(info.stateText)
            story.status, story.remote = info.lastStatusCode, info.remoteUri
            if info.state == pj.PJSIP_INV_STATE_CONFIRMED:
                story.confirmed_at = time.monotonic()

        def onCallRxOffer(self, _: Any) -> None:
            story.offers += 1

    return Call(account, call_id)


def answered(story: Story) -> None:
    """Ring, then answer, unless the caller gives up meanwhile."""
    ringing = pj.CallOpParam()
    ringing.statusCode = 183 if story.options.early else 180
    story.call.answer(ringing)
    end = time.monotonic() + story.options.ring
    while time.monotonic() < end and not story.over:
        pj.Endpoint.instance().libHandleEvents(20)
    if not story.over:
        taken = pj.CallOpParam()
        taken.statusCode = story.options.answer
        story.call.answer(taken)


def advanced(story: Story) -> None:
    """The next thing that this side does inside the call, PAUSE_S after the one before."""
    if story.options.give_up and story.states[-1:] == ["EARLY"] and not story.step:
        story.step = 1
        story.call.hangup(pj.CallOpParam())
    if not story.confirmed_at or time.monotonic() < story.confirmed_at + PAUSE_S * (story.step + 1):
        return
    story.step += 1
    if story.options.role == "caller" and story.step <= 3:
        parameters = pj.CallOpParam(True)
        if story.step == 1:
            story.call.setHold(parameters)
        elif story.step == 2:
            parameters.opt.flag |= pj.PJSUA_CALL_UNHOLD
            story.call.reinvite(parameters)
        else:
            story.call.update(parameters)
    elif story.options.hangup and story.step == 5:
        story.call.hangup(pj.CallOpParam())


def account_for(story: Story) -> Any:
    """The account, which takes what comes in."""
    incoming: list[int] = []

    class Account(pj.Account):  # type: ignore[misc]  # pjsua2 comes without types
        def onIncomingCall(self, parameters: Any) -> None:
            incoming.append(parameters.callId)
            story.call = call_of(story, self, parameters.callId)

    config = pj.AccountConfig()
    config.idUri = story.options.identity
    config.callConfig.prackUse = {
        "none": pj.PJSUA_100REL_NOT_USED, "optional": pj.PJSUA_100REL_OPTIONAL, "mandatory": pj.PJSUA_100REL_MANDATORY,
    }[story.options.prack]  # fmt: skip
    config.callConfig.timerUse = pj.PJSUA_SIP_TIMER_ALWAYS if story.options.timer else pj.PJSUA_SIP_TIMER_INACTIVE
    config.callConfig.timerSessExpiresSec = 300
    config.mediaConfig.transportConfig.boundAddress = "127.0.0.1"
    account = Account()
    account.create(config)
    return account


def writer_to(path: str) -> Any:
    """Writes each line of the log at once; pjsip's own file keeps the last page to itself when the process is killed."""
    file = open(path, "w", encoding="utf-8", errors="replace", buffering=1)  # noqa: SIM115 - open as long as the process

    class Writer(pj.LogWriter):  # type: ignore[misc]  # pjsua2 comes without types
        def write(self, entry: Any) -> None:
            file.write(entry.msg)
            file.flush()

    return Writer()


def started(options: argparse.Namespace) -> Any:
    """The endpoint with its one transport."""
    KEPT.append(writer_to(options.log))
    endpoint = pj.Endpoint()
    endpoint.libCreate()
    config = pj.EpConfig()
    config.uaConfig.threadCnt = 0
    config.uaConfig.mainThreadOnly = True
    config.logConfig.level = 5
    config.logConfig.consoleLevel = 5
    config.logConfig.msgLogging = 1
    config.logConfig.writer = KEPT[0]
    endpoint.libInit(config)
    endpoint.audDevManager().setNullDev()
    transport = pj.TransportConfig()
    transport.boundAddress = "127.0.0.1"
    transport.port = options.port
    kind = {"udp": pj.PJSIP_TRANSPORT_UDP, "tcp": pj.PJSIP_TRANSPORT_TCP, "tls": pj.PJSIP_TRANSPORT_TLS}[
        options.transport
    ]
    if options.transport == "tls":
        transport.tlsConfig.CaListFile = options.ca
        transport.tlsConfig.certFile = transport.tlsConfig.privKeyFile = options.certificate
        transport.tlsConfig.verifyServer = True
    endpoint.transportCreate(kind, transport)
    endpoint.libStart()
    return endpoint


def main() -> None:
    options = parsed()
    endpoint = started(options)
    story = Story(options)
    account = account_for(story)
    print("ready", flush=True)  # noqa: T201 - the test waits for it
    if options.call:
        story.call = call_of(story, account, -1)
        parameters = pj.CallOpParam(True)
        header = pj.SipHeader()
        header.hName, header.hValue = "X-Account", "acme"
        parameters.txOption.headers.append(header)
        story.call.makeCall(options.call, parameters)
    end, rang = time.monotonic() + LONGEST_S, False
    while not story.over and time.monotonic() < end:
        endpoint.libHandleEvents(20)
        if options.role == "callee" and story.call is not None and not rang:
            rang = True
            answered(story)
        advanced(story)
    end = time.monotonic() + PAUSE_S
    while time.monotonic() < end:
        endpoint.libHandleEvents(20)
    print(story.told(), flush=True)  # noqa: T201 - what the test reads
    os._exit(0 if story.over else 1)


def parsed() -> argparse.Namespace:
    """The options of the command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("role", choices=["callee", "caller"])
    parser.add_argument("port", type=int)
    parser.add_argument("--transport", choices=["udp", "tcp", "tls"], default="udp")
    parser.add_argument("--call", default="")
    parser.add_argument("--identity", default="sip:phone@127.0.0.1")
    parser.add_argument("--prack", choices=["none", "optional", "mandatory"], default="none")
    parser.add_argument("--timer", action="store_true")
    parser.add_argument("--early", action="store_true", help="183 with a description instead of 180")
    parser.add_argument("--answer", type=int, default=200)
    parser.add_argument("--ring", type=float, default=PAUSE_S, help="seconds")
    parser.add_argument("--hangup", action="store_true")
    parser.add_argument("--give-up", action="store_true", help="hang up while it rings")
    parser.add_argument("--log", required=True)
    parser.add_argument("--ca", default="")
    parser.add_argument("--certificate", default="")
    return parser.parse_args(sys.argv[1:])


if __name__ == "__main__":
    main()
