"""All kinds of rules, by the name that `kind = "..."` gives them in config/rules/*.toml."""

from __future__ import annotations

from typing import Final

from proxy.policy.checks import WAYS_OUT
from proxy.policy.checks_cli import (
    ClassCliCheck,
    InternationalOriginCheck,
    MobileCliCheck,
    NotOwnedCheck,
    RepairedCheck,
    ReservedRangeCheck,
    SmsOnlyCheck,
)
from proxy.policy.checks_conformance import ConformanceCheck
from proxy.policy.checks_consent import CapacityCheck, ConsentCheck, SectorCheck
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
from proxy.policy.checks_ledger import CampaignAttemptsCheck, FrequencyCheck, RefusalCheck
from proxy.policy.checks_shown import (
    CampaignNumber,
    DefaultNumber,
    DisplayMandatory,
    KeptNumber,
    NoNumber,
    PresentedNumber,
    ZoneNumber,
)
from proxy.policy.directory import HOURS_PROFILES, SECTORS
from proxy.policy.ledger import SCOPES
from proxy.policy.params import DAY, FLAG, NUMBER, TEXT, TEXTS, WEEK, Kind, Param

WAY_OUT: Final = Param("way_out", TEXT, False, WAYS_OUT)

FREQUENCY: Final = "frequency"
CAMPAIGN_ATTEMPTS: Final = "campaign_attempts"
COUNTING: Final = (FREQUENCY, CAMPAIGN_ATTEMPTS)  # an inquiry has room for one rule of each

KINDS: Final[tuple[Kind, ...]] = (
    Kind("emergency", (), lambda params: EmergencyCheck()),
    Kind("conformance", (), lambda params: ConformanceCheck()),
    Kind("customer_unknown", (), lambda params: CustomerUnknownCheck()),
    Kind("customer_suspended", (), lambda params: CustomerSuspendedCheck()),
    Kind("customer_unverified", (), lambda params: CustomerUnverifiedCheck()),
    Kind("campaign_unknown", (), lambda params: CampaignUnknownCheck()),
    Kind("destination_invalid", (), lambda params: DestinationInvalidCheck()),
    Kind(
        "destination_class",
        (Param("automated", TEXTS, True), Param("manual", TEXTS, True)),
        lambda params: DestinationClassCheck(params.set_of("automated"), params.set_of("manual")),
    ),
    Kind(
        "mobile_cli",
        (Param("leave_international_manual", FLAG, False),),
        lambda params: MobileCliCheck(params.flag("leave_international_manual")),
    ),
    Kind(
        "class_cli", (Param("other_rules", TEXTS, False),), lambda params: ClassCliCheck(params.set_of("other_rules"))
    ),
    Kind(
        "not_owned",
        (Param("always", TEXTS, True), Param("manual", TEXTS, True)),
        lambda params: NotOwnedCheck(params.set_of("always"), params.set_of("manual")),
    ),
    Kind("sms_only", (Param("senders", TEXTS, True),), lambda params: SmsOnlyCheck(params.set_of("senders"))),
    Kind(
        "international_origin",
        (Param("mask_mobile", FLAG, False),),
        lambda params: InternationalOriginCheck(params.flag("mask_mobile")),
    ),
    Kind("reserved_range", (), lambda params: ReservedRangeCheck()),
    Kind("repaired", (), lambda params: RepairedCheck()),
    Kind(
        "hours",
        (
            Param("windows", WEEK, True),
            Param("refuse_without_clock", FLAG, False),
            Param("closed_on_holidays", FLAG, False),
            Param("profile", TEXT, False, HOURS_PROFILES),
            WAY_OUT,
        ),
        lambda params: HoursCheck(
            params.weeks["windows"],
            params.flag("refuse_without_clock"),
            params.flag("closed_on_holidays"),
            params.text("profile"),
            params.text("way_out"),
        ),
    ),
    Kind("campaign_hours", (), lambda params: CampaignHoursCheck()),
    Kind("national_holiday", (WAY_OUT,), lambda params: NationalHolidayCheck(params.text("way_out"))),
    Kind("territory_holiday", (WAY_OUT,), lambda params: TerritoryHolidayCheck(params.text("way_out"))),
    Kind("consent", (Param("days", NUMBER, True),), lambda params: ConsentCheck(params.number("days"))),
    Kind("sector", (Param("sectors", TEXTS, True, SECTORS),), lambda params: SectorCheck(params.set_of("sectors"))),
    Kind(
        "refusal",
        (Param("days", NUMBER, False), Param("lasting_from", DAY, False)),
        lambda params: RefusalCheck(params.number("days"), params.number("lasting_from")),
    ),
    Kind(
        FREQUENCY,
        (Param("most", NUMBER, True), Param("days", NUMBER, True)),
        lambda params: FrequencyCheck(params.number("most"), params.number("days")),
    ),
    Kind(CAMPAIGN_ATTEMPTS, (), lambda params: CampaignAttemptsCheck()),
    Kind("capacity", (Param("scope", TEXT, True, SCOPES),), lambda params: CapacityCheck(params.text("scope"))),
    Kind("kept_number", (Param("classes", TEXTS, True),), lambda params: KeptNumber(params.set_of("classes"))),
    Kind("campaign_number", (), lambda params: CampaignNumber()),
    Kind("zone_number", (), lambda params: ZoneNumber()),
    Kind("presented_number", (), lambda params: PresentedNumber()),
    Kind("default_number", (), lambda params: DefaultNumber()),
    Kind("no_number", (), lambda params: NoNumber()),
    Kind("display_mandatory", (), lambda params: DisplayMandatory()),
)
