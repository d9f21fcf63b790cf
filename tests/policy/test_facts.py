from __future__ import annotations

import pytest

from proxy.policy.facts import TrunkFacts, usage_of
from proxy.policy.ranges import USAGE_AUTOMATED, USAGE_LIVE, USAGE_SMS
from tests.policy.desk import Desk


@pytest.mark.parametrize(
    ("method", "mode", "usage"),
    [
        ("INVITE", "manual", USAGE_LIVE),
        ("INVITE", "progressive", USAGE_AUTOMATED),
        ("INVITE", "vms", USAGE_AUTOMATED),
        ("MESSAGE", "manual", USAGE_SMS),
        ("MESSAGE", "broadcast", USAGE_SMS),
    ],
)
def test_usage(method: str, mode: str, usage: int) -> None:
    assert usage_of(method, mode) == usage


@pytest.mark.parametrize("mode", ["broadcast", "vms", "predictive", "progressive", "manual"])
def test_every_mode_but_manual_is_automated(desk: Desk, mode: str) -> None:
    assert desk.facts(mode=mode).automated is (mode != "manual")


def test_a_trunk_is_a_national_one_that_lets_pass_unless_it_says_otherwise() -> None:
    trunk = TrunkFacts("t")
    assert (trunk.origin, trunk.emergency, trunk.unopened, trunk.profile) == ("national", "pass", "pass", "law")
    assert trunk.allowed_classes == frozenset()
