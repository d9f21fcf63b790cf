"""The directory by command: what an operator does on a day, and how the program answers."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from proxy.runtime import cli, cli_directory
from proxy.runtime.store import directory_records
from tests.runtime.desk import Desk


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.chdir(tmp_path)
    return Desk(tmp_path)


def test_the_kinds_are_those_of_the_store() -> None:
    assert cli_directory.KINDS == directory_records.KINDS


@pytest.mark.parametrize(
    ("group", "commands"),
    [
        ("customers", "list show add set import export"),
        ("numbers", "list show add set import export assign release quarantine"),
        ("campaigns", "list show add set import export"),
        ("trunks", "list show"),
        ("directory", "history rollback"),
    ],
)
def test_every_group_has_its_commands(group: str, commands: str) -> None:
    told = CliRunner().invoke(cli.app, [group, "--help"]).output
    for command in commands.split():
        assert f" {command} " in told


def test_a_first_look_shows_the_customers_file(desk: Desk) -> None:
    lines = desk.lines("customers", "list")
    assert lines[0].split("\t")[:3] == ["id", "name", "status"]
    assert [line.split("\t")[0] for line in lines[1:4]] == ["acme", "medirappel", "sonda"]
    assert lines[-1].endswith("verification expired on 2026-05-01")
    assert desk.lines("directory", "history")[1].split("\t")[2:4] == ["seed", "first filled from customers.toml"]


def test_a_customer_from_the_first_call_to_the_last_number(desk: Desk) -> None:
    words = "id=zed name=Zed siren=000000009 status=active purpose=service mode=manual kyc.status=pending"
    assert desk.lines("customers", "add", *words.split(), "--as", "zoe") == [
        "customer zed added",
        "version 2: 1 record changed",
    ]
    assert desk.told("customers", "add", *words.split()) == [
        "customers add: key `id`: expected a customer that is new; `customers set` changes one, seen `zed`"
    ]
    desk.lines("customers", "set", "zed", "kyc.status=verified", "kyc.evidence=e", "kyc.expires=2040-01-01")
    desk.lines("campaigns", "add", "customer=zed", "id=c", "hours=mon-fri 10:00-12:00; sat 09:00-10:00")
    assert desk.lines("campaigns", "set", "zed/c", "hours=", "until=2040-01-01") == [
        "campaign zed/c: hours mon-fri 10:00-12:00; sat 09:00-10:00 -> nothing, until nothing -> 2040-01-01",
        "version 5: 1 record changed",
    ]
    desk.lines("numbers", "assign", "01 62 00 00 10", "--to", "zed", "callback_target=sip:z@z", "--from", "2026-01-05")
    shown = desk.json("numbers", "show", "+33162000010")[0]
    assert (shown["customer"], shown["state"], shown["right"]) == ("zed", "active", "assigned")
    assert shown["warnings"] == ["call back never tested", "never used"]
    who = [
        line.split("\t")[2] for line in desk.lines("directory", "history", "--kind", "customer", "--name", "zed")[1:]
    ]
    assert who[-1] == "zoe"


def test_trunks_are_read_where_they_stand(desk: Desk) -> None:
    assert desk.lines("trunks", "list")[1].split("\t")[:2] == ["vms", "platform"]
    assert f"stands in: {desk.folder / 'config' / 'proxy.toml'}" in desk.lines("trunks", "show", "carrier-1")
    assert "expected the name of a trunk: `vms`, `carrier-1`, seen `x`" in desk.told("trunks", "show", "x")[0]


def test_history_and_rollback(desk: Desk) -> None:
    desk.lines("customers", "set", "acme", "status=suspended")
    desk.lines("customers", "set", "acme", "status=active", "note=back")
    assert desk.lines("directory", "rollback", "1", "--as", "zoe") == [
        "customer acme: note back -> nothing",
        "version 4: 1 record changed",
    ]
    version = desk.json("directory", "history", "--last", "1")[0]
    assert (version["version"], version["who"], version["what"]) == (4, "zoe", "rolled back to version 1")
    assert "expected a version from 1 to 3, seen `9`" in desk.told("directory", "rollback", "9")[0]
    assert desk.ran("directory", "history", "--kind", "trunk").exit_code == 2


def test_the_program_starts_without_the_store() -> None:
    assert isinstance(cli_directory.trunks(), typer.Typer)
