"""The door: which platform trunk a request belongs to, once it has proved what its trunk asks for.

A trunk is known by address, by digest user, by TLS certificate, or by address and one of the others; whatever it is
known by, the same trunk record and the same rules follow. Challenges are answered without keeping any state: an INVITE
that is challenged is no call and no attempt (RFC 3261 22.1). A nonce is bound to the address that it was sent to; a
nonce that is not fresh gets a new one with `stale=true` before any password is looked at, so nothing can be learned
from old ones. ACK and CANCEL are never challenged (RFC 3261 22.1).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final, final

from proxy.b2bua.fabric import Fabric
from proxy.b2bua.failures import Failures
from proxy.b2bua.logins import CERTIFICATE, DIGEST, Auth, DigestUser
from proxy.b2bua.sources import Sources
from proxy.b2bua.stateless import answer
from proxy.b2bua.trunks import PlatformTrunk, Topology
from proxy.sip.digest import Credentials, challenge_value, is_digest, proves, read_credentials
from proxy.sip.hop import TRANSPORTS, Hop
from proxy.sip.message import Message, ParseError
from proxy.sip.nonces import FRESH, Nonces

NONCES_MOST: Final = 16384
ACCEPTED: Final = 0
_NO_HASH: Final = b"0" * 64


@final
class Member:
    """One digest user and the trunk that it calls as."""

    __slots__ = ("user", "trunk", "call_as")

    def __init__(self, user: DigestUser, trunk: PlatformTrunk) -> None:
        self.user: Final = user
        self.trunk: Final = trunk
        self.call_as: Final = replace(trunk, customer=user.customer, customer_header="") if user.customer else trunk

    def user_hash(self, algorithm: bytes) -> bytes:
        """What the user's password is compared by; empty when it is not kept for this algorithm."""
        for name, value in self.user.hashes:
            if name == algorithm:
                return value
        return b""


@final
class Door:
    """The trunks of one topology, found by what a request shows."""

    def __init__(self, fabric: Fabric, topology: Topology, before: Door | None) -> None:
        policy = topology.auth
        self._fabric: Final = fabric
        self._policy: Final = policy
        self.sources: Final = Sources(topology, fabric.routing)
        self._members: Final[dict[bytes, Member]] = {}  # by realm and user
        self._by_name: Final[dict[str, PlatformTrunk]] = {}  # by name in a certificate; trunks without addresses
        self._open: Auth | None = None  # what a stranger is challenged with
        for trunk in topology.platforms:
            self._learn(trunk)
        if before is not None and before._policy == policy:
            self._nonces: Nonces = before._nonces
            self._failures: Failures = before._failures
        else:
            self._nonces = Nonces(policy.key, policy.nonce_lifetime, NONCES_MOST)
            self._failures = Failures(policy)

    def _learn(self, trunk: PlatformTrunk) -> None:
        auth = trunk.auth
        if auth is None:
            return
        for user in auth.users:
            self._members[auth.realm + b"\n" + user.name] = Member(user, trunk)
        if not trunk.sources and auth.kind == DIGEST:
            self._open = auth
        elif not trunk.sources and auth.kind == CERTIFICATE:
            for name in auth.names:
                self._by_name[name] = trunk

    def enter(self, message: Message, method: str, source: Hop) -> PlatformTrunk | None:
        """The trunk whose call or text this is, or the face of a carrier whose call is to a number of ours; None when it was challenged or refused, and answered."""
        fabric = self._fabric
        trunk = self.sources.platform(source)
        if trunk is not None and trunk.auth is None:
            fabric.counters.count_request(True, "a", method)
            return trunk
        anywhere = self._open is not None or bool(self._by_name)  # then also from a host that a carrier has too
        sources = self.sources
        carrier = trunk is None and (sources.is_gateway(source) if anywhere else sources.is_carrier(source))
        if carrier and method == "INVITE":
            fabric.counters.count_request(True, "a", method)
            return sources.calling_back(source)
        leg = "b" if carrier else "a"
        fabric.counters.count_request(True, leg, method)
        if trunk is None and not carrier:
            trunk = self._named(source)
        auth = trunk.auth if trunk is not None else None if carrier else self._open
        if auth is None:
            if trunk is None:
                fabric.counters.count_drop("unknown source")
                answer(fabric, message, source, leg, 403, [])
            return trunk
        if auth.kind == CERTIFICATE:
            return self._certified(message, source, trunk, auth)
        member = self._member(message, source, auth)
        if member is None or (trunk is not None and member.trunk is not trunk):
            if member is not None:
                fabric.counters.count_auth("wrong")
                answer(fabric, message, source, "a", 403, [])
            return None
        return member.call_as if comes_by(member.trunk, source) else self._turned_away(message, source)

    def stays(self, message: Message, source: Hop, trunk: PlatformTrunk) -> bool:
        """May this request inside a call of `trunk` go on? If not, it was challenged or refused, and answered."""
        auth = trunk.auth
        if auth is None or not auth.in_dialog or auth.kind != DIGEST:
            return True
        member = self._member(message, source, auth)
        if member is None:
            return False
        if member.trunk.name == trunk.name:
            return True
        return self._turned_away(message, source) is not None

    def _turned_away(self, message: Message, source: Hop) -> PlatformTrunk | None:
        self._fabric.counters.count_auth("wrong")
        answer(self._fabric, message, source, "a", 403, [])
        return None

    def _named(self, source: Hop) -> PlatformTrunk | None:
        """The trunk without addresses whose certificate this peer has shown."""
        if not source.peer or not self._by_name:
            return None
        for name in source.peer.lower().split(","):
            trunk = self._by_name.get(name)
            if trunk is not None and comes_by(trunk, source):
                return trunk
        return None

    def _certified(
        self, message: Message, source: Hop, trunk: PlatformTrunk | None, auth: Auth
    ) -> PlatformTrunk | None:
        for name in source.peer.lower().split(","):
            if name and name in auth.names:
                self._fabric.counters.count_auth("accepted")
                return trunk
        return self._turned_away(message, source)

    # -- digest ----------------------------------------------------------------

    def _member(self, message: Message, source: Hop, auth: Auth) -> Member | None:
        """Who sent these credentials; None when they do not hold, and were answered."""
        fabric, host = self._fabric, source.host
        if self._failures.refused(host, fabric.now):
            fabric.counters.count_auth("refused")
            answer(fabric, message, source, "a", 403, [])
            return None
        shown = self._shown(message, auth)
        if shown is None:
            return self._challenge(message, source, auth, "challenged")
        bound = auth.realm + b"\n" + host.encode("latin-1")
        if self._nonces.look(shown.nonce, bound, fabric.epoch) != FRESH:
            return self._challenge(message, source, auth, "stale")
        member = self._members.get(auth.realm + b"\n" + shown.user)
        known = member.user_hash(shown.algorithm) if member is not None else b""
        right = proves(shown, known or _NO_HASH, message.method)
        if member is None or not known or not right:
            self._failures.failed(host, fabric.now)
            self._turned_away(message, source)
            return None
        if not auth.any_uri and shown.uri != message.uri:
            fabric.counters.count_auth("other uri")
            answer(fabric, message, source, "a", 400, [])  # RFC 7616 3.4.6
            return None
        if not self._nonces.take(shown.nonce, shown.nc, fabric.epoch):
            return self._challenge(message, source, auth, "replayed")
        self._failures.succeeded(host)
        fabric.counters.count_auth("accepted")
        return member

    def _shown(self, message: Message, auth: Auth) -> Credentials | None:
        """The credentials for this realm, if the request brings any. Raises ParseError 400 for broken ones."""
        if not message.has(b"authorization"):
            return None
        for value in message.all(b"authorization"):
            if is_digest(value):
                try:
                    found = read_credentials(value)
                except ParseError:
                    self._fabric.counters.count_auth("broken")
                    raise
                if found.realm == auth.realm:
                    return found
        return None

    def _challenge(self, message: Message, source: Hop, auth: Auth, why: str) -> Member | None:
        """401 with one challenge for each algorithm, strongest first (RFC 8760 2.4); all share one nonce."""
        fabric = self._fabric
        fabric.counters.count_auth(why)
        bound = auth.realm + b"\n" + source.host.encode("latin-1")
        nonce = self._nonces.make(bound, fabric.ids.tag(), fabric.epoch)
        stale = why != "challenged"
        lines: list[bytes] = []
        for algorithm in auth.algorithms:
            lines.append(b"WWW-Authenticate: " + challenge_value(auth.realm, nonce, algorithm, stale))
        answer(fabric, message, source, "a", 401, lines)
        return None


def comes_by(trunk: PlatformTrunk, source: Hop) -> bool:
    """Is the transport of `source` one that the trunk accepts?"""
    return not trunk.transports or TRANSPORTS[source.transport] in trunk.transports
