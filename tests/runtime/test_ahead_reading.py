"""Reading a log back: damage costs what it struck, and is counted."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from proxy.runtime.ahead_log import AheadLog
from proxy.runtime.ahead_segment import ENTRY, FIRST
from tests.runtime.ahead import SIZE, Said, found_in, opened


def written(folder: Path, count: int) -> Path:
    """The file of a log with so many entries of 40 bytes each."""
    log, _ = opened(folder)
    log.mark()
    for number in range(count):
        log.put(1, b"%030d" % number)
    log.close()
    return found_in(folder).files[0]


def place_of(number: int, offset: int = 0) -> int:
    return FIRST + number * (ENTRY.size + 30) + offset


@pytest.mark.parametrize(
    ("offset", "left"),
    [
        pytest.param(ENTRY.size + 3, [0, 1, 3, 4], id="payload"),
        pytest.param(5, [0, 1, 3, 4], id="crc"),
        pytest.param(8, [0, 1, 3, 4], id="kind"),
        pytest.param(9, [0, 1, 3, 4], id="length of the key"),
        pytest.param(0, [0, 1], id="length"),
        pytest.param(3, [0, 1], id="length beyond the file"),
    ],
)
def test_a_flipped_bit_costs_one_entry_or_the_rest_of_its_segment(tmp_path: Path, offset: int, left: list[int]) -> None:
    path = written(tmp_path, 5)
    data = bytearray(path.read_bytes())
    data[place_of(2, offset)] ^= 0x04
    path.write_bytes(data)
    found = found_in(tmp_path)
    assert found.of(1) == [b"%030d" % number for number in left]
    assert found.damaged == 1


def test_a_cut_tail_ends_the_reading(tmp_path: Path) -> None:
    path = written(tmp_path, 5)
    path.write_bytes(path.read_bytes()[: place_of(4, ENTRY.size + 7)])
    found = found_in(tmp_path)
    assert (len(found.of(1)), found.damaged) == (4, 1)
    data = bytearray(path.read_bytes().ljust(SIZE, b"\0"))
    path.write_bytes(data)
    said = Said()
    log = AheadLog(tmp_path, said.append, SIZE)
    assert len(log.open().of(1)) == 4
    assert "damaged in 1 places" in said[0]
    log.close()


def test_a_file_that_is_no_segment_is_counted_and_an_empty_one_is_not(tmp_path: Path) -> None:
    (tmp_path / "000000000003.ahead").write_bytes(b"something else" * 9)
    (tmp_path / "000000000004.ahead").write_bytes(bytes(SIZE))
    (tmp_path / "000000000005.ahead").write_bytes(b"")
    (tmp_path / "notes.txt").write_bytes(b"not ours")
    path = written(tmp_path / "other", 2)
    path.rename(tmp_path / "000000000006.ahead")  # not its number
    found = found_in(tmp_path)
    assert (found.entries, found.damaged, len(found.files)) == ([], 2, 4)
    log, _ = opened(tmp_path)
    log.keep(1, b"k", b"behind all of them")
    log.close()
    assert [path.name for path in found_in(tmp_path).files][-1] == "000000000007.ahead"


ACT = st.tuples(st.sampled_from(["put", "keep", "end"]), st.integers(0, 5), st.binary(max_size=900))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    acts=st.lists(ACT, max_size=120), flips=st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 7)), max_size=2)
)
def test_a_log_says_what_a_list_and_a_mapping_say(
    tmp_path_factory: pytest.TempPathFactory, acts: list[tuple[str, int, bytes]], flips: list[tuple[int, int]]
) -> None:
    folder = tmp_path_factory.mktemp("log")
    log, _ = opened(folder, 4096)
    log.mark()
    entries: list[bytes] = []
    kept: dict[bytes, bytes] = {}
    for act, number, payload in acts:
        key = b"key %d" % number
        if act == "put" and log.put(1, payload) >= 0:
            entries.append(payload)
        elif act == "keep" and log.keep(2, key, payload) >= 0:
            kept[key] = payload
        elif act == "end" and log.end(1, key, payload) >= 0:
            kept.pop(key, None)
            entries.append(payload)
    found = found_in(folder)
    assert (found.of(1), found.kept_of(2), found.damaged, log.unlogged) == (entries, kept, 0, 0)
    for place, bit in flips:
        path = found.files[place % len(found.files)]
        data = bytearray(path.read_bytes())
        data[place % len(data)] ^= 1 << bit
        path.write_bytes(data)
    remaining = iter(entries)
    assert all(one in remaining for one in found_in(folder).of(1))  # in order, and nothing that was never put
    log.close()
