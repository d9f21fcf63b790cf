"""Logins reach the client they are for, and nothing shows a password."""

from __future__ import annotations

import pytest

from proxy.runtime.store.redis_place import Login, Place, addresses, arguments, master_client


def test_a_login_beside_the_url_replaces_what_the_url_says() -> None:
    place = Place(("redis://old:gone@h:1/2",), login=Login("npv", "secret"))
    found = arguments(place)
    assert (found["username"], found["password"], found["db"]) == ("npv", "secret", 2)
    for place in (Place(("redis://old:gone@h:1",)), Place(("redis://:gone@h:1",), login=Login("npv"))):
        assert "gone" in arguments(place).values()


def test_nothing_shows_a_password() -> None:
    place = Place(("redis://u:hidden@h:1",), "", False, Login("u", "hidden"), Login("u", "hidden"))
    assert "hidden" not in repr(place)
    assert place.name == "h:1"
    assert Place(("redis://u:hidden@h:1",), "npv").name == "npv"


def test_ports_that_are_not_said() -> None:
    assert addresses(["redis://a", "redis://b:7"]) == [("a", 6379), ("b", 7)]
    assert addresses(["redis://a"], 26_379) == [("a", 26_379)]


@pytest.mark.parametrize("secure", [False, True])
async def test_master_and_sentinels_have_a_login_of_their_own(secure: bool) -> None:
    scheme, query = ("rediss", "?ssl_ca_certs=/etc/ca.pem") if secure else ("redis", "")
    place = Place(
        (f"{scheme}://npv:first@a:1/3{query}", f"{scheme}://b{query}"), "main", False, Login(), Login("watch", "second")
    )
    client, sentinels = master_client(place)
    given = client.connection_pool.connection_kwargs
    assert (given["username"], given["password"], given["db"]) == ("npv", "first", 3)
    asked = [sentinel.connection_pool.connection_kwargs for sentinel in sentinels]
    assert [(one["host"], one["port"], one["username"], one["password"]) for one in asked] == [
        ("a", 1, "watch", "second"),
        ("b", 26_379, "watch", "second"),
    ]
    for kwargs in (given, *asked):
        assert kwargs.get("ssl_ca_certs") == ("/etc/ca.pem" if secure else None)
    assert all(("SSL" in sentinel.connection_pool.connection_class.__name__) is secure for sentinel in sentinels)
    assert ("SSL" in client.connection_pool.connection_class.__name__) is secure
    for one in (client, *sentinels):
        await one.aclose()
