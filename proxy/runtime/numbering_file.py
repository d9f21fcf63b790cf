"""config/numbering.toml to a `NumberingPlan` and its territories; refuses a plan that contradicts itself."""

from __future__ import annotations

from dataclasses import dataclass

from proxy.policy.numbers import NumberingPlan
from proxy.policy.ranges import FOREVER, LONGEST_PREFIX, USAGES, ClassRule, NumberClass, NumberRange, Territory
from proxy.runtime.clock import known_zone
from proxy.runtime.toml_source import Table, TomlSource

CONFIDENCE = ("A", "B", "C")
SHOWING = ("allow", "cond", "deny")
STATUS = ("allocated", "reserved", "new2026")
METRO = "METRO"


@dataclass(frozen=True)
class Numbering:
    """The plan with the territories that the calendar needs."""

    plan: NumberingPlan
    territories: tuple[Territory, ...]
    class_names: tuple[str, ...]


def load_numbering(source: TomlSource) -> Numbering:
    """The whole file, checked."""
    root = source.root
    plan = root.table("plan")
    default_digits = plan.integer("digits_default")
    as_of = plan.required_day("as_of")
    plan.integer("schema")
    plan.text("title")
    plan.text("not_read", "")
    plan.close()
    exceptions = e164_exceptions(root)
    territories = tuple(
        [territory_of(name, table, True) for name, table in root.named("territory").items()]
        + [territory_of(name, table, False) for name, table in root.named("outside").items()]
    )
    if METRO not in [territory.name for territory in territories]:
        raise root.error("territory", f"a territory `{METRO}`", "none")
    classes = tuple(class_of(name, table) for name, table in root.named("class").items())
    table = root.table("ranges")
    codes = {territory.name: territory.cc for territory in territories if territory.inside}
    rows = table.tables("rows")
    ranges = tuple(range_of(row, default_digits, exceptions, codes, classes) for row in rows)
    table.close()
    root.close()
    built = NumberingPlan(ranges, classes, territories)
    check_ranges(rows, ranges, built, as_of)
    return Numbering(built, territories, tuple(number_class.name for number_class in classes))


def e164_exceptions(root: Table) -> dict[str, tuple[str, int]]:
    """Country code and count of dropped digits, by prefix."""
    found: dict[str, tuple[str, int]] = {}
    for table in root.tables("e164_exception"):
        found[table.text("prefix")] = (table.text("cc"), table.integer("dropped"))
        table.text("rule")
        table.one_of("confidence", CONFIDENCE)
        table.close()
    return found


def territory_of(name: str, table: Table, inside: bool) -> Territory:
    """One `[territory.X]` or `[outside.X]`."""
    tz = table.text("tz")
    if tz and not known_zone(tz):
        raise table.error("tz", "a zone of tzdata such as `Europe/Paris`")
    digits: tuple[int, ...] = ()
    if inside:
        table.texts("iso")
    else:
        digits = table.integers("nsn_digits")
        if not digits:
            raise table.error("nsn_digits", "at least one whole number")
    own = table.texts("own_holidays")
    for month_day in own:
        if len(month_day) != 5 or month_day[2] != "-" or not month_day.replace("-", "").isdigit():
            raise table.error("own_holidays", "days written `MM-DD`", f"`{month_day}`")
    table.text("note", "")
    made = Territory(name, table.text("cc"), tz, inside, digits, own)
    table.close()
    return made


def class_of(name: str, table: Table) -> NumberClass:
    """One `[class.X]` with its history, oldest first, without overlap."""
    history: list[ClassRule] = []
    for row in table.tables("history"):
        since = row.required_day("from")
        until = row.day("until")
        if until is not None and until < since:
            raise row.error("until", "a day not before `from`")
        if history and since <= history[-1].until:
            raise row.error("from", f"a day after the end of the row before it in class `{name}`")
        end = FOREVER if until is None else until
        history.append(ClassRule(since, end, cli_of(row), row.text("basis"), row.one_of("confidence", CONFIDENCE)))
        row.close()
    if not history:
        raise table.error("history", "at least one row")
    made = NumberClass(name, table.text("title"), table.text("note"), tuple(history))
    table.close()
    return made


def cli_of(row: Table) -> tuple[str, str, str]:
    """The `cli` of a row, in the order of USAGES."""
    cli = row.table("cli")
    values = (cli.one_of(USAGES[0], SHOWING), cli.one_of(USAGES[1], SHOWING), cli.one_of(USAGES[2], SHOWING))
    cli.close()
    return values


def range_of(
    row: Table,
    default_digits: int,
    exceptions: dict[str, tuple[str, int]],
    codes: dict[str, str],
    classes: tuple[NumberClass, ...],
) -> NumberRange:
    """One row of `[ranges]`."""
    prefix = row.text("prefix")
    if not prefix.isdigit() or len(prefix) > LONGEST_PREFIX:
        raise row.error("prefix", f"1 to {LONGEST_PREFIX} digits in quotes")
    territory = row.one_of("territory", tuple(codes))
    cc, dropped = exceptions.get(prefix, (codes[territory], 1))
    since = row.required_day("from")
    until = row.day("until")
    if until is not None and until < since:
        raise row.error("until", "a day not before `from`")
    made = NumberRange(
        prefix=prefix,
        cls=row.one_of("class", tuple(number_class.name for number_class in classes)),
        territory=territory,
        cc=cc,
        digits=row.integer("digits", default_digits),
        dropped=dropped,
        since=since,
        until=FOREVER if until is None else until,
        status=row.one_of("status", STATUS),
        confidence=row.one_of("confidence", CONFIDENCE),
        note=row.text("note", ""),
        cli=cli_of(row),
    )
    row.close()
    return made


def check_ranges(rows: list[Table], ranges: tuple[NumberRange, ...], plan: NumberingPlan, as_of: int) -> None:
    """Refuses two rows for one prefix on one day, and a `cli` that differs from its class rule."""
    last: dict[tuple[str, int], NumberRange] = {}
    for row, made in zip(rows, ranges, strict=True):
        before = last.get((made.prefix, made.digits))
        if before is not None and made.since <= before.until and before.since <= made.until:
            raise row.error("prefix", "one row per prefix and day", f"`{made.prefix}` twice")
        last[(made.prefix, made.digits)] = made
        for usage, name in enumerate(USAGES):
            ruled = plan.shown(made.cls, usage, as_of)
            if made.cli[usage] != ruled:
                raise row.error("cli", f"`{name} = {ruled}` as class `{made.cls}` says", f"`{made.cli[usage]}`")
