from __future__ import annotations

import tomllib

import pytest

from proxy.runtime.toml_lines import Where, brackets_after, dotted, header_path, key_lines

TEXT = '''# a comment with [brackets] and "quotes
title = "x"
long = """
[not a table]
key = 1
"""
list = [
  # not this one
  { a = 1, b = [1, 2] },
  { a = 2 },
]
"quoted key" = 'C:\\\\path'
[table]
key = "a # no comment \\" still" # a comment

[table.inner]
dotted.key = 1
[[rows]]
id = 1
[[rows]]
id = 2
[rows.params]
flag = true
[[rows.subs]]
x = 1
[[rows.subs]]
x = 2
'''


@pytest.mark.parametrize(
    ("where", "line"),
    [
        (("title",), 2),
        (("long",), 3),
        (("list",), 7),
        (("list", 0), 9),
        (("list", 1), 10),
        (("quoted key",), 12),
        (("table",), 13),
        (("table", "key"), 14),
        (("table", "inner"), 16),
        (("table", "inner", "dotted", "key"), 17),
        (("rows", 0), 18),
        (("rows", 0, "id"), 19),
        (("rows", 1, "id"), 21),
        (("rows", 1, "params", "flag"), 23),
        (("rows", 1, "subs", 0, "x"), 25),
        (("rows", 1, "subs", 1, "x"), 27),
    ],
)
def test_every_key_has_its_line(where: Where, line: int) -> None:
    tomllib.loads(TEXT)
    assert key_lines(TEXT)[where] == line


def test_what_stands_in_a_long_text_is_no_key() -> None:
    assert ("key",) not in key_lines(TEXT)
    assert ("not a table",) not in key_lines(TEXT)


def test_header_path_counts_elements() -> None:
    counts: dict[Where, int] = {}
    assert header_path("[[a]]", counts) == ("a", 0)
    assert header_path("[[a]] # again", counts) == ("a", 1)
    assert header_path("[a.b]", counts) == ("a", 1, "b")
    assert header_path("[c.d]", counts) == ("c", "d")


def test_dotted() -> None:
    assert dotted(' a . "b" ') == ("a", "b")


@pytest.mark.parametrize(
    ("line", "depth", "quote"),
    [
        ("a = [", 1, ""),
        ("a = [{", 2, ""),
        ("a = []", 0, ""),
        ('a = "[" # [', 0, ""),
        ('a = "\\"["', 0, ""),
        ("a = '['", 0, ""),
        ('a = """[', 0, '"""'),
        ("a = '''", 0, "'''"),
    ],
)
def test_brackets_after(line: str, depth: int, quote: str) -> None:
    assert brackets_after(line, 0, "") == (depth, quote)
