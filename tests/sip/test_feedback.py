"""Overload control in a Via (RFC 7339): what is written is read, what is broken says nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.sip.feedback import LONGEST, OFFER, VALID, answered_offer, offers_loss, read_feedback
from proxy.sip.hop import UDP, Hop
from proxy.sip.parse import parse
from proxy.sip.via import answered_via
from tests.ladder import Caller

OURS = b"SIP/2.0/UDP 10.0.0.1:5060;rport" + OFFER + b";branch=z9hG4bK1"


def test_an_offer_is_answered_in_its_place() -> None:
    via = b'SIP/2.0/TLS p1.example.net;branch=z9hG4bK2d4790.1;oc;oc-algo="loss,A"'
    assert answered_offer(via, 0.2, 0.5, 1282321615.782) == (
        b'SIP/2.0/TLS p1.example.net;branch=z9hG4bK2d4790.1;oc=20;oc-algo="loss";oc-validity=500;oc-seq=1282321615.782'
    )
    assert answered_offer(via, 0.0, 0.0, 1.0).endswith(b';oc=0;oc-algo="loss";oc-validity=0;oc-seq=1.000')


@pytest.mark.parametrize(
    ("algorithms", "known"),
    [(b'"loss"', True), (b'"A,loss"', True), (b'"rate, LOSS"', True), (b'"rate"', False), (b'""', False), (b"loss", True)],
)  # fmt: skip
def test_the_algorithm_that_all_know(algorithms: bytes, known: bool) -> None:
    assert offers_loss(algorithms) == known


def test_the_parser_sees_the_offer_and_the_rest_of_the_via() -> None:
    data = Caller().invite().replace(b";rport", b';oc;oc-algo="loss";rport')
    message = parse(data)
    assert message.control == b'"loss"'
    assert (message.branch, message.rport, message.sent_by) == (b"z9hG4bKa1-1", True, b"10.1.0.1:5070")
    via = answered_via(message, Hop(UDP, "10.1.0.1", 5070))
    assert b'oc-algo="loss"' in via
    assert via.endswith(b";rport=5070;received=10.1.0.1")
    assert parse(Caller().invite()).control == b""


def said(more: bytes) -> bytes:
    return b"SIP/2.0/UDP 10.0.0.1:5060;branch=z9hG4bK1" + more


def test_what_a_server_says_is_read() -> None:
    found = read_feedback(said(b';oc=37;oc-algo="loss";oc-validity=2500;oc-seq=12.345'))
    assert found is not None
    assert (found.loss, found.valid, found.sequence) == (0.37, 2.5, 12.345)
    bare = read_feedback(said(b';oc=100;oc-algo="loss"'))
    assert bare is not None
    assert (bare.loss, bare.valid, bare.sequence) == (1.0, VALID, 0.0)
    long = read_feedback(said(b';oc=1;oc-algo="loss";oc-validity=999999999'))
    assert long is not None
    assert long.valid == LONGEST


@pytest.mark.parametrize(
    "more",
    [b"", b";oc", OFFER, b";oc=20", b';oc=101;oc-algo="loss"', b';oc=-1;oc-algo="loss"', b';oc=20;oc-algo="rate"',
     b';oc=20;oc-algo="loss";oc-validity=soon', b';oc=20;oc-algo="loss', b';oc=;oc-algo="loss"'],
)  # fmt: skip
def test_what_is_not_understood_says_nothing(more: bytes) -> None:
    assert read_feedback(said(more)) is None


@given(st.integers(0, 100), st.integers(0, 100_000), st.floats(1.0, 4e9))
def test_what_is_written_is_read(percent: int, milliseconds: int, epoch: float) -> None:
    found = read_feedback(answered_offer(OURS, percent / 100, milliseconds / 1000, epoch))
    assert found is not None
    assert found.loss == pytest.approx(percent / 100)
    assert found.valid == pytest.approx(milliseconds / 1000)
    assert found.sequence == pytest.approx(epoch, abs=0.002)


@given(st.binary(max_size=80))
def test_nothing_that_comes_back_is_a_fault_of_ours(more: bytes) -> None:
    read_feedback(said(b";oc=" + more))
