"""Small directories for the tests of the store: the plan as shipped, a few customers, and drafts out of TOML text."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from proxy.runtime.numbering_file import Numbering, load_numbering
from proxy.runtime.store.directory_book import Book
from proxy.runtime.store.directory_bulk import toml_drafts
from proxy.runtime.store.directory_changes import Edit, Signature
from proxy.runtime.store.directory_records import Draft
from proxy.runtime.toml_source import TomlSource, read_toml

CONFIG = Path(__file__).parents[3] / "config"
NOON = 1_795_428_000.0
ME = Signature("me", NOON, "a test")
CUSTOMER = """
[[customer]]
id = "{0}"
name = "{0}"
siren = "000000001"
status = "active"
purpose = "service"
mode = "broadcast"
kyc = {{ status = "pending" }}
"""
RIGHT = """
[[number]]
customer = "{0}"
number = "{1}"
since = {2}
"""
PEERS = """
[[platform]]
name = "vms"
sources = ["192.0.2.1"]
customer_header = "X-Account"
carrier = "c1"

[[carrier]]
name = "c1"
address = "198.51.100.1:5070"
"""
SMALL = CUSTOMER.format("a") + CUSTOMER.format("b") + RIGHT.format("a", "+33162000001", "2026-01-01")


@cache
def numbering() -> Numbering:
    """The shipped plan."""
    return load_numbering(read_toml(CONFIG / "numbering.toml"))


def drafts(text: str) -> list[Draft]:
    """The records of a TOML text."""
    return toml_drafts(TomlSource("new.toml", text))


def edit(text: str) -> Edit:
    """Puts the records of a TOML text into a book."""
    found = drafts(text)
    return lambda _: found


def book(text: str = SMALL) -> Book:
    """A book that says this."""
    return Book(numbering()).edited(drafts(text))[0]
