from __future__ import annotations

from proxy.policy.edition import Edition
from proxy.policy.ranges import MOBILE_CLASSES, USAGE_AUTOMATED, USAGE_LIVE, USAGE_SMS, USAGES


def test_usages_stand_in_the_order_of_their_numbers() -> None:
    assert (USAGES[USAGE_LIVE], USAGES[USAGE_AUTOMATED], USAGES[USAGE_SMS]) == ("live_agent", "automated_voice", "sms")


def test_the_mobile_classes_are_classes_of_the_plan(shipped: Edition) -> None:
    assert {number_class.name for number_class in shipped.plan.classes()} >= MOBILE_CLASSES
