"""The chain tells what was done to a file: altered, taken out, moved, put in."""

from __future__ import annotations

import json

import pytest

from proxy.runtime.record_chain import NOTHING_BEFORE, Chain, Fault, faults, hash_of


def chained(count: int = 6, before: str = NOTHING_BEFORE) -> list[bytes]:
    chain = Chain(-1, before)
    return [chain.link(b'{"text":"line %d"}' % number).removesuffix(b"\n") for number in range(count)]


def lines_of(found: list[Fault]) -> list[int]:
    return [fault.line for fault in found]


def test_a_line_says_its_place_and_the_hash_of_the_line_before() -> None:
    first, second = chained(2)
    assert json.loads(first) == {"seq": 0, "prev": NOTHING_BEFORE, "text": "line 0"}
    assert json.loads(second) == {"seq": 1, "prev": hash_of(first), "text": "line 1"}


def test_a_copy_goes_on_alone() -> None:
    chain = Chain()
    chain.copy().link(b'{"a":1}')
    assert (chain.seq, chain.last) == (-1, NOTHING_BEFORE)


@pytest.mark.parametrize("count", [1, 2, 6])
def test_a_whole_chain_has_no_fault(count: int) -> None:
    assert faults(chained(count, "a" * 64)) == []


def test_nothing_is_a_fault() -> None:
    assert faults([]) == [Fault(0, "empty")]


def test_every_flipped_bit_is_found_where_it_is() -> None:
    whole = chained()
    for index, line in enumerate(whole[:-1]):
        for place in range(len(line)):
            for bit in (0x01, 0x20):
                flipped = bytes([*line[:place], line[place] ^ bit, *line[place + 1 :]])
                found = faults([*whole[:index], flipped, *whole[index + 1 :]], sealed=True)
                assert lines_of(found) == [index + 1], (flipped, found)
                assert found[0].text.startswith("altered")


@pytest.mark.parametrize("index", [4, 5])
def test_nothing_speaks_for_the_last_line(index: int) -> None:
    whole = chained()
    whole[index] = whole[index].replace(b'"prev":"', b'"prev":"0' if index == 5 else b'"prev": "')
    found = faults(whole)
    assert found[-1].line == index + 1
    assert found[-1].text.startswith("altered")


@pytest.mark.parametrize(("taken", "text"), [(1, "1 line is missing before it"), (3, "3 lines are missing before it")])
def test_missing_lines_are_counted(taken: int, text: str) -> None:
    whole = chained()
    assert faults(whole[:2] + whole[2 + taken :]) == [Fault(3, text)]


def test_missing_lines_in_two_places() -> None:
    whole = chained(9)
    assert lines_of(faults([*whole[:2], *whole[3:5], *whole[7:]])) == [3, 5]


def test_a_missing_begin() -> None:
    assert faults(chained()[2:]) == [Fault(1, "2 lines are missing before it")]


def test_lines_out_of_order() -> None:
    a, b, c, d, e, f = chained()
    found = faults([a, c, b, d, e, f])
    assert 3 in lines_of(found)
    assert any("out of order" in fault.text for fault in found)
    assert faults([a, b, c, d, f, e]) != []


def test_a_line_twice() -> None:
    a, b, c, d, e, f = chained()
    assert [fault.text for fault in faults([a, b, b, c, d, e, f])] == ["out of order, belongs behind line 1"]


def test_a_line_put_in() -> None:
    a, b, c, *rest = chained()
    forged = Chain(1, hash_of(b)).link(b'{"text":"forged"}').removesuffix(b"\n")
    assert faults([a, b, forged, c, *rest]) != []


def test_two_altered_lines_are_both_told() -> None:
    whole = chained(8)
    whole[2] = whole[2].replace(b"line", b"LINE")
    whole[5] = whole[5].replace(b"line", b"LINE")
    assert lines_of(faults(whole)) == [3, 6]
