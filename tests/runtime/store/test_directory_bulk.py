"""Files of many records: what is read, where it is wrong, and that what is written is read back."""

from __future__ import annotations

from pathlib import Path

import pytest

from proxy.runtime.mistakes import ConfigErrors
from proxy.runtime.store.directory_book import Book
from proxy.runtime.store.directory_bulk import CSV, TOML, csv_drafts, read, toml_drafts, written
from proxy.runtime.store.directory_records import CAMPAIGN, CUSTOMER, KINDS, NUMBER, TRUNK
from proxy.runtime.toml_source import ConfigError, TomlSource, read_toml
from tests.runtime.store.directory_shelf import CONFIG, numbering

HEAD = "customer;number;since;callback_target\n"


def shipped() -> Book:
    files = [read_toml(CONFIG / name) for name in ("customers.toml", "trunks.toml")]
    return Book(numbering()).edited([draft for file in files for draft in toml_drafts(file)])[0]


def test_the_shipped_file_is_read_whole() -> None:
    book = shipped()
    assert len(book.customers) == 7
    assert len(book.campaigns) > 5
    assert "+33162000001/acme/2023-02-01" in book.numbers


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("form", [CSV, TOML])
def test_what_is_written_is_read_back(kind: str, form: str, tmp_path: Path) -> None:
    book = shipped()
    path = tmp_path / f"out.{form}"
    path.write_text(written(list(book.records.values()), kind, form), encoding="utf-8")
    again = read(path, kind, form)
    wanted = [one for (of_kind, _), one in book.records.items() if of_kind == kind]
    assert [one.record for one in again if one.record.kind == kind] == wanted
    assert book.edited(again)[1] == ()


def test_customers_in_toml_are_the_whole_directory() -> None:
    book = shipped()
    text = written(list(book.records.values()), CUSTOMER, TOML)
    again, _ = Book(numbering()).edited(toml_drafts(TomlSource("customers.toml", text)))
    assert again.records == {key: one for key, one in book.records.items() if key[0] != TRUNK}


def test_every_line_that_is_wrong_is_told_whatever_is_wrong_with_it() -> None:
    lines = (
        "acme;0162000021;2026-01-01;\nacme;0162000022;tomorrow;\n\nacme;0162000023\nacme;0162000024;1.1.26;x\n"
        "acme;0612345678;2026-01-01;\nnobody;0162000025;2026-01-01;\nsonda;0162000001;2026-01-01;\n"
    )
    with pytest.raises(ConfigErrors) as caught:
        shipped().edited(csv_drafts("n.csv", HEAD + lines, NUMBER))
    told = [str(one) for one in caught.value.mistakes]
    assert told[:4] == [
        "n.csv:3: key `since`: expected a date such as 2026-08-11, seen `tomorrow`",
        "n.csv:5: expected 4 columns, seen 2",
        "n.csv:6: key `since`: expected a date such as 2026-08-11, seen `1.1.26`",
        "n.csv:7: key `number`: expected a number that may be shown, such as `+33162000001`, seen `0612345678`",
    ]
    assert told[4].startswith("n.csv:8: key `customer`: expected the id of a customer")
    assert told[5].startswith("n.csv:9: key `number`: expected a number free on that day, since `acme` holds it")
    assert len(told) == 6


@pytest.mark.parametrize("head", ["customer,number,colour\n", "number,number\n", "\n"])
def test_a_first_line_that_names_no_fields_is_refused(head: str) -> None:
    if head.strip():
        with pytest.raises(
            ConfigError, match=r"n\.csv:1: key `(colour|number)`: expected each column once, of `customer`"
        ):
            csv_drafts("n.csv", head, NUMBER)
    else:
        assert csv_drafts("n.csv", head, NUMBER) == []


def test_commas_semicolons_quotes_and_a_byte_order_mark_are_understood(tmp_path: Path) -> None:
    path = tmp_path / "c.csv"
    path.write_bytes('\ufeffid,name,kyc.status\r\na,"A, B & C",pending\r\n'.encode())
    draft = read(path, CUSTOMER, CSV)[0]
    assert draft.record.values == {"id": "a", "name": "A, B & C", "kyc": {"status": "pending"}}
    assert draft.source.line(()) == 2
    assert csv_drafts("n.csv", HEAD + "acme;1;;\n", NUMBER)[0].record.values == {"number": "1"}


def test_tables_of_their_own_name_their_customer() -> None:
    drafts = toml_drafts(TomlSource("n.toml", '[[number]]\nnumber = "1"\n[[campaign]]\ncustomer = "a"\nid = "c"\n'))
    assert [(draft.record.customer, draft.mistake is None) for draft in drafts] == [("", False), ("a", True)]
    assert "n.toml:1: key `customer`: expected a text in quotes, seen nothing" in str(drafts[0].mistake)
    with pytest.raises(ConfigError, match="the unknown key `colour`"):
        toml_drafts(TomlSource("n.toml", "[[colour]]\n"))


def test_texts_survive_toml() -> None:
    draft = csv_drafts("c.csv", 'id,name,note\na,"say ""é"" \\ here","two\nlines"\n', CUSTOMER)[0]
    again = toml_drafts(TomlSource("c.toml", written([draft.record], CUSTOMER, TOML)))[0]
    assert again.record == draft.record


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="expected a readable file, seen `no such file or directory`"):
        read(tmp_path / "x.csv", CAMPAIGN, CSV)
    (tmp_path / "y.csv").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="expected UTF-8 text"):
        read(tmp_path / "y.csv", CAMPAIGN, CSV)


def test_a_trunk_says_by_the_name_of_its_table_what_it_faces() -> None:
    carrier, wrong = toml_drafts(TomlSource("t.toml", '[[carrier]]\nname = "c"\n[[carrier]]\nkind = "platform"\n'))
    assert carrier.record.values == {"kind": "carrier", "name": "c"}
    assert "t.toml:4: key `kind`: expected no such key; `[[carrier]]` says it, seen `platform`" in str(wrong.mistake)


def test_a_trunk_in_csv_names_its_customer_and_keeps_it() -> None:
    text = "kind,name,sources,customer,carrier\nplatform,p,192.0.2.1 192.0.2.2,acme,carrier-1\n"
    (draft,) = csv_drafts("t.csv", text, TRUNK)
    assert (draft.record.customer, draft.record.values["customer"]) == ("", "acme")
    assert draft.record.values["sources"] == ["192.0.2.1", "192.0.2.2"]
    assert "p" in shipped().edited(csv_drafts("t.csv", text.replace(".1 192.0.2.2", ".3"), TRUNK))[0].trunks
