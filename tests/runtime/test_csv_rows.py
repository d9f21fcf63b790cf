"""CSV of operators: what parts the columns, what is blank, and where a mistake stands."""

from __future__ import annotations

from pathlib import Path

import pytest

from proxy.runtime.csv_rows import csv_rows, csv_text
from proxy.runtime.toml_source import ConfigError

COLUMNS = ("a", "b")


@pytest.mark.parametrize("text", ["a,b\n1,2\n", "a;b\r\n1;2\r\n", " b ;a\n 2; 1\n", 'a,b\n"1",2'])
def test_commas_or_semicolons_part_columns_in_any_order(text: str) -> None:
    (row,) = csv_rows("f.csv", text, COLUMNS)
    assert (row.line, dict(row.cells), row.mistake) == (2, {"a": "1", "b": "2"}, None)


def test_blank_lines_say_nothing_and_a_short_one_is_wrong() -> None:
    first, second = csv_rows("f.csv", "a,b\n\n , \n1\n3,4\n", COLUMNS)
    assert str(first.mistake) == "f.csv:4: expected 2 columns, seen 1"
    assert (second.line, dict(second.cells)) == (5, {"a": "3", "b": "4"})


def test_every_wrong_column_is_told() -> None:
    with pytest.raises(ConfigError) as caught:
        list(csv_rows("f.csv", "a,a,c\n", COLUMNS))
    told = str(caught.value).splitlines()
    assert told[0] == "f.csv:1: key `a`: expected each column once, of `a`, `b`, seen `a`"
    assert told[-1] == "f.csv:1: key `c`: expected each column once, of `a`, `b`, seen `c`"


def test_an_empty_file_has_no_rows() -> None:
    assert list(csv_rows("f.csv", "", COLUMNS)) == []


def test_a_text_is_utf_8_with_or_without_a_mark(tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    path.write_bytes(b"\xef\xbb\xbfa\n")
    assert csv_text(path) == "a\n"
    path.write_bytes(b"a\xff")
    with pytest.raises(ConfigError, match="expected UTF-8 text, seen byte 1 that is not"):
        csv_text(path)
    with pytest.raises(ConfigError, match="expected a readable file"):
        csv_text(tmp_path / "none.csv")
