"""`[store]`: what is taken, what is refused, and that no password is repeated."""

from __future__ import annotations

from pathlib import Path

import pytest

from proxy.runtime.store.redis_place import Place
from proxy.runtime.store_settings import StoreSettings, read_store
from proxy.runtime.toml_source import ConfigError, TomlSource


def read(text: str) -> StoreSettings:
    return read_store(TomlSource("proxy.toml", f"[store]\n{text}").root.table("store"))


def test_a_file_is_the_default() -> None:
    found = read("")
    assert found == StoreSettings(Path("var/store.db").resolve(), None, Path("var/store.keys").resolve(), 0.04)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('urls = ["redis://h:1/0"]', Place(("redis://h:1/0",))),
        ('urls = ["redis://h:1", "redis://i:1"]\nsentinel = "npv"', Place(("redis://h:1", "redis://i:1"), "npv")),
        ('urls = ["rediss://h:1", "rediss://i:1"]\ncluster = true', Place(("rediss://h:1", "rediss://i:1"), "", True)),
    ],
)
def test_redis_in_its_three_forms(text: str, place: Place) -> None:
    assert read(f'kind = "redis"\nwait_ms = 25\n{text}').place == place
    assert read(f'kind = "redis"\nwait_ms = 25\n{text}').wait == 0.025


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('kind = "mysql"', ":2: key `kind`: expected one of `embedded`, `redis`"),
        ('kind = "redis"', "key `urls`: expected at least one URL"),
        ('urls = ["redis://h:1"]', 'key `urls`: expected no URL, or `kind = "redis"`'),
        ('kind = "redis"\nurls = ["redis://a", "redis://b"]', "expected one URL, or `sentinel` or `cluster`"),
        ('kind = "redis"\nurls = ["redis://a"]\nsentinel = "x"\ncluster = true', "expected either `sentinel` or"),
        ("wait_ms = 0", "key `wait_ms`: expected a whole number from 1 to 10000"),
        ('path = ""', "key `path`: expected a file"),
        ('keys = ""', "key `keys`: expected a file"),
        ("colour = 1", "key `colour`"),
    ],
)
def test_what_is_refused(text: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(text)
    assert message in str(caught.value)


def test_a_password_is_not_repeated() -> None:
    with pytest.raises(ConfigError) as caught:
        read('kind = "redis"\nurls = ["http://:secret@h:1"]')
    assert "secret" not in str(caught.value)
    assert "`h:1`" in str(caught.value)
