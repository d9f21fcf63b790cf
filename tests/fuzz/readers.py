"""What fuzzing asks of everything that reads what a peer wrote: it is read, or it is a `ParseError`; nothing else, ever.

Each function here takes any bytes, does with them what the proxy would, and returns a *trait*: a short text that says
what became of them. An explorer keeps an input whose trait nobody has seen. What breaks a promise raises.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from functools import cache
from pathlib import Path
from typing import Final
from urllib.parse import unquote_to_bytes

from proxy.b2bua.extract import Secrets
from proxy.b2bua.scrub import scrub_body, scrub_lines, scrub_type
from proxy.policy.edition import Edition
from proxy.runtime.edition_file import load_edition
from proxy.sip.address import parameters_of, parse_address, split_semicolons, split_values, unquote
from proxy.sip.build import refusal, response, response_head
from proxy.sip.dialog import Dialog, is_loose
from proxy.sip.digest import credentials_value, parameters, proves, read_challenge, read_credentials, user_hash
from proxy.sip.hop import TCP, UDP, Hop
from proxy.sip.message import Message, ParseError
from proxy.sip.nonces import ENDED, FOREIGN, FRESH, Nonces
from proxy.sip.parse import parse
from proxy.sip.tags import tag_of
from proxy.sip.uri import parse_uri, subscriber, unescape
from proxy.sip.via import answered_via, read_via, reply_hop

CONFIG: Final = Path(__file__).parents[2] / "config"
STATUSES: Final = (0, 400, 416, 505)
SOURCE: Final = Hop(UDP, "192.0.2.9", 5099)
STREAM: Final = Hop(TCP, "2001:db8::9", 41_000, 1, 7)
DAY: Final = date(2026, 11, 23).toordinal()
READERS: Final[list[Callable[[bytes], object]]] = [
    parse_address,
    parse_uri,
    split_values,
    split_semicolons,
    parameters_of,
    tag_of,
    is_loose,
    unescape,
    unquote,
]


def refused_by(reader: Callable[[bytes], object], data: bytes) -> ParseError | None:
    """Why `data` cannot be read; any exception but `ParseError` is the defect that is looked for."""
    try:
        reader(data)
    except ParseError as error:
        return error
    return None


def attempt(reader: Callable[[bytes], object], data: bytes) -> bool:
    """Was it read?"""
    error = refused_by(reader, data)
    if error is None:
        return True
    assert error.status in STATUSES
    assert error.kind
    assert error.text.isascii()
    return False


def sound(data: bytes) -> bool:
    """No bare CR or LF and no NUL in the head of this message."""
    head = data.partition(b"\r\n\r\n")[0]
    return not any(byte in head.replace(b"\r\n", b"") for byte in (b"\r", b"\n", b"\x00"))


def read_message(data: bytes) -> str:
    """A datagram: read it, answer it, and do with it what a dialog may do."""
    error = refused_by(parse, data)
    if error is not None:
        assert error.status in STATUSES
        answer = refusal(error, SOURCE, b"ours")
        assert sound(answer)
        if answer and error.message is not None:
            assert 0 < reply_hop(error.message, SOURCE).port < 65536
        return f"{error.status} {error.kind} {bool(answer)}"
    message = parse(data)
    assert message.cseq >= 0
    assert message.sent_by
    assert message.via
    assert len(message.names) == len(message.lines)
    assert all(b"\n" not in line and b"\r" not in line for line in message.lines)
    if message.status == 0:
        to = message.to_value if message.to_tag else message.to_value + b";tag=o"
        answer = response(response_head(message, SOURCE), to, 200, [], b"")
        assert answer.count(b"\n") == answer.count(b"\r\n") == answer.count(b"\r")
        assert 0 < reply_hop(message, SOURCE).port < 65536
        assert 0 < reply_hop(message, STREAM).port < 65536
        again = parse(answer)
        assert (again.call_id, again.cseq, again.method) == (message.call_id, message.cseq, message.method)
        assert (again.branch, again.from_tag) == (message.branch, message.from_tag)
    dialog = Dialog(b"id", b"l", b"1", b"r", b"2", SOURCE)
    refreshed = attempt(lambda _: dialog.refresh_target(message), b"")
    routed = attempt(lambda _: dialog.learn_routes(message, True), b"")
    assert 0 < dialog.hop.port < 65536
    read = "".join("y" if message.has(name) else "n" for name in (b"contact", b"record-route", b"content-length"))
    return f"read {message.status // 100} {refreshed} {routed} {read} {message.rport} {bool(message.to_tag)}"


def read_value(data: bytes) -> str:
    """The value of an address, Via or parameter header: every reader of values, and what it says of itself."""
    read = "".join("y" if attempt(reader, data) else "n" for reader in READERS)
    message = Message(b"OPTIONS", b"sip:x", 0)
    via = attempt(lambda value: read_via(message, value), data)
    assert answered_via(message, SOURCE)
    assert answered_via(message, STREAM)
    kind = ""
    if attempt(parse_uri, data):
        uri = parse_uri(data)
        assert isinstance(subscriber(uri), str)
        assert 0 <= uri.port < 65536
        kind = uri.scheme.decode("latin-1") if uri.scheme in (b"sip", b"sips", b"tel", b"urn") else "other"
        kind += ("@" if uri.user else "") + (":" if uri.port else "") + ("[" if b":" in uri.host else "")
    if attempt(parse_address, data):
        address = parse_address(data)
        again = parse_address(b"<" + address.uri.raw + b">")
        assert (again.uri.user, again.uri.host, again.uri.port) == (
            address.uri.user,
            address.uri.host,
            address.uri.port,
        )
        kind += f" {bool(address.display)} {min(len(address.params), 4)}"
    return f"{read} {via} {message.rport} {bool(message.branch)} {kind}"


# -- the leak guard ------------------------------------------------------------

SECRETS: Final = Secrets((b"145001234", b"612345678"), (b"dupont", b"agent_smith"), (b"10.1.0.1", b"vms.example"))
MEDIA_LINES: Final = (b"o=", b"c=", b"m=")


def _squeezed(line: bytes) -> bytes:
    """A line as a person reads it: escapes undone, what stands between two digits left out."""
    return re.sub(rb"(?<=[0-9])[^0-9a-z\n]+(?=[0-9])", b"", unquote_to_bytes(line).lower())


def clean_body(data: bytes) -> str:
    """A body behind the leak guard; the first line of `data` is its Content-Type.

    No secret number is left in it in digits, and in SDP in no other writing, but for the lines of its addresses.
    """
    kind, _, body = data.partition(b"\n")
    kind = kind.strip()
    crossed = scrub_body(body, kind, SECRETS)
    assert isinstance(scrub_type(kind, SECRETS), bytes)
    for digits in SECRETS.digits:
        assert digits not in crossed
    media = kind.partition(b";")[0].translate(None, b" \t").lower()
    described = not kind or media == b"application/sdp" or media.startswith(b"multipart/")
    dropped = body.count(b"\n") - crossed.count(b"\n")
    if described:
        for line in crossed.split(b"\n"):
            if line[:2] not in MEDIA_LINES:
                assert not any(digits in _squeezed(line) for digits in SECRETS.digits), line
    lines = [b"Kept: 1", *[b"X: " + line for line in body.split(b"\n")[:40]]]
    found = scrub_lines(lines, 1, SECRETS)
    assert lines[0] == b"Kept: 1"
    for line in lines[1:]:
        assert not any(digits in _squeezed(line) for digits in SECRETS.digits), line
    group = media[:10] if media[:10] in (b"multipart/", b"text/plain") else b"sdp" if described else b"other"
    return f"{group!r} {max(-1, min(dropped, 6))} {min(found, 6)} {crossed == body} {scrub_type(kind, SECRETS) == kind}"


# -- numbers -------------------------------------------------------------------


@cache
def edition() -> Edition:
    """The shipped rules and numbers, with the customers of the ladders."""
    customers = Path(__file__).parents[1] / "b2bua" / "customers.toml"
    return load_edition(CONFIG / "rules", CONFIG / "numbering.toml", customers)


def read_number(data: bytes) -> str:
    """A number as somebody wrote it: a complete one is read as itself again, however it is written."""
    plan = edition().plan
    number = plan.number(data.decode("latin-1"), DAY)
    if number is None:
        return "no number"
    assert number.canonical
    assert number.canonical.isascii()
    if number.complete:
        for style in ("e164", "00"):
            written = plan.number(number.written(style), DAY)
            assert written is not None, style
            assert (written.canonical, written.cls) == (number.canonical, number.cls), style
    plan.shown(number.cls, 0, DAY)
    return f"{number.cls} {number.territory} {number.repaired} {number.complete} {number.too_short} {number.zone}"


# -- digest --------------------------------------------------------------------

NONCES: Final = Nonces(b"k" * 32, 60.0, 50)
NONCE: Final = NONCES.make(b"edge", b"salt", 1000.0)


def read_digest(data: bytes) -> str:
    """An authentication header, as a challenge and as credentials.

    What answers a challenge is read again and proves the password, and no other. Only a nonce of ours is fresh.
    """
    found = attempt(parameters, data)
    trait = f"{found} {min(len(parameters(data)), 9) if found else 0}"
    if attempt(read_challenge, data):
        challenge = read_challenge(data)
        if challenge is not None:
            ha1 = user_hash(challenge.algorithm, b"user", challenge.realm, b"password")
            value = credentials_value(challenge, b"user", ha1, b"INVITE", b"sip:a@b", b"body", 1, b"c")
            if challenge.qop == b"auth":
                again = read_credentials(value)
                assert (again.realm, again.nonce, again.nc) == (challenge.realm, challenge.nonce, 1)
                assert proves(again, ha1, b"INVITE")
                assert not proves(again, ha1, b"BYE")
            trait += f" {challenge.algorithm!r} {challenge.session} {challenge.qop!r} {challenge.stale}"
    if attempt(read_credentials, data):
        credentials = read_credentials(data)
        assert 0 <= credentials.nc < 1 << 32
        assert not proves(credentials, b"0" * 32, b"INVITE")
        state = NONCES.look(credentials.nonce, b"edge", 1030.0)
        assert state in (ENDED, FOREIGN) or credentials.nonce == NONCE
        if state == FRESH:
            NONCES.take(credentials.nonce, credentials.nc, 1030.0)
            assert not NONCES.take(credentials.nonce, credentials.nc, 1030.0)
        assert NONCES.remembered() <= 50
        trait += f" credentials {credentials.algorithm!r} {credentials.session} {state}"
    return trait
