"""Whose a message is: by the mark of ours in it, else by the called number, and always somebody's."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from proxy.runtime.worker_marks import MOST, Marks, mark_of, owner_of_number
from tests.ladder import Caller

WORKERS = 4
HEAD = b"Via: SIP/2.0/UDP 10.1.0.1:5070;branch=z9hG4bKp1\r\nFrom: <sip:a@10.1.0.1>;tag=w99x\r\n"


def owner(data: bytes, workers: int = WORKERS) -> int:
    return Marks(workers).owner(data)


def request(line: bytes, to: bytes = b"To: <sip:b@10.0.0.1>") -> bytes:
    return line + b" SIP/2.0\r\n" + HEAD + to + b"\r\nCSeq: 1 X\r\n\r\n"


@pytest.mark.parametrize(
    "user",
    [b"+33612345678", b"0612345678", b"0033612345678", b"+33-6.12(34)56 78".replace(b" ", b""), b"%2B33612345678",
     b"0612345678;phone-context=+33", b"0612345678;npdi;rn=+33123456789"],
)  # fmt: skip
def test_a_person_has_one_owner_however_the_number_is_written(user: bytes) -> None:
    wanted = owner_of_number(b"612345678", WORKERS)
    assert owner(request(b"INVITE sip:" + user + b"@10.0.0.1:5060;user=phone")) == wanted
    assert owner(request(b"CANCEL sip:" + user + b"@10.0.0.1:5060;user=phone")) == wanted
    assert owner(request(b"INVITE tel:" + user)) == wanted


@pytest.mark.parametrize("workers", [2, 3, 4, 8, 16])
@pytest.mark.parametrize("step", [1, 7, 10, 100, 1000])
def test_numbers_in_a_row_are_spread_evenly(workers: int, step: int) -> None:
    counts = Counter(owner_of_number(b"%09d" % (612_000_000 + step * place), workers) for place in range(20_000))
    assert len(counts) == workers
    assert min(counts.values()) > 0.9 * 20_000 / workers


@pytest.mark.parametrize(
    "to",
    [b"To: <sip:b@10.0.0.1>;tag=w03abc", b"t: <sip:b@10.0.0.1>;tag=w03abc", b"TO  : <sip:b@h> ; TAG = w03abc",
     b"To: <sip:b@10.0.0.1>\r\n ;tag=w03abc", b"To: <sip:b@10.0.0.1>;x=1;tag=w03abc;y=2"],
)  # fmt: skip
def test_inside_a_call_our_tag_tells(to: bytes) -> None:
    assert owner(request(b"BYE sip:10.0.0.1:5060", to)) == 3
    assert owner(request(b"ACK sip:0612345678@10.0.0.1:5060", to)) == 3


def test_an_answer_is_found_by_our_branch_and_not_by_those_below() -> None:
    ours = b"Via: SIP/2.0/UDP 10.0.0.1:5060;rport=5060;received=10.0.0.1;branch=z9hG4bKw02ff1\r\n"
    assert owner(b"SIP/2.0 200 OK\r\n" + ours + HEAD + b"To: <sip:b@h>;tag=w03x\r\n\r\n") == 2


def test_whoever_took_over_the_calls_of_a_worker_that_there_is_no_more_gets_its_messages() -> None:
    assert owner(request(b"BYE sip:10.0.0.1", b"To: <sip:b@h>;tag=w07abc"), 4) == 3


def test_marks_of_all_workers_are_read_back() -> None:
    for worker in range(MOST):
        assert owner(request(b"BYE sip:x", b"To: <sip:b@h>;tag=" + mark_of(worker) + b"99"), MOST) == worker


def test_garbage_belongs_to_somebody() -> None:
    chance = random.Random(5)
    whole = Caller(1).invite()
    pieces = [
        b"SIP/",
        b"z9hG4bKw",
        b";tag=w",
        b"\nTo:",
        b"\nt :",
        b"sip:",
        b"tel:",
        b"@",
        b" ",
        b"\r\n",
        b"\r\n ",
        b"9",
        b"w0",
    ]
    for _ in range(3000):
        if chance.random() < 0.5:
            start = chance.randrange(len(whole))
            data = whole[:start] + chance.randbytes(chance.randrange(8)) + whole[start + chance.randrange(40) :]
        else:
            data = b"".join(chance.choices(pieces, k=chance.randrange(12)))
        assert 0 <= owner(data) < WORKERS
    assert owner(b"") == owner(b"SIP/") == owner(request(b"OPTIONS sip:10.0.0.1")) == 0
