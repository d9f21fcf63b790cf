"""proxy.toml: defaults, every key, every mistake at once, and the documentation that must name each key."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from proxy.runtime import (
    auth_settings,
    listen_settings,
    record_settings,
    route_settings,
    settings,
    state_settings,
    store_settings,
    trunk_settings,
    trunk_transport,
    worker_settings,
)
from proxy.runtime.addresses import Endpoint
from proxy.runtime.mistakes import ConfigErrors
from proxy.runtime.settings import load_settings
from proxy.runtime.store.directory_fields import FIELDS
from proxy.runtime.store.directory_records import TRUNK, TRUNK_KIND
from proxy.runtime.toml_source import ConfigError

ROOT = Path(__file__).parents[2]


def written(folder: Path, text: str) -> Path:
    path = folder / "proxy.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_an_empty_file_gets_the_defaults(tmp_path: Path) -> None:
    found = load_settings(written(tmp_path, ""))
    assert found.node == "edge-1"
    assert [one.address for one in found.listen] == [Endpoint("127.0.0.1", 5060)]
    assert found.admin == Endpoint("127.0.0.1", 9460)
    assert found.files.customers == tmp_path / "customers.toml"
    assert (found.records.path, found.records.queue) == ("-", 10_000)
    topology = found.topology
    assert (topology.listeners[0].host, topology.listeners[0].port, topology.node, topology.server_name) == (
        "127.0.0.1",
        5060,
        "edge-1",
        "",
    )
    limits = topology.limits
    assert (limits.answer_timeout, limits.longest_call, limits.decision_timeout, limits.max_calls) == (
        180.0, 14_400.0, 0.05, 0,
    )  # fmt: skip
    assert (found.timers.t1, found.timers.t2, found.timers.t4) == (0.5, 4.0, 5.0)
    assert (topology.platforms, topology.carriers) == ((), ())


def test_every_key_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    found = load_settings(
        written(
            tmp_path,
            '[node]\nname = "edge-7"\nserver_name = "edge"\n[listen]\nudp = "0.0.0.0:5062"\n'
            'advertise = "sip.example.net"\n[admin]\nlisten = ""\n[files]\ncustomers = "../c.toml"\ntrunks = "t.toml"\n'
            'numbering = "n.toml"\nrules = "r"\nheaders = "h.toml"\n[records]\npath = "var/r.jsonl"\nqueue = 5\n[limits]\n'
            "answer_timeout = 60\nlongest_call = 600\ndecision_timeout_ms = 20\nmax_calls = 9\ncalls_per_second = 30\n"
            "session_refresh = 900\n"
            "[auth]\nnonce_seconds = 30\nfailures = 3\nrefuse_seconds = 9\n[timers]\nt1_ms = 100\nt2_ms = 200\nt4_ms = 300\n",
        )
    )
    assert (found.node, found.listen[0].address, found.admin) == ("edge-7", Endpoint("0.0.0.0", 5062), None)
    paths = (tmp_path.parent / "c.toml", *(tmp_path / name for name in ("t.toml", "n.toml", "r", "h.toml")))
    assert found.files == settings.Files(*paths)
    auth = found.topology.auth
    assert (auth.nonce_lifetime, auth.failures, auth.refused_for, len(auth.key)) == (30.0, 3, 9.0, 32)
    assert (found.records.path, found.records.queue) == (str(tmp_path / "elsewhere/var/r.jsonl"), 5)
    topology = found.topology
    assert (topology.listeners[0].host, topology.listeners[0].port, topology.server_name) == (
        "sip.example.net",
        5062,
        "edge",
    )
    limits = topology.limits
    assert (limits.answer_timeout, limits.longest_call, limits.decision_timeout, limits.max_calls) == (60, 600, 0.02, 9)
    assert (limits.calls_per_second, limits.session_refresh) == (30.0, 900.0)
    assert (found.timers.t1, found.timers.t2, found.timers.t4) == (0.1, 0.2, 0.3)


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ('[node]\nname = "Edge 1"\n', 2, "lower-case letters"),
        ('[node]\nserver_name = "a\\r\\nVia: x"\n', 2, "printable characters"),
        ('[listen]\nudp = "localhost:5060"\n', 2, "an IP address of this machine"),
        ('[listen]\nudp = "127.0.0.1:x"\n', 2, "a port from 1 to 65535"),
        ('[listen]\nudp = "0.0.0.0:5060"\n', 1, "the address that peers reach"),
        ('[listen]\nadvertise = "0.0.0.0"\n', 2, "an address or a name that peers reach"),
        ('[listen]\nadvertise = "a b:1"\n', 2, "an address or a name that peers reach"),
        ('[listen]\nadvertise = "edge:0"\n', 2, "a port from 1 to 65535"),
        ('[admin]\nlisten = "edge:1"\n', 2, "an IP address of this machine"),
        ("[records]\nqueue = 0\n", 2, "at least 1"),
        ("[limits]\nanswer_timeout = 0\n", 2, "at least 1"),
        ("[limits]\nmax_calls = -1\n", 2, "at least 0"),
        ("[limits]\ncalls_per_second = -1\n", 2, "at least 0"),
        ("[limits]\nlongest_call = 1.5\n", 2, "a whole number"),
        ("[timers]\nt1_ms = 500\nt2_ms = 400\n", 3, "at least 500"),
        ("[timers]\nt3_ms = 500\n", 2, "seen the unknown key `t3_ms`"),
        ("[rules]\n", 1, "seen the unknown key `rules`"),
        ("listen = 5\n", 1, "key `listen`: expected a table"),
        ("[node\n", 1, "valid TOML"),
    ],
)
def test_a_mistake_is_told_with_file_line_and_key(text: str, line: int, message: str, tmp_path: Path) -> None:
    path = written(tmp_path, text)
    with pytest.raises(ConfigError, match=re.escape(message)) as caught:
        load_settings(path)
    assert not isinstance(caught.value, ConfigErrors)
    assert (caught.value.file, caught.value.line) == (str(path), line)


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    text = '[node]\nname = ""\n[limits]\nmax_calls = -1\n[colours]\n'.replace('"vms"', '"VMS"')
    with pytest.raises(ConfigErrors) as caught:
        load_settings(written(tmp_path, text))
    assert [mistake.key for mistake in caught.value.mistakes] == ["name", "max_calls", "colours"]


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="a readable file"):
        load_settings(tmp_path / "proxy.toml")


def test_nodes_that_differ_in_their_own_addresses_only_share_a_digest(tmp_path: Path) -> None:
    def digest(text: str) -> str:
        return load_settings(written(tmp_path, text)).digest

    plain = digest("")
    assert digest('[node]\nname = "b"\n[listen]\nudp = "127.0.0.2:5060"\n[admin]\nlisten = ""\n') == plain
    assert digest("[limits]\nmax_calls = 5\n") != plain


def test_the_shipped_file_is_right() -> None:
    found = load_settings(ROOT / "config" / "proxy.toml")
    assert found.files.trunks == ROOT / "config" / "trunks.toml"


def test_trunks_of_an_older_file_are_told_where_they_belong(tmp_path: Path) -> None:
    with pytest.raises(ConfigErrors) as caught:
        load_settings(written(tmp_path, '[node]\nname = "a"\n[[platform]]\nname = "vms"\n[[carrier]]\nname = "c"\n'))
    platform, carrier = caught.value.mistakes
    assert (platform.line, carrier.line) == (3, 5)
    assert "key `platform`: expected no trunk in this file" in str(platform)
    assert "`npv-proxy trunks import trunks.toml`, seen `[[platform]]`" in str(platform)
    assert "seen `[[carrier]]`" in str(carrier)


def asked(*sources: Path) -> set[str]:
    """The keys that the loaders ask for, read from their text."""
    getter = re.compile(
        r'(?:text|integer|number|flag|one_of|texts|table|tables|at_least|positive|bound|_from)\((?:root, |table, )?"(\w+)"'
    )
    return {key for source in sources for key in getter.findall(source.read_text(encoding="utf-8"))}


def on_the_page(title: str) -> tuple[set[str], set[str]]:
    """The keys and the headlines under a title of the page."""
    page = (ROOT / "config" / "README.md").read_text(encoding="utf-8")
    part = page.partition(f"## {title}")[2].partition("\n## ")[0]
    headed = re.findall(r"^### `\[+(\w+)\]+`", part, re.MULTILINE)
    return set(re.findall(r"^\| `(\w+)` \|", part, re.MULTILINE)), set(headed)


def test_every_key_is_documented_and_nothing_else() -> None:
    sections = {"node", "listen", "admin", "auth", "files", "records", "store", "state", "limits", "timers", "dns"}
    loaders = (
        settings, listen_settings, record_settings, store_settings, state_settings, auth_settings, worker_settings
    )  # fmt: skip
    keys = asked(*(Path(str(loader.__file__)) for loader in loaders))
    documented, headed = on_the_page("proxy.toml")
    assert sections <= headed
    assert documented == keys - sections | {"listen", "username"}  # a login is read with a prefix for sentinels


def test_every_key_of_a_trunk_is_documented_and_nothing_else() -> None:
    loaders = (trunk_settings, trunk_transport, route_settings)
    keys = asked(*(Path(str(loader.__file__)) for loader in loaders)) | set(trunk_settings.NAMING_HEADERS)
    documented, headed = on_the_page("trunks.toml")
    assert headed == {"platform", "carrier", "route"}
    assert documented == keys
    fields = {field.partition(".")[0] for field in FIELDS[TRUNK]}
    assert keys == fields - {TRUNK_KIND}, "a cell of CSV and a field of the commands for each key"
