from __future__ import annotations

import pytest

from proxy.runtime.toml_source import ConfigError, TomlSource
from proxy.runtime.week import week_of


def read(text: str) -> object:
    return week_of(TomlSource("hours.toml", f"hours = [{text}]").root, "hours")


def test_windows_by_weekday_in_order() -> None:
    week = read(
        '{ days = "mon-tue", from = "14:00", to = "20:00" }, { days = "mon", from = "10:00", to = "13:00" },'
        '{ days = "sun", from = "00:00", to = "24:00" }'
    )
    assert week == (((600, 780), (840, 1200)), ((840, 1200),), (), (), (), (), ((0, 1440),))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "key `hours`: expected at least one window"),
        ('{ days = "mon", from = "20:00", to = "08:00" }', "key `to`: expected an hour after `from` on the same day"),
        ('{ days = "mon", from = "08:00", to = "08:00" }', "key `to`: expected an hour after `from`"),
        ('{ days = "mon", from = "8:00", to = "09:00" }', "key `from`: expected an hour such as `10:00`, seen `8:00`"),
        ('{ days = "mon", from = "08:60", to = "09:00" }', "key `from`: expected an hour"),
        ('{ days = "mon", from = "08:00", to = "24:01" }', "key `to`: expected an hour"),
        ('{ days = "mon", from = "08h00", to = "24:00" }', "key `from`: expected an hour"),
        ('{ days = "lun", from = "08:00", to = "09:00" }', "key `days`: expected one day or a span"),
        ('{ days = "fri-mon", from = "08:00", to = "09:00" }', "key `days`: expected one day or a span"),
        ('{ days = "mon-", from = "08:00", to = "09:00" }', "key `days`: expected one day or a span"),
        (
            '{ days = "mon-fri", from = "08:00", to = "10:00" }, { days = "wed", from = "09:00", to = "11:00" }',
            "key `days`: expected windows that do not overlap, seen `wed` covered twice",
        ),
        ('{ days = "mon", from = "08:00", to = "09:00", zone = "x" }', "key `zone`"),
    ],
)
def test_what_is_refused(text: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(text)
    assert message in str(caught.value)
