"""The lines of the records, field by field.

The fields are the public face of the journal; `config/README.md` lists them and a test compares. Every line carries
`seq` and `prev` before these (`record_chain.py`). A decision line holds all that deciding it again needs, with every
person's number masked.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

import msgspec

LENGTH_RIGHT: Final = "right"
LENGTH_SHORT: Final = "short"
LENGTH_LONG: Final = "long"
ALLOCATED: Final = "allocated"


class Identity(msgspec.Struct, omit_defaults=True):
    """One identity that the request presented; an empty class means that it was no number.

    What is as usual is left out, which goes by identity: give the very constants.
    """

    source: str
    number: str
    number_class: str
    territory: str = ""
    zone: str = ""
    range: str = ALLOCATED
    length: str = LENGTH_RIGHT
    repaired: bool = False


class TrunkLine(msgspec.Struct):
    """What rules may know of the trunk, beside its name."""

    origin: str = "national"
    emergency: str = "pass"
    unopened: str = "pass"
    profile: str = "law"
    destinations: list[str] = []


class StateLine(msgspec.Struct, gc=False):
    """What the store knew of the person, before this call; instants are POSIX seconds, 0 where there is nothing."""

    refusal_at: float = 0.0
    consent_at: float = 0.0
    consent_until: float = 0.0
    consent_id: str = ""
    slot_from: float = 0.0
    slot_until: float = 0.0
    slot_at: float = 0.0
    attempts: int = 0
    first_attempt: float = 0.0
    last_attempt: float = 0.0
    campaign_attempts: int = 0
    campaign_last: float = 0.0
    reserved: bool = False


class LoadLine(msgspec.Struct):
    """Which limit of calls was reached."""

    over: str = ""
    retry_after: int = 0


class DecisionLine(msgspec.Struct, tag_field="record", tag="decision"):
    """One decision. `seconds` is the time it took; `revision` names the edition, so that it can be replayed."""

    id: str
    time: str
    instant: float
    local_time: str
    node: str
    call_id: str
    customer: str
    campaign: str
    purpose: str
    mode: str
    method: str
    attested: bool
    trunk: str
    trunk_facts: TrunkLine
    presented: list[Identity]
    called: str
    called_class: str
    territory: str
    called_zone: str
    called_range: str
    called_length: str
    called_repaired: bool
    state: StateLine | None
    load: LoadLine | None
    expired: bool
    action: str
    presentation: str
    shown: str
    display: str
    rule: str
    status: int
    phrase: str
    retry_after: int
    next_opening: float
    warnings: tuple[str, ...]
    rules: list[str]
    blind: bool
    revision: str
    seconds: float
    waited: float
    held: StateLine | None = None


class DecisionParts(msgspec.Struct, tag_field="record", tag="decision", gc=False):
    """A `DecisionLine` as it is put together: what is `Raw` holds a value and the fields behind it, as JSON that is ready."""

    id: str
    time: str
    instant: float
    local_time: str
    node: str
    call_id: str
    customer: msgspec.Raw  # to `trunk_facts`
    presented: msgspec.Raw
    called: str
    called_class: msgspec.Raw  # to `called_repaired`
    state: StateLine | None
    load: LoadLine | None
    expired: bool
    action: msgspec.Raw  # and `presentation`
    shown: str
    display: str
    rule: msgspec.Raw  # to `phrase`
    retry_after: int
    next_opening: float
    warnings: msgspec.Raw  # to `revision`
    seconds: float
    waited: float
    held: StateLine | None


class CallLine(msgspec.Struct, tag_field="record", tag="call", gc=False):
    """One ended call. A time that never came is an empty text; `seconds` counts from the answer to the end;
    `direction` is `out`, or `back` for a call to a number of the directory."""

    decision: str
    node: str
    started: str
    ringing: str
    answered: str
    ended: str
    seconds: float
    customer: str
    campaign: str
    trunk: str
    carrier: str
    called: str
    status: int
    ended_by: str
    reason: str
    a_call_id: str
    b_call_id: str
    direction: str = "out"


class FaultLine(msgspec.Struct, tag_field="record", tag="fault"):
    """One defect of ours."""

    time: str
    node: str
    call_id: str
    text: str


class BeginLine(msgspec.Struct, tag_field="record", tag="begin"):
    """The first line of a file; its `prev` is the hash of the last line of the file before."""

    time: str
    node: str
    file: str
    previous: str


class GapLine(msgspec.Struct, tag_field="record", tag="gap"):
    """Records that were lost before this line."""

    time: str
    node: str
    lost: int
    reason: str


class EndLine(msgspec.Struct, tag_field="record", tag="end", omit_defaults=True):
    """The last line of a file that was closed in order; signed where `[records] signing_key` is given."""

    time: str
    node: str
    reason: str
    prospecting: int
    public_key: str = ""
    signature: str = ""


def utc(at: float, timespec: str = "milliseconds") -> str:
    """`2026-11-23T10:00:00.123Z`, or nothing for 0."""
    if not at:
        return ""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec=timespec).removesuffix("+00:00") + "Z"
