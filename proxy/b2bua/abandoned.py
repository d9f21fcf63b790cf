"""A carrier that is no longer waited for: a 2xx that it gives all the same is acknowledged and hung up.

The carrier said nothing until the call ended or went elsewhere, or it heeded no CANCEL. Its phone may still be picked
up, and then somebody would listen to silence (RFC 3261 13.2.2.4, 15).
"""

from __future__ import annotations

from typing import Final, final

from proxy.b2bua.exchange import SET_UP_CSEQ, Exchange
from proxy.b2bua.fabric import Fabric
from proxy.b2bua.legs import Asker
from proxy.b2bua.outputs import Count
from proxy.b2bua.rewrite import Face
from proxy.b2bua.state import CallState
from proxy.policy.inquiry import Inquiry
from proxy.sip.build import request
from proxy.sip.dialog import Dialog
from proxy.sip.hop import Hop
from proxy.sip.message import Message
from proxy.sip.transaction import ABANDONED, Pace


@final
class Abandoned(Asker):
    """Hears the answers of an INVITE that was given up, as long as its transaction keeps it."""

    __slots__ = ("fabric", "face", "pace", "hop", "released", "asked", "inquiry")

    def __init__(self, fabric: Fabric, face: Face, pace: Pace, hop: Hop) -> None:
        self.fabric: Final = fabric
        self.face: Final = face
        self.pace: Final = pace
        self.hop: Final = hop
        self.released: list[bytes] = []
        self.asked = SET_UP_CSEQ  # no request inside its dialogs had a higher CSeq
        self.inquiry: Inquiry | None = None  # of an attempt that was taken back, and counts if the person answers

    def heard(self, message: Message) -> None:
        """Acknowledge a 2xx each time that it comes; hang up once."""
        dialog = Dialog(
            message.call_id, message.from_value, message.from_tag, message.to_value, message.to_tag, self.hop
        )  # fmt: skip
        dialog.target = self.face.target
        dialog.take_answer(message, True)
        fabric = self.fabric
        fabric.send_ack("b", self._request(dialog, b"ACK", SET_UP_CSEQ, fabric.ids.branch()), dialog.hop)
        if self.inquiry is not None:
            fabric.outputs.append(Count(self.inquiry))
            self.inquiry = None
        if message.to_tag not in self.released:
            self.released.append(message.to_tag)
            key = fabric.ids.branch()
            data = self._request(dialog, b"BYE", self.asked + 1, key)
            fabric.ask("b", self.pace, key, "BYE", data, dialog.hop, None)

    def _request(self, dialog: Dialog, method: bytes, cseq: int, branch: bytes) -> bytes:
        lines = [self.face.via + branch, b"Max-Forwards: 70", *dialog.lines(cseq, method)]
        if self.face.agent:
            lines.append(b"User-Agent: " + self.face.agent)
        return request(dialog.start_line(method), lines, b"")


def leave(call: CallState) -> bool:
    """No 18x came in time: cancel this INVITE, if it heard a 100 (RFC 3261 9.1), and let the call go to the next gateway.

    False when none is left. A 2xx that comes all the same is hung up.
    """
    set_up, gateway, fabric, tried = call.set_up, call.gateway, call.fabric, call.tried
    if set_up is None or set_up.client is None or gateway is None or tried is None:
        return False
    if fabric.routing.another(call.way, tried, fabric.now, call.metered) is None:
        return False
    fabric.counters.count_failover(gateway.carrier.name, "no progress")
    set_up.send_cancel()
    set_up.cancel_sent = False  # the next INVITE has its own
    set_up.client.give_up(fabric.now)
    return True


def abandon(call: CallState) -> None:
    """Let the call go from its INVITE, if nobody waits for that one's answer any more."""
    set_up = call.set_up
    if isinstance(set_up, Exchange) and set_up.client is not None and set_up.client.state == ABANDONED:
        set_up.client.owner = Abandoned(call.fabric, call.b_face, call.b_pace, call.b_hop)
