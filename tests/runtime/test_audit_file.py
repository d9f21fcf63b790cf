"""A signed file tells every byte that was touched, and which line it was in."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from proxy.runtime.audit_file import AuditFile, follows, public_text, signing_key, verify
from proxy.runtime.record_chain import Chain
from proxy.runtime.toml_source import ConfigError

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


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
    assert (verdict.faults, verdict.note) == ([], "a file of records")
    assert "not closed" in verify(b"".join(lines[:2])).note
    assert [fault.line for fault in verify(lines[0] + lines[2]).faults] == [2]


def test_a_file_names_the_last_line_of_the_one_before() -> None:
    chain = Chain()
    one = chain.link(b'{"record":"begin"}') + chain.link(b'{"record":"end"}')
    two = Chain(-1, chain.last).link(b'{"record":"begin"}')
    assert follows(one, two)
    assert not follows(one[:-3], two)
    assert not follows(one, one)


def test_nothing_is_no_file() -> None:
    assert verify(b"").faults


def test_the_key_is_made_once_and_for_the_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "var" / "key.pem"
    made = signing_key(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert public_text(signing_key(path)) == public_text(made)


def test_another_file_is_no_key(tmp_path: Path) -> None:
    (tmp_path / "key.pem").write_text("secret", encoding="utf-8")
    with pytest.raises(ConfigError, match="Ed25519"):
        signing_key(tmp_path / "key.pem")
