"""Platforms that are known by user or certificate can be told apart."""

from __future__ import annotations

from pathlib import Path

import pytest

from proxy.runtime.numbering_file import Numbering, load_numbering
from proxy.runtime.toml_source import ConfigError, TomlSource, read_toml
from proxy.runtime.trunk_settings import Trunks, load_trunks

CARRIER = '[[carrier]]\nname = "c"\naddress = "192.0.2.9"\n'


@pytest.fixture(scope="module")
def numbering() -> Numbering:
    return load_numbering(read_toml(Path(__file__).parents[2] / "config" / "numbering.toml"))


def platform(name: str, auth: str, sources: str = "", who: str = 'customer_header = "X-Account"\n') -> str:
    lines = f'[[platform]]\nname = "{name}"\ncarrier = "c"\nauth = {{ {auth} }}\n{who}'
    return lines + (f'sources = ["{sources}"]\n' if sources else "")


def digest(user: str, realm: str = "edge") -> str:
    return f'kind = "digest", realm = "{realm}", users = ["{user}=env:X"]'


def load(numbering: Numbering, *platforms: str) -> Trunks:
    return load_trunks(TomlSource("trunks.toml", "".join(platforms) + CARRIER), numbering, ["acme"])


def test_platforms_without_addresses_share_a_realm(numbering: Numbering) -> None:
    found = load(
        numbering,
        platform("one", digest("a")),
        platform("two", digest("b")),
        platform("three", digest("c", "other"), "192.0.2.1"),
        platform("four", 'kind = "certificate", names = ["p.example"]'),
        platform("five", digest("d/acme"), who=""),
    )
    assert [trunk.sources for trunk in found.platforms] == [(), (), ("192.0.2.1",), (), ()]
    assert (found.platforms[4].customer, found.platforms[4].customer_header) == ("", "")


@pytest.mark.parametrize(
    ("first", "second", "message"),
    [
        (digest("a"), digest("a"), "key `users`: expected other users than the one of line 1, seen `a`"),
        (digest("a"), digest("b", "other"), "key `realm`: expected the realm and algorithms of the one of line 1"),
        (
            'kind = "certificate", names = ["p.example"]',
            'kind = "certificate", names = ["P.example"]',
            "key `names`: expected other names than the one of line 1, seen `p.example`",
        ),
        (digest("a"), digest("b/nobody"), "key `users`: expected ids of customers in the directory, seen `nobody`"),
    ],
)
def test_platforms_that_cannot_be_told_apart(numbering: Numbering, first: str, second: str, message: str) -> None:
    with pytest.raises(ConfigError, match=r"trunks\.toml:11") as caught:
        load(numbering, platform("one", first), "\n\n", platform("two", second))
    assert message in str(caught.value)


def test_without_auth_an_address_and_a_customer_are_needed(numbering: Numbering) -> None:
    with pytest.raises(ConfigError, match="at least one IP address or network"):
        load(numbering, '[[platform]]\nname = "x"\ncarrier = "c"\ncustomer_header = "X-A"\n')
    with pytest.raises(ConfigError, match="either `customer` or `customer_header`"):
        load(numbering, platform("one", digest("a"), who=""))
