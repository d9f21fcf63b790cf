"""Decision to headers: what the carrier is shown, what the platform is told, and what may cross at all.

What crosses is on the lists of `header_policy`; everything else is built anew per leg. A `Face` holds the constant lines
that one peer sees on one of our listeners, and its lists, joined once per topology. The same edits apply to every
message of a dialog, not just to the first one.
"""

from __future__ import annotations

from typing import Final, final

from proxy.b2bua.extract import NO_SECRETS, Secrets
from proxy.b2bua.header_policy import for_trunk, kind_of, with_unchanged
from proxy.b2bua.scrub import scrub_body, scrub_lines, scrub_type
from proxy.b2bua.trunks import CarrierTrunk, Listener, Topology
from proxy.policy.decision import Decision, Presentation
from proxy.policy.facts import CallFacts
from proxy.sip.address import Address
from proxy.sip.edits import HeaderEdits
from proxy.sip.feedback import OFFER
from proxy.sip.hop import URI_PARAMETERS, VIA_NAMES
from proxy.sip.message import Message

METHODS_SERVED: Final = b"INVITE, ACK, CANCEL, BYE, OPTIONS, PRACK, UPDATE, INFO, MESSAGE"
SUPPORTED: Final = b"100rel, timer"
ALLOW_LINE: Final = b"Allow: " + METHODS_SERVED
ACCEPT_ENCODING: Final = b"Accept-Encoding: identity"
_SERVED: Final = frozenset(METHODS_SERVED.split(b", "))
_TRANSFERS: Final = frozenset((*METHODS_SERVED.split(b", "), b"REFER", b"NOTIFY"))
# RFC 3262, 4028, 3312: end to end matters that cross unharmed; all else would need us to play along
OPTIONS_CARRIED: Final = frozenset((b"100rel", b"timer", b"precondition"))

_ABOUT_THE_BODY: Final = (b"content-type", b"content-encoding", b"content-disposition", b"content-language")


def spelled_host(host: str) -> bytes:
    """A host as a URI or Via writes it: IPv6 in brackets."""
    return f"[{host}]".encode("ascii") if ":" in host else host.encode("ascii")


def naming_headers(topology: Topology) -> frozenset[bytes]:
    """The headers by which platforms name customer, campaign, purpose and mode: they never cross."""
    found: list[str] = []
    for trunk in topology.platforms:
        found += [trunk.customer_header, trunk.campaign_header, trunk.purpose_header, trunk.mode_header]
    return frozenset([name.lower().encode("latin-1") for name in found if name])


@final
class Face:
    """The constant lines of this node and, for a carrier, how numbers are shown to it."""

    __slots__ = (
        "trunk", "host", "via", "contact", "agent", "domain", "suffix", "uri_tail", "target",
        "network_number", "to_carrier", "to_platform", "unchanged_to_carrier", "transfers",
    )  # fmt: skip

    def __init__(self, topology: Topology, listener: Listener, carrier: CarrierTrunk | None) -> None:
        self.trunk: Final = carrier
        self.host: Final = spelled_host(listener.host)
        own = self.host + b":%d" % listener.port
        control = OFFER if carrier is not None and carrier.overload_control else b""
        self.via: Final = b"Via: SIP/2.0/%b %b;rport%b;branch=" % (VIA_NAMES[listener.transport], own, control)
        self.contact: Final = b"Contact: <sip:%b%b>" % (listener.user + own, URI_PARAMETERS[listener.transport])
        self.agent: Final = topology.server_name.encode("utf-8")
        added: frozenset[bytes] = frozenset()
        removed = naming_headers(topology)
        self.domain = self.suffix = self.uri_tail = self.target = self.network_number = b""
        if carrier is not None:
            added = frozenset([name.lower().encode("latin-1") for name in carrier.cross])
            removed |= frozenset([name.lower().encode("latin-1") for name in carrier.drop])
            self.domain = carrier.domain.encode("ascii") or self.host
            self.network_number = _written(carrier.network_number, carrier.numbers).encode("ascii")
            self.suffix = b"@" + self.domain + (b";user=phone>" if carrier.user_phone else b">")
            place = carrier.address.encode("ascii") or b"%b:%d" % (spelled_host(carrier.host), carrier.port)
            self.target = b"sip:" + place
            self.uri_tail = b"@" + place
            self.uri_tail += b";user=phone" if carrier.user_phone else b""
        # whether anybody here may transfer: then Allow may say so
        platforms = [one.transfer for one in topology.platforms]
        self.transfers: Final = True in platforms + [one.transfer for one in topology.carriers]
        headers = topology.headers
        there, back = headers.to_carrier, headers.to_platform
        if carrier is not None and carrier.platform:  # who calls is at a carrier, who is called at a platform
            there, back = back, there
        self.to_carrier: Final = for_trunk(there, added - headers.dropped, removed)
        self.to_platform: Final = for_trunk(back, frozenset(), removed)
        self.unchanged_to_carrier: Final = with_unchanged(self.to_carrier, headers)

    def number(self, facts: CallFacts) -> bytes:
        """The called number as this carrier writes it, or as it was dialled when it is no number of a plan."""
        called = facts.called
        if called is None or self.trunk is None:
            return user_part(facts.called_text)
        return called.written(self.trunk.numbers).encode("ascii")

    def request_uri(self, facts: CallFacts) -> bytes:
        """Where the B leg calls; an emergency urn stays as it is (RFC 5031)."""
        if facts.called is None and facts.called_text.startswith("urn:"):
            return facts.called_text.encode("latin-1")
        return b"sip:" + self.number(facts) + self.uri_tail

    def to(self, facts: CallFacts) -> bytes:
        """The To value of the B leg."""
        if facts.called is None and facts.called_text.startswith("urn:"):
            return b"<" + facts.called_text.encode("latin-1") + b">"
        return b"<sip:" + self.number(facts) + self.suffix

    def shown(self, decision: Decision) -> bytes:
        """The addr part `<sip:NPV@domain...>` of a number that is shown."""
        number = decision.number
        style = self.trunk.numbers if self.trunk is not None else "e164"
        return b"<sip:" + (number.written(style).encode("ascii") if number is not None else b"") + self.suffix

    def caller(self, decision: Decision, original: Address) -> bytes:
        """The From value of the B leg, without its tag (sip.md 5)."""
        if decision.presentation == Presentation.NPV:
            shown = self.shown(decision)
            return quoted(decision.display.encode("utf-8")) + b" " + shown if decision.display else shown
        if decision.presentation == Presentation.UNCHANGED:
            display = quoted(original.display) + b" " if original.display else b""
            return display + b"<" + original.uri.raw + b">"
        if self.trunk is not None and self.trunk.hidden == "unavailable":
            return b'"Unavailable" <sip:unavailable@unknown.invalid>'
        return b'"Anonymous" <sip:anonymous@anonymous.invalid>'

    def identity_lines(self, decision: Decision) -> list[bytes]:
        """P-Asserted-Identity and Privacy of the B leg (RFC 3323, RFC 3325)."""
        if decision.presentation == Presentation.NPV:
            return [b"P-Asserted-Identity: " + self.shown(decision)]
        if decision.presentation == Presentation.UNCHANGED:
            return []
        trunk = self.trunk
        if trunk is None or trunk.hidden == "unavailable":
            return []
        if trunk.network_number:
            return [b"P-Asserted-Identity: <sip:" + self.network_number + self.suffix, b"Privacy: id"]
        return [b"Privacy: id"]


def quoted(display: bytes) -> bytes:
    """A display name as a quoted string (RFC 3261 25.1), without control characters."""
    shown = display.translate(None, _CONTROLS)
    return b'"' + shown.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'


def _written(number: str, style: str) -> str:
    """A number of a trunk, `+` and digits, as that trunk writes numbers."""
    if style == "e164" or not number:
        return number
    return "0" + number[3:] if style == "national" and number.startswith("+33") else "00" + number[1:]


def user_part(text: str) -> bytes:
    """A text as the user part of a URI: what may not stand there is escaped (RFC 3261 19.1.2, 25.1)."""
    return b"".join([bytes((code,)) if code in _USER_BYTES else b"%%%02X" % code for code in text.encode("latin-1")])


def encoded(message: Message) -> bool:
    """Is the body of this message compressed or the like, so that nothing can be looked for in it?"""
    return message.has(b"content-encoding") and message.first(b"content-encoding").lower() not in (b"", b"identity")


def _kept(value: bytes, wanted: frozenset[bytes], lower: bool) -> bytes:
    tokens = [token.strip() for token in value.split(b",")]
    return b", ".join([token for token in tokens if (token.lower() if lower else token) in wanted])


_CONTROLS: Final = bytes([*range(32), 127])
_USER_BYTES: Final = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.!~*'()&=+$,;?/")
_ALLOWED: Final[dict[bytes, bytes]] = {}  # Allow and Supported as they came, and what of them crosses
_SUPPORTED: Final[dict[bytes, bytes]] = {}
_FILTERED_MOST: Final = 4096


def _filtered(name: bytes, source: Message, known: dict[bytes, bytes], wanted: frozenset[bytes], lower: bool) -> bytes:
    """The tokens of all `name` headers that we can stand for; answers are remembered, they hardly vary."""
    value = source.first(name)
    if len(source.index) != len(source.names) and source.names.count(name) > 1:
        value = b",".join(source.all(name))
    kept = known.get(value)
    if kept is None:
        if len(known) >= _FILTERED_MOST:
            known.clear()
        kept = known[value] = _kept(value, wanted, lower)
    return kept


def edits_for(face: Face, source: Message, untouched: bool, to_a: bool) -> HeaderEdits:
    """The edits of a message that crosses: the allow-list of its direction, Allow and Supported cut to what we carry."""
    if to_a:
        lists = face.to_platform
    else:
        lists = face.unchanged_to_carrier if untouched else face.to_carrier
    edits = HeaderEdits(lists[kind_of(source)])
    index = source.index
    if b"allow" in index:
        if face.transfers:
            edits.set(b"allow", _kept(b",".join(source.all(b"allow")), _TRANSFERS, False))
        else:
            edits.set(b"allow", _filtered(b"allow", source, _ALLOWED, _SERVED, False))
    if b"supported" in index:
        edits.set(b"supported", _filtered(b"supported", source, _SUPPORTED, OPTIONS_CARRIED, True))
    return edits


def cleaned(edits: HeaderEdits, source: Message, secrets: Secrets) -> tuple[list[bytes], bytes, int]:
    """Lines and body of a message towards the carrier with the leak guard applied, and how often it had to act."""
    body = source.body
    if secrets is NO_SECRETS:
        return edits.lines(source), body, 0
    if body:
        if b"content-encoding" in source.index and encoded(source):
            for name in _ABOUT_THE_BODY:
                edits.drop(name)
            body = b""
        else:
            kind = source.first(b"content-type")
            body = scrub_body(body, kind, secrets)
            crossing = scrub_type(kind, secrets)
            if crossing != kind:
                edits.set(b"content-type", crossing)
    start = len(edits.head)
    lines = edits.lines(source)
    found = scrub_lines(lines, start, secrets) if len(lines) > start else 0
    return lines, body, found


def refusal_lines(decision: Decision, host: bytes, decision_id: str) -> list[bytes]:
    """Reason, Warning and Retry-After of a refusal (decision.md "Order"; RFC 3326, RFC 3261 20.43)."""
    lines = [
        b'Reason: Q.850;cause=%d;text="%b"' % (decision.cause, decision.rule.encode("ascii")),
        b'Warning: 399 %b "%b %b"' % (host, decision.rule.encode("ascii"), decision_id.encode("ascii")),
    ]
    if decision.retry_after:
        lines.append(b"Retry-After: %d" % decision.retry_after)
    return lines
