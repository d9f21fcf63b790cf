"""The 2xx of an INVITE on its way from leg to leg, and its ACK.

The 2xx is repeated towards the asker until its ACK comes (RFC 3261 13.3.1.4); the leg that answered gets one ACK, of which
so much is kept that a 2xx which comes again is answered with the same one: its branch, or all of it where it carries a
body or credentials.
"""

from __future__ import annotations

from typing import Final

from proxy.b2bua.credentials import with_line
from proxy.b2bua.crossing import ack
from proxy.b2bua.fabric import Fabric
from proxy.b2bua.legs import Asker, Couple, Fork
from proxy.sip.message import Message
from proxy.sip.timers import Timer
from proxy.sip.transaction import ClientTransaction, ServerTransaction

# timers of an exchange
REPEAT_OK: Final = 0
NO_ACK: Final = 1
NO_FINAL: Final = 2


class Acknowledging(Asker):
    """The half of an `Exchange` that knows the 2xx `ok` and the ACK `ack` (or its branch). `from_a` says which leg asked; `fork` is the
    dialog pair it runs in."""

    __slots__ = (
        "fabric", "couple", "fork", "from_a", "server", "client", "cseq_out", "ok", "ack", "interval", "repeat", "expiry",
    )  # fmt: skip

    def __init__(self, fabric: Fabric, couple: Couple, from_a: bool, server: ServerTransaction) -> None:
        self.fabric: Final = fabric
        self.couple: Final = couple
        self.fork: Fork | None = None
        self.from_a: Final = from_a
        self.server: Final = server
        self.client: ClientTransaction | None = None
        self.cseq_out = 0
        self.ok = b""
        self.ack = b""
        self.interval = 0.0
        self.repeat: Timer | None = None
        self.expiry: Timer | None = None

    def works_for(self) -> Asker:
        """The call."""
        return self.couple

    def repeat_until_acked(self) -> None:
        """The 2xx has gone out for the first time."""
        pace = self.server.pace
        self.interval = pace.t1
        self.repeat = self.fabric.timers.arm(self.fabric.now, pace.t1, self, REPEAT_OK)
        self.expiry = self.fabric.timers.arm(self.fabric.now, pace.long, self, NO_ACK)

    def repeat_ok(self, now: float) -> None:
        """Send the 2xx once more."""
        server = self.server
        self.fabric.wire.send_again(server.leg, self.ok, server.hop)
        self.interval = min(self.interval * 2, server.pace.t2)
        self.repeat = self.fabric.timers.arm(now, self.interval, self, REPEAT_OK)

    def settle(self) -> None:
        """Stop both timers: a 2xx is not repeated any more."""
        if self.repeat is not None:
            self.repeat.cancel()
        if self.expiry is not None:
            self.expiry.cancel()
        self.repeat = self.expiry = None

    def acknowledge(self, message: Message | None) -> None:
        """Send the ACK of a 2xx to the leg that answered, with the asker's body if it brought one (late offer)."""
        if self.fork is not None and not self.ack:
            branch = self.fabric.ids.branch()
            data = self.send_ack(self.fork, message, branch)
            plain = (message is None or not message.body) and (self.client is None or not self.client.proof)
            self.ack = branch if plain else data

    def send_ack(self, fork: Fork, message: Message | None, branch: bytes) -> bytes:
        """Send the ACK of the 2xx that made `fork`, also of one that nobody wants."""
        dialog, fabric = fork.b if self.from_a else fork.a, self.fabric
        data, found = ack(self.couple, dialog, self.from_a, message, self.cseq_out, branch)
        fabric.counters.identity_scrubbed += found
        data = with_line(data, self.client.proof) if self.client is not None else data
        fabric.send_ack("b" if self.from_a else "a", data, dialog.hop)
        return data

    def acknowledge_again(self) -> None:
        """The 2xx came again: so did our ACK get lost."""
        fork, data = self.fork, self.ack
        if fork is not None and data:
            dialog = fork.b if self.from_a else fork.a
            if not data.startswith(b"ACK "):
                data, _ = ack(self.couple, dialog, self.from_a, None, self.cseq_out, data)
            self.fabric.wire.send_again("b" if self.from_a else "a", data, dialog.hop)
