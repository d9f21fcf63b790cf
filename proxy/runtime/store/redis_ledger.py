"""The ledger of several nodes, on Redis: each inquiry is one function call in the server, all of a turn one pipeline.

Every step may be sent twice: an attempt carries its id, a refusal its time, a consent its reference. Persons' keys are
those of `person_keys`; besides, `npv:refusals:<customer>` and `npv:consents:<customer>` list them by time, `CHANGES` is a
log of what has changed, and `npv:ledger:keys` tells whether the key file is the one that the store was filled with.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from typing import Final, final

from proxy.policy.inquiry import Inquiry, PersonState
from proxy.runtime.store import ledger_function as function
from proxy.runtime.store.interface import PAGE, PROOF_KEPT, Consent, LedgerSilent, Refusal, check_consents
from proxy.runtime.store.ledger_function import Command
from proxy.runtime.store.person_keys import NAME_BYTES, KeysDiffer, PersonKeys
from proxy.runtime.store.redis_connect import Reply
from proxy.runtime.store.redis_masters import Masters, reason
from proxy.runtime.store.redis_place import Place

OPENING: Final = 2.0  # s; a start may take longer than a decision
KEYS_OF_STORE: Final = b"npv:ledger:keys"
CUSTOMERS: Final = b"npv:refused:customers"  # whose lists there are
CHANGES: Final = b"npv:changes:persons"  # the last changes of refusals, and of consents of who refused
CHANGES_KEPT: Final = 100_000
GROUP: Final = 2
MEMBER: Final = GROUP + NAME_BYTES


@final
class RedisLedger:
    """A `Ledger`. `epoch` is the wall clock that the rotation of keys goes by; `wait` is in seconds."""

    def __init__(self, place: Place, keys: PersonKeys, epoch: Callable[[], float], wait: float) -> None:
        self.keys = keys
        self._epoch: Final = epoch
        self._wait: Final = wait
        self._masters: Final = Masters(place)
        self._sure = False

    async def open(self) -> None:
        """Compare the keys. A store that is silent now is compared when it answers. Raises KeysDiffer."""
        try:
            await self._make_sure(asyncio.get_running_loop().time() + OPENING)
        except LedgerSilent:
            return
        except KeysDiffer:
            await self.close()
            raise

    async def close(self) -> None:
        """Drop all connections."""
        await self._masters.close()

    async def ask(self, inquiries: Sequence[Inquiry]) -> list[PersonState]:
        """All at once, to each master its own."""
        now = self._epoch()
        replies = await self._run(
            [function.ask(one, self.keys.person(one.customer, one.person, now)) for one in inquiries]
        )
        states = [function.state(reply) if isinstance(reply, bytes) else None for reply in replies]
        silences = [LedgerSilent(reason(reply), states) for reply in replies if not isinstance(reply, bytes)]
        if silences:
            raise max(silences, key=lambda silent: silent.perhaps_done)
        return [state for state in states if state is not None]

    async def release(self, inquiry: Inquiry) -> None:
        """Uncount the attempt under whichever key it was counted."""
        person = self.keys.person(inquiry.customer, inquiry.person, self._epoch())
        await self._one(function.release(inquiry, person))

    async def refuse(self, customer: str, person: str, at: float, source: str, reference: str) -> None:
        """As `refuse_all`."""
        await self.refuse_all([Refusal(customer, person, at, source, reference)])

    async def refuse_all(self, refusals: Sequence[Refusal]) -> None:
        """First into the lists, then with the persons: what is in force is always listed."""
        customers = {one.customer for one in refusals}
        lists: list[Command] = [("SADD", CUSTOMERS, *customers)] if customers else []
        steps: list[Command] = []
        for one in refusals:
            keys, member = self._lasting(one.customer, one.person)
            lists.append(("ZADD", listed("refusals", one.customer), "GT", one.at, member))
            lists.append(noted(member))
            told = json.dumps([one.source, one.reference])
            steps.append(function.step("refuse", keys, function.TIME.pack(one.at), told))
        await self._all(lists)
        await self._all(steps)

    async def withdraw_refusal(self, customer: str, person: str) -> bool:
        """Whether there was one."""
        keys, member = self._lasting(customer, person)
        await self._one(noted(member))
        gone = await self._one(function.step("withdraw_refusal", keys, int(PROOF_KEPT)))
        await self._one(("ZREM", listed("refusals", customer), member))
        return bool(gone)

    async def refusals(self, customer: str, person: str = "", most: int = PAGE) -> list[Refusal]:
        """Newest first."""
        members = [self._lasting(customer, person)[1]] if person else await self._members("refusals", customer, most)
        asked: list[Command] = []
        for member in members:
            hot, cold = places(member)
            asked += [("HGET", hot, "r"), ("HGET", cold, "r")]
        replies = await self._all(asked)
        found = []
        for index, member in enumerate(members):
            at, told = replies[2 * index], replies[2 * index + 1]
            if at is not None and told is not None:
                found.append(Refusal(customer, member[GROUP:].hex(), function.TIME.unpack(at)[0], *json.loads(told)))
        return found

    async def consent(self, consent: Consent) -> None:
        """As `consent_all`."""
        await self.consent_all([consent])

    async def consent_all(self, consents: Sequence[Consent]) -> None:
        """First into the lists, then with the persons."""
        check_consents(consents)
        lists: list[Command] = []
        steps: list[Command] = []
        asked: list[Command] = []
        members: list[bytes] = []
        ended: dict[bytes, float] = {}
        for one in consents:
            keys, member = self._lasting(one.customer, one.person)
            reference, index = one.reference.encode(), listed("consents", one.customer)
            lists.append(("ZADD", index, one.at, member + reference))
            asked.append(("HEXISTS", keys[0], "r"))
            members.append(member)
            ended[index] = max(one.at, ended.get(index, 0.0))
            row, told = function.consent_row(one), json.dumps([one.basis, one.proof])
            steps.append(function.step("consent", keys, reference, row, told, int(PROOF_KEPT)))
        lists += [("ZREMRANGEBYSCORE", index, "-inf", at - PROOF_KEPT) for index, at in ended.items()]
        refused = await self._all(asked)
        lists += [noted(member) for member, is_so in zip(members, refused, strict=True) if is_so]
        await self._all(lists)
        await self._all(steps)

    async def withdraw_consent(self, customer: str, person: str, at: float, reference: str = "") -> int:
        """How many ended."""
        keys, member = self._lasting(customer, person)
        if await self._one(("HEXISTS", keys[0], "r")):
            await self._one(noted(member))
        return int(await self._one(function.step("withdraw_consent", keys, repr(at), reference)))

    async def consents(self, customer: str, person: str = "", most: int = PAGE) -> list[Consent]:
        """Newest first."""
        if person:
            member = self._lasting(customer, person)[1]
            fields = await self._one(("HKEYS", places(member)[0]))
            members = [member + field[1:] for field in fields if field != b"r"]
        else:
            members = await self._members("consents", customer, most)
        asked: list[Command] = []
        for member in members:
            hot, cold = places(member)
            asked += [("HGET", hot, b"c" + member[MEMBER:]), ("HGET", cold, b"c" + member[MEMBER:])]
        replies = await self._all(asked)
        found = []
        for index, member in enumerate(members):
            row, told = replies[2 * index], replies[2 * index + 1]
            if row is not None and told is not None:
                found.append(as_consent(customer, member, row, told))
        return sorted(found, key=lambda consent: (-consent.at, consent.reference))[:most]

    async def _members(self, kind: str, customer: str, most: int) -> list[bytes]:
        return list(await self._one(("ZREVRANGE", listed(kind, customer), 0, most - 1)))

    def _lasting(self, customer: str, person: str) -> tuple[tuple[bytes, bytes], bytes]:
        found = self.keys.person(customer, person, self._epoch())
        return function.lasting_keys(found), found.group + found.lasting

    async def _one(self, command: Command) -> Reply:
        return (await self._all([command]))[0]

    async def _all(self, commands: Sequence[Command]) -> list[Reply]:
        replies = await self._run(commands)
        for reply in replies:
            if isinstance(reply, Exception):
                raise LedgerSilent(reason(reply))
        return replies

    async def _make_sure(self, deadline: float) -> None:
        if self._sure:
            return
        mine = self.keys.fingerprint
        commands: list[Command] = [("SET", KEYS_OF_STORE, mine, "NX"), ("GET", KEYS_OF_STORE)]
        found = (await self._masters.ask(commands, deadline))[1]
        if isinstance(found, Exception):
            raise LedgerSilent(reason(found))
        if found.decode() != mine:
            raise KeysDiffer(f"Redis was filled with other keys ({found.decode()}) than the key file holds ({mine})")
        self._sure = True

    async def _run(self, commands: Sequence[Command]) -> list[Reply]:
        """The replies in their order; in the place of one that did not come stands a LedgerSilent."""
        deadline = asyncio.get_running_loop().time() + self._wait
        try:
            await self._make_sure(deadline)
        except KeysDiffer:
            raise LedgerSilent("other keys") from None
        return await self._masters.ask(commands, deadline)


def noted(member: bytes) -> Command:
    """What is about to change is noted first: a node that heard no notice finds it there (`redis_refusals`)."""
    return ("XADD", CHANGES, "MAXLEN", "~", CHANGES_KEPT, "*", "m", member)


def listed(kind: str, customer: str) -> bytes:
    """The key of a list of the customer."""
    return f"npv:{kind}:{customer}".encode()


def places(member: bytes) -> tuple[bytes, bytes]:
    """The two hashes of a person that a list names."""
    head = b"{" + member[:GROUP] + b"}"
    return head + b"p" + member[GROUP:MEMBER], head + b"q" + member[GROUP:MEMBER]


def as_consent(customer: str, member: bytes, row: bytes, told: bytes) -> Consent:
    """A consent out of its two halves."""
    at, until, withdrawn, slot_from, slot_until = function.CONSENT.unpack_from(row)
    campaign, reference = row[function.CONSENT.size :].decode(), member[MEMBER:].decode()
    basis, proof = json.loads(told)
    person = member[GROUP:MEMBER].hex()
    return Consent(customer, person, at, until, reference, campaign, basis, proof, slot_from, slot_until, withdrawn)
