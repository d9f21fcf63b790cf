from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from proxy.runtime.toml_source import ConfigError, Table, TomlSource, line_in, read_toml

TEXT = """
text = "x"
whole = 3
real = 2.5
flag = true
day = 2026-08-11
moment = 2026-08-11T10:00:00Z
texts = ["a", "b"]
wholes = [1, 2]
mixed = [1, "a", true]
[table]
key = "k"
[[rows]]
id = 1
[[rows]]
id = "two"
[named.one]
v = 1
[named.two]
v = 2
"""


@pytest.fixture
def root() -> Table:
    return TomlSource("some.toml", TEXT).root


def test_values_of_the_right_shape(root: Table) -> None:
    assert root.text("text") == "x"
    assert root.integer("whole") == 3
    assert root.number("real") == 2.5
    assert root.number("whole") == 3.0
    assert root.flag("flag") is True
    assert root.day("day") == root.required_day("day") == 739839
    assert root.texts("texts") == ("a", "b")
    assert root.integers("wholes") == (1, 2)
    assert root.one_of("text", ("x", "y")) == "x"
    assert root.table("table").text("key") == "k"
    assert [table.line for table in root.tables("rows")] == [13, 15]
    assert {name: table.integer("v") for name, table in root.named("named").items()} == {"one": 1, "two": 2}
    assert root.has("text")
    assert not root.has("nothing")


def test_defaults(root: Table) -> None:
    assert root.text("nothing", "d") == "d"
    assert root.integer("nothing", 0) == 0
    assert root.flag("nothing", False) is False
    assert root.one_of("nothing", ("x", "y"), "") == ""
    assert root.day("nothing") is None
    assert root.texts("nothing") == ()
    assert root.integers("nothing") == ()
    assert root.tables("nothing") == []
    assert root.table("nothing").values == {}


@pytest.mark.parametrize(
    ("read", "message"),
    [
        (lambda root: root.text("whole"), "some.toml:3: key `whole`: expected a text in quotes, seen `3`"),
        (lambda root: root.text("nothing"), "some.toml:1: key `nothing`: expected a text in quotes, seen nothing"),
        (lambda root: root.integer("text"), "some.toml:2: key `text`: expected a whole number, seen `x`"),
        (lambda root: root.integer("flag"), "some.toml:5: key `flag`: expected a whole number, seen `true`"),
        (lambda root: root.integer("real"), "some.toml:4: key `real`: expected a whole number, seen `2.5`"),
        (lambda root: root.number("flag"), "some.toml:5: key `flag`: expected a number, seen `true`"),
        (lambda root: root.flag("whole"), "some.toml:3: key `whole`: expected `true` or `false`, seen `3`"),
        (lambda root: root.one_of("text", ("a", "b")), "some.toml:2: key `text`: expected one of `a`, `b`, seen `x`"),
        (
            lambda root: root.day("text"),
            "some.toml:2: key `text`: expected a date such as 2026-08-11 without quotes, seen `x`",
        ),
        (
            lambda root: root.day("moment"),
            "some.toml:7: key `moment`: expected a date such as 2026-08-11 without quotes, seen `2026-08-11 10:00:00+00:00`",
        ),
        (
            lambda root: root.required_day("nothing"),
            "some.toml:1: key `nothing`: expected a date such as 2026-08-11 without quotes, seen nothing",
        ),
        (lambda root: root.texts("text"), "some.toml:2: key `text`: expected a list of texts, seen `x`"),
        (lambda root: root.texts("mixed"), "some.toml:10: key `mixed`: expected a list of texts, seen `1`"),
        (
            lambda root: root.texts("texts", ("a",)),
            "some.toml:8: key `texts`: expected a list of texts out of `a`, seen `b`",
        ),
        (lambda root: root.integers("mixed"), "some.toml:10: key `mixed`: expected a list of whole numbers, seen `a`"),
        (lambda root: root.integers("text"), "some.toml:2: key `text`: expected a list of whole numbers, seen `x`"),
        (lambda root: root.table("text"), "some.toml:2: key `text`: expected a table, seen `x`"),
        (lambda root: root.text("table"), "some.toml:11: key `table`: expected a text in quotes, seen a table"),
        (lambda root: root.text("texts"), "some.toml:8: key `texts`: expected a text in quotes, seen an array"),
        (lambda root: root.tables("text"), "some.toml:2: key `text`: expected an array of tables, seen `x`"),
        (lambda root: root.tables("texts"), "some.toml:8: key `texts`: expected an array of tables, seen `a`"),
        (
            lambda root: root.tables("rows")[1].integer("id"),
            "some.toml:16: key `id`: expected a whole number, seen `two`",
        ),
    ],
)
def test_values_of_a_wrong_shape(root: Table, read: Callable[[Table], object], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(root)
    assert str(caught.value) == message


def test_a_bound_is_whole_and_none_when_it_is_absent() -> None:
    table = TomlSource("some.toml", "most = 12\nnone = 0\nless = -1\npart = 0.5\n").root
    assert (table.bound("most"), table.bound("none"), table.bound("absent")) == (12, 0, 0)
    with pytest.raises(
        ConfigError, match=r"^some\.toml:3: key `less`: expected a whole number, 0 for no bound, seen `-1`"
    ):
        table.bound("less")
    with pytest.raises(ConfigError, match=r"^some\.toml:4: key `part`: expected a whole number, seen `0\.5`"):
        table.bound("part")


def test_a_key_that_nobody_asked_for(root: Table) -> None:
    table = root.table("table")
    table.text("kez", "")
    with pytest.raises(
        ConfigError, match=r"some\.toml:12: key `key`: expected one of the keys `kez`, seen the unknown"
    ):
        table.close()
    table.text("key")
    table.close()


def test_no_toml() -> None:
    with pytest.raises(ConfigError, match=r"bad\.toml:2: expected valid TOML, seen `"):
        TomlSource("bad.toml", "a = 1\nb = = 2\n")
    assert line_in("nothing about lines") == 0


def test_files(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_text('a = "é"\n', encoding="utf-8")
    assert read_toml(path).root.text("a") == "é"
    path.write_bytes(b'a = "\xe9"\n')
    with pytest.raises(ConfigError, match="expected UTF-8 text, seen byte 5 that is not"):
        read_toml(path)
    with pytest.raises(ConfigError, match="expected a readable file, seen `no such file or directory`"):
        read_toml(tmp_path / "b.toml")
