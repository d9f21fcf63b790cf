"""Files of refusals and consents: all or nothing, and again without harm."""

from __future__ import annotations

from pathlib import Path

import pytest

from proxy.runtime.store.interface import Ledger, LedgerSilent
from tests.runtime.desk import Desk

GOOD = "customer,number,at\nacme,0612345678,2026-09-01\nacme,0612345679,2026-09-02\n"


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.chdir(tmp_path)
    return Desk(tmp_path)


def written(desk: Desk, text: str) -> str:
    path = desk.folder / "r.csv"
    path.write_text(text, encoding="utf-8")
    return str(path)


def recorded(desk: Desk, kind: str) -> int:
    return len(desk.lines(kind, "list", "--customer", "acme")) - 1


def test_nothing_is_recorded_unless_all_is_valid(desk: Desk) -> None:
    path = written(desk, GOOD + "acme,12,2026-09-01\n")
    assert desk.told("refusals", "import", path) == [
        f"{path}:4: key `number`: expected a telephone number, such as `+33612345678`, seen `12`"
    ]
    assert recorded(desk, "refusals") == 0


def test_a_dry_run_records_nothing_and_an_import_may_be_repeated(desk: Desk) -> None:
    path = written(desk, GOOD)
    assert desk.lines("refusals", "import", path, "--dry-run") == ["all valid: 2 refusals; nothing was recorded"]
    assert recorded(desk, "refusals") == 0
    for _ in range(2):
        assert desk.lines("refusals", "import", path, "--as", "zoe") == ["2 refusals recorded"]
        assert recorded(desk, "refusals") == 2


def test_a_long_file_is_written_slice_by_slice(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("proxy.runtime.persons.SLICE", 7)
    lines = [f"acme,06123{number:05},2026-09-01" for number in range(50)]
    path = written(desk, "customer,number,at\n" + "\n".join(lines))
    assert desk.lines("refusals", "import", path) == ["50 refusals recorded"]
    assert recorded(desk, "refusals") == 50


def test_a_list_that_is_not_whole_says_so(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("proxy.runtime.refusals_command.PAGE", 2)
    assert desk.lines("refusals", "import", written(desk, GOOD)) == ["2 refusals recorded"]
    done = desk.ran("refusals", "list", "--customer", "acme")
    assert done.stderr.splitlines() == ["there may be more: these are the newest 2; --number looks for one person"]
    assert desk.ran("refusals", "list", "--customer", "acme", "--number", "0612345678").stderr == ""


def test_consents_come_by_file_too(desk: Desk) -> None:
    path = written(desk, "customer;number;at;until;reference\nacme;0612345678;2026-09-01;2027-08-31;f1\n")
    assert desk.lines("consents", "import", path) == ["1 consent recorded"]
    assert recorded(desk, "consents") == 1


def test_a_silent_ledger_ends_the_command(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    async def silent(*_: object) -> Ledger:
        raise LedgerSilent("late")

    monkeypatch.setattr("proxy.runtime.store.embedded.EmbeddedLedger.open", silent)
    assert desk.told("refusals", "list", "--customer", "acme") == ["the ledger cannot be used: late"]
