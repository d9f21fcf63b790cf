"""`check`: the summary of what is configured, for a pipe and for a terminal."""

from __future__ import annotations

import io
import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from proxy.runtime.addresses import Endpoint
from proxy.runtime.check_command import check, show, summary
from proxy.runtime.configuration import load_configuration
from proxy.runtime.needs import shown
from proxy.runtime.toml_source import ConfigError

SHIPPED = Path(__file__).parents[2] / "config" / "proxy.toml"
AT = 1795510800.0  # 2026-11-24


def test_the_summary_counts_what_the_files_hold() -> None:
    found = load_configuration(SHIPPED)
    told = dict(summary(found, AT))
    directory = found.edition.directory
    assert told["node"] == "edge-1"
    assert told["listener udp"] == "udp on 127.0.0.1:5060, shown as 127.0.0.1:5060"
    assert told["customers"].startswith(f"{len(directory.customers())} (")
    assert told["numbers"] == str(sum(len(directory.numbers_of(one.id)) for one in directory.customers()))
    assert told["platform vms"] == ("127.0.0.1 -> carrier-1, customer in X-Account, calls back to 127.0.0.1:5070")
    assert told["carrier carrier-1"] == "127.0.0.1:5080, edge.example.net"
    assert told["configuration"] == found.digest
    assert int(told["rules in force"].split()[0]) > 10


def test_several_workers_are_told_with_their_ports(tmp_path: Path) -> None:
    assert "workers" not in dict(summary(load_configuration(SHIPPED), AT))
    shutil.copytree(SHIPPED.parent, tmp_path / "config")
    path = tmp_path / "config" / "proxy.toml"
    text = path.read_text(encoding="utf-8").replace("[node]\n", "[node]\nworkers = 4\n", 1)
    path.write_text(text.replace("[listen]\n", "[listen]\nworker_ports = 5070\n", 1), encoding="utf-8")
    told = dict(summary(load_configuration(path), AT))
    assert told["workers"] == "4"
    assert told["listener udp"] == ("udp on 127.0.0.1:5060, shown as 127.0.0.1:5060, workers' own ports 5070 to 5073")
    assert told["ahead log"].endswith("var/store.ahead")


def test_numbers_that_are_called_back_in_vain_are_named() -> None:
    what = "called back in vain"
    found = load_configuration(SHIPPED)
    told = dict(summary(found, AT))[what]
    assert told == "+33162000009 (the number has no call-back target that can be read)"
    deaf = tuple(replace(one, callee=None, callback_hosts=()) for one in found.trunks.platforms)
    silent = replace(found, trunks=replace(found.trunks, platforms=deaf))
    told = dict(summary(silent, AT))[what]
    assert told.count("(no trunk leads to the call-back target)") == 9
    assert re.search(r", and \d+ more$", told)


def test_rules_that_nobody_compared_with_the_law_for_long_are_named() -> None:
    found = load_configuration(SHIPPED)
    what = "compare with the law again"
    assert what not in dict(summary(found, AT))
    told = [text for name, text in summary(found, AT + 400 * 86_400) if name == what]
    day = found.edition.calendar.paris_day(AT + 400 * 86_400)
    assert len(told) == len(found.edition.book.on(day, day).rules)
    assert all(re.fullmatch(r"[\w.]+ \(.*\.toml:\d+, last on 20\d\d-\d\d-\d\d\)", text) for text in told)


def test_a_trunk_for_test_suites_is_told_loudly() -> None:
    told = summary(load_configuration(SHIPPED.parent / "conformance" / "proxy.toml"), AT)
    assert ("ATTENTION", "platform suite has the profile conformance: for test suites only") in told
    assert "ATTENTION" not in dict(summary(load_configuration(SHIPPED), AT))


def test_a_pipe_gets_plain_lines(capsys: pytest.CaptureFixture[str]) -> None:
    check(SHIPPED)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"{SHIPPED} is right"
    assert "node: edge-1" in lines
    assert all(line.isascii() for line in lines)


def test_a_terminal_gets_a_table() -> None:
    screen = io.StringIO()
    show("proxy.toml", [("node", "edge-1")], Console(file=screen, force_terminal=True, width=60))
    assert "proxy.toml is right" in screen.getvalue()
    assert "│ edge-1" in screen.getvalue()


def test_a_mistake_is_raised(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="a readable file"):
        check(tmp_path / "proxy.toml")


def test_an_ipv6_address_is_shown_with_brackets() -> None:
    assert shown(Endpoint("2001:db8::1", 5060)) == "[2001:db8::1]:5060"
