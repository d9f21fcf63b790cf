"""A person who calls back through the carrier, and the platform that takes the call: ladders from the other side."""

from __future__ import annotations

from dataclasses import dataclass

from proxy.b2bua.trunks import CarrierTrunk, Limits, Topology
from tests.ladder import ANSWER, A, B, Callee, Caller, Ladder, Seen, carrier, platform, topology

OURS = "+33162000001"
PERSON = "+33612345678"
PBX = CarrierTrunk("vms", A[0], A[1], "", platform=True)


def back_topology(*, server_name: str = "", limits: Limits | None = None, **changes: object) -> Topology:
    """The usual trunks, of which the platform takes calls back at `pbx.acme.example`, its address known."""
    named = CarrierTrunk("vms", "pbx.acme.example", A[1], "", platform=True)
    trunk = platform(customer="acme", customer_header="", callee=named)
    return topology(
        platform_trunk=trunk, carrier_trunk=carrier(**changes), limits=limits, server_name=server_name, call_backs=(PBX,)
    )  # fmt: skip


class Person(Caller):
    """Somebody behind the carrier."""

    def __init__(self, number: int = 1, called: str = OURS, user: str = PERSON) -> None:
        super().__init__(number, user, called)
        self.from_uri = f"sip:{user}@carrier.example;user=phone"
        self.contact = f"sip:gw@{B[0]}:{B[1]}"

    def _via(self) -> str:
        self.branches += 1
        self.last_via = f"Via: SIP/2.0/UDP {B[0]}:{B[1]};branch=z9hG4bKp{self.number}-{self.branches};rport"
        return self.last_via

    def invite(self, **how: object) -> bytes:
        """The first INVITE, without the headers of a platform."""
        return super().invite(account="", **how)  # type: ignore[arg-type]  # what `Caller.invite` takes


class Pbx(Callee):
    """The platform of the customer who is called back."""

    def __init__(self, invite: Seen, tag: str = "ptag1") -> None:
        super().__init__(invite, tag)
        self.contact = f"sip:pbx@{A[0]}:{A[1]}"


@dataclass
class Back:
    """A call back that is up."""

    ladder: Ladder
    person: Person
    pbx: Pbx


def put_through(ladder: Ladder, person: Person | None = None) -> Back:
    """Play a call back until both ends talk."""
    person = person or Person()
    ladder.feed("b", person.invite())
    _, invite = ladder.expect("b 100 INVITE", "a INVITE")
    pbx = Pbx(invite)
    ladder.feed("a", pbx.reply(180))
    ladder.expect("b 180 INVITE")
    ladder.feed("a", pbx.reply(200, body=ANSWER))
    ok, _ = ladder.expect("b 200 INVITE", "a ACK")
    person.learn(ok)
    ladder.feed("b", person.ack())
    return Back(ladder, person, pbx)
