"""config/rules/*.toml to a `RuleBook`.

The files are read in the order of their names and the rows in the order of the file; that is the
order of the rules. Everything that would make a decision doubtful is refused here with file, line
and key: unknown keys and words, a missing basis or date, an overlap or a gap within one id, hours
that cross midnight.
"""

from __future__ import annotations

from proxy.policy.checks import Check, Show
from proxy.policy.directory import METHODS, MODES, PURPOSES
from proxy.policy.kinds import COUNTING, KINDS
from proxy.policy.params import DAY, FLAG, NUMBER, TEXT, TEXTS, Kind, Params
from proxy.policy.ranges import FOREIGN, FOREVER
from proxy.policy.rulebook import CLOCK_CALLED, CLOCK_PARIS, ENFORCE, OFF, WARN, Rule, RuleBook, RuleRow
from proxy.policy.schedule import Week
from proxy.runtime.toml_source import Table, TomlSource, seen
from proxy.runtime.week import week_of

KIND_BY_NAME = {kind.name: kind for kind in KINDS}
CONFIDENCE = ("A", "B", "C")
INTERPRETATION = "interpretation"
RULE_MODES = (ENFORCE, WARN, OFF)
ON_UNKNOWN = ("refuse", "pass")


def load_rules(sources: list[TomlSource], class_names: tuple[str, ...]) -> RuleBook:
    """All rules of the files given, which are in the order of their names."""
    rules: list[Rule] = []
    tables: dict[str, list[tuple[Table, RuleRow]]] = {}
    for source in sources:
        basis = sources_of(source.root)
        for table in source.root.tables("rule"):
            rule = rule_of(table, basis, class_names)
            rules.append(rule)
            tables.setdefault(rule.id, []).append((table, rule.row))
        source.root.close()
    for versions in tables.values():
        check_versions(versions)
    check_counting(tables)
    return RuleBook(tuple(rules))


def sources_of(root: Table) -> tuple[str, ...]:
    """The names of the `[source.X]` tables, each checked."""
    found: list[str] = []
    for name, table in root.named("source").items():
        needed(table, "title")
        needed(table, "title_fr")
        table.text("codified", "")
        table.day("published")
        table.text("url", "")
        table.text("note", "")
        table.close()
        found.append(name)
    return tuple(found)


def rule_of(table: Table, basis: tuple[str, ...], class_names: tuple[str, ...]) -> Rule:
    """One `[[rule]]`."""
    kind = KIND_BY_NAME[table.one_of("kind", tuple(KIND_BY_NAME))]
    params = params_of(table.table("params"), kind, class_names)
    check = kind.build(params)
    row = row_of(table, kind.name, check, basis)
    table.close()
    return Rule(row, check)


def row_of(table: Table, kind: str, check: Check, basis: tuple[str, ...]) -> RuleRow:
    """The row without its parameters."""
    since = table.required_day("from")
    until = table.day("until")
    if until is not None and until < since:
        raise table.error("until", "a day not before `from`")
    named_basis = table.one_of("basis", (*basis, INTERPRETATION))
    why, why_fr = table.text("why", ""), table.text("why_fr", "")
    if named_basis == INTERPRETATION and not why:
        raise table.error("why", "a sentence that says why, since the basis is an interpretation")
    if why and not why_fr:
        raise table.error("why_fr", "the sentence of `why` in French")
    status, phrase, retry_after = verdict_of(table, kind, check)
    mode = table.one_of("mode", RULE_MODES)
    if isinstance(check, Show) and mode == WARN:
        raise table.error("mode", "`enforce` or `off`, since a presentation row has nothing to warn of")
    clock = table.one_of("clock", (CLOCK_PARIS, CLOCK_CALLED), CLOCK_PARIS)
    right_clock = CLOCK_CALLED if check.by_called_day() else CLOCK_PARIS
    if clock != right_clock:
        raise table.error("clock", f"`{right_clock}` for kind `{kind}`")
    on_unknown = table.one_of("on_unknown", ON_UNKNOWN, "refuse")
    return RuleRow(
        id=table.text("id"),
        kind=kind,
        since=since,
        until=FOREVER if until is None else until,
        purposes=table.texts("purposes", PURPOSES),
        modes=table.texts("modes", MODES),
        methods=table.texts("methods", METHODS),
        status=status,
        phrase=phrase,
        retry_after=retry_after,
        basis=named_basis,
        why=why,
        confidence=table.one_of("confidence", CONFIDENCE),
        mode=mode,
        strict=table.one_of("strict", RULE_MODES, ""),
        on_unknown=on_unknown,
        checked_on=table.required_day("checked_on"),
        clock=clock,
        file=table.source.file,
        line=table.line,
        params=params_text(table),
        text=needed(table, "text"),
        text_fr=needed(table, "text_fr"),
        told=needed(table, "told"),
        told_fr=needed(table, "told_fr"),
        why_fr=why_fr,
    )


def needed(table: Table, key: str) -> str:
    """A text for people that may not be empty: English or, under `..._fr`, French."""
    found = table.text(key)
    if not found.strip():
        raise table.error(key, "a text that says something")
    return found


def verdict_of(table: Table, kind: str, check: Check) -> tuple[int, str, int]:
    """Status, phrase and Retry-After of a refusal; a presentation row has none."""
    if isinstance(check, Show):
        if table.has("verdict"):
            raise table.error("verdict", f"no verdict for kind `{kind}`, which refuses nothing")
        return 0, "", 0
    if not table.has("verdict"):
        raise table.error("verdict", 'a table such as `{ status = 403, phrase = "Forbidden" }`')
    verdict = table.table("verdict")
    status = verdict.integer("status")
    if not 400 <= status <= 699:
        raise verdict.error("status", "a SIP status from 400 to 699")
    phrase = verdict.text("phrase")
    if not phrase or not phrase.isascii() or not phrase.isprintable():
        raise verdict.error("phrase", "a printable ASCII text")
    retry_after = verdict.integer("retry_after", 0)
    verdict.close()
    return status, phrase, retry_after


def params_of(table: Table, kind: Kind, class_names: tuple[str, ...]) -> Params:
    """The parameters, each of the shape that the kind states."""
    flags: dict[str, bool] = {}
    texts: dict[str, str] = {}
    sets: dict[str, frozenset[str]] = {}
    weeks: dict[str, Week] = {}
    numbers: dict[str, int] = {}
    for param in kind.params:
        if not table.has(param.name):
            if param.required:
                raise table.error(param.name, f"the parameter `{param.name}` of kind `{kind.name}`")
            continue
        if param.shape == FLAG:
            flags[param.name] = table.flag(param.name)
        elif param.shape == TEXT:
            texts[param.name] = table.one_of(param.name, param.choices)
        elif param.shape == TEXTS:
            sets[param.name] = frozenset(table.texts(param.name, param.choices or (*class_names, FOREIGN)))
        elif param.shape == NUMBER:
            numbers[param.name] = table.integer(param.name)
            if numbers[param.name] < 1:
                raise table.error(param.name, "a whole number above 0")
        elif param.shape == DAY:
            numbers[param.name] = table.required_day(param.name)
        else:
            weeks[param.name] = week_of(table, param.name)
    known = tuple(param.name for param in kind.params)
    for name in table.values:
        if name not in known:
            expected = ", ".join(f"`{one}`" for one in known) or "no parameter"
            raise table.error(name, f"{expected} for kind `{kind.name}`", seen(name))
    return Params(flags, texts, sets, weeks, numbers)


def params_text(table: Table) -> str:
    """The parameters of a row for people: `most = 4, days = 30`."""
    return ", ".join(f"{name} = {written(value)}" for name, value in table.table("params").values.items())


def written(value: object) -> str:
    """A value of a parameter in few characters."""
    if isinstance(value, list):
        return "; ".join(written(item) for item in value)
    if isinstance(value, dict):  # a window
        return f"{value.get('days')} {value.get('from')}-{value.get('to')}"
    return str(value).lower() if isinstance(value, bool) else str(value)


def check_versions(versions: list[tuple[Table, RuleRow]]) -> None:
    """Refuses overlap, gap and change of order between the versions of one id."""
    before: RuleRow | None = None
    for table, row in sorted(versions, key=lambda version: version[1].since):
        if before is not None:
            if row.since <= before.until:
                raise table.error("from", f"a day after the version of `{row.id}` at line {before.line} ends (overlap)")
            if row.since > before.until + 1:
                raise table.error("from", f"the day after the version of `{row.id}` at line {before.line} ends (gap)")
        before = row


def check_counting(tables: dict[str, list[tuple[Table, RuleRow]]]) -> None:
    """Refuses two rules of one counting kind that can meet in one call: one inquiry counts by one of them."""
    rows = [version for versions in tables.values() for version in versions if version[1].kind in COUNTING]
    for index, (table, row) in enumerate(rows):
        for _, other in rows[:index]:
            if row.id != other.id and row.kind == other.kind and can_meet(row, other):
                raise table.error("kind", f"one rule of kind `{row.kind}` for a call, beside `{other.id}`")


def can_meet(row: RuleRow, other: RuleRow) -> bool:
    """Whether some call on some day concerns both rows."""
    pairs = ((row.purposes, other.purposes), (row.modes, other.modes), (row.methods, other.methods))
    alike = all(not one or not two or set(one) & set(two) for one, two in pairs)
    return alike and row.since <= other.until and other.since <= row.until
