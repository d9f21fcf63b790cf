"""What is written for each contender, and that the proxy's part of it is a whole configuration."""

from __future__ import annotations

import re
import sys
from datetime import datetime
from pathlib import Path

import pytest

from proxy.runtime.configuration import load_configuration
from tests.bench.contenders import (
    ACCOUNTS,
    BASE,
    OPEN,
    Kamailio,
    Proxy,
    Sippy,
    Site,
    account,
    accounts_csv,
    called_csv,
    contenders,
    npv,
)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path, 45_060, 45_080)


def test_the_proxy_is_configured_as_shipped_with_a_thousand_customers(site: Site) -> None:
    command = Proxy("proxy").command(site)
    assert command[:5] == [sys.executable, "-m", "proxy", "run", "--config"]
    configuration = load_configuration(Path(command[5]))
    assert configuration.settings.files.rules == Path(__file__).parents[2] / "config" / "rules"
    customers = [configuration.edition.directory.customer(account(n)) for n in range(ACCOUNTS)]
    assert all(customers)
    assert "45060" in (site.folder / "proxy.toml").read_text(encoding="utf-8")
    assert "45080" in (site.folder / "trunks.toml").read_text(encoding="utf-8")


def test_kamailio_knows_its_carrier(site: Site) -> None:
    command = Kamailio(BASE, ["WITH_HIDING"]).command(site)
    assert command[-4:] == ["-l", "udp:127.0.0.1:45060", "-A", "WITH_HIDING"]
    text = (site.folder / "kamailio.cfg").read_text(encoding="utf-8")
    assert "sip:127.0.0.1:45080" in text
    assert not re.search(r"@[A-Z]+@", text)


def test_sippy_is_told_both_ports(site: Site) -> None:
    assert Sippy("sippy").command(site)[-2:] == ["45060", "45080"]


def test_every_row_is_an_account_with_a_number_of_each_sort() -> None:
    first, *rows = accounts_csv().splitlines()
    assert first == "SEQUENTIAL"
    assert rows[0] == "cust0000;+33142500000;+33612500000;"
    assert len(set(rows)) == ACCOUNTS
    assert npv(999) == "+33162510999"


def test_each_turn_calls_others_in_metropolitan_france() -> None:
    plan = load_configuration(Path(__file__).parents[2] / "config" / "proxy.toml").edition.plan
    offsets = [int(re.findall(r"PRINTFOFFSET=(\d+)", called_csv(turn))[0]) for turn in range(20)]
    assert len(set(offsets)) == 20
    day = datetime.fromisoformat(OPEN).date().toordinal()
    for offset in offsets:
        for line in (0, 500_000, 999_999):
            number = plan.number(f"+336{offset + line:08}", day)
            assert number
            assert (number.territory, number.cls) == ("METRO", "mobile")


def test_the_slow_are_not_asked_for_what_they_cannot_do() -> None:
    everybody = {one.name: one for one in contenders([])}
    assert everybody["sippy"].takes(100)
    assert not everybody["sippy"].takes(101)
    assert everybody["proxy"].takes(10_000)


def test_contenders_are_chosen_by_name() -> None:
    assert [one.name for one in contenders(["kamailio", "proxy"])] == ["proxy", "kamailio"]
    with pytest.raises(ValueError, match="no contender is called asterisk"):
        contenders(["proxy", "asterisk"])
