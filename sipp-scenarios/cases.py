"""The cases: who presents what, to whom, and what must come of it.

A case names a platform side and a carrier side (`<flow>_uac.xml`, `<flow>_uas.xml`) and the values
that are injected into them. Cases that differ only in values share their flow. The proxy is fresh
for each case and its clock is set to `clock`, so that a case does not depend on the day it is
played. Customers and their numbers are in config/customers.toml of this directory.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

OPEN = "2026-11-23T11:00:00+01:00"
"""A Monday morning: inside the legal hours in metropolitan France; 14:00 in La Réunion, 06:00 in Martinique."""

GEOGRAPHIC = '"Dupont Energie" <sip:+33142685300@vms.example.net>'
MOBILE = '"Dupont Energie" <sip:+33612345678@vms.example.net>'
OWN = '"Dupont Energie" <sip:+33162000002@vms.example.net>'
SUBJECT = "Subject: Campagne Dupont"
REGISTER = "X-Campaign: accords"
"""Names a campaign that calls only persons whose consent is in the store."""

ANSWERED = "answered"
CARRIER_ENDS = frozenset({ANSWERED, "607"})
"""How a call ends that reached the carrier; every other end is the rule that refused it."""


@dataclass(frozen=True)
class Traced:
    """At least `count` messages of that method (and status, 0 for requests) received on that side."""

    side: str
    method: str
    status: int
    count: int


@dataclass(frozen=True)
class Case:
    """One play. `before` are commands of npv-proxy on the store of the play; `ends` makes it a series to one person;
    `transfers` are the rules that judged the targets of its REFERs, `answered` for one that was let through.
    With `back` the sides are exchanged: the carrier calls, and the platform is called."""

    name: str
    uac: str
    uas: str
    caller: str = GEOGRAPHIC
    identity: str = "P-Asserted-Identity: <sip:+33142685300@vms.example.net>"
    called: str = "+33155660001"
    account: str = "acme"
    shown: str = "+33162000001"
    rule: str = ""
    clock: str = OPEN
    settings: Mapping[str, int | str] = field(default_factory=dict)
    calls: int = 1
    rate: int = 10
    hold_ms: int = 100
    at_once: int = 0
    ends: tuple[str, ...] = ()
    before: tuple[str, ...] = ()
    method: str = "INVITE"
    untouched: bool = False
    traced: tuple[Traced, ...] = ()
    transfers: tuple[str, ...] = ()
    back: bool = False

    @property
    def decided(self) -> int:
        """How many calls are decided."""
        return len(self.ends) or self.calls

    @property
    def reaching(self) -> int:
        """How many calls reach the carrier."""
        if self.ends:
            return sum(end in CARRIER_ENDS for end in self.ends)
        return 0 if self.uas == "silent" else self.calls

    @property
    def rules(self) -> frozenset[str]:
        """The rules that refuse."""
        return frozenset({self.rule, *self.ends, *self.transfers} - CARRIER_ENDS - {""})

    def rows(self) -> list[tuple[str, ...]]:
        """Injected values of the platform side, one row a call.

        The calls of a series go to one person and each says how it ends; other calls have a called number each.
        """
        if self.ends:
            return [(self.caller, self.identity, self.called, self.account, end) for end in self.ends]
        if self.calls == 1:
            return [(self.caller, self.identity, self.called, self.account, self.rule)]
        head, tail = self.called[:-4], int(self.called[-4:])
        return [
            (self.caller, self.identity, f"{head}{tail + index:04d}", self.account, self.rule)
            for index in range(self.calls)
        ]


def _refused(name: str, rule: str, caller: str = MOBILE, identity: str = SUBJECT) -> Case:
    return Case(name, "refused", "silent", caller=caller, identity=identity, rule=rule)


def _closed(name: str, rule: str, called: str, clock: str) -> Case:
    return Case(name, "closed", "silent", account="vente", rule=rule, called=called, clock=clock)


_IDENTITY = (
    Case("npv_rewrite", "call", "call"),
    Case("own_npv_kept", "call", "call", caller=OWN, identity=SUBJECT, shown="+33162000002"),
    Case("withheld", "call", "withheld", account="sans-npv", shown=""),
    Case(
        "mobile_rewritten",
        "call",
        "call",
        caller=MOBILE,
        identity="P-Preferred-Identity: <sip:0612345678@vms.example.net>",
        account="souple",
        shown="+33162000005",
    ),
    _refused("mobile_from", "cli.mobile"),
    _refused("mobile_pai", "cli.mobile", OWN, "P-Asserted-Identity: <sip:+33612345678@vms.example.net>"),
    _refused("mobile_rpid", "cli.mobile", OWN, "Remote-Party-ID: <sip:0612345678@vms.example.net>"),
    _refused("mobile_0033", "cli.mobile", "<sip:0033612345678@vms.example.net>"),
    _refused("mobile_plus33_0", "cli.mobile", "<sip:+33(0)612345678@vms.example.net>"),
    _refused("mobile_tel", "cli.mobile", "<tel:+33-6-12-34-56-78>"),
    Case("customer_unknown", "refused", "silent", account="nobody", rule="customer.unknown"),
    _refused("foreign_npv", "cli.not_owned", "<sip:+33162000009@vms.example.net>"),
)

_DESTINATION = (
    _closed("out_of_hours", "hours.consumer", "+33155660001", "2026-11-23T20:30:00+01:00"),
    _closed("holiday", "holiday.national", "+33155660001", "2026-11-11T11:00:00+01:00"),
    Case(
        "overseas_open",
        "call",
        "call",
        account="vente",
        called="+262262450001",
        shown="+33162000003",
    ),
    _closed("overseas_closed", "hours.consumer", "+596596450001", OPEN),
    Case("emergency", "call", "emergency", called="15", untouched=True),
)

_CALL = (
    Case("cancel_early", "cancel_early", "cancel_early"),
    Case("cancel_late", "cancel_late", "cancel_late"),
    Case("cancel_crossing", "cancel_crossing", "cancel_crossing"),
    Case("busy", "busy", "busy"),
    Case("no_answer", "no_answer", "no_answer", settings={"limits.answer_timeout": 1}),
    Case("carrier_silent", "carrier_silent", "carrier_silent", settings={"timers.t1_ms": 50}),
    Case("bye_a", "call", "call"),
    Case("bye_b", "bye_b", "bye_b"),
    Case("reinvite_hold", "reinvite_hold", "reinvite_hold"),
    Case(
        "invite_retransmitted",
        "invite_retransmitted",
        "invite_retransmitted",
        traced=(Traced("platform", "INVITE", 100, 2),),
    ),
    Case("lost_ack", "call", "lost_ack", hold_ms=300, traced=(Traced("carrier", "ACK", 0, 2),)),
    Case("lost_200", "lost_200", "call", traced=(Traced("platform", "INVITE", 200, 2),)),
    Case("forked", "forked", "forked"),
    Case("late_offer", "late_offer", "late_offer"),
    Case("update_info", "update_info", "update_info"),
    Case("session_refresh", "session_refresh", "session_refresh", settings={"limits.session_refresh": 1}),
    Case("session_expired", "session_expired", "session_expired"),
    Case(
        "transfer",
        "transfer",
        "transfer",
        settings={"platform.transfer": '"decide"'},
        transfers=("destination.class", ANSWERED),
    ),
    Case("prack_183", "prack_183", "prack_183"),
    Case("load", "call", "call", calls=300, rate=120),
)

_LOGIN = (
    Case(
        "digest",
        "digest",
        "call",
        settings={
            "platform.auth": '{ kind = "digest", realm = "edge", users = ["vms-1=env:NPV_SCENARIO_SECRET"], '
            'algorithms = ["MD5"], any_uri = true }'
        },
        traced=(Traced("platform", "INVITE", 401, 1),),
    ),
    Case(
        "challenge",
        "call",
        "challenge",
        settings={"carrier.login": '{ user = "edge", secret = "env:NPV_SCENARIO_SECRET" }'},
        traced=(Traced("carrier", "INVITE", 0, 2), Traced("carrier", "BYE", 0, 2)),
    ),
)

_STATE = (
    Case(
        "frequency",
        "series",
        "call",
        account="vente",
        shown="+33162000003",
        at_once=1,
        ends=(*[ANSWERED] * 4, "frequency.consumer"),
    ),
    Case(
        "refusal_607",
        "series",
        "unwanted",
        account="vente",
        shown="+33162000003",
        at_once=1,
        ends=("607", "refusal.consumer"),
    ),
    Case("consent_missing", "refused", "silent", identity=REGISTER, account="vente", rule="consent.consumer"),
    Case(
        "consent_given",
        "call",
        "call",
        identity=REGISTER,
        account="vente",
        shown="+33162000003",
        before=("consents add 0155660001 --customer vente --reference form-17 --at 2026-11-20",),
    ),
    Case(
        "capacity",
        "series",
        "call",
        settings={"platform.most_calls": 1},
        at_once=2,
        hold_ms=2500,
        ends=(ANSWERED, "capacity.trunk"),
    ),
)


def _text(name: str, caller: str, shown: str) -> Case:
    return Case(name, "message", "message", caller=caller, identity=SUBJECT, shown=shown, method="MESSAGE")


def _text_refused(
    name: str, rule: str, caller: str, account: str = "acme", identity: str = SUBJECT, before: tuple[str, ...] = ()
) -> Case:
    return Case(
        name,
        "message_refused",
        "silent",
        caller=caller,
        identity=identity,
        account=account,
        rule=rule,
        before=before,
        method="MESSAGE",
    )


_TEXT = (
    _text("message_ok", OWN, "+33162000002"),
    _text("message_platform", '"Dupont Energie" <sip:+33939000001@vms.example.net>', "+33939000001"),
    _text_refused("message_mobile", "cli.mobile", MOBILE),
    _text_refused("message_geographic", "cli.sms_only", GEOGRAPHIC),
    _text_refused("message_foreign", "cli.not_owned", '"Dupont Energie" <sip:+33939000009@vms.example.net>'),
    _text_refused(
        "message_stopped",
        "refusal.message",
        '"Dupont Energie" <sip:+33162000003@vms.example.net>',
        account="vente",
        before=("refusals add 0155660001 --customer vente --source STOP",),
    ),
    Case(
        "message_closed",
        "message_closed",
        "silent",
        caller=OWN,
        identity="X-Campaign: messages",
        rule="hours.seed_sms_2021",
        clock="2026-11-28T19:00:00+01:00",
        method="MESSAGE",
    ),
)

_PERSON = '"Marie" <sip:+33140000009@carrier.example.net>'
_BACK = (
    Case(
        "callback",
        "callback",
        "callback",
        caller=_PERSON,
        identity="P-Asserted-Identity: <sip:0140000009@carrier.example.net>",
        called="0162000001",
        shown="+33140000009",
        back=True,
    ),
    Case(
        "callback_ring",
        "callback_refused",
        "silent",
        caller=_PERSON,
        identity=SUBJECT,
        called="0033162000006",
        rule="callback.ring",
        back=True,
    ),
)

_ALL = (*_IDENTITY, *_DESTINATION, *_STATE, *_TEXT, *_CALL, *_LOGIN, *_BACK)
CASES: dict[str, Case] = {case.name: case for case in _ALL}
