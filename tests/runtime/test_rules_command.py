from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
import typer

from proxy.policy.edition import Edition
from proxy.runtime.edition_file import load_edition
from proxy.runtime.rules_command import counted, diff_rules, differences, list_rules, show_rule
from proxy.runtime.toml_source import ConfigError

ROOT = Path(__file__).parents[2]
CONFIG = ROOT / "config" / "proxy.toml"
CASES = ROOT / "tests" / "cases"


@pytest.fixture(scope="module")
def edition() -> Edition:
    config = ROOT / "config"
    return load_edition(config / "rules", config / "numbering.toml", config / "customers.toml")


def listed(text: str) -> list[dict[str, str]]:
    found: list[dict[str, str]] = json.loads(text)
    return found


def test_the_rules_of_a_day(capsys: pytest.CaptureFixture[str]) -> None:
    list_rules(CONFIG, date(2026, 8, 10), False, None, True)
    before = {row["rule"]: row for row in listed(capsys.readouterr().out)}
    assert before["refusal.consumer"]["from"] == "2023-03-01"
    assert before["refusal.consumer"]["until"] == "2026-08-10"
    assert "consent.consumer" not in before
    list_rules(CONFIG, date(2026, 8, 11), False, None, True)
    after = {row["rule"]: row for row in listed(capsys.readouterr().out)}
    assert (after["consent.consumer"]["answer"], after["consent.consumer"]["until"]) == ("403 No Consent", "open")
    assert after["holiday.territory"]["mode"] == "off (strict: enforce)"


def test_without_a_day_it_is_today(capsys: pytest.CaptureFixture[str]) -> None:
    list_rules(CONFIG, None, False, None, False)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split("\t")[:3] == ["rule", "from", "until"]
    assert any(
        line.startswith("frequency.consumer\t2026-08-11\topen\tenforce\t480 Called Too Often\t") for line in lines
    )


def test_every_version_with_its_cases(capsys: pytest.CaptureFixture[str]) -> None:
    list_rules(CONFIG, None, True, CASES, True)
    rows = listed(capsys.readouterr().out)
    assert len([row for row in rows if row["rule"] == "frequency.consumer"]) == 2
    assert all(int(row["cases hit"]) > 0 for row in rows)


def test_cases_are_counted_per_version(edition: Edition, tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text(
        'defaults = { customer = "acme", from = "0162000001", to = "0140000000", rule = "x" }\n'
        "case = [\n"
        '  { name = "a", at = 2026-11-23T11:00:00+01:00, state = { attempts = 4 } },\n'
        '  { name = "b", at = 2026-11-23T11:00:00+01:00 },\n'
        "]\n",
        encoding="utf-8",
    )
    hit, passed = counted(edition, tmp_path)
    version = ("frequency.consumer", date(2026, 8, 11).toordinal())
    assert (hit[version], passed[version]) == (1, 1)
    (tmp_path / "b.toml").write_text('defaults = {}\ncase = [{ name = "a", colour = "red" }]\n', encoding="utf-8")
    with pytest.raises(ConfigError, match="`colour`"):
        counted(edition, tmp_path)


def test_one_rule_with_all_its_versions(capsys: pytest.CaptureFixture[str]) -> None:
    show_rule(CONFIG, "refusal.consumer", False)
    text = capsys.readouterr().out
    assert "params: days = 60\n" in text
    assert "params: days = 60, lasting_from = 2026-08-11\n" in text
    assert "when the store is silent: refuse\n" in text
    show_rule(CONFIG, "frequency.consumer", True)
    assert [one["from"] for one in json.loads(capsys.readouterr().out)] == ["2023-03-01", "2026-08-11"]
    show_rule(CONFIG, "hours.seed_sms_2021", True)
    (version,) = json.loads(capsys.readouterr().out)
    windows = version["params"]
    assert windows.endswith("windows = mon-fri 08:00-20:00; sat 10:00-19:00")


def test_a_rule_that_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit):
        show_rule(CONFIG, "hours.nobody", False)
    assert "seen `hours.nobody`" in capsys.readouterr().err


def test_what_changed_on_the_day_of_the_new_law(edition: Edition, capsys: pytest.CaptureFixture[str]) -> None:
    first, second = date(2026, 8, 10), date(2026, 8, 11)
    changes = differences(edition, first.toordinal(), second.toordinal())
    assert ("consent.consumer", "begins", "", "2026-08-11 enforce 403 No Consent") in changes
    assert ("consent.automated", "ended", "off 403 No Consent", "2026-08-10") in changes
    assert ("refusal.consumer", "params", "days = 60", "days = 60, lasting_from = 2026-08-11") in changes
    assert ("frequency.consumer", "version", "2023-03-01", "2026-08-11") in changes
    assert ("frequency.consumer", "basis", "D2022-1313", "D2026-662") in changes
    assert not any(rule == "cli.mobile" for rule, *_ in changes)
    diff_rules(CONFIG, first, second, True)
    assert len(listed(capsys.readouterr().out)) == len(changes)


def test_a_day_has_no_difference_with_itself(edition: Edition) -> None:
    day = date(2026, 11, 23).toordinal()
    assert differences(edition, day, day) == []
