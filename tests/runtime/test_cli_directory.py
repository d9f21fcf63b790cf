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
        ("trunks", "list show add set remove drain undrain test import export"),
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
    assert desk.lines("directory", "history")[1].split("\t")[2:4] == [
        "seed",
        "first filled from customers.toml and trunks.toml",
    ]


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
    vain = "called back in vain: no trunk leads to the call-back target"
    assert shown["warnings"] == ["call back never tested", "never used", vain]
    who = [
        line.split("\t")[2] for line in desk.lines("directory", "history", "--kind", "customer", "--name", "zed")[1:]
    ]
    assert who[-1] == "zoe"


def test_trunks_from_the_file_and_by_command(desk: Desk) -> None:
    assert [line.split("\t")[:2] for line in desk.lines("trunks", "list")[1:]] == [
        ["vms", "platform"],
        ["carrier-1", "carrier"],
    ]
    assert "trunks show x: expected the name of a trunk: `vms`, `carrier-1`, seen `x`" in desk.told(
        "trunks", "show", "x"
    )
    words = "kind=carrier name=c2 address=gw.example.net:5070 cross=X-A,X-B"
    assert desk.lines("trunks", "add", *words.split())[0] == "trunk c2 added"
    words = "kind=platform name=paris sources=192.0.2.10,192.0.2.32/28 customer=acme carrier=c2 most_calls=5"
    assert desk.lines("trunks", "add", *words.split(), "--as", "zoe")[0] == "trunk paris added"
    shown = desk.json("trunks", "show", "paris")[0]
    assert (shown["sources"], shown["kind"], shown["most_calls"]) == (["192.0.2.10", "192.0.2.32/28"], "platform", 5)
    assert desk.lines("trunks", "list", "--customer", "acme")[1].startswith("paris\t")
    assert desk.lines("trunks", "set", "paris", "carrier=carrier-1", "most_calls=") == [
        "trunk paris: carrier c2 -> carrier-1, most_calls 5 -> nothing",
        "version 4: 1 record changed",
    ]
    assert desk.lines("trunks", "remove", "c2")[0] == "trunk c2 removed"
    history = desk.json("directory", "history", "--kind", "trunk", "--name", "c2")
    assert [one["version"] for one in history] == [5, 2]
    assert desk.lines("directory", "rollback", "2")[0] == "trunk c2 added"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("add name=x", "trunks add: key `kind`: expected one of `platform`, `carrier`, `route`, seen nothing"),
        ("add kind=carrier name=vms address=192.0.2.1", "trunks add: key `name`: expected a trunk that is new; "),
        ("add kind=carrier name=x address=192.0.2.1 profile=law", "seen the unknown key `profile`"),
        (
            "set vms kind=carrier",
            "trunks set vms: key `kind`: expected no change; the history hangs on it, seen `carrier`",
        ),
        ("set vms carrier=x", "trunks set vms: key `carrier`: expected the name of a carrier (`carrier-1`), seen `x`"),
        ("set vms customer_header= customer=x", "trunks set vms: key `customer`: expected the id of a customer in the"),
        (
            "remove carrier-1",
            "trunk vms of the directory: key `carrier`: expected the name of a carrier (none is there), seen `carrier-1`",
        ),
    ],
)
def test_what_trunks_may_not_say(desk: Desk, words: str, told: str) -> None:
    assert any(told in line for line in desk.told("trunks", *words.split()))
    assert len(desk.lines("directory", "history")) == 2


@pytest.mark.parametrize("form", ["csv", "toml"])
def test_trunks_go_out_and_come_in(desk: Desk, form: str) -> None:
    path = desk.folder / f"out.{form}"
    desk.lines("trunks", "export", "-o", str(path))
    assert desk.lines("trunks", "import", str(path)) == ["nothing to change"]
    path.write_text(path.read_text(encoding="utf-8").replace("127.0.0.1:5080", "127.0.0.1:5090"), encoding="utf-8")
    assert desk.lines("trunks", "import", str(path), "--dry-run") == [
        "trunk carrier-1: address 127.0.0.1:5080 -> 127.0.0.1:5090",
        "all valid: 1 record would change; nothing was changed",
    ]
    desk.lines("trunks", "import", str(path))
    assert "address: 127.0.0.1:5090" in desk.lines("trunks", "show", "carrier-1")


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
    assert desk.ran("directory", "history", "--kind", "phone").exit_code == 2


def test_the_program_starts_without_the_store() -> None:
    assert isinstance(cli_directory.directory(), typer.Typer)
