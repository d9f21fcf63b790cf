from __future__ import annotations

from proxy.policy.params import Params
from proxy.policy.schedule import Week

WEEK: Week = ((), (), (), (), (), (), ())


def test_what_is_not_stated_is_false_or_empty() -> None:
    params = Params({}, {}, {}, {}, {})
    assert params.flag("a") is False
    assert params.text("a") == ""
    assert params.set_of("a") == frozenset()
    assert params.number("a") == 0


def test_what_is_stated() -> None:
    params = Params({"a": True}, {"b": "text"}, {"c": frozenset({"geo"})}, {"d": WEEK}, {"e": 4})
    assert params.flag("a")
    assert params.text("b") == "text"
    assert params.set_of("c") == {"geo"}
    assert params.weeks["d"] == WEEK
    assert params.number("e") == 4
