"""Both ways of filing header lines file the same; what only the slow one reads, the fast one leaves to it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.sip.header_lines import long_lines, odd_lines, usual_lines
from proxy.sip.message import Message, ParseError
from proxy.sip.syntax import COMPACT, MAX_LINE, SINGLE, SPELLING

START = b"OPTIONS sip:a@b SIP/2.0"


def message() -> Message:
    return Message(b"OPTIONS", b"sip:a@b", 0)


def usual(head: bytes) -> Message | None:
    """Read in the fast way; None when it left the head to the slow one."""
    made = message()
    return made if usual_lines(made, head[len(START) + 2 :]) else None


def odd(head: bytes) -> Message:
    made = message()
    lines = head.split(b"\r\n")
    odd_lines(made, head, lines[1:], len(lines) - 1)
    return made


def filed(made: Message) -> tuple[list[bytes], list[bytes], dict[bytes, bytes]]:
    return made.names, made.lines, made.index


def head(*lines: bytes) -> bytes:
    return b"\r\n".join([START, *lines])


@pytest.mark.parametrize("name", SPELLING)
def test_every_spelling_is_found(name: bytes) -> None:
    line = SPELLING[name] + b": one; two=\t3 "
    made = usual(head(line))
    assert made is not None
    assert filed(made) == ([name], [line], {name: b"one; two=\t3"})


@pytest.mark.parametrize("name", COMPACT)
def test_every_compact_form_is_found(name: bytes) -> None:
    made = usual(head(name + b": x"))
    assert made is not None
    assert filed(made) == ([COMPACT[name]], [name + b": x"], {COMPACT[name]: b"x"})


def test_the_first_of_several_is_the_value() -> None:
    made = usual(head(b"Via: one", b"v: two", b"VIA : three"))
    assert made is not None
    assert made.index == {b"via": b"one"}
    assert made.all(b"via") == [b"one", b"two", b"three"]


@pytest.mark.parametrize("name", SINGLE)
def test_what_may_stand_once_is_left_to_the_slow_way(name: bytes) -> None:
    twice = head(SPELLING[name] + b": 1", SPELLING[name] + b": 1")
    assert usual(twice) is None
    with pytest.raises(ParseError, match="expected one"):
        odd(twice)


@pytest.mark.parametrize(
    "text", [b"Subject: a\n", b"Subject: a\r", b"Subject: a\nTo: b", b"Subject: a\rb", b"Subject: a\r\n"]
)
def test_bare_line_ends_are_left_to_the_slow_way(text: bytes) -> None:
    assert usual(head(text, b"To: <sip:c@d>")) is None


def test_too_long_or_too_many_lines_are_left_to_the_slow_way() -> None:
    longest = b"Subject: " + b"a" * (MAX_LINE - 9)
    assert usual(head(longest)) is not None
    assert usual(head(longest + b"a")) is None
    made = odd(head(longest + b"a"))
    with pytest.raises(ParseError, match=f"saw {MAX_LINE + 1}"):
        long_lines(made)
    assert usual(head(*[b"X: 1"] * 256)) is not None
    assert usual(head(*[b"X: 1"] * 257)) is None


def test_names_that_nobody_knows_are_forgotten_in_time() -> None:
    for number in range(3000):
        name = b"X-%d" % number
        made = usual(head(name + b": 1", name + b": 2"))
        assert made is not None
        assert made.all(name.lower()) == [b"1", b"2"]


def test_a_fold_belongs_to_the_line_above() -> None:
    made = odd(head(b"Subject: a", b" b", b"Subject: c", b"\td"))
    assert made.index == {b"subject": b"a b"}
    assert made.all(b"subject") == [b"a b", b"c d"]


NAMES = st.sampled_from(
    [*SPELLING.values(), *COMPACT, b"X-Account", b"call-id", b"FROM", b"", b" ", b"X Y", b"To ", b"\xe9"]
)
LINES = st.builds(
    bytes.__add__,
    NAMES,
    st.builds(
        bytes.__add__,
        st.sampled_from([b":", b": ", b" : ", b"", b":\t", b":  "]),
        st.sampled_from([b"", b"a", b" a ", b"a\t", b"\r", b"\n", b"\r\n b", b"\x00", b"a:b", b"\x0b"]),
    ),
)


@given(st.lists(LINES, max_size=6))
def test_both_ways_file_the_same(lines: list[bytes]) -> None:
    text = head(*lines)
    fast = usual(text)
    if fast is None or b"\x00" in text:
        return
    assert filed(fast) == filed(odd(text))
