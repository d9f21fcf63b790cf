"""An answered call that goes on after its process died: what its note says goes back to where the call keeps it.

What was under way at that moment is done again where both ends may wait for it: a 2xx that no ACK has answered, a
re-INVITE, and a BYE that the other end may never have seen.
"""

from __future__ import annotations

from proxy.b2bua import coupling as table
from proxy.b2bua import snapshot
from proxy.b2bua.admission import merge_key
from proxy.b2bua.call import Call
from proxy.b2bua.crossing import ack
from proxy.b2bua.exchange import SET_UP_CSEQ, Exchange
from proxy.b2bua.fabric import Fabric
from proxy.b2bua.hang_up import hang_up
from proxy.b2bua.legs import Fork
from proxy.b2bua.note_reading import Talk
from proxy.b2bua.reinvites import ask_again
from proxy.b2bua.scrub import scrub_lines
from proxy.b2bua.session_id import SessionIds
from proxy.b2bua.transfer import Transfer
from proxy.sip.hop import Hop
from proxy.sip.transaction import ACCEPTED, EXPIRE, ClientTransaction, ServerTransaction


def remember(call: Call, talk: Talk) -> None:
    """What the note says, where the call keeps it."""
    story = talk.story
    flags = story.flags
    call.taken_up = True
    call.customer, call.campaign, call.purpose, call.mode = story.customer, story.campaign, story.purpose, story.mode
    call.called, call.decision_id, call.carrier = story.called, story.decision_id, story.carrier
    call.state, call.status, call.ended_by, call.reason = story.state, story.status, story.ended_by, story.reason
    call.started, call.ringing_at, call.answered_at = story.started, story.ringing_at, story.answered_at
    call.untouched = flags & snapshot.UNTOUCHED != 0
    call.a_updates, call.b_updates = flags & snapshot.A_UPDATES != 0, flags & snapshot.B_UPDATES != 0
    call.secrets, call.a_secrets = talk.secrets, talk.a_secrets
    call.b_hop, call.session = talk.gateway, talk.session
    call.b_call_id, call.b_tag, call.b_from = talk.b.call_id, talk.b.local_tag, talk.b.local
    if flags & snapshot.SESSION_IDS:
        ids = call.session_ids = SessionIds(talk.session_ids[4])
        ids.a, ids.b, ids.a_shown, ids.b_shown = talk.session_ids[:4]


def count_again(fabric: Fabric, call: Call, flags: int) -> None:
    """The call takes its place among those at once; what it took of a rate is long given back."""
    if flags & snapshot.METERED:
        call.metered = True
        fabric.capacity.resume(call.customer, call.trunk.name, call.trunk.calls_back, fabric.now)
    if flags & snapshot.ROOM:
        pool = fabric.routing.pools.get(call.carrier)
        if pool is not None and pool.meter is not None:
            call.room = pool.meter
            call.room.enter()


def go_on(fabric: Fabric, call: Call, talk: Talk, fork: Fork) -> None:
    """What was under way: a 2xx without its ACK, a BYE without its answer, a transfer."""
    story = talk.story
    late = story.state == table.ENDING or fabric.epoch - story.answered_at > fabric.a_pace.long
    if late and story.flags & (snapshot.PENDING | snapshot.OFFERED) == snapshot.PENDING:
        data, _ = ack(call, fork.b, True, None, SET_UP_CSEQ, fabric.ids.branch())
        fabric.send_ack("b", data, fork.b.hop)  # the platform's, with its media, does not come any more
    if story.state == table.ENDING:
        lines = [b"Reason: " + story.reason.encode("latin-1")] if story.reason and story.ended_by != "proxy" else []
        if story.ended_by != "b" or not story.answered_at:
            scrub_lines(lines, 0, call.secrets)
            fork.b.next_cseq()  # that of the BYE which may have come
            hang_up(call, False, lines)
        if story.ended_by != "a" and story.answered_at:
            fork.a.next_cseq()
            hang_up(call, True, lines)
        return
    if not late:
        just_answered(fabric, call, talk, fork)
    elif story.state == table.ANSWERED:
        call.state = table.UP  # the ACK must have come
    if talk.reinvite is not None:
        ask_again(fabric, call, fork, talk.reinvite)
    if talk.moved:
        server = ServerTransaction(fabric.wire, fabric.a_pace, "a", b"", "REFER", b"", b"", talk.a.hop)
        from_a = story.flags & snapshot.TRANSFER_OF_A != 0
        transfer = call.transfer = Transfer(call, fork, from_a, server, talk.moved_cseq_in, 0)
        transfer.state, transfer.cseq_out = talk.moved, talk.moved_cseq_out


def just_answered(fabric: Fabric, call: Call, talk: Talk, fork: Fork) -> None:
    """The 2xx goes to the platform again until its ACK comes; one of the carrier, also of another fork, may still come."""
    story = talk.story
    if talk.hop is None:
        call.state = table.UP
        return
    waits = story.state == table.ANSWERED and story.flags & snapshot.PENDING != 0
    server = invited_again(fabric, talk, talk.hop)
    offered = story.flags & snapshot.OFFERED != 0
    exchange = call.set_up = Exchange(fabric, call, True, server, talk.cseq, offered, True)
    exchange.fork, exchange.cseq_out, exchange.ok = fork, SET_UP_CSEQ, talk.ok
    if waits:
        call.invite = exchange
        server.reply(talk.ok, story.status, fabric.now)
        exchange.repeat_until_acked()
        if offered:
            exchange.acknowledge(None)
    else:
        call.state = table.UP
        server.state = ACCEPTED
        server.expiry = fabric.timers.arm(fabric.now, fabric.a_pace.long, server, EXPIRE)
        exchange.ack, _ = ack(call, fork.b, True, None, SET_UP_CSEQ, talk.branch + b"K")
    if talk.branch:
        client = ClientTransaction(fabric.wire, call.b_pace, "b", talk.branch, "INVITE", b"", talk.gateway)
        client.owner, exchange.client = exchange, client
        fabric.clients[talk.branch] = client
        client.state = ACCEPTED
        client.expiry = fabric.timers.arm(fabric.now, call.b_pace.long, client, EXPIRE)


def invited_again(fabric: Fabric, talk: Talk, hop: Hop) -> ServerTransaction:
    """The INVITE that was answered: copies of it are no new call."""
    server = ServerTransaction(fabric.wire, fabric.a_pace, "a", talk.key, "INVITE", b"", b"", hop)
    server.merge_key = merge_key(talk.a.call_id, talk.a.remote_tag, talk.cseq)
    fabric.servers[talk.key] = server
    fabric.merged[server.merge_key] = talk.key
    return server
