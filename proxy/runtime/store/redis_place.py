"""Where Redis is and who we are there: URLs, names and passwords made into clients of redis-py.

A client knows one server, or the sentinels that name the master each time a connection is made. What a URL says of user,
password and TLS holds for the servers that keep the data; `Place.login` replaces it, `Place.sentinel_login` is for the
sentinels themselves. Nothing here shows a password.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final, cast

from redis.asyncio import ConnectionPool, Redis
from redis.asyncio.connection import parse_url
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import Sentinel
from redis.backoff import NoBackoff

CONNECTIONS: Final = 16  # to one master; more questions at once than that wait for each other
DEFAULT_PORT: Final = 6379
SENTINEL_PORT: Final = 26_379
NOT_OF_MASTER: Final = frozenset(
    {"host", "port", "connection_class"}
)  # the rest of a sentinel's URL is the master's too
Arguments = dict[str, Any]  # of a connection of redis-py: whatever its classes take


@dataclass(frozen=True)
class Login:
    """A user and a password; empty for what is not said."""

    username: str = ""
    password: str = field(default="", repr=False)

    def arguments(self) -> Arguments:
        """What of it is said."""
        said = {"username": self.username, "password": self.password}
        return {name: text for name, text in said.items() if text}


@dataclass(frozen=True)
class Place:
    """Where Redis is: its URL; or those of the sentinels and the name of the service; or some of the cluster's nodes."""

    urls: tuple[str, ...] = field(repr=False)
    sentinel: str = ""
    cluster: bool = False
    login: Login = Login()
    sentinel_login: Login = Login()

    @property
    def name(self) -> str:
        """For messages: the service, or the first address without user and password."""
        return self.sentinel or bare(self.urls[0])


def bare(url: str) -> str:
    """A URL without scheme, user and password."""
    return url.rpartition("@")[2].rpartition("//")[2]


def parse(url: str) -> Arguments:
    """A URL as arguments of a connection. Raises ValueError."""
    return cast(Arguments, parse_url(url))


def arguments(place: Place) -> Arguments:
    """The first URL, with the login that is said beside it."""
    return parse(place.urls[0]) | place.login.arguments()


def addresses(urls: Iterable[str], port: int = DEFAULT_PORT) -> list[tuple[str, int]]:
    """Host and port of each URL."""
    return [(str(found.get("host", "localhost")), int(found.get("port", port))) for found in map(parse, urls)]


def no_retry() -> Retry:
    """redis-py shall not try again by itself: `Link` knows how long it may take."""
    return Retry(NoBackoff(), 0)


def client_of(given: Arguments) -> Redis:
    """A client with its own connections."""
    pool = ConnectionPool(**{"protocol": 2, "retry": no_retry(), "max_connections": CONNECTIONS, **given})
    return Redis.from_pool(pool)


def master_client(place: Place) -> tuple[Redis, list[Redis]]:
    """A client of the one server, or of the master of the service; and those of the sentinels, to be closed with it."""
    if not place.sentinel:
        return client_of(arguments(place)), []
    given = {key: value for key, value in arguments(place).items() if key not in NOT_OF_MASTER}
    secure = {key: value for key, value in given.items() if key.startswith("ssl")}
    if place.urls[0].startswith("rediss:"):
        secure["ssl"] = True
    own = {"retry": no_retry(), "protocol": 2, **secure}
    sentinel = Sentinel(  # type: ignore[no-untyped-call]  # redis-py leaves this class without types
        addresses(place.urls, SENTINEL_PORT), sentinel_kwargs=own | place.sentinel_login.arguments()
    )
    client = sentinel.master_for(place.sentinel, **{**given, **own, "max_connections": CONNECTIONS})
    return cast(Redis, client), list(sentinel.sentinels)
