"""The last line of a file of records is signed as a whole, in its place."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from proxy.runtime.audit_file import verify
from proxy.runtime.audit_key import public_text
from proxy.runtime.record_archive import Keeping
from proxy.runtime.record_chain import Chain, hash_of
from proxy.runtime.record_files import RecordFile
from proxy.runtime.record_seal import Seal, is_sealed
from proxy.runtime.record_shapes import EndLine
from tests.runtime.sealed import KEY, NOON, records

PLAIN = EndLine("2026-11-22T12:00:00Z", "edge-1", "stop", 3)


def line(place: int, before: str) -> bytes:
    return Chain(place - 1, before).link(msgspec.json.encode(Seal(KEY).end(place, before, PLAIN))).rstrip(b"\n")


def test_a_signed_line_holds_in_its_place_only() -> None:
    before = hash_of(b"the line before")
    assert is_sealed(line(7, before), 7, before)
    assert not is_sealed(line(7, before), 8, before)
    assert not is_sealed(line(7, before), 7, hash_of(b"another"))


@pytest.mark.parametrize(
    ("old", "new"), [(b"edge-1", b"edge-2"), (b":3,", b":0,"), (b"stop", b"moved"), (b"12:00", b"13:00")]
)
def test_the_fields_are_signed_too(old: bytes, new: bytes) -> None:
    before = hash_of(b"the line before")
    signed = line(7, before)
    assert old in signed
    assert not is_sealed(signed.replace(old, new), 7, before)


@pytest.mark.parametrize("text", [b"", b"{}", b"\xff", b'{"record":"end"}', b'{"record":"begin"}'])
def test_another_line_is_not_signed(text: bytes) -> None:
    assert not is_sealed(text, 0, "0" * 64)


def test_an_empty_file_is_closed_with_a_signature(tmp_path: Path) -> None:
    whole = records(tmp_path / "r.jsonl", 0)
    assert [json.loads(one)["record"] for one in whole.splitlines()] == ["begin", "end"]
    assert verify(whole, public_text(KEY)).faults == []


def test_a_loss_is_told_before_the_signature(tmp_path: Path) -> None:
    file = RecordFile(str(tmp_path / "r.jsonl"), "edge-1", Keeping())
    file.seal = Seal(KEY)
    file.open(NOON)
    file.lose(2, "the queue was full")
    file.close(NOON)
    whole = (tmp_path / "r.jsonl").read_bytes()
    assert [json.loads(one)["record"] for one in whole.splitlines()] == ["begin", "gap", "end"]
    assert verify(whole, public_text(KEY)).faults == []


def test_every_file_of_a_rotation_is_signed(tmp_path: Path) -> None:
    file = RecordFile(str(tmp_path / "r.jsonl"), "edge-1", Keeping(rotate_bytes=500))
    file.seal = Seal(KEY)
    file.open(NOON)
    for number in range(20):
        file.add([b'{"record":"fault","text":"%d"}' % number], 0, NOON + number)
    file.close(NOON + 20)
    found = sorted(tmp_path.glob("*.jsonl"))
    assert len(found) > 2
    assert [verify(path.read_bytes(), public_text(KEY)).faults for path in found] == [[] for _ in found]
