"""Questions to name servers through `aiodns`, answered as `resolver.Found`; one resolver for the process, on its loop."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from typing import Final, final

import aiodns
import pycares

from proxy.runtime.resolver import Found, Unanswered

WAIT: Final = 2.0  # s for one try at one server
TRIES: Final = 2
# the name or the record does not exist: an answer, not a failure
FAMILIES: Final = {"A": socket.AF_INET, "AAAA": socket.AF_INET6}
NOTHING: Final = frozenset((pycares.errno.ARES_ENODATA, pycares.errno.ARES_ENOTFOUND))


@final
class DnsQuery:
    """An `Ask` of `resolver.py`. `servers` are `address` or `address:port`; none: those of the system."""

    def __init__(self, servers: Sequence[str] = ()) -> None:
        self._servers: Final = servers
        self._asked: aiodns.DNSResolver | None = None

    def _resolver(self) -> aiodns.DNSResolver:
        """Made with the first question: a node whose carriers are all addresses asks nobody."""
        if self._asked is None:
            self._asked = aiodns.DNSResolver(nameservers=list(self._servers) or None, timeout=WAIT, tries=TRIES)
        return self._asked

    async def __call__(self, name: str, kind: str) -> Sequence[Found]:
        """The records of that type; addresses also out of the hosts file. Raises Unanswered."""
        try:
            if kind in FAMILIES:
                found = await self._resolver().getaddrinfo(name, family=FAMILIES[kind], type=socket.SOCK_DGRAM)
                return [Found(address_text(node.addr[0]), node.ttl) for node in found.nodes]
            answer = await self._resolver().query_dns(name, kind)
        except aiodns.error.DNSError as failure:
            number, *words = failure.args
            if number in NOTHING:
                return ()
            raise Unanswered(f"{kind} of {name}: {' '.join(map(str, words)) or number}") from None
        read_all = (read(record) for record in answer.answer)
        return [one for one in read_all if one is not None]

    async def close(self) -> None:
        """Give the sockets back."""
        if self._asked is not None:
            await self._asked.close()
            self._asked = None


def read(record: pycares.DNSRecord) -> Found | None:
    """A record as `resolver.py` wants it; None for one that was not asked for, such as the CNAME on the way."""
    data, ttl = record.data, record.ttl
    if isinstance(data, pycares.SRVRecordData):
        return Found(plain(data.target), ttl, data.priority, data.weight, data.port)
    if isinstance(data, pycares.NAPTRRecordData):
        name, service, flags = plain(data.replacement), data.service.upper(), data.flags.upper()
        return Found(name, ttl, data.order, data.preference, 0, service, flags)
    return None


def address_text(address: str | bytes) -> str:
    """pycares gives an address as bytes or as text."""
    return address.decode("ascii") if isinstance(address, bytes) else address


def plain(name: str) -> str:
    """A host name without its last dot."""
    return name.rstrip(".")
