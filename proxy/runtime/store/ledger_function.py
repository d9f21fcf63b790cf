"""The function library that runs in the Redis server: its text, the names of its steps, and its two byte layouts.

The names carry a hash of the text, so proxies of two releases can use one server, each its own functions. A server that
does not know them (it was started anew, or took over from another) answers with an error and is given the text.
"""

from __future__ import annotations

import hashlib
import struct
from importlib.resources import files
from math import floor
from typing import Final, TypeAlias

from proxy.policy.inquiry import Inquiry, PersonState
from proxy.runtime.store.attempts import attempt_mark, campaign_mark
from proxy.runtime.store.interface import ATTEMPTS_KEPT, Consent
from proxy.runtime.store.person_keys import Person

QUESTION: Final = struct.Struct(">dddddddBBBd4s3s")
ANSWER: Final = struct.Struct(">BdddddIddIdd")
RELEASE: Final = struct.Struct(">d4s3s")
TIME: Final = struct.Struct(">d")
CONSENT: Final = struct.Struct(">ddddd")
TEXT: Final = files("proxy.runtime.store").joinpath("ledger.lua").read_text(encoding="utf-8")
VERSION: Final = hashlib.sha256(TEXT.encode()).hexdigest()[:10]
LIBRARY: Final = f"#!lua name=npv_ledger_{VERSION}\n" + TEXT.replace("VERSION", VERSION)
MISSING: Final = "Function not found"
LOADED: Final = "already exists"

Command: TypeAlias = tuple[str | bytes | int | float, ...]


def step(name: str, keys: tuple[bytes, ...], *arguments: str | bytes | int) -> Command:
    """The command that calls one of the functions."""
    return ("FCALL", f"{name}_{VERSION}", len(keys), *keys, *arguments)


def attempt_keys(person: Person) -> tuple[bytes, ...]:
    """The keys that `ask` and `release` take; `{group}` keeps those of one person in one slot."""
    group = b"{" + person.group + b"}"
    return (group + b"p" + person.lasting, *[group + name for name in person.names])


def lasting_keys(person: Person) -> tuple[bytes, bytes]:
    """The keys that refusals and consents take."""
    group = b"{" + person.group + b"}"
    return group + b"p" + person.lasting, group + b"q" + person.lasting


def ask(inquiry: Inquiry, person: Person) -> Command:
    """The command of one inquiry."""
    question = QUESTION.pack(
        inquiry.at, inquiry.window_start, inquiry.window_most, inquiry.campaign_most, inquiry.campaign_gap,
        inquiry.refusal_since, inquiry.consent_since, inquiry.reserve, inquiry.consent_needed, inquiry.slot_needed,
        ATTEMPTS_KEPT, attempt_mark(inquiry.attempt), campaign_mark(inquiry.campaign),
    )  # fmt: skip
    return step("ask", attempt_keys(person), question, inquiry.campaign)


def release(inquiry: Inquiry, person: Person) -> Command:
    """The command that uncounts the attempt of the inquiry."""
    marks = RELEASE.pack(floor(inquiry.at), attempt_mark(inquiry.attempt), campaign_mark(inquiry.campaign))
    return step("release", attempt_keys(person), marks)


def state(reply: bytes) -> PersonState:
    """What `ask` answered."""
    (
        reserved, refusal_at, consent_at, consent_until, slot_from, slot_until, attempts, first, last, own, own_last,
        slot_at,
    ) = ANSWER.unpack_from(reply)  # fmt: skip
    return PersonState(
        refusal_at, consent_at, consent_until, reply[ANSWER.size :].decode(), slot_from, slot_until, attempts, first,
        last, own, own_last, reserved == 1, slot_at,
    )  # fmt: skip


def consent_row(consent: Consent) -> bytes:
    """A consent as `ask` reads it."""
    times = (consent.at, consent.until, consent.withdrawn_at, consent.slot_from, consent.slot_until)
    return CONSENT.pack(*times) + consent.campaign.encode()
