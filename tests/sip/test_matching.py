"""Which server transaction a request belongs to, with and without the magic cookie (RFC 3261 17.2.3)."""

from __future__ import annotations

import pytest

from proxy.sip.matching import invite_key, server_key
from proxy.sip.message import Message
from proxy.sip.parse import parse

NEW = b"SIP/2.0/UDP h:5062;branch=z9hG4bK1"
OLD = b"SIP/2.0/UDP h:5062;branch=1"


def request(method: bytes, via: bytes = NEW, call_id: bytes = b"id", tag: bytes = b"f", cseq: int = 1) -> Message:
    return parse(
        b"%b sip:a@b SIP/2.0\r\nVia: %b\r\nFrom: <sip:c@d>;tag=%b\r\nTo: <sip:a@b>;tag=t\r\nCall-ID: %b\r\nCSeq: %d %b\r\n\r\n"
        % (method, via, tag, call_id, cseq, method)
    )


@pytest.mark.parametrize("via", [NEW, OLD])
def test_an_ack_has_the_key_of_its_invite(via: bytes) -> None:
    assert server_key(request(b"ACK", via)) == server_key(request(b"INVITE", via))


@pytest.mark.parametrize("via", [NEW, OLD])
@pytest.mark.parametrize("method", [b"CANCEL", b"BYE", b"OPTIONS"])
def test_any_other_request_has_its_own_key_and_leads_to_the_invite(method: bytes, via: bytes) -> None:
    invite, other = request(b"INVITE", via), request(method, via)
    assert server_key(other) != server_key(invite)
    assert invite_key(other) == server_key(invite)


def test_two_methods_of_one_branch_do_not_meet() -> None:
    assert len({server_key(request(method)) for method in (b"INVITE", b"CANCEL", b"BYE", b"PRACK")}) == 4


def test_with_the_cookie_branch_and_sent_by_decide_alone() -> None:
    key = server_key(request(b"INVITE"))
    assert server_key(request(b"INVITE", call_id=b"other", tag=b"x", cseq=9)) == key
    assert server_key(request(b"INVITE", NEW + b"2")) != key
    assert server_key(request(b"INVITE", NEW.replace(b"5062", b"5063"))) != key


@pytest.mark.parametrize(
    "other",
    [
        request(b"INVITE", OLD, call_id=b"other"),
        request(b"INVITE", OLD, tag=b"other"),
        request(b"INVITE", OLD, cseq=2),
        request(b"INVITE", OLD + b"2"),
        request(b"INVITE", b"SIP/2.0/UDP h"),
    ],
)
def test_without_the_cookie_the_old_rule_looks_at_all_identifiers(other: Message) -> None:
    assert server_key(other) != server_key(request(b"INVITE", OLD))
    assert server_key(request(b"INVITE", OLD)) == server_key(request(b"INVITE", OLD))


def test_an_old_key_cannot_be_made_with_a_cookie() -> None:
    forged = request(b"INVITE", b"SIP/2.0/UDP h;branch=z9hG4bK2543")
    assert not server_key(forged).startswith(b"2543\n")
