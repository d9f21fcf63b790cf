"""INVITE and trunk to facts: who calls, whom, and what must not leave.

Texts are taken as they stand; what they mean is for `policy`. `Secrets` keeps the byte strings that `scrub`
looks for in everything that crosses towards the carrier.
"""

from __future__ import annotations

from typing import Final, final

from proxy.b2bua.identities import HINTS, LEAST_INSIDE, REMEMBERED_MOST
from proxy.b2bua.trunks import PlatformTrunk
from proxy.policy.edition import Edition
from proxy.policy.facts import CallFacts
from proxy.policy.gather import gather
from proxy.sip.address import Address, parse_address, split_values
from proxy.sip.message import Message, ParseError
from proxy.sip.syntax import COLON, DOT
from proxy.sip.uri import parse_uri, subscriber

SHORTEST_NUMBER: Final = 5
LONGEST_PORT: Final = 5  # as many digits may be a port by chance
SHORTEST_TEXT: Final = 4


@final
class Secrets:
    """What must not reach the carrier: `digits` (significant number without prefix), `texts` (names, other users) and
    `hosts` (where the platform is), all in lower case. `plain`: no number could be a port, nothing has a line end."""

    __slots__ = ("digits", "texts", "hosts", "plain")

    def __init__(self, digits: tuple[bytes, ...], texts: tuple[bytes, ...], hosts: tuple[bytes, ...]) -> None:
        self.digits: Final = digits
        self.texts: Final = texts
        self.hosts: Final = hosts
        odd = [one for one in texts + hosts if one.splitlines() != [one]]
        odd += [one for one in digits if len(one) <= LONGEST_PORT or not one.isdigit()]
        self.plain: Final = not odd


NO_SECRETS: Final = Secrets((), (), ())


def called_text(message: Message) -> str:
    """The called number as the Request-URI writes it, or the whole urn."""
    return subscriber(parse_uri(message.uri))


def _named(message: Message, header: str) -> str:
    if not header:
        return ""
    name = _NAMES.get(header)
    if name is None:
        name = _NAMES[header] = header.lower().encode("latin-1")
    value = message.index.get(name)
    return value.decode("latin-1") if value is not None else ""


def call_facts(
    message: Message,
    shown: list[tuple[str, Address]],
    called: str,
    trunk: PlatformTrunk,
    edition: Edition,
    epoch: float,
) -> CallFacts:
    """The facts of this INVITE at `epoch` (UTC seconds); `called` is its `called_text`.

    The attempt is named by Call-ID and From tag: a request that is sent again after a challenge keeps both (RFC 3261
    8.1.3.5, 22.2), another call that uses the Call-ID again has a tag of its own. No Call-ID has a semicolon.
    """
    return gather(
        edition,
        trunk.facts,
        trunk.customer or _named(message, trunk.customer_header),
        _named(message, trunk.campaign_header),
        _named(message, trunk.purpose_header),
        _named(message, trunk.mode_header),
        message.method.decode("ascii"),
        [(source, subscriber(address.uri)) for source, address in shown],
        called,
        epoch,
        trunk.attested,
        (message.call_id + b";" + message.from_tag).decode("latin-1"),
    )


def secrets(message: Message, shown: list[tuple[str, Address]], facts: CallFacts, kept: str) -> Secrets:
    """What of the caller must not leave. `kept` is the canonical number that will be shown, empty for none.

    A number that is the called one, or the one shown, is no secret. A header that does not cross and cannot be read
    is passed over.
    """
    public = [_significant(kept)] if kept else []
    if facts.called is not None:
        public.append(_significant(facts.called.canonical))
    digits: list[bytes] = []
    texts: list[bytes] = []
    hosts: list[bytes] = []
    for at in range(max(len(shown), len(facts.presented))):
        presented, address = facts.presented[at], shown[at][1]
        number = presented.number
        if number is not None:
            _note_digits(_significant(number.canonical), SHORTEST_NUMBER, public, digits)
        else:
            _note(presented.text, public, digits, texts)
        _note_address(address, public, digits, texts, hosts)
    for name in HINTS:
        if name in message.index:
            for hint in _readable(message, name):
                _note(subscriber(hint.uri), public, digits, texts)
                _note_address(hint, public, digits, texts, hosts)
    key = (tuple(digits), tuple(texts), tuple(hosts))
    same = _SECRETS.get(key)
    if same is None:
        if len(_SECRETS) >= REMEMBERED_MOST:
            _SECRETS.clear()
        same = _SECRETS[key] = Secrets(key[0], key[1], key[2])
    return same


def _readable(message: Message, name: bytes) -> list[Address]:
    """The addresses of all headers `name` that can be read."""
    value = message.first(name)
    known = _ADDRESSES.get(value)
    if known is not None and len(message.index) == len(message.names):
        return known
    found: list[Address] = []
    values = message.all(name)
    for value in values:
        try:
            for part in split_values(value):
                found.append(parse_address(part))
        except ParseError:
            continue
    if len(values) == 1:
        if len(_ADDRESSES) >= REMEMBERED_MOST:
            _ADDRESSES.clear()
        _ADDRESSES[value] = found
    return found


def _note_address(
    address: Address, public: list[str], digits: list[bytes], texts: list[bytes], hosts: list[bytes]
) -> None:
    """A display name may be a name or a number; the host says where the platform is."""
    if address.display:
        _note(address.display.decode("latin-1"), public, digits, texts)
    host = address.uri.host.lower()
    if host not in hosts and (DOT in host or COLON in host):
        hosts.append(host)


def _significant(text: str) -> str:
    """The digits that all written forms of a French number share: without country code or trunk zero."""
    tail = text[-9:]
    if len(tail) == 9 and tail[0] != "+":
        return tail
    bare = text.lstrip("+")
    return bare[-9:] if len(bare) >= 9 else bare


def _note(text: str, public: list[str], digits: list[bytes], texts: list[bytes]) -> None:
    """Sort one user part into numbers and other texts."""
    parts = _PARTS.get(text)
    if parts is None:
        if len(_PARTS) >= REMEMBERED_MOST:
            _PARTS.clear()
        parts = _PARTS[text] = _parts(text)
    for number in parts.numbers:
        _note_digits(number, parts.shortest, public, digits)
    if parts.name and parts.name not in texts:
        texts.append(parts.name)


def _note_digits(number: str, shortest: int, public: list[str], digits: list[bytes]) -> None:
    if len(number) >= shortest and number not in public:
        secret = number.encode("ascii")
        if secret not in digits:
            digits.append(secret)


@final
class Parts:
    """What of one text must not leave: numbers of at least `shortest` digits, and a name."""

    __slots__ = ("numbers", "shortest", "name")

    def __init__(self, numbers: list[str], shortest: int, name: bytes) -> None:
        self.numbers: Final = numbers
        self.shortest: Final = shortest
        self.name: Final = name


def _parts(text: str) -> Parts:
    bare = text.partition(";")[0]
    squeezed = bare.translate(_SEPARATORS)
    if squeezed.isascii() and squeezed.isdigit():
        return Parts([_significant(squeezed)], SHORTEST_NUMBER, b"")
    runs = "".join([letter if letter in _DIGITS else " " for letter in squeezed]).split()
    name = bare.strip().encode("latin-1").lower()
    if len(name) < SHORTEST_TEXT or name == b"anonymous":
        name = b""
    return Parts([_significant(run) for run in runs], LEAST_INSIDE, name)


_DIGITS: Final = frozenset("0123456789")
_SEPARATORS: Final = {ord(letter): None for letter in "+-.() /\t\xc2\xa0"}
_PARTS: Final[dict[str, Parts]] = {}  # of texts that were seen: names vary less than numbers
_SECRETS: Final[dict[tuple[tuple[bytes, ...], tuple[bytes, ...], tuple[bytes, ...]], Secrets]] = {}
_ADDRESSES: Final[dict[bytes, list[Address]]] = {}  # of header values that were seen
_NAMES: Final[dict[str, bytes]] = {}  # of headers that trunks name: as a message has them
