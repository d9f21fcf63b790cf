"""Answers that belong to no transaction of ours: dropped, but for a 2xx of an INVITE in a call that we know.

That one comes again until its ACK comes (RFC 3261 13.2.2.4). Whoever sent it may have got that ACK from a process before
this one, or not: it gets one now.
"""

from __future__ import annotations

from proxy.b2bua.acknowledging import Acknowledging
from proxy.b2bua.crossing import ack
from proxy.b2bua.fabric import Fabric
from proxy.sip.message import Message


def stray(fabric: Fabric, message: Message) -> None:
    """Acknowledge it, or count it as dropped."""
    fork = None
    if 200 <= message.status < 300 and message.method == b"INVITE":
        fork = fabric.dialogs.find(message.call_id, message.from_tag, message.to_tag)
    if fork is None:
        fabric.counters.count_drop("stray response")
        return
    to_b, couple = message.from_tag == fork.b.local_tag, fork.couple
    pending = couple.invite
    leg = "b" if to_b else "a"
    fabric.counters.count_response(True, leg, "INVITE", message.status)
    if isinstance(pending, Acknowledging) and pending.from_a == to_b and pending.ok and not pending.ack:
        return  # the asker's own ACK is waited for: it brings the media
    dialog = fork.b if to_b else fork.a
    data, _ = ack(couple, dialog, to_b, None, message.cseq, fabric.ids.branch())
    fabric.send_ack(leg, data, dialog.hop)
