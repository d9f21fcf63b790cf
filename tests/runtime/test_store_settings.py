"""`[store]`: what is taken, what is refused, and that no password is repeated."""

from __future__ import annotations

from pathlib import Path

import pytest

from proxy.runtime.store.redis_place import Login, Place
from proxy.runtime.store_settings import StoreSettings, read_store
from proxy.runtime.toml_source import ConfigError, TomlSource


def read(text: str) -> StoreSettings:
    return read_store(TomlSource("proxy.toml", f"[store]\n{text}").root.table("store"))


def test_a_file_is_the_default() -> None:
    found = read("")
    assert found == StoreSettings(Path("var/store.db").resolve(), None, Path("var/store.keys").resolve(), 0.04, 200_000)
    assert read("refusals_held = 7").refusals_held == 7


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
        ("refusals_held = 0", "key `refusals_held`: expected a whole number of at least 1"),
        ('path = ""', "key `path`: expected a file"),
        ('keys = ""', "key `keys`: expected a file"),
        ("colour = 1", "key `colour`"),
    ],
)
def test_what_is_refused(text: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(text)
    assert message in str(caught.value)


def test_passwords_come_out_of_files_and_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "password").write_text("first\n", encoding="utf-8")
    monkeypatch.setenv("NPV_SENTINELS", "second")
    place = read(
        f'kind = "redis"\nurls = ["redis://h"]\nsentinel = "npv"\nusername = "edge"\n'
        f'password_file = "{tmp_path}/password"\nsentinel_username = "watch"\nsentinel_password_env = "NPV_SENTINELS"'
    ).place
    assert place == Place(("redis://h",), "npv", False, Login("edge", "first"), Login("watch", "second"))
    assert "first" not in repr(place)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('password_env = "hunter2"', "key `password_env`: expected the name of an environment variable that is set"),
        ('password_file = "/none/hunter2"', "key `password_file`: expected a file with the password, seen `no such"),
        ('password = "hunter2"', "seen the unknown key `password`"),
        ('password_file = "a"\npassword_env = "b"', "key `password_env`: expected either `password_file` or"),
        ('sentinel_username = "hunter2"', "key `sentinel`: expected the name of a service"),
    ],
)
def test_mistakes_about_passwords_do_not_repeat_them(text: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(f'kind = "redis"\nurls = ["redis://h"]\n{text}')
    assert message in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_an_empty_password_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="seen an empty one"):
        read(f'kind = "redis"\nurls = ["redis://h"]\npassword_file = "{tmp_path}/password"')


def test_a_password_is_not_repeated() -> None:
    with pytest.raises(ConfigError) as caught:
        read('kind = "redis"\nurls = ["http://:secret@h:1"]')
    assert "secret" not in str(caught.value)
    assert "`h:1`" in str(caught.value)
