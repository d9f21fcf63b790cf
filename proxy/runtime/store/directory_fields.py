"""The fields of a record and how each is written in one cell: a column of CSV, or `field=value` on a command line.

TOML has types of its own; a cell is text, so here stands what each text means. An empty cell says nothing about its field.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Final

from proxy.runtime.store.directory_records import CAMPAIGN, CUSTOMER, NUMBER, TRUNK, Values

TEXT: Final = "text"
DAY: Final = "day"
FLAG: Final = "flag"
WHOLE: Final = "whole number"
HOURS: Final = "hours"
TEXTS: Final = "texts"
WANTED: Final = {
    DAY: "a date such as 2026-08-11",
    FLAG: "`true` or `false`",
    WHOLE: "a whole number",
    TEXTS: "texts, with spaces or commas between them",
    HOURS: "hours such as `mon-fri 10:00-13:00; sat 09:00-12:00`",
}

CONSENT: Final = {
    "consent.basis": TEXT,
    "consent.reference": TEXT,
    "consent.given": DAY,
    "sector": TEXT,
    "hours_profile": TEXT,
}
FIELDS: Final[Mapping[str, Mapping[str, str]]] = {
    CUSTOMER: {
        "id": TEXT,
        "name": TEXT,
        "siren": TEXT,
        "status": TEXT,
        "purpose": TEXT,
        "mode": TEXT,
        "default_npv": TEXT,
        "match_zone": FLAG,
        "mobile_cli": TEXT,
        "class_cli": TEXT,
        "display_name": TEXT,
        "platform_exchanges": FLAG,
        "calls_per_second": WHOLE,
        "most_calls": WHOLE,
        "longest_call": WHOLE,
        "weight": WHOLE,
        "kyc.status": TEXT,
        "kyc.evidence": TEXT,
        "kyc.verified_on": DAY,
        "kyc.expires": DAY,
        **CONSENT,
        "note": TEXT,
    },
    NUMBER: {
        "customer": TEXT,
        "number": TEXT,
        "right": TEXT,
        "evidence": TEXT,
        "since": DAY,
        "until": DAY,
        "state": TEXT,
        "quarantine_until": DAY,
        "callback_target": TEXT,
        "callback_tested": DAY,
        "note": TEXT,
    },
    CAMPAIGN: {
        "customer": TEXT,
        "id": TEXT,
        "purpose": TEXT,
        "mode": TEXT,
        "npv": TEXT,
        "match_zone": FLAG,
        "hours": HOURS,
        "attempts.most": WHOLE,
        "attempts.minutes_between": WHOLE,
        **CONSENT,
        "since": DAY,
        "until": DAY,
        "note": TEXT,
    },
    TRUNK: {
        "kind": TEXT,
        "name": TEXT,
        "sources": TEXTS,
        "customer": TEXT,
        "customer_header": TEXT,
        "campaign_header": TEXT,
        "purpose_header": TEXT,
        "mode_header": TEXT,
        "carrier": TEXT,
        "origin": TEXT,
        "attested": FLAG,
        "calls_per_second": WHOLE,
        "most_calls": WHOLE,
        "weight": WHOLE,
        "emergency": TEXT,
        "unopened": TEXT,
        "destinations": TEXTS,
        "profile": TEXT,
        "address": TEXT,
        "callback_hosts": TEXTS,
        "domain": TEXT,
        "numbers": TEXT,
        "user_phone": FLAG,
        "hidden": TEXT,
        "network_number": TEXT,
        "cross": TEXTS,
        "drop": TEXTS,
        "transports": TEXTS,
        "transport": TEXT,
        "listener": TEXT,
        "tls_name": TEXT,
        "tls_ca": TEXT,
        "tls_certificate": TEXT,
        "tls_key": TEXT,
        "tls_verify": FLAG,
        "state": TEXT,
        "probe_every": WHOLE,
        "down_after": WHOLE,
        "up_after": WHOLE,
        "silent_after": WHOLE,
        "no_progress": WHOLE,
        "t1_ms": WHOLE,
        "t2_ms": WHOLE,
        "t4_ms": WHOLE,
        "redirects": TEXT,
        "overload_control": FLAG,
        "large_requests": TEXT,
        "transfer": TEXT,
        "route": TEXT,
        "carriers": TEXTS,
        "auth.kind": TEXT,
        "auth.realm": TEXT,
        "auth.users": TEXTS,
        "auth.algorithms": TEXTS,
        "auth.in_dialog": FLAG,
        "auth.any_uri": FLAG,
        "auth.names": TEXTS,
        "login.user": TEXT,
        "login.secret": TEXT,
        "login.realm": TEXT,
    },
}


def parsed(form: str, text: str) -> object:
    """The value of a cell. Raises ValueError when the text does not have that form."""
    text = text.strip()
    if form == DAY:
        return date.fromisoformat(text)
    if form == FLAG:
        return {"true": True, "false": False}[text.lower()] if text.lower() in {"true", "false"} else refuse(text)
    if form == WHOLE:
        return int(text)
    if form == TEXTS:
        return text.replace(",", " ").replace(";", " ").split()
    return hours(text) if form == HOURS else text


def refuse(text: str) -> object:
    """Raises ValueError."""
    raise ValueError(text)


def hours(text: str) -> list[object]:
    """`tue-thu 10:00-11:30; sat 09:00-12:00` as the windows of a TOML file."""
    windows: list[object] = []
    for part in text.split(";"):
        days, _, span = part.strip().partition(" ")
        start, dash, end = span.strip().partition("-")
        if not days or not dash:
            raise ValueError(part)
        windows.append({"days": days, "from": start, "to": end})
    return windows


def shown(value: object) -> str:
    """A value as a cell; what `parsed` reads back."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return " ".join(map(str, value))
    if isinstance(value, list):
        return "; ".join(f"{one['days']} {one['from']}-{one['to']}" for one in value if isinstance(one, dict))
    return str(value)


def put(values: Values, field: str, value: object | None) -> None:
    """Set a field, of an inner table if its name has a dot; none takes it away. `values` is changed."""
    name, dot, inner = field.partition(".")
    if dot:
        table = values.get(name)
        within: Values = dict(table) if isinstance(table, dict) else {}
        put(within, inner, value)
        value = within or None
    if value is None:
        values.pop(name, None)
    else:
        values[name] = value


def cell(values: Values, field: str) -> str:
    """A field as a cell; empty when nothing is said."""
    name, dot, inner = field.partition(".")
    value = values.get(name)
    if dot:
        return cell(value, inner) if isinstance(value, dict) else ""
    return shown(value)
