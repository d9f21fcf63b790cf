"""All kinds of rules, by the name that `kind = "..."` gives them in config/rules/*.toml."""

from __future__ import annotations

from typing import Final

from proxy.policy.checks import Check
from proxy.policy.checks_cli import (
    ClassCliCheck,
    InternationalOriginCheck,
    MobileCliCheck,
    NotOwnedCheck,
    RepairedCheck,
    ReservedRangeCheck,
    SmsOnlyCheck,
)
from proxy.policy.checks_destination import (
    CampaignUnknownCheck,
    CustomerSuspendedCheck,
    CustomerUnknownCheck,
    CustomerUnverifiedCheck,
    DestinationClassCheck,
    DestinationInvalidCheck,
    EmergencyCheck,
)
from proxy.policy.checks_hours import CampaignHoursCheck, HoursCheck, NationalHolidayCheck, TerritoryHolidayCheck
from proxy.policy.checks_ledger import LedgerFlagCheck
from proxy.policy.checks_shown import (
    CampaignNumber,
    DefaultNumber,
    DisplayMandatory,
    KeptNumber,
    NoNumber,
    PresentedNumber,
    ZoneNumber,
)
from proxy.policy.params import FLAG, TEXT, TEXTS, WEEK, Kind, Param, Params


def _emergency(params: Params) -> Check:
    return EmergencyCheck()


def _customer_unknown(params: Params) -> Check:
    return CustomerUnknownCheck()


def _customer_suspended(params: Params) -> Check:
    return CustomerSuspendedCheck()


def _customer_unverified(params: Params) -> Check:
    return CustomerUnverifiedCheck()


def _campaign_unknown(params: Params) -> Check:
    return CampaignUnknownCheck()


def _destination_invalid(params: Params) -> Check:
    return DestinationInvalidCheck()


def _destination_class(params: Params) -> Check:
    return DestinationClassCheck(params.set_of("automated"), params.set_of("manual"))


def _mobile_cli(params: Params) -> Check:
    return MobileCliCheck(params.flag("leave_international_manual"))


def _class_cli(params: Params) -> Check:
    return ClassCliCheck(params.set_of("other_rules"))


def _not_owned(params: Params) -> Check:
    return NotOwnedCheck(params.set_of("always"), params.set_of("manual"))


def _sms_only(params: Params) -> Check:
    return SmsOnlyCheck(params.set_of("senders"))


def _international_origin(params: Params) -> Check:
    return InternationalOriginCheck(params.flag("mask_mobile"))


def _reserved_range(params: Params) -> Check:
    return ReservedRangeCheck()


def _repaired(params: Params) -> Check:
    return RepairedCheck()


def _hours(params: Params) -> Check:
    return HoursCheck(params.weeks["windows"], params.flag("refuse_without_clock"))


def _campaign_hours(params: Params) -> Check:
    return CampaignHoursCheck()


def _national_holiday(params: Params) -> Check:
    return NationalHolidayCheck()


def _territory_holiday(params: Params) -> Check:
    return TerritoryHolidayCheck()


def _ledger_flag(params: Params) -> Check:
    return LedgerFlagCheck(params.text("key"))


def _kept_number(params: Params) -> Check:
    return KeptNumber(params.set_of("classes"))


def _campaign_number(params: Params) -> Check:
    return CampaignNumber()


def _zone_number(params: Params) -> Check:
    return ZoneNumber()


def _presented_number(params: Params) -> Check:
    return PresentedNumber()


def _default_number(params: Params) -> Check:
    return DefaultNumber()


def _no_number(params: Params) -> Check:
    return NoNumber()


def _display_mandatory(params: Params) -> Check:
    return DisplayMandatory()


KINDS: Final[tuple[Kind, ...]] = (
    Kind("emergency", (), _emergency),
    Kind("customer_unknown", (), _customer_unknown),
    Kind("customer_suspended", (), _customer_suspended),
    Kind("customer_unverified", (), _customer_unverified),
    Kind("campaign_unknown", (), _campaign_unknown),
    Kind("destination_invalid", (), _destination_invalid),
    Kind("destination_class", (Param("automated", TEXTS, True), Param("manual", TEXTS, True)), _destination_class),
    Kind("mobile_cli", (Param("leave_international_manual", FLAG, False),), _mobile_cli),
    Kind("class_cli", (Param("other_rules", TEXTS, False),), _class_cli),
    Kind("not_owned", (Param("always", TEXTS, True), Param("manual", TEXTS, True)), _not_owned),
    Kind("sms_only", (Param("senders", TEXTS, True),), _sms_only),
    Kind("international_origin", (Param("mask_mobile", FLAG, False),), _international_origin),
    Kind("reserved_range", (), _reserved_range),
    Kind("repaired", (), _repaired),
    Kind("hours", (Param("windows", WEEK, True), Param("refuse_without_clock", FLAG, False)), _hours),
    Kind("campaign_hours", (), _campaign_hours),
    Kind("national_holiday", (), _national_holiday),
    Kind("territory_holiday", (), _territory_holiday),
    Kind("ledger_flag", (Param("key", TEXT, True),), _ledger_flag),
    Kind("kept_number", (Param("classes", TEXTS, True),), _kept_number),
    Kind("campaign_number", (), _campaign_number),
    Kind("zone_number", (), _zone_number),
    Kind("presented_number", (), _presented_number),
    Kind("default_number", (), _default_number),
    Kind("no_number", (), _no_number),
    Kind("display_mandatory", (), _display_mandatory),
)
