"""A signed file tells every byte that was touched, and which line it was in."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from proxy.runtime.audit_file import AuditFile, follows, verify
from proxy.runtime.audit_key import public_text
from proxy.runtime.record_chain import Chain
from tests.runtime.sealed import KEY, records


def written(key: Ed25519PrivateKey = KEY) -> bytes:
    file = AuditFile(key)
    file.add({"record": "audit", "subject": "+33162000001", "public_key": public_text(key)})
    file.add({"record": "right", "customer": "acmé", "note": "a\nb", "since": "2026-01-01", "until": None})
    file.add({"record": "line", "text": {"rule": "cli.mobile", "seconds": 1.5e-5}})
    return file.seal()


def test_an_untouched_file_is_right() -> None:
    verdict = verify(written())
    assert (verdict.faults, verdict.lines, verdict.public_key) == ([], 4, public_text(KEY))
    assert verify(written(), public_text(KEY).upper()).faults == []


@pytest.mark.parametrize("bit", range(8))
def test_one_flipped_bit_is_found_in_its_line(bit: int) -> None:
    whole = written()
    for place in range(len(whole)):
        flipped = bytearray(whole)
        flipped[place] ^= 1 << bit
        line = whole[:place].count(b"\n") + 1
        found = [fault.line for fault in verify(bytes(flipped)).faults]
        assert found, (place, bytes(flipped))
        assert {line, line + 1} & {*found, line + 1 if 0 in found else 0}, (place, line, found)
        if flipped[place] != ord("\n") and whole[place] != ord("\n") and line < 4:
            assert line in found, (place, found)


def test_every_missing_line_is_told() -> None:
    lines = written().splitlines(keepends=True)
    for index in range(len(lines)):
        assert verify(b"".join(lines[:index] + lines[index + 1 :])).faults


def test_lines_in_another_order_are_told() -> None:
    a, b, c, d = written().splitlines(keepends=True)
    for order in ((b, a, c, d), (a, c, b, d), (a, b, d, c), (d, c, b, a), (a, b, b, c, d)):
        assert verify(b"".join(order)).faults


def test_a_file_cut_off_is_told() -> None:
    whole = written()
    assert (
        "the signature at the end is missing" in verify(b"".join(whole.splitlines(keepends=True)[:3])).faults[-1].text
    )
    for length in range(len(whole)):
        assert verify(whole[:length]).faults


def test_what_was_put_behind_is_told() -> None:
    for more in (b"\n", b" ", b"{}\n", written()):
        assert verify(written() + more).faults


def test_a_forger_needs_the_key() -> None:
    forged = written(Ed25519PrivateKey.generate())
    assert verify(forged).faults == []
    assert "another key" in verify(forged, public_text(KEY)).faults[0].text


def test_a_line_altered_and_chained_anew_breaks_the_signature() -> None:
    chain = Chain()
    lines = [b"{" + line.partition(b'",')[2] for line in written().splitlines()]
    lines[1] = lines[1].replace(b"2026", b"2025")
    again = b"".join(chain.link(line) for line in lines)
    assert [(fault.line, fault.text) for fault in verify(again).faults] == [(4, "altered: the signature does not fit")]


def test_files_of_records_are_verified_too() -> None:
    chain = Chain()
    lines = [chain.link(b'{"record":"%s"}' % kind) for kind in (b"begin", b"decision", b"end")]
    verdict = verify(b"".join(lines))
    assert (verdict.faults, verdict.note) == ([], "a file of records, not signed")
    assert [fault.text for fault in verify(b"".join(lines), public_text(KEY)).faults] == ["not signed"]
    assert "not closed" in verify(b"".join(lines[:2])).note
    assert [fault.line for fault in verify(lines[0] + lines[2]).faults] == [2]


def test_a_file_names_the_last_line_of_the_one_before() -> None:
    chain = Chain()
    one = chain.link(b'{"record":"begin"}') + chain.link(b'{"record":"end"}')
    two = Chain(-1, chain.last).link(b'{"record":"begin"}')
    assert follows(one, two)
    assert not follows(one[:-3], two)
    assert not follows(one, one)


def test_a_file_of_records_tells_its_signer(tmp_path: Path) -> None:
    whole = records(tmp_path / "r.jsonl", 3)
    verdict = verify(whole, public_text(KEY))
    assert (verdict.faults, verdict.note, verdict.public_key) == ([], "a file of records", public_text(KEY))
    other = verify(whole, public_text(Ed25519PrivateKey.generate()))
    assert "another key" in other.faults[-1].text


@pytest.mark.parametrize("bit", range(8))
def test_one_flipped_bit_in_a_signed_file_of_records_is_found(tmp_path: Path, bit: int) -> None:
    whole = records(tmp_path / "r.jsonl", 2)
    for place in range(len(whole)):
        flipped = bytearray(whole)
        flipped[place] ^= 1 << bit
        line = whole[:place].count(b"\n") + 1
        found = [fault.line for fault in verify(bytes(flipped)).faults]
        assert {line, line + 1, 0} & set(found), (place, bytes(flipped), found)


def test_a_line_altered_and_chained_anew_breaks_the_signature_of_a_file_of_records(tmp_path: Path) -> None:
    chain = Chain()
    lines = [b"{" + line.partition(b'",')[2] for line in records(tmp_path / "r.jsonl", 3).splitlines()]
    lines[1] = lines[1].replace(b"one", b"two")
    again = b"".join(chain.link(line) for line in lines)
    assert [(fault.line, fault.text) for fault in verify(again).faults] == [(5, "altered: the signature does not fit")]


@settings(max_examples=300, deadline=None)
@given(data=st.data(), kind=st.sampled_from(["evidence", "records"]))
def test_any_change_of_a_signed_file_is_told(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, kind: str
) -> None:
    whole = written() if kind == "evidence" else records(tmp_path_factory.mktemp("r") / "r.jsonl", 4)
    lines = whole.splitlines(keepends=True)
    how = data.draw(st.sampled_from(["cut", "drop", "order", "byte", "insert", "double"]))
    index = data.draw(st.integers(0, len(lines) - 1))
    if how == "cut":
        changed = whole[: data.draw(st.integers(0, len(whole) - 1))]
    elif how == "drop":
        changed = b"".join(lines[:index] + lines[index + 1 :])
    elif how == "order":
        changed = b"".join(data.draw(st.permutations(lines)))
    elif how == "byte":
        place = data.draw(st.integers(0, len(whole) - 1))
        changed = whole[:place] + data.draw(st.binary(min_size=1, max_size=1)) + whole[place + 1 :]
    elif how == "insert":
        place = data.draw(st.integers(0, len(whole)))
        changed = whole[:place] + data.draw(st.binary(min_size=1, max_size=9)) + whole[place:]
    else:
        changed = b"".join([*lines[: index + 1], *lines[index:]])
    key = public_text(KEY)
    assert (verify(changed, key).faults == []) == (changed == whole)


def test_nothing_is_no_file() -> None:
    assert verify(b"").faults
