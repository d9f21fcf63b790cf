"""Which headers may cross from leg to leg: an allow-list for each direction and kind of message (sip.md 4).

The lists are data (`config/headers.toml`, read by `runtime/headers_file.py`); they are joined with those of a trunk once
and used as frozen sets from then on. What stands here in code is what no file may change: the headers that this proxy
builds anew on each leg, those that can show who calls, and those without which a message that crosses cannot be read.
A `HeaderPolicy` without lists lets nothing cross.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from proxy.sip.message import Message
from proxy.sip.syntax import same_names

# kinds of messages
SET_UP: Final = 0  # the INVITE or MESSAGE that a call begins with
IN_DIALOG: Final = 1
RESPONSE: Final = 2
KIND_NAMES: Final = ("set_up", "in_dialog", "response")

# built anew on each leg, or not at all
REBUILT: Final = frozenset((
    b"via", b"from", b"to", b"call-id", b"cseq", b"contact", b"max-forwards", b"route", b"record-route", b"user-agent",
    b"server", b"privacy", b"p-asserted-identity", b"content-length", b"warning", b"authorization",
    b"proxy-authorization", b"www-authenticate", b"proxy-authenticate", b"session-id",
    b"max-breadth",
))  # fmt: skip
# can show who calls, where from or with whom; an emergency call keeps those that its file lists (CPCE D98-8)
TELLING: Final = frozenset((
    b"p-preferred-identity", b"remote-party-id", b"diversion", b"history-info", b"identity", b"identity-info",
    b"referred-by", b"call-info", b"error-info", b"subject", b"organization", b"reply-to", b"user-to-user",
    b"p-charge-info", b"p-associated-uri", b"p-called-party-id", b"p-served-user", b"p-access-network-info",
    b"p-visited-network-id", b"p-charging-vector", b"p-charging-function-addresses", b"p-user-database",
    b"p-profile-key", b"p-private-network-indication", b"p-dcs-trace-party-id", b"p-dcs-billing-info", b"in-reply-to",
    b"target-dialog", b"replaces", b"join", b"refer-to", b"path", b"service-route", b"geolocation",
    b"geolocation-routing", b"authentication-info", b"proxy-authentication-info",
))  # fmt: skip
IDENTITY_HEADERS: Final = REBUILT | TELLING
# an emergency call may keep these although they are built anew in every other one
KEPT_UNCHANGED: Final = TELLING | {b"p-asserted-identity", b"privacy"}
# without these a body, or a reliable provisional response (RFC 3262), is not understood on the other side
NEEDED: Final = frozenset((b"content-type", b"content-encoding", b"require", b"rseq", b"rack"))

Lists = tuple[frozenset[bytes], ...]  # one for each kind of message

NOTHING: Final[tuple[frozenset[bytes], ...]] = (frozenset(), frozenset(), frozenset())


@dataclass(frozen=True)
class HeaderPolicy:
    """Lower-case names by kind of message, for each direction; `unchanged` cross too in a call that passes untouched."""

    to_carrier: Lists = NOTHING
    to_platform: Lists = NOTHING
    unchanged: frozenset[bytes] = frozenset()
    dropped: frozenset[bytes] = frozenset()


def for_trunk(lists: Lists, added: frozenset[bytes], removed: frozenset[bytes]) -> Lists:
    """Lists with what one trunk adds and takes away; no identity is ever added."""
    more = added - IDENTITY_HEADERS
    return tuple([same_names((names | more) - removed) for names in lists])


def with_unchanged(lists: Lists, policy: HeaderPolicy) -> Lists:
    """Lists for a call that passes untouched."""
    return tuple([same_names(names | policy.unchanged) for names in lists])


def kind_of(message: Message) -> int:
    """Which kind of message crosses: one that has a To tag belongs to a dialog (RFC 3261 12.2)."""
    if message.status:
        return RESPONSE
    return IN_DIALOG if message.to_tag else SET_UP
