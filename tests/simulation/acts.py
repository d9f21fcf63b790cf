"""What an end does while the call is up: gentle acts are within the RFCs, rude ones are not."""

from __future__ import annotations

from typing import Final

from tests.simulation.leg import Leg
from tests.simulation.messages import request
from tests.simulation.transactions import Client


def reinvite(leg: Leg) -> None:
    """A new offer."""
    leg.note("re-INVITE")
    leg.reinvite(False)


def reinvite_late(leg: Leg) -> None:
    """A new INVITE without an offer."""
    leg.note("re-INVITE without offer")
    leg.reinvite(True)


def reinvite_cancelled(leg: Leg) -> None:
    """A re-INVITE that is taken back."""
    leg.note("re-INVITE cancelled")
    leg.reinvite(False)
    client = leg.inviting
    if client is not None:
        leg.peer.loop.after(0.7, _cancel, client)


def _cancel(client: Client) -> None:
    if client.state == 1 and client.asker is not None and not client.asker.gone:
        client.cancel()


def update(leg: Leg) -> None:
    """UPDATE with a session."""
    leg.note("UPDATE")
    leg.ask(b"UPDATE", b"", leg.sdp())


def info(leg: Leg) -> None:
    """INFO without a body."""
    leg.note("INFO")
    leg.ask(b"INFO")


def message(leg: Leg) -> None:
    """A text inside the call."""
    leg.note("MESSAGE inside a call")
    leg.ask(b"MESSAGE", b"Content-Type: text/plain\r\n", b"bonjour")


def options(leg: Leg) -> None:
    """OPTIONS inside the call."""
    leg.note("OPTIONS inside a call")
    leg.ask(b"OPTIONS")


def transfer(leg: Leg) -> None:
    """A REFER, which is refused."""
    leg.note("REFER")
    leg.ask(b"REFER", b"Refer-To: <sip:+33140999999@10.1.0.1>\r\n")


def vanish(leg: Leg) -> None:
    """Silence from now on."""
    leg.note(f"{leg.side} vanishes")
    leg.vanish()


def old_cseq(leg: Leg) -> None:
    """A number that was used before."""
    leg.note("CSeq again")
    leg.ask(b"INFO", b"", b"", max(leg.cseq - 1, 1))


def wrong_tag(leg: Leg) -> None:
    """A BYE for a dialog that there is not."""
    leg.note("wrong tag")
    local, leg.local = leg.local, leg.local + b"x"
    branch = leg.peer.branch()
    data = request(b"BYE", leg.target, leg.peer.sent_by + branch, leg.ends(leg.cseq + 1))
    leg.local = local
    Client(leg.peer, b"BYE", branch, leg.cseq + 1, data, None)


def garbage(leg: Leg) -> None:
    """Bytes that are no SIP, and a message that breaks off."""
    leg.note("garbage")
    rng = leg.peer.rng
    leg.peer.send(rng.randbytes(rng.randrange(1, 60)))
    whole = request(b"INFO", leg.target, leg.peer.sent_by + leg.peer.branch(), leg.ends(leg.cseq + 1))
    leg.peer.send(whole[: rng.randrange(1, len(whole))])


def unknown_method(leg: Leg) -> None:
    """A method that nobody serves."""
    leg.note("unknown method")
    leg.ask(b"PUBLISH")


def two_byes(leg: Leg) -> None:
    """Hangs up twice."""
    leg.note("two BYEs")
    leg.bye("hung up")
    leg.ask(b"BYE")


def cancel_too_late(leg: Leg) -> None:
    """A CANCEL of nothing."""
    leg.note("CANCEL of nothing")
    branch = leg.peer.branch()
    data = request(b"CANCEL", leg.target, leg.peer.sent_by + branch, leg.ends(1))
    Client(leg.peer, b"CANCEL", branch, 1, data, None)


GENTLE: Final = (reinvite, reinvite, reinvite_late, reinvite_cancelled, update, info, message, options)
RUDE: Final = (transfer, vanish, old_cseq, wrong_tag, garbage, unknown_method, two_byes, cancel_too_late)
