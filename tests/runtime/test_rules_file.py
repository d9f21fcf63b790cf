from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from proxy.policy.checks_hours import HoursCheck
from proxy.policy.ranges import FOREVER
from proxy.policy.rulebook import RuleBook
from proxy.runtime.rules_file import load_rules
from proxy.runtime.toml_source import ConfigError, TomlSource, read_toml

RULES = Path(__file__).parents[2] / "config" / "rules"
README = RULES.parent / "README.md"
CLASSES = ("npv", "geo", "mobile")

HOURS = """
[source.D1]
title = "a decree"
title_fr = "un décret"
codified = "X 1"
published = 2022-10-14
url = "https://example.org"
note = "n"
[[rule]]
id = "hours.a"
kind = "hours"
from = 2023-03-01
until = 2026-08-10
clock = "called"
purposes = ["prospecting_consumer"]
modes = ["manual"]
methods = ["INVITE"]
verdict = { status = 480, phrase = "Outside Hours", retry_after = 60 }
basis = "D1"
confidence = "A"
mode = "warn"
strict = "enforce"
on_unknown = "pass"
checked_on = 2026-11-22
text = "what it says"
text_fr = "ce qu’elle dit"
told = "what to tell"
told_fr = "que dire"
params = { refuse_without_clock = true, windows = [{ days = "mon-fri", from = "10:00", to = "13:00" }] }
[[rule]]
id = "hours.a"
kind = "hours"
from = 2026-08-11
clock = "called"
verdict = { status = 480, phrase = "Outside Hours" }
basis = "interpretation"
why = "because"
why_fr = "parce que"
confidence = "B"
mode = "enforce"
checked_on = 2026-11-22
text = "what it says"
text_fr = "ce qu’elle dit"
told = "what to tell"
told_fr = "que dire"
params = { windows = [{ days = "mon-sun", from = "00:00", to = "24:00" }] }
"""
SHOW = """
[source.D1]
title = "a decree"
title_fr = "un décret"
[[rule]]
id = "presentation.kept"
kind = "kept_number"
from = 2023-01-01
basis = "D1"
confidence = "A"
mode = "enforce"
checked_on = 2026-11-22
text = "what it says"
text_fr = "ce qu’elle dit"
told = "what to tell"
told_fr = "que dire"
params = { classes = ["geo"] }
[[rule]]
id = "state.refusal"
kind = "refusal"
from = 2023-01-01
clock = "called"
verdict = { status = 403, phrase = "Refused" }
basis = "D1"
confidence = "A"
mode = "enforce"
checked_on = 2026-11-22
text = "what it says"
text_fr = "ce qu’elle dit"
told = "what to tell"
told_fr = "que dire"
params = { days = 60, lasting_from = 2026-08-11 }
"""


def load(text: str) -> RuleBook:
    return load_rules([TomlSource("rules.toml", text)], CLASSES)


def test_a_row_is_read_whole() -> None:
    first, second = load(HOURS).rules
    row = first.row
    assert (row.id, row.kind, row.file, row.line) == ("hours.a", "hours", "rules.toml", 9)
    assert (row.since, row.until) == (date(2023, 3, 1).toordinal(), date(2026, 8, 10).toordinal())
    assert (row.purposes, row.modes, row.methods) == (("prospecting_consumer",), ("manual",), ("INVITE",))
    assert (row.status, row.phrase, row.retry_after) == (480, "Outside Hours", 60)
    assert (row.basis, row.confidence, row.mode, row.strict) == ("D1", "A", "warn", "enforce")
    assert (row.on_unknown, row.clock, row.checked_on) == ("pass", "called", date(2026, 11, 22).toordinal())
    assert isinstance(first.check, HoursCheck)
    assert first.check.week[0] == ((600, 780),)
    assert first.check.refuse_without_clock
    assert (second.row.until, second.row.why, second.row.on_unknown) == (FOREVER, "because", "refuse")
    assert (row.text, row.text_fr, row.told, row.told_fr) == (
        "what it says",
        "ce qu’elle dit",
        "what to tell",
        "que dire",
    )
    assert (row.why_fr, second.row.why_fr) == ("", "parce que")


def test_order_is_that_of_files_and_rows() -> None:
    book = load_rules([TomlSource("a.toml", SHOW), TomlSource("b.toml", HOURS)], CLASSES)
    assert [rule.id for rule in book.rules] == ["presentation.kept", "state.refusal", "hours.a", "hours.a"]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('kind = "hours"\nfrom = 2023', 'kind = "ours"\nfrom = 2023', ":11: key `kind`: expected one of `emergency`"),
        (
            'mode = "warn"',
            'mode = "shadow"',
            ":21: key `mode`: expected one of `enforce`, `warn`, `off`, seen `shadow`",
        ),
        ('basis = "D1"\n', "", ":9: key `basis`: expected one of `D1`, `interpretation`, seen nothing"),
        ('basis = "D1"', 'basis = "D2"', ":19: key `basis`: expected one of `D1`, `interpretation`, seen `D2`"),
        ("from = 2023-03-01\n", "", ":9: key `from`: expected a date such as"),
        ("from = 2023-03-01", 'from = "2023-03-01"', ":12: key `from`: expected a date such as"),
        ("until = 2026-08-10", "until = 2022-08-10", ":13: key `until`: expected a day not before `from`, seen"),
        ("until = 2026-08-10", "until = 2026-08-11", ":33: key `from`: expected a day after the version of `hours.a`"),
        (
            "until = 2026-08-10",
            "until = 2026-08-09",
            ":33: key `from`: expected the day after the version of `hours.a`",
        ),
        ("until = 2026-08-10\n", "", "(overlap)"),
        ('clock = "called"\npurposes', 'clock = "paris"\npurposes', ":14: key `clock`: expected `called` for kind"),
        ('purposes = ["prospecting_consumer"]', 'purposes = ["sales"]', ":15: key `purposes`: expected a list of"),
        ('modes = ["manual"]', 'modes = ["auto"]', ":16: key `modes`: expected a list of texts out of"),
        ('methods = ["INVITE"]', 'methods = ["BYE"]', ":17: key `methods`: expected a list of texts out of"),
        ('status = 480, phrase = "Outside Hours", r', 'status = 200, phrase = "Outside Hours", r', "key `status`"),
        ('status = 480, phrase = "Outside Hours", r', 'status = 480, phrase = "Ferm\u00e9", r', "key `phrase`"),
        ("retry_after = 60", "retry = 60", "key `retry`: expected one of the keys"),
        ('verdict = { status = 480, phrase = "Outside Hours", retry_after = 60 }\n', "", "key `verdict`: expected a"),
        ('why = "because"\n', "", ":30: key `why`: expected a sentence that says why"),
        ('why_fr = "parce que"\n', "", "key `why_fr`: expected the sentence of `why` in French"),
        ('title_fr = "un décret"\n', "", "key `title_fr`: expected a text in quotes, seen nothing"),
        ('text = "what it says"\n', "", ":9: key `text`: expected a text in quotes, seen nothing"),
        ('text_fr = "ce qu’elle dit"\n', "", ":9: key `text_fr`: expected a text in quotes, seen nothing"),
        ('text_fr = "ce qu’elle dit"', 'text_fr = " "', "key `text_fr`: expected a text that says something"),
        ('told = "what to tell"\n', "", ":9: key `told`: expected a text in quotes, seen nothing"),
        ('told_fr = "que dire"\n', "", ":9: key `told_fr`: expected a text in quotes, seen nothing"),
        ('strict = "enforce"', 'strict = "on"', ":22: key `strict`"),
        ('on_unknown = "pass"', 'on_unknown = "ask"', ":23: key `on_unknown`"),
        ('confidence = "A"', 'confidence = "D"', ":20: key `confidence`"),
        ("refuse_without_clock", "without_clock", "key `without_clock`: expected `windows`, `refuse_without_clock`"),
        ("refuse_without_clock = true, windows", "refuse_without_clock = 1, windows", "expected `true` or `false`"),
        ('from = "10:00", to = "13:00"', 'from = "20:00", to = "08:00"', "key `to`: expected an hour after `from`"),
        ('params = { windows = [{ days = "mon-sun", from = "00:00", to = "24:00" }] }', "", "key `windows`: expected"),
        ('on_unknown = "pass"', 'colour = "red"', ":23: key `colour`: expected one of the keys"),
        ('note = "n"', 'autor = "n"', ":8: key `autor`"),
        ("[source.D1]", "[autor]\na = 1\n[source.D1]", "key `autor`"),
    ],
)
def test_what_is_refused(old: str, new: str, message: str) -> None:
    assert old in HOURS
    with pytest.raises(ConfigError) as caught:
        load(HOURS.replace(old, new, 1))
    assert message in str(caught.value)
    assert str(caught.value).startswith("rules.toml:")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('mode = "enforce"', 'mode = "warn"', "key `mode`: expected `enforce` or `off`"),
        ("params = { classes", "verdict = { status = 403 }\nparams = { classes", "key `verdict`: expected no verdict"),
        ('classes = ["geo"]', 'classes = ["geos"]', "key `classes`: expected a list of texts out of `npv`"),
        ('params = { classes = ["geo"] }', "", "key `classes`: expected the parameter `classes` of kind `kept_number`"),
        ("from = 2023-01-01\nbasis", 'clock = "called"\nfrom = 2023-01-01\nbasis', "key `clock`: expected `paris`"),
        ("days = 60", "days = 0", "key `days`: expected a whole number above 0, seen `0`"),
        ("days = 60", 'days = "60"', "key `days`: expected a whole number"),
        ("lasting_from = 2026-08-11", "lasting_from = 2026", "key `lasting_from`: expected a date"),
        ('clock = "called"', 'clock = "paris"', "key `clock`: expected `called` for kind `refusal`"),
    ],
)
def test_what_is_refused_of_other_kinds(old: str, new: str, message: str) -> None:
    assert old in SHOW
    with pytest.raises(ConfigError) as caught:
        load(SHOW.replace(old, new, 1))
    assert message in str(caught.value)


def test_a_kind_without_parameters_takes_none() -> None:
    text = SHOW.replace('kind = "kept_number"', 'kind = "no_number"')
    with pytest.raises(ConfigError, match="key `classes`: expected no parameter for kind `no_number`"):
        load(text)


@pytest.mark.parametrize("path", sorted(RULES.glob("*.toml")), ids=lambda path: path.name)
def test_the_shipped_files_say_where_they_come_from(path: Path) -> None:
    source = read_toml(path)
    book = load_rules(
        [source],
        (
            "npv",
            "npuept",
            "geo",
            "poly",
            "mobile",
            "mobile_ext",
            "unassigned",
            "special_free",
            "special_std",
            "short_free",
        ),
    )
    named = set(source.root.named("source"))
    used = {rule.row.basis for rule in book.rules} - {"interpretation"}
    assert used == named


def test_changes_name_every_day_on_which_a_version_begins() -> None:
    changes = (RULES / "CHANGES.md").read_text(encoding="utf-8")
    book = load_rules(
        [read_toml(path) for path in sorted(RULES.glob("*.toml"))],
        (
            "npv",
            "npuept",
            "geo",
            "poly",
            "mobile",
            "mobile_ext",
            "unassigned",
            "special_free",
            "special_std",
            "short_free",
        ),
    )
    followers = {
        rule.row.since
        for rule in book.rules
        if any(other.id == rule.id and other.row.until == rule.row.since - 1 for other in book.rules)
    }
    for day in followers:
        assert f"## In force {date.fromordinal(day).isoformat()}" in changes


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('id = "hours.a"', 'id = "hours.a"\ncolour = 1'),
        ('note = "n"', "colour = 1"),
        ("retry_after = 60", "colour = 1"),
    ],
)
def test_every_key_is_explained(old: str, new: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(HOURS.replace(old, new, 1))
    page = README.read_text(encoding="utf-8").partition("## rules/")[2].partition("\n## ")[0]
    known = caught.value.expected.split("`")[1::2]
    assert len(known) > 1
    assert [key for key in known if f"`{key}`" not in page] == []
