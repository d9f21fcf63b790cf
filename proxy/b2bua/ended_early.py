"""The end of a call whose INVITE had no answer when its process died: each leg is told, and the record is written.

The platform gets 503 with a Retry-After, or the final answer that it was given before, again; the carrier gets CANCEL, and
ACK and BYE when its 2xx crosses that. A person whose phone had not rung was not reached: the attempt counts no more, unless that
2xx shows that it rang meanwhile.
"""

from __future__ import annotations

from typing import Final

from proxy.b2bua import coupling as table
from proxy.b2bua.abandoned import Abandoned
from proxy.b2bua.fabric import Fabric
from proxy.b2bua.note_reading import Early
from proxy.b2bua.outputs import Release
from proxy.b2bua.rewrite import Face
from proxy.b2bua.state import FINAL_LINES, beyond
from proxy.policy.inquiry import Inquiry
from proxy.sip.hop import Hop
from proxy.sip.transaction import ABANDONED, EXPIRE, PROCEEDING, ClientTransaction, Pace, ServerTransaction

RETRY_AFTER: Final = 1  # s: this node is there again
REASON: Final = "proxy restarted"


def end_early(fabric: Fabric, early: Early, face: Face, pace: Pace) -> None:
    """End it; `face` and `pace` are those of its carrier."""
    story = early.story
    status, ended_by, reason = 503, "proxy", REASON
    if story.state == table.CANCELLING:
        status, ended_by, reason = story.status, story.ended_by, story.reason
    _answer(fabric, early, status, reason)
    taken_back: Inquiry | None = None
    if early.inquiry[0] and not story.ringing_at and story.state != table.CANCELLING:
        customer, person, campaign, attempt = early.inquiry
        taken_back = Inquiry(customer, person, campaign, attempt, early.asked)
        fabric.outputs.append(Release(taken_back))
    if not story.b_call_id:
        return
    if early.b_hop is not None:
        _cancel(fabric, early, face, pace, early.b_hop).inquiry = taken_back
    fabric.counters.count_end(story.carrier, status)
    fabric.outputs.append(story.record(fabric.epoch, status, ended_by, reason))


def _answer(fabric: Fabric, early: Early, status: int, reason: str) -> None:
    """The final answer, sent again until its ACK comes."""
    server = ServerTransaction(
        fabric.wire, fabric.a_pace, "a", early.key, "INVITE", early.head, early.to, early.hop
    )  # fmt: skip
    server.merge_key = early.merge_key
    fabric.servers[early.key] = server
    fabric.merged[early.merge_key] = early.key
    lines = list(FINAL_LINES.get(reason, ()))
    if fabric.agent:
        lines.insert(0, b"Server: " + fabric.agent)
    if reason == REASON:
        lines.append(b"Retry-After: %d" % RETRY_AFTER)
    fabric.reply(server, status, lines, b"")


def _cancel(fabric: Fabric, early: Early, face: Face, pace: Pace, hop: Hop) -> Abandoned:
    """CANCEL to the carrier, at once: whether it has sent a provisional answer is not known any more. Who hears what it
    answers all the same."""
    client = ClientTransaction(fabric.wire, pace, "b", early.branch, "INVITE", early.request, hop)
    client.state = PROCEEDING
    client.owner = abandoned = Abandoned(fabric, face, pace, hop)
    abandoned.asked = beyond(fabric.epoch)
    fabric.clients[early.branch] = client
    fabric.ask("b", pace, early.branch + b"C", "CANCEL", client.cancel_request(), hop, None)
    client.state = ABANDONED  # as long as one that is cancelled waits, and one that is given up after it
    client.expiry = fabric.timers.arm(fabric.now, 2 * pace.long, client, EXPIRE)
    return abandoned
