"""Replays `tests/corpus`: each message as a file, what the parser makes of it in `messages.toml`.

A crash found anywhere becomes a file here first. The invariant: whatever arrives, it is read or it is a `ParseError`,
and the answer to a refused request is itself a message.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from proxy.sip.build import refusal
from proxy.sip.hop import UDP, Hop
from proxy.sip.message import Message, ParseError
from proxy.sip.parse import parse
from proxy.sip.uri import parse_uri, subscriber

CORPUS = Path(__file__).parents[1] / "corpus"
# Any: a TOML table holds values of several types
ROWS: list[dict[str, Any]] = tomllib.loads((CORPUS / "messages.toml").read_text(encoding="utf-8"))["message"]
ACCEPTED = [row for row in ROWS if "status" not in row]
REFUSED = [row for row in ROWS if "status" in row]
REASON_LETTERS = frozenset(
    b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.!~*'();/?:@&=+$, "
)  # RFC 3261 25.1 Reason-Phrase


def data_of(row: dict[str, Any]) -> bytes:
    return (CORPUS / "messages" / str(row["file"])).read_bytes()


def refused(data: bytes) -> ParseError:
    with pytest.raises(ParseError) as caught:
        parse(data)
    return caught.value


def test_every_file_has_its_row_and_every_row_its_file() -> None:
    assert sorted(row["file"] for row in ROWS) == sorted(path.name for path in (CORPUS / "messages").iterdir())


def test_line_ends_came_through_version_control() -> None:
    assert b"\r\n" in data_of({"file": "every_blank_allowed.sip"})
    assert b"\r" not in data_of({"file": "lf_only.sip"})


@pytest.mark.parametrize("row", ACCEPTED, ids=[row["file"] for row in ACCEPTED])
def test_accepted(row: dict[str, Any]) -> None:
    message = parse(data_of(row))
    assert message.status == row.get("code", 0)
    for field in ("method", "branch", "sent_by", "from_tag", "to_tag"):
        if field in row:
            assert getattr(message, field) == row[field].encode("utf-8"), field
    if "cseq" in row:
        assert message.cseq == row["cseq"]
    if "octets" in row:
        assert len(message.body) == row["octets"]
    if "absent" in row:
        assert not message.has(row["absent"].encode())
    for name, value in row.get("values", {}).items():
        assert message.first(name.encode()) == value.encode()
    if not message.status:
        check_uri(message, row)


def check_uri(message: Message, row: dict[str, Any]) -> None:
    if "uri_status" in row:
        with pytest.raises(ParseError) as caught:
            parse_uri(message.uri)
        assert caught.value.status == row["uri_status"]
        return
    uri = parse_uri(message.uri)
    assert subscriber(uri) == row.get("user", subscriber(uri))
    assert uri.host == row.get("host", uri.host.decode()).encode()
    assert uri.port == row.get("port", uri.port)


@pytest.mark.parametrize("row", REFUSED, ids=[row["file"] for row in REFUSED])
def test_refused(row: dict[str, Any]) -> None:
    error = refused(data_of(row))
    assert (error.status, error.kind) == (row["status"], row["kind"])
    answer = refusal(error, Hop(UDP, "192.0.2.9", 5099), b"our-tag")
    if row["status"] == 0 or row.get("mute"):
        assert answer == b""
        return
    start = answer.partition(b"\r\n")[0]
    assert start.startswith(b"SIP/2.0 %d " % row["status"])
    assert frozenset(start) <= REASON_LETTERS
    assert b"\r\nVia: " in answer
    assert answer.endswith(b"\r\nContent-Length: 0\r\n\r\n")
    assert b"\n" not in answer.replace(b"\r\n", b"")
