"""Where a call goes, and where it goes next: the gateway of its route, another one when that fails, or a contact of a 3xx.

A call goes elsewhere only before anybody was called: no 18x came, the caller has not given up, and the answer is one of
`REROUTED` or none at all (sip.md 3). What a person or a carrier said finally (486, 603, 404) is never asked again.
"""

from __future__ import annotations

from typing import Final

from proxy.b2bua import coupling as table
from proxy.b2bua.gateways import Gateway
from proxy.b2bua.redirection import redirected
from proxy.b2bua.state import NOBODY_SHOWN, CallState
from proxy.sip.message import Message

REROUTED: Final = frozenset((408, 500, 502, 503, 504))
_UNTRIED: Final[list[Gateway]] = []


def take_gateway(call: CallState) -> bool:
    """Choose the gateway of the call and take its face, pace and hop; False: none is left."""
    fabric, way = call.fabric, call.way
    tried = call.tried if call.tried is not None else _UNTRIED
    call.leave_room()
    gateway = call.redirected[-1] if call.redirected else None
    if gateway is None or gateway is call.gateway:
        gateway = fabric.routing.choose(way, tried, fabric.now, call.metered)
        while (
            gateway is not None
            and gateway.throttle is not None
            and call.metered
            and gateway.throttle.blocks(fabric.now)
        ):
            tried = [*tried, gateway]
            gateway = fabric.routing.choose(way, tried, fabric.now, call.metered)
    if gateway is None:
        call.gateway = None
        return False
    call.carrier = gateway.carrier.name
    _use(call, gateway)
    if not call.dialled_at:
        call.dialled_at = fabric.now
    tried = [*tried, gateway]
    call.tried = tried if fabric.routing.another(way, tried, fabric.now, call.metered) is not None else None
    if call.metered and fabric.routing.limited and not call.enter_room(fabric.routing.pools.get(call.carrier)):
        call.tried = tried  # another worker was faster: elsewhere, or nowhere
        return take_gateway(call)
    return True


def widened(call: CallState) -> bool:
    """The INVITE is too large for a datagram: take the gateway over TCP, if its trunk allows it (RFC 3261 18.1.1)."""
    twin = call.gateway.large if call.gateway is not None else None
    if twin is None or call.stays_small:
        return False
    _use(call, twin)
    return True


def _use(call: CallState, gateway: Gateway) -> None:
    call.gateway = gateway
    call.b_face, call.b_pace, call.b_hop = gateway.face, gateway.pace, gateway.hop


def let_go(call: CallState) -> None:
    """The call goes nowhere else: what another INVITE would need is forgotten."""
    call.parked = call.facts = call.decision = call.tried = None
    call.shown = NOBODY_SHOWN


def elsewhere(call: CallState, status: int, message: Message | None) -> bool:
    """Note what the gateway said (`status`; without a message: nothing) and tell whether the call goes elsewhere."""
    gateway, fabric = call.gateway, call.fabric
    if gateway is None:
        return False
    if gateway.small is not None and message is None and status == 503 and call.state == table.INVITING:
        call.stays_small = True  # there is no TCP at this place: over UDP after all (RFC 3261 18.1.1)
        call.redirected = [*(call.redirected or ()), gateway.small]
        return True
    if message is None:
        gateway.failed(fabric.now)
    elif status == 503:
        wait = message.first(b"retry-after").split(b"(")[0].split(b";")[0].strip()
        if wait.isdigit() and len(wait) < 10 and int(wait):
            gateway.rest(fabric.now, float(int(wait)))
        else:
            gateway.failed(fabric.now)
    else:
        gateway.worked()
        if status < 400:
            return gateway.carrier.redirects and call.state == table.INVITING and redirected(call, gateway, message)
    if call.tried is None or call.state != table.INVITING or status not in REROUTED:
        return False
    call.leave_room()
    if fabric.routing.another(call.way, call.tried, fabric.now, call.metered) is None:
        return False
    fabric.counters.count_failover(gateway.carrier.name, "silent" if message is None and status == 408 else str(status))
    return True
