"""The called leg of a call back: the target of the number as callee, and the caller as the person shows itself.

It is the person's own call. Who calls is shown as the carrier says it, in From and P-Asserted-Identity, with the host
of nobody else's network and the number as the trunk writes numbers. Who withholds its number (`Privacy`, or an
anonymous From; RFC 3323, RFC 3325) stays unknown: `extract.secrets` and `scrub` then guard this call as every other.
"""

from __future__ import annotations

from typing import Final, final

from proxy.b2bua.extract import Secrets
from proxy.b2bua.rewrite import Face, quoted, user_part
from proxy.policy.decision import Decision, Presentation
from proxy.policy.facts import PAI, CallFacts
from proxy.policy.numbers import Number
from proxy.sip.address import Address, parse_address, split_values
from proxy.sip.message import Message, ParseError
from proxy.sip.uri import parse_uri, subscriber

ASSERTED_MOST: Final = 2  # RFC 3325 9.1
_HIDING: Final = frozenset((b"id", b"user", b"header", b"session", b"critical"))
_NOBODY: Final = frozenset((b"anonymous", b"unavailable", b"restricted", b"unknown"))


@final
class BackLeg:
    """What the callee is shown. The number that was called back stands in To, or as Diversion where a carrier puts the
    call through to another number (RFC 5806), which is how a ring over the networks of others is found out."""

    __slots__ = ("called", "number", "uri", "caller_display", "caller_user", "asserted")

    def __init__(
        self, called: Number, number: Number | None, uri: bytes, facts: CallFacts, shown: list[Address]
    ) -> None:
        self.called: Final = called
        self.number: Final = number
        self.uri: Final = uri
        self.caller_display: Final = shown[0].display
        users: list[tuple[Number | None, bytes]] = []
        for presented, address in zip(facts.presented, shown, strict=True):
            number_shown = presented.number
            users.append((number_shown, subscriber(address.uri).partition(";")[0].encode("latin-1")))
        self.caller_user: Final = users[0]
        self.asserted: Final = [
            user for user, presented in zip(users, facts.presented, strict=True) if presented.source == PAI
        ][:ASSERTED_MOST]

    def request_uri(self, face: Face) -> bytes:
        """The target."""
        if self.number is None:
            uri = self.uri.partition(b"?")[0]  # a Request-URI has no headers (RFC 3261 19.1.1)
            return b"sip:" + uri[5:] if uri[:5].lower() == b"sips:" else uri  # the trunk says what the leg goes over
        return b"sip:" + _spelled(self.number, face) + face.uri_tail

    def to(self, face: Face) -> bytes:
        """The To value."""
        return b"<sip:" + _spelled(self.number or self.called, face) + face.suffix

    def caller(self, face: Face, decision: Decision, original: Address) -> bytes:
        """The From value without its tag."""
        if decision.presentation != Presentation.CALLER:
            return face.caller(decision, original)
        shown = self._address(face, self.caller_user)
        return quoted(self.caller_display) + b" " + shown if self.caller_display else shown

    def identity_lines(self, face: Face, decision: Decision) -> list[bytes]:
        """P-Asserted-Identity, Privacy and Diversion."""
        lines: list[bytes] = []
        if decision.presentation == Presentation.CALLER:
            for user in self.asserted:
                lines.append(b"P-Asserted-Identity: " + self._address(face, user))
        else:
            lines.extend(face.identity_lines(decision))
        if self.number is not None:
            lines.append(
                b"Diversion: <sip:" + _spelled(self.called, face) + face.suffix + b";reason=unconditional;counter=1"
            )
        return lines

    def _address(self, face: Face, user: tuple[Number | None, bytes]) -> bytes:
        number, text = user
        if number is not None and number.complete:
            return b"<sip:" + _spelled(number, face) + face.suffix
        return b"<sip:" + user_part(text.decode("latin-1")) + b"@" + face.domain + b">"

    def guarded(self, hosts: list[str]) -> Secrets:
        """What of the platform the caller must not see: where it is, by `hosts` and the host of the target."""
        named = parse_uri(self.uri).host.lower()
        found = [host.encode("ascii") for host in hosts]
        return Secrets((), (), (named, *[host for host in found if host != named]))


def _spelled(number: Number, face: Face) -> bytes:
    return number.written(face.trunk.numbers if face.trunk is not None else "e164").encode("ascii")


def is_withheld(message: Message, caller: Address) -> bool:
    """Does the caller not want to be known (RFC 3323 4.2, RFC 3325 9.3)?"""
    for value in message.all(b"privacy"):
        for token in value.lower().replace(b",", b";").split(b";"):
            if token.strip() in _HIDING:
                return True
    uri = caller.uri
    return uri.user.lower() in _NOBODY or uri.host.lower().endswith(b".invalid") or not uri.user


def diverting(message: Message) -> list[str]:
    """The numbers that this call was diverted from on its way, as written (RFC 5806, RFC 7044)."""
    found: list[str] = []
    for name in (b"diversion", b"history-info"):
        if name in message.index:
            for value in message.all(name):
                _read_diversion(value, found)
    return found


def _read_diversion(value: bytes, found: list[str]) -> None:
    """What of a header can be read, up to what cannot."""
    try:
        for part in split_values(value):
            found.append(subscriber(parse_address(part).uri))
    except ParseError:
        return
