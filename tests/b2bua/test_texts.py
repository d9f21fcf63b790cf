"""Texts (MESSAGE, RFC 3428): decided like a call, crossing as one request of their own."""

from __future__ import annotations

import pytest

from tests.ladder import CALLED, A, Ladder, Seen, datagram, reply, set_up

NPV = "+33162000001"
TEXT = b"Rendez-vous demain 10h"


def message(user: str = NPV, number: int = 1, account: str = "acme", body: bytes = TEXT, hops: int = 70) -> bytes:
    return datagram(
        f"MESSAGE sip:{CALLED}@10.0.0.1 SIP/2.0",
        [
            f"Via: SIP/2.0/UDP {A[0]}:{A[1]};branch=z9hG4bKtext{number};rport",
            f"Max-Forwards: {hops}",
            f"From: <sip:{user}@{A[0]}>;tag=text{number}",
            f"To: <sip:{CALLED}@10.0.0.1>",
            f"Call-ID: text-{number}@platform",
            "CSeq: 7 MESSAGE",
            f"X-Account: {account}",
            "Content-Type: text/plain",
            "Subject: hello",
        ],
        body,
    )


def crossed(ladder: Ladder) -> Seen:
    ladder.feed("a", message())
    return ladder.one("b MESSAGE")


def test_a_text_shows_the_npv_and_crosses_with_its_body_unread(ladder: Ladder) -> None:
    sent = crossed(ladder)
    assert NPV in sent.header("from")
    assert NPV in sent.header("p-asserted-identity")
    assert sent.header("cseq") == "1 MESSAGE"
    assert sent.header("max-forwards") == "69"
    assert (sent.header("contact"), sent.header("subject"), sent.body) == ("", "", TEXT)
    ladder.feed("b", reply(sent, 202))
    answer = ladder.one("a 202 MESSAGE")
    assert answer.header("cseq") == "7 MESSAGE"
    assert [(record.status, record.ended_by) for record in ladder.records()] == [(202, "b")]
    assert [record.facts.method for record in ladder.decisions()] == ["MESSAGE"]
    ladder.advance(40)
    ladder.assert_empty()


def test_a_repeated_text_is_decided_once_and_answered_alike(ladder: Ladder) -> None:
    sent = crossed(ladder)
    ladder.feed("a", message())
    ladder.expect()
    ladder.feed("b", reply(sent, 200))
    first = ladder.one("a 200 MESSAGE")
    ladder.feed("a", message())
    assert ladder.one("a 200 MESSAGE").data == first.data
    assert len(ladder.decisions()) == 1


@pytest.mark.parametrize(
    ("user", "status", "rule"), [("0612345678", 403, "cli.mobile"), ("+33162100001", 403, "cli.not_owned")]
)
def test_a_text_is_refused_by_the_same_rules(ladder: Ladder, user: str, status: int, rule: str) -> None:
    ladder.feed("a", message(user))
    assert rule in ladder.one(f"a {status} MESSAGE").header("reason")


def test_the_carrier_s_failure_crosses_and_its_challenge_does_not(ladder: Ladder) -> None:
    ladder.feed("b", reply(crossed(ladder), 404))
    ladder.expect("a 404 MESSAGE")
    ladder.feed("a", message(number=2))
    ladder.feed("b", reply(ladder.one("b MESSAGE"), 407))
    ladder.expect("a 502 MESSAGE")


def test_a_silent_carrier_leaves_nothing_and_no_408(ladder: Ladder) -> None:
    crossed(ladder)
    ladder.advance(70)
    assert {seen.label for seen in ladder.unread} == {"b MESSAGE"}
    ladder.unread = []
    assert [(record.status, record.reason) for record in ladder.records()] == [(408, "carrier silent")]
    ladder.assert_empty()


def test_no_hops_left_is_483(ladder: Ladder) -> None:
    ladder.feed("a", message(hops=0))
    ladder.expect("a 483 MESSAGE")


def test_a_text_inside_a_call_is_no_new_decision(ladder: Ladder) -> None:
    talk = set_up(ladder)
    before = len(ladder.decisions())
    ladder.feed("a", talk.caller.request("MESSAGE", body=TEXT, extra=["Content-Type: text/plain"]))
    ladder.expect("b MESSAGE")
    assert len(ladder.decisions()) == before


def test_a_stranger_s_text_is_refused(ladder: Ladder) -> None:
    ladder.feed_from(("203.0.113.9", 5060), message())
    assert [seen.data[:11] for seen in ladder.unread] == [b"SIP/2.0 403"]
    ladder.unread = []
