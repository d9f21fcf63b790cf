"""What trunks say about each other, in a file and in the directory: each mistake where it is written, all at once."""

from __future__ import annotations

import pytest

from proxy.runtime.mistakes import ConfigErrors
from proxy.runtime.store.directory_book import Book
from proxy.runtime.store.directory_records import Draft, Nowhere, Record
from proxy.runtime.toml_source import ConfigError, TomlSource
from proxy.runtime.trunk_settings import load_trunks
from tests.runtime.store.directory_shelf import PEERS, SMALL, book, drafts, numbering

PLATFORM, CARRIER = PEERS.replace("\n\n", "\n\n\n").split("\n\n")
CASES = [
    (PLATFORM, "carrier", "expected at least one carrier, seen none"),
    (PLATFORM, "carrier", "expected the name of a carrier (none is there), seen `c1`"),
    (CARRIER, "platform", "expected at least one platform, seen none"),
    (PLATFORM.replace('"c1"', '"c9"') + CARRIER, "carrier", "expected the name of a carrier (`c1`), seen `c9`"),
    (PEERS.replace('customer_header = "X-Account"', 'customer = "zz"'), "customer", "expected the id of a customer"),
    (PEERS + PLATFORM.replace("vms", "crm"), "sources", "seen `192.0.2.1`"),
    (PEERS.replace("[[carrier]]\n", '[[carrier]]\nsources = ["192.0.2.1"]\n'), "sources", "seen `192.0.2.1`"),
]


@pytest.mark.parametrize(("text", "key", "message"), CASES)
def test_what_is_refused_in_a_file_and_in_the_directory(text: str, key: str, message: str) -> None:
    def in_a_file() -> object:
        return load_trunks(TomlSource("new.toml", text), numbering(), ["a", "b"])

    def in_the_directory() -> object:
        return book().edited(drafts(text))

    for attempt in (in_a_file, in_the_directory):
        with pytest.raises(ConfigError) as caught:
            attempt()
        found = caught.value.mistakes if isinstance(caught.value, ConfigErrors) else (caught.value,)
        assert any(one.key == key and message in str(one) for one in found), str(caught.value)


def test_a_name_stands_once_in_a_file_whatever_it_faces() -> None:
    text = PEERS + CARRIER.replace('"c1"', '"vms"')
    with pytest.raises(ConfigError, match="key `name`: expected another name than the one of line 2, seen `vms`"):
        load_trunks(TomlSource("new.toml", text), numbering(), [])


def peered() -> Book:
    return book(SMALL + PEERS)


def gone(name: str) -> Draft:
    return Draft(Record("trunk", "", {}), Nowhere("trunks remove"), replaces=name)


def test_a_carrier_that_is_named_cannot_go() -> None:
    with pytest.raises(ConfigErrors) as caught:
        peered().edited([gone("c1")])
    assert str(caught.value).splitlines() == [
        "the directory: key `carrier`: expected at least one carrier, seen none",
        "trunk vms of the directory: key `carrier`: expected the name of a carrier (none is there), seen `c1`",
    ]


def test_a_carrier_goes_with_the_last_platform_that_names_it() -> None:
    more = PEERS.replace("vms", "crm").replace("192.0.2.1", "192.0.2.9").replace('"c1"', '"c2"')
    both, _ = peered().edited(drafts(more))
    one, changes = both.edited([gone("vms"), gone("c1")])
    assert list(one.trunks) == ["crm", "c2"]
    assert [change.after for change in changes] == [None, None]
    with pytest.raises(ConfigError, match="another source than `vms`"):
        both.edited(drafts(more.replace("192.0.2.9", "192.0.2.1")))


def test_a_customer_that_a_platform_names_cannot_go() -> None:
    named, _ = peered().edited(drafts(PEERS.replace('customer_header = "X-Account"', 'customer = "b"')))
    with pytest.raises(ConfigError, match="trunk vms of the directory: key `customer`: expected the id of a customer"):
        named.edited([Draft(Record("customer", "b", {}), Nowhere("test"), replaces="b")])


def test_what_follows_from_a_trunk_that_cannot_be_read_is_not_told_too() -> None:
    with pytest.raises(ConfigError, match=r"new\.toml:10: key `address`") as caught:
        book().edited(drafts(PEERS.replace("198.51.100.1:5070", "198.51.100.1:x")))
    assert not isinstance(caught.value, ConfigErrors)


def test_every_mistake_is_told_at_once() -> None:
    text = PEERS.replace('"X-Account"', '"From"') + PLATFORM.replace("vms", "crm").replace('"c1"', '"c9"')
    with pytest.raises(ConfigErrors) as caught:
        book().edited(drafts(text))
    assert [(one.line, one.key) for one in caught.value.mistakes] == [(5, "customer_header"), (16, "carrier")]
