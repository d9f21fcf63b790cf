from __future__ import annotations

from proxy.policy.edition import Edition
from proxy.policy.ranges import MOBILE_CLASSES, USAGE_AUTOMATED, USAGE_LIVE, USAGE_SMS, USAGES, widths_of


def test_usages_stand_in_the_order_of_their_numbers() -> None:
    assert (USAGES[USAGE_LIVE], USAGES[USAGE_AUTOMATED], USAGES[USAGE_SMS]) == ("live_agent", "automated_voice", "sms")


def test_the_mobile_classes_are_classes_of_the_plan(shipped: Edition) -> None:
    assert {number_class.name for number_class in shipped.plan.classes()} >= MOBILE_CLASSES


def test_a_number_can_only_have_prefixes_that_begin_as_it_does() -> None:
    prefixes = ["0", "06", "0639", "07", "063912", "0639123", "112"]
    assert widths_of(prefixes, "063") == [6, 4, 2, 1]
    assert widths_of(prefixes, "07") == [2, 1]
    assert widths_of(prefixes, "112") == [3]
    assert widths_of(prefixes, "9") == []


def test_no_prefix_of_the_plan_is_passed_over(shipped: Edition) -> None:
    prefixes = {row.prefix for row in shipped.plan.ranges}
    for prefix in prefixes:
        assert len(prefix) in widths_of(prefixes, (prefix + "000")[:3])
