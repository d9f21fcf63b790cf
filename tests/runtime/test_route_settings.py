"""`[[route]]` and the service keys of a carrier."""

from __future__ import annotations

import pytest

from proxy.b2bua.trunks import Route, RouteLeg
from proxy.runtime.route_settings import read_route, with_service
from proxy.runtime.toml_source import ConfigError, Table, TomlSource
from tests.ladder import carrier


def table(text: str) -> Table:
    return TomlSource("trunks.toml", text).root


def test_a_route_lists_carriers_with_priority_and_weight() -> None:
    route = read_route(table('carriers = ["one:1:60", "two:1:40", "spare:2", "last"]'), "france")
    assert route == Route(
        "france", (RouteLeg("one", 1, 60), RouteLeg("two", 1, 40), RouteLeg("spare", 2, 1), RouteLeg("last", 1, 1))
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("carriers = []", "at least one carrier"),
        ('carriers = ["one:x"]', "`name`, `name:priority`"),
        ('carriers = ["one:1:0"]', "a weight above 0"),
        ('carriers = ["one", "one:2"]', "each carrier once"),
        ('carriers = ["one"]\nweight = 3', "weight"),
    ],
)
def test_what_is_wrong_with_a_route_is_said(text: str, expected: str) -> None:
    with pytest.raises(ConfigError, match=expected):
        read_route(table(text), "france")


def test_a_carrier_says_its_health_and_patience() -> None:
    text = 'state = "drained"\nprobe_every = 20\ndown_after = 2\nup_after = 4\nsilent_after = 6\nno_progress = 25\ncalls_per_second = 30\nmost_calls = 200\nredirects = "follow"\nlarge_requests = "tcp"\ntransfer = "decide"'
    trunk = with_service(carrier(), table(text))
    assert (trunk.drained, trunk.probe_every, trunk.down_after, trunk.up_after) == (True, 20.0, 2, 4)
    assert (trunk.silent_after, trunk.no_progress, trunk.redirects, trunk.transfer) == (6.0, 25.0, True, True)
    assert trunk.large_over_tcp
    assert with_service(carrier(), table("t1_ms = 250\nt4_ms = 2500")).own_timers == (0.25, 0.0, 2.5)
    assert (trunk.calls_per_second, trunk.most_calls) == (30.0, 200)
    assert with_service(carrier(), table("")) == carrier()


@pytest.mark.parametrize(
    "text",
    [
        "down_after = 0",
        "up_after = 0",
        "probe_every = -1",
        "calls_per_second = -1",
        "most_calls = -1",
        'state = "off"',
        'redirects = "yes"',
        'transfer = "yes"',
        "t1_ms = -1",
    ],
)
def test_a_service_that_cannot_be_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match=text.split(" ")[0]):
        with_service(carrier(), table(text))
