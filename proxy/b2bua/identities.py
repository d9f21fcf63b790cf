"""Which identities a request shows, and what else of it tells who calls.

A platform shows the same few numbers in call after call, so that what was read of a value is remembered by its bytes.
"""

from __future__ import annotations

from typing import Final

from proxy.sip.address import Address, parse_address, split_values
from proxy.sip.message import Message, ParseError
from proxy.sip.syntax import COMMA
from proxy.sip.uri import unescape

# decision.md rule 4: every header that can show a caller
SHOWN: Final = (
    (b"p-asserted-identity", "P-Asserted-Identity"),
    (b"p-preferred-identity", "P-Preferred-Identity"),
    (b"remote-party-id", "Remote-Party-ID"),
    (b"diversion", "Diversion"),
)
# these name the caller too, in a way that no callee is shown: kept from leaving, not judged
HINTS: Final = (b"contact", b"referred-by", b"reply-to", b"history-info", b"p-charge-info")
TELLING: Final = (*[name for name, _ in SHOWN], *HINTS)
USUAL: Final = 1024  # bytes of identities that need no counting
MOST_SECRETS: Final = 96
LEAST_INSIDE: Final = 9  # a number inside a name
REMEMBERED_MOST: Final = 2048
SHORT: Final = 256  # bytes of a value that is remembered


def addresses(message: Message) -> list[tuple[str, Address]]:
    """Every identity that the request shows, with the header that shows it. Raises ParseError 400.

    A request that shows so many that nothing can be kept from leaving in bounded time is refused as well.
    """
    index = message.index
    once = len(index) == len(message.names)  # no header stands there twice
    size = len(message.from_value)
    for name in TELLING:
        value = index.get(name)
        if value is not None:
            size += len(value) + (USUAL if not once and message.names.count(name) > 2 else 0)
    if size > USUAL:
        _refuse_crowd(message)
    found = [("From", _caller(message))]
    for name, spelled in SHOWN:
        value = index.get(name)
        if value is None:
            continue
        if once and COMMA not in value:
            value = value.strip()
            if value:
                found.append((spelled, _shown(value)))
            continue
        for value in message.all(name):
            for part in split_values(value):
                found.append((spelled, _shown(part)))
    return found


def _caller(message: Message) -> Address:
    """What From shows. Behind the angle bracket nearly always stands the tag alone, which is not looked at here."""
    value, tag = message.from_value, b">;tag=" + message.from_tag
    return _shown(value[: len(value) - len(tag) + 1] if value.endswith(tag) else value)


def _shown(value: bytes) -> Address:
    """One address, perhaps as it was read before: a platform shows the same in call after call. Raises ParseError 400."""
    found = _SHOWN.get(value)
    if found is None:
        found = parse_address(value)
        if len(_SHOWN) >= REMEMBERED_MOST:
            _SHOWN.clear()
        if len(value) <= SHORT:
            _SHOWN[value] = found
    return found


def _refuse_crowd(message: Message) -> None:
    """Count what `secrets` may find: numbers, names and hosts of all identities, read or not."""
    count = 0
    for value in [message.from_value, *[value for name in TELLING for value in message.all(name)]]:
        squeezed = unescape(value).translate(None, _BETWEEN_DIGITS)
        digits = [chr(byte) if 48 <= byte <= 57 else " " for byte in squeezed]
        count += 3 * (value.count(b",") + 1) + len([run for run in "".join(digits).split() if len(run) >= LEAST_INSIDE])
    if count > MOST_SECRETS:
        raise ParseError(400, "identities", f"expected identities with at most {MOST_SECRETS} parts, saw {count}")


_BETWEEN_DIGITS: Final = b"+-.() /\t\xc2\xa0"
_SHOWN: Final[dict[bytes, Address]] = {}  # of single values that were seen
