"""Identifiers: unique, long enough, and one system call for many of them."""

from __future__ import annotations

import os
import re

from proxy.runtime.ids import BLOCK, PREFIX, RandomIds

MANY = 20_000


class Draws:
    """Chance from the system that remembers how much was asked for."""

    def __init__(self) -> None:
        self.sizes: list[int] = []

    def __call__(self, size: int) -> bytes:
        self.sizes.append(size)
        return os.urandom(size)


def test_no_identifier_comes_twice() -> None:
    ids = RandomIds()
    assert len({ids.branch() for _ in range(MANY)}) == MANY
    assert len({ids.tag() for _ in range(MANY)}) == MANY
    assert len({ids.call_id() for _ in range(MANY)}) == MANY
    assert len({ids.decision() for _ in range(MANY)}) == MANY


def test_two_processes_share_none() -> None:
    one, other = RandomIds(), RandomIds()
    assert one.branch() != other.branch()
    assert one.tag() != other.tag()
    assert one.call_id() != other.call_id()
    assert one.decision() != other.decision()


def test_the_count_of_branches_and_decisions_is_hexadecimal() -> None:
    ids = RandomIds()
    first = ids.branch()[:-1]
    prefix = first.removeprefix(b"z9hG4bK").decode()
    for count in range(2, 70_000):
        if count % 2:
            assert ids.branch() == first + b"%x" % count
        else:
            assert ids.decision() == f"{prefix}-{count:x}"


def test_forms() -> None:
    ids = RandomIds()
    for _ in range(300):  # past the end of a block
        assert re.fullmatch(rb"z9hG4bK[0-9a-f]{13,}", ids.branch())
        assert re.fullmatch(rb"[0-9a-f]{16}", ids.tag())
        assert re.fullmatch(rb"[0-9a-f]{32}", ids.call_id())
        assert re.fullmatch(r"[0-9a-f]{12}-[0-9a-f]+", ids.decision())


def test_chance_is_drawn_in_blocks() -> None:
    draws = Draws()
    ids = RandomIds(draws)
    tags = BLOCK * 2 // 16
    for _ in range(2 * tags):
        ids.tag()
        ids.branch()
        ids.decision()
    assert draws.sizes == [PREFIX, BLOCK, BLOCK]


def test_no_digit_is_used_twice() -> None:
    """Tags and Call-IDs that alternate still cut the block into pieces that do not overlap."""
    blocks: list[str] = []

    def draw(size: int) -> bytes:
        data = os.urandom(size)
        blocks.append(data.hex())
        return data

    ids = RandomIds(draw)
    used = "".join((ids.tag() + ids.call_id()).decode("ascii") for _ in range(BLOCK * 2 // 48))
    assert blocks[1].startswith(used)


def test_the_mark_of_a_worker_begins_tags_and_branches() -> None:
    ids = RandomIds(mark=b"w03")
    assert re.fullmatch(rb"z9hG4bKw03[0-9a-f]{13,}", ids.branch())
    assert re.fullmatch(rb"w03[0-9a-f]{16}", ids.tag())
    assert re.fullmatch(rb"[0-9a-f]{32}", ids.call_id())  # names nobody
