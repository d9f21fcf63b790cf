"""What `npv-proxy audit` does: gathers the evidence on one number or one customer into one signed file.

In it: who held which number when and by what proof, the campaigns, every recorded decision and call, and every version
of a rule that those decisions went by. Each record is taken over as it stands, with its file and line, so it can be
compared with the records themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import Final, final

import msgspec

from proxy.policy.edition import Edition
from proxy.policy.moment import iso_day
from proxy.policy.numbers import Number
from proxy.runtime import build
from proxy.runtime.audit_file import AuditFile, verify
from proxy.runtime.audit_key import public_text, signing_key
from proxy.runtime.record_shapes import CallLine, DecisionLine, utc
from proxy.runtime.store.directory_records import CUSTOMER, NUMBER, Change, Version

DAYS: Final = frozenset({"since", "until", "quarantine_until", "kyc_expires", "given", "checked_on", "callback_tested"})
OPEN_END: Final = 9_999_999
DECISION: Final = b'"record":"decision"'
CALL: Final = b'"record":"call"'
HEAD: Final = 160

Progress = Callable[[int], None]


@dataclass(frozen=True)
class Subject:
    """What the evidence is about: a number in its one form, or a customer; one of the two is empty."""

    number: str
    customer: str

    def concerns(self, line: DecisionLine) -> bool:
        """Whether the decision is about it: made for the customer, or the number shown, presented or called back."""
        if self.customer:
            return line.customer == self.customer
        return self.number in (line.shown, line.called) or any(one.number == self.number for one in line.presented)

    def touches(self, change: Change, holders: Container[str]) -> bool:
        """Whether a change of the directory is about it, or about the customers who hold the number."""
        if change.kind == CUSTOMER:
            return change.key == self.customer or change.key in holders
        if self.number:
            return change.kind == NUMBER and change.key.partition("/")[0] == self.number
        return self.customer in {record.customer for record in (change.before, change.after) if record is not None}

    def sign(self) -> bytes:
        """A text that every line about it holds."""
        return (self.number or self.customer).encode()


@final
class Evidence:
    """Gathers, then writes."""

    def __init__(self, subject: Subject, edition: Edition, now: float, key: Path) -> None:
        self.decisions = 0
        self.calls = 0
        self._subject: Final = subject
        self._edition: Final = edition
        private = signing_key(key)
        self.public_key: Final = public_text(private)
        self._file: Final = AuditFile(private)
        self._ids: Final[set[str]] = set()
        self._versions: Final[set[str]] = set()
        self._decision: Final = msgspec.json.Decoder(DecisionLine).decode
        self._call: Final = msgspec.json.Decoder(CallLine).decode
        head: dict[str, object] = {"record": "audit", "number": subject.number, "customer": subject.customer}
        head |= {"time": utc(now), "program": f"npv-proxy {build.version()}", "revision": edition.revision}
        self._file.add({**head, "public_key": self.public_key})

    def write(self, records: list[Path], versions: Sequence[Version], out: Path, progress: Progress) -> None:
        """The whole file; `versions` are those of the directory. Raises OSError."""
        self._history(versions, self._directory())
        done = 0
        for path in records:
            self._file.add(self._source(path))
        for decisions in (True, False):
            for path in records:
                for number, line in enumerate(path.read_bytes().splitlines(), 1):
                    self._look(path, number, line, decisions)
                done += path.stat().st_size // 2
                progress(done)
        self._rules()
        out.write_bytes(self._file.seal())

    def _directory(self) -> Container[str]:
        """Who held what, and by what proof; the customers concerned."""
        subject, directory = self._subject, self._edition.directory
        rights = directory.entries(subject.number) if subject.number else directory.numbers_of(subject.customer)
        names = dict.fromkeys([subject.customer] if subject.customer else [right.customer for right in rights])
        for name in names:
            customer = directory.customer(name)
            self._file.add({"record": "customer", **(told(customer) if customer is not None else {"id": name})})
        for right in rights:
            self._file.add({"record": "right", **told(right)})
        for name in names:
            for campaign in directory.campaigns_of(name):
                if subject.customer or campaign.npv == subject.number:
                    self._file.add({"record": "campaign", **told(campaign)})
        return names

    def _history(self, versions: Sequence[Version], holders: Container[str]) -> None:
        """Who changed what of it in the directory, and when."""
        for version in versions:
            for change in version.changes:
                if self._subject.touches(change, holders):
                    head = {"record": "change", "version": version.number, "time": utc(version.at), "who": version.who}
                    before, after = (None if one is None else one.values for one in (change.before, change.after))
                    self._file.add(
                        {**head, "what": version.what, "kind": change.kind, "before": before, "after": after}
                    )  # fmt: skip

    def _source(self, path: Path) -> dict[str, object]:
        """One file of records, whether its chain is whole, and who signed its end."""
        verdict = verify(path.read_bytes())
        found = [f"line {fault.line}: {fault.text}" for fault in verdict.faults]
        signer = verdict.public_key
        return {"record": "source", "file": path.name, "lines": verdict.lines, "faults": found, "signed_by": signer}

    def _look(self, path: Path, number: int, line: bytes, decisions: bool) -> None:
        """Take over a line that is about the subject; calls go by the decisions found before."""
        head = line[:HEAD]
        try:
            if decisions and DECISION in head and self._subject.sign() in line:
                decision = self._decision(line)
                if self._subject.concerns(decision):
                    self._ids.add(decision.id)
                    self._versions.update(entry.partition(" ")[0] for entry in decision.rules)
                    self.decisions += 1
                    self._take(path, number, line)
            elif not decisions and CALL in head and self._call(line).decision in self._ids:
                self.calls += 1
                self._take(path, number, line)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            self._file.add({"record": "unreadable", "file": path.name, "line": number})

    def _take(self, path: Path, number: int, line: bytes) -> None:
        self._file.add({"record": "line", "file": path.name, "line": number, "text": msgspec.Raw(line)})

    def _rules(self) -> None:
        """Every version of a rule that the decisions went by."""
        rows = {f"{rule.id}@{iso_day(rule.row.since)}": rule.row for rule in self._edition.book.rules}
        for version in sorted(self._versions):
            row = rows.get(version)
            if row is None:
                self._file.add({"record": "rule", "version": version, "known": False})
            else:
                values = told(row)
                values["file"] = Path(row.file).name
                self._file.add({"record": "rule", "version": version, "known": True, **values})


def told(record: object) -> dict[str, object]:
    """The fields of a directory record or a rule, days as dates, numbers in their one form."""
    return dict(fields_of(record))


def fields_of(record: object) -> Iterator[tuple[str, object]]:
    """Name and value of each field that can be written down."""
    if not is_dataclass(record):
        return
    for field in fields(record):
        value = getattr(record, field.name)
        if isinstance(value, Number):
            yield field.name, value.canonical
        elif field.name in DAYS and isinstance(value, int) and not isinstance(value, bool):
            yield field.name, iso_day(value) if 0 < value < OPEN_END else None
        elif value is None or isinstance(value, str | int | float | tuple):
            yield field.name, value
        elif is_dataclass(value):
            yield field.name, told(value)


def known(edition: Edition, number: str, now: float) -> str:
    """The one form of a number in any writing; empty for none."""
    found = edition.plan.number(number, edition.calendar.paris_day(now))
    return "" if found is None else found.canonical
