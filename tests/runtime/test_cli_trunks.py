"""What trunks have beside the commands of every record."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from proxy.runtime import cli
from tests.runtime.desk import Desk


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.chdir(tmp_path)
    return Desk(tmp_path)


def test_a_carrier_is_drained_and_comes_back_by_versions(desk: Desk) -> None:
    assert desk.lines("trunks", "drain", "carrier-1", "--as", "zoe")[0] == "trunk carrier-1: state nothing -> drained"
    assert desk.lines("trunk", "undrain", "carrier-1")[0] == "trunk carrier-1: state drained -> nothing"
    history = [
        line.split("\t") for line in desk.lines("directory", "history", "--kind", "trunk", "--name", "carrier-1")
    ]
    assert [line[2] for line in history[1:]][1] == "zoe"


def test_only_a_carrier_can_be_drained(desk: Desk) -> None:
    assert "unknown key `state`" in desk.told("trunks", "drain", "vms")[0]


def test_routes_are_trunks_too_and_hold_their_carriers(desk: Desk) -> None:
    desk.lines("trunks", "add", "kind=carrier", "name=two", "address=192.0.2.2:5060")
    desk.lines("trunks", "add", "kind=route", "name=france", "carriers=carrier-1:1:60,two:1:40")
    desk.lines("trunks", "set", "vms", "carrier=", "route=france")
    assert "the name of a carrier (`carrier-1`), seen `two`" in desk.told("trunks", "remove", "two")[0]
    assert "the name of a route (none is there), seen `france`" in desk.told("trunks", "remove", "france")[0]


def test_one_trunk_can_be_named_in_the_singular() -> None:
    told = CliRunner().invoke(cli.app, ["trunk", "--help"]).output
    for command in ("drain", "undrain", "test"):
        assert f" {command} " in told
