"""The pages say what the code does: every key, kind, metric, admin page and module that they name exists, and the reverse."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from cases import CASES

from proxy.policy.kinds import KINDS
from proxy.runtime import directory_file, headers_file, number_rights, numbering_file, rules_file, trunk_settings
from proxy.runtime.metrics import TABLE

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "config" / "README.md").read_text(encoding="utf-8")
GETTER = re.compile(
    r'\.(?:text|integer|number|flag|one_of|texts|table|tables|named|day|required_day|has|bound)\(\s*"(\w+)"'
)


def section(title: str) -> str:
    found = re.search(rf"^## {re.escape(title)}.*?\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    assert found, title
    return found[1]


def words(text: str) -> set[str]:
    """Every word in back-ticks."""
    return {word for quoted in re.findall(r"`([^`]+)`", text) for word in re.findall(r"\w+", quoted)}


@pytest.mark.parametrize(
    ("title", "loader"),
    [
        ("numbering.toml", numbering_file),
        ("headers.toml", headers_file),
        ("rules/*.toml", rules_file),
        ("customers.toml", directory_file),
        ("customers.toml", number_rights),
        ("trunks.toml", trunk_settings),
    ],
)
def test_every_key_of_a_file_is_on_the_page(title: str, loader: object) -> None:
    keys = set(GETTER.findall(Path(str(getattr(loader, "__file__", ""))).read_text(encoding="utf-8")))
    assert len(keys) > 3
    assert keys <= words(section(title)), title


def test_every_kind_of_rule_is_on_the_page_and_no_other() -> None:
    table = section("rules/*.toml").partition("| kind |")[2]
    assert set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)) == {kind.name for kind in KINDS}


def test_every_metric_is_on_the_page_as_it_is() -> None:
    rows = re.findall(r"^\| `(npv_\w+)` \| (\w+) \| (.*?) \| (.*) \|$", section("Metrics"), re.MULTILINE)
    told = [(name, kind, tuple(re.findall(r"`(\w+)`", labels)), meaning) for name, kind, labels, meaning in rows]
    assert told == [(row.name, row.kind, row.labels, row.help) for row in TABLE]


def test_every_admin_page_is_on_the_page() -> None:
    routes = re.findall(r'add_(get|post)\("(\S+)"', (ROOT / "proxy/runtime/admin.py").read_text(encoding="utf-8"))
    told = re.findall(r"^\| `(GET|POST) (\S+)` \|", section("Admin pages"), re.MULTILINE)
    assert sorted(told) == sorted((method.upper(), path) for method, path in routes)


def test_the_map_of_the_code_names_files_that_exist() -> None:
    text = (ROOT / "proxy" / "README.md").read_text(encoding="utf-8")
    for named in re.findall(r"`((?:sip|policy|b2bua|runtime|config|tests)/[\w/-]+\.(?:py|toml))`", text):
        assert any((ROOT / base / named).is_file() for base in ("proxy", ".")), named


def test_the_map_of_the_code_has_a_place_for_every_module() -> None:
    table = (ROOT / "proxy" / "README.md").read_text(encoding="utf-8").partition("## What lives where")[2]
    for package in ("sip", "policy", "runtime"):
        rows = [row for row in re.findall(r"^\| (.*?) \|", table, re.MULTILINE) if f"`{package}/" in row]
        names = re.findall(r"`(?:\w+/)?([\w*]+)`", " ".join(rows))
        patterns = [re.compile(name.replace("*", r"\w*")) for name in names]
        for module in (ROOT / "proxy" / package).glob("*.py"):
            if module.stem != "__init__":
                assert any(pattern.fullmatch(module.stem) for pattern in patterns), f"{package}/{module.name}"


def test_every_standard_names_what_shows_it() -> None:
    page = (ROOT / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([0-9][0-9A-Z, -]+) \| .+ \| (.+) \|$", page.partition("## Standards")[2], re.MULTILINE)
    assert len(rows) > 15
    played = set(CASES)
    for numbers, shown in rows:
        named = re.findall(r"`(tests/[a-z0-9_/]+\.py)`", shown)
        scenarios = re.findall(r"`([a-z0-9_]+)`", shown.partition("scenario")[2])
        assert named or scenarios, numbers
        assert all((ROOT / path).exists() for path in named), numbers
        assert set(scenarios) - {"tcp", "tls", "ipv6"} <= played, numbers
