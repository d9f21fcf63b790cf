"""INVITE and trunk to facts: which identities the request shows, who calls, whom, and what must not leave.

Texts are taken as they stand; what they mean is for `policy`. `Identity` also keeps the byte strings that `scrub`
looks for in everything that crosses towards the carrier.
"""

from __future__ import annotations

from typing import Final, final

from proxy.b2bua.trunks import PlatformTrunk
from proxy.policy.edition import Edition
from proxy.policy.facts import CallFacts
from proxy.policy.gather import gather
from proxy.sip.address import Address, parse_address, parse_uri, split_values, subscriber
from proxy.sip.message import Message

# decision.md rule 4: every header that can show a caller
SHOWN: Final = (
    (b"p-asserted-identity", "P-Asserted-Identity"),
    (b"p-preferred-identity", "P-Preferred-Identity"),
    (b"remote-party-id", "Remote-Party-ID"),
    (b"diversion", "Diversion"),
)
# these name the caller too, in a way that no callee is shown: kept from leaving, not judged
HINTS: Final = (b"contact", b"referred-by", b"reply-to", b"history-info", b"p-charge-info")
SHORTEST_NUMBER: Final = 5
SHORTEST_TEXT: Final = 4


@final
class Secrets:
    """What must not reach the carrier: `digits` (significant number without prefix), `texts` (names, other users)."""

    __slots__ = ("digits", "texts")

    def __init__(self, digits: tuple[bytes, ...], texts: tuple[bytes, ...]) -> None:
        self.digits: Final = digits
        self.texts: Final = texts

    def empty(self) -> bool:
        """Is there nothing to keep back?"""
        return not self.digits and not self.texts


NO_SECRETS: Final = Secrets((), ())


def addresses(message: Message) -> list[tuple[str, Address]]:
    """Every identity that the request shows, with the header that shows it. Raises ParseError 400."""
    found = [("From", parse_address(message.from_value))]
    index = message.index
    for name, spelled in SHOWN:
        if name in index:
            for value in message.all(name):
                for part in split_values(value):
                    found.append((spelled, parse_address(part)))
    return found


def called_text(message: Message) -> str:
    """The called number as the Request-URI writes it, or the whole urn."""
    return subscriber(parse_uri(message.uri))


def _named(message: Message, header: str) -> str:
    return message.first(header.lower().encode("latin-1")).decode("latin-1") if header else ""


def call_facts(
    message: Message, shown: list[tuple[str, Address]], trunk: PlatformTrunk, edition: Edition, epoch: float
) -> CallFacts:
    """The facts of this INVITE at `epoch` (UTC seconds)."""
    return gather(
        edition,
        trunk.facts,
        trunk.customer or _named(message, trunk.customer_header),
        _named(message, trunk.campaign_header),
        _named(message, trunk.purpose_header),
        _named(message, trunk.mode_header),
        "INVITE",
        [(source, subscriber(address.uri)) for source, address in shown],
        called_text(message),
        epoch,
        trunk.attested,
    )


def secrets(message: Message, shown: list[tuple[str, Address]], facts: CallFacts, kept: str) -> Secrets:
    """What of the caller must not leave. `kept` is the canonical number that will be shown, empty for none.

    A number that is the called one, or the one shown, is no secret.
    """
    public = [_significant(kept)] if kept else []
    if facts.called is not None:
        public.append(_significant(facts.called.canonical))
    digits: list[bytes] = []
    texts: list[bytes] = []
    for presented, (_, address) in zip(facts.presented, shown, strict=True):
        number = presented.number
        _note(_significant(number.canonical) if number is not None else presented.text, public, digits, texts)
        _note_text(address.display, texts)
    for name in HINTS:
        if name in message.index:
            for value in message.all(name):
                for part in split_values(value):
                    if part != b"*":
                        hint = parse_address(part)
                        _note(subscriber(hint.uri), public, digits, texts)
                        _note_text(hint.display, texts)
    return Secrets(tuple(digits), tuple(texts))


def _significant(text: str) -> str:
    """The digits that all written forms of a French number share: without country code or trunk zero."""
    bare = text.lstrip("+")
    return bare[-9:] if len(bare) >= 9 else bare


def _note(text: str, public: list[str], digits: list[bytes], texts: list[bytes]) -> None:
    """Sort one user part into numbers and other texts."""
    bare = text.partition(";")[0]
    squeezed = bare.translate(_SEPARATORS)
    if squeezed.isascii() and squeezed.isdigit():
        short = _significant(squeezed)
        if len(short) >= SHORTEST_NUMBER and short not in public:
            secret = short.encode("ascii")
            if secret not in digits:
                digits.append(secret)
    else:
        _note_text(bare.encode("latin-1"), texts)


def _note_text(text: bytes, texts: list[bytes]) -> None:
    if len(text) >= SHORTEST_TEXT and text.lower() != b"anonymous" and text not in texts:
        texts.append(text)


_SEPARATORS: Final = {ord(letter): None for letter in "+-.() /"}
