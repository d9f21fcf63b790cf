"""How many workers, and what does not fit together with several of them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from proxy.runtime.settings import load_settings
from proxy.runtime.toml_source import ConfigError
from proxy.runtime.worker_marks import MOST

RECORDS = '[records]\npath = "var/records.jsonl"\n'


def loaded(tmp_path: Path, text: str) -> tuple[int, list[int]]:
    """The workers, and the first own port of each listener."""
    path = tmp_path / "proxy.toml"
    path.write_text(text, encoding="utf-8")
    settings = load_settings(path)
    return settings.workers, [one.worker_ports for one in settings.listen]


def test_one_process_unless_it_is_said_otherwise(tmp_path: Path) -> None:
    assert loaded(tmp_path, "") == (1, [0])
    assert loaded(tmp_path, RECORDS + "[node]\nworkers = 3\n[listen]\nworker_ports = 5070\n") == (3, [5070])
    two = '[[listen]]\naddress = "127.0.0.1:5060"\nworker_ports = 5070\n[[listen]]\naddress = "127.0.0.1:5061"\nname = "b"\n'
    assert loaded(tmp_path, RECORDS + two + "[node]\nworkers = 3\n") == (3, [5070, 0])


def test_0_is_one_for_each_core(tmp_path: Path) -> None:
    wanted = min(len(os.sched_getaffinity(0)), MOST)
    assert loaded(tmp_path, RECORDS + "[node]\nworkers = 0\n")[0] == wanted


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("[node]\nworkers = -1\n", "node.workers"),
        (f"[node]\nworkers = {MOST + 1}\n", "node.workers"),
        ("[node]\nworkers = 2\n", "records.path"),
        ('[records]\npath = "-"\n[node]\nworkers = 2\n', "records.path"),
        (RECORDS + "[node]\nworkers = 2\n[listen]\nworker_ports = 65535\n", "listen.worker_ports"),
        (RECORDS + "[node]\nworkers = 2\n[listen]\nworker_ports = 5059\n", "listen.worker_ports"),
        (RECORDS + "[node]\nworkers = 2\n[listen]\nworker_ports = 70000\n", "listen.worker_ports"),
        (RECORDS + '[[listen]]\naddress = "127.0.0.1:5060"\ntransport = "tcp"\nworker_ports = 5070\n', "worker_ports"),
    ],
)
def test_what_cannot_be_is_told_with_its_key(tmp_path: Path, text: str, key: str) -> None:
    with pytest.raises(ConfigError) as caught:
        loaded(tmp_path, text)
    assert key.rpartition(".")[2] in caught.value.key


def test_own_ports_of_two_listeners_do_not_meet(tmp_path: Path) -> None:
    listeners = "".join(
        f'[[listen]]\nname = "{name}"\naddress = "127.0.0.1:{port}"\nworker_ports = {own}\n'
        for name, port, own in (("a", 5060, 5070), ("b", 5061, 5071))
    )
    with pytest.raises(ConfigError, match="2 ports from here on"):
        loaded(tmp_path, RECORDS + listeners + "[node]\nworkers = 2\n")
