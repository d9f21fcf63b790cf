"""Addresses of carriers: asked for without waiting, kept when the resolver fails, and never in the way of a directory."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from proxy.b2bua.trunks import Listener, Topology
from proxy.runtime import node_topology
from proxy.runtime.node_topology import NodeTopology, Place, address_at, answered, place_of
from proxy.runtime.settings import Settings, load_settings
from proxy.runtime.tasks import Tasks
from proxy.runtime.toml_source import TomlSource
from proxy.runtime.trunk_settings import Trunks, load_trunks
from tests.runtime.ends import until
from tests.runtime.store.directory_shelf import PEERS, numbering

NAMED = PEERS.replace("198.51.100.1", "gw.example.net")


def trunks(text: str) -> Trunks:
    return load_trunks(TomlSource("trunks.toml", text), numbering(), [])


class Node:
    """A topology with a resolver that says what the test wants."""

    def __init__(self, settings: Settings) -> None:
        self.used: list[Topology] = []
        self.said: list[str] = []
        self.names: dict[str, str] = {}
        self.asked = 0
        self.tasks = Tasks(self.said.append)
        self.topology = NodeTopology(settings, self.tasks, self.used.append, self.said.append, self.look_up)

    def look_up(self, host: str, family: int) -> str:
        self.asked += 1
        if host not in self.names:
            raise ValueError(f"a name that is known with an IPv{family} address")
        return self.names[host]

    def hosts(self) -> list[str]:
        return [carrier.host for carrier in self.used[-1].carriers]


@pytest.fixture
def settings(tmp_path: Path) -> Callable[[str], Settings]:
    def load(text: str) -> Settings:
        path = tmp_path / "proxy.toml"
        path.write_text(text, encoding="utf-8")
        return load_settings(path)

    return load


@pytest.fixture
async def node(settings: Callable[[str], Settings], monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Node]:
    monkeypatch.setattr(node_topology, "AGAIN", 0.01)
    made = Node(settings("[timers]\nt1_ms = 100\n[limits]\nmax_calls = 5\n"))
    yield made
    await made.tasks.cancel()


async def test_trunks_and_node_make_a_topology(node: Node) -> None:
    node.topology.use_trunks(trunks(PEERS))
    (topology,) = node.used
    assert [one.name for one in topology.platforms] == ["vms"]
    (carrier,) = topology.carriers
    assert (carrier.host, carrier.port, carrier.t1, carrier.t2) == ("198.51.100.1", 5070, 0.1, 4.0)
    assert (topology.listeners[0].host, topology.limits.max_calls) == ("127.0.0.1", 5)
    await node.topology.settled()
    assert (node.asked, node.said) == (0, [])


async def test_the_same_trunks_again_build_nothing(node: Node) -> None:
    for text in (PEERS, PEERS, PEERS.replace("vms", "crm")):
        node.topology.use_trunks(trunks(text))
    assert [one.platforms[0].name for one in node.used] == ["vms", "crm"]


async def test_other_settings_build_anew(node: Node, settings: Callable[[str], Settings]) -> None:
    node.topology.use_trunks(trunks(PEERS))
    node.topology.use_settings(settings("[limits]\nmax_calls = 9\n"))
    assert [one.limits.max_calls for one in node.used] == [5, 9]
    assert node.used[1].carriers[0].t1 == 0.5


async def test_a_name_gets_its_address_once(node: Node) -> None:
    node.names["gw.example.net"] = "192.0.2.80"
    node.topology.use_trunks(trunks(NAMED))
    assert node.hosts() == [""]
    await node.topology.settled()
    assert node.hosts() == ["192.0.2.80"]
    assert (node.asked, node.said) == (1, [])


async def test_a_name_that_does_not_resolve_is_said_once_and_asked_again(node: Node) -> None:
    node.topology.use_trunks(trunks(NAMED))
    await node.topology.settled()
    assert node.hosts() == [""]
    assert node.said == [
        "the carrier at `gw.example.net`: expected a name that is known with an IPv4 address; "
        "calls to it are refused until it has an address"
    ]
    await until(lambda: node.asked > 2)
    node.names["gw.example.net"] = "192.0.2.80"
    await until(lambda: node.hosts() == ["192.0.2.80"])
    assert len(node.said) == 1


async def test_the_last_address_stays(node: Node, settings: Callable[[str], Settings]) -> None:
    node.names["gw.example.net"] = "192.0.2.80"
    node.topology.use_trunks(trunks(NAMED))
    await node.topology.settled()
    node.names.clear()
    node.topology.use_settings(settings(""))
    await until(lambda: node.said)
    assert node.hosts() == ["192.0.2.80"]
    assert node.said[0].endswith("; 192.0.2.80 stays its address")
    node.names["gw.example.net"] = "192.0.2.81"
    await until(lambda: node.hosts() == ["192.0.2.81"])


async def test_a_carrier_that_is_gone_is_asked_for_no_more(node: Node) -> None:
    node.topology.use_trunks(trunks(NAMED))
    node.topology.use_trunks(trunks(PEERS))
    asked = node.asked
    await node.topology.settled()
    await asyncio.sleep(0.05)
    assert node.asked <= asked + 1
    assert (node.hosts(), node.said) == (["198.51.100.1"], [])


async def test_an_address_of_another_family_is_said(node: Node) -> None:
    node.topology.use_trunks(trunks(PEERS.replace("198.51.100.1", "[2001:db8::1]")))
    assert node.hosts() == [""]
    assert node.said == [
        "the carrier at `2001:db8::1`: expected an IPv4 address, as [listen] udp is one; calls to it are refused"
    ]


async def test_a_resolver_that_hangs_holds_nobody_up(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(node_topology, "PATIENCE", 0.05)
    free = threading.Event()

    def hang(host: str, family: int) -> str:
        free.wait(10)
        return f"{host} {family}"

    with pytest.raises(TimeoutError):
        await answered(Place("gw", (4,)), hang)
    free.set()
    assert await answered(Place("gw", (4,)), hang) == "gw 4"


def test_a_place_knows_the_ip_versions_of_the_listeners_that_suit() -> None:
    (carrier,) = trunks(PEERS).carriers
    four = Listener("192.0.2.1", 5060)
    six = Listener("2001:db8::1", 5060, name="six", version=6)
    topology = Topology((six, four, four), (), ())
    assert place_of(topology, carrier) == Place("198.51.100.1", (6, 4))
    assert place_of(topology, replace(carrier, listener="six")).versions == (6,)
    assert place_of(topology, replace(carrier, transport="tcp")).versions == ()


def test_an_address_is_of_the_first_version_that_has_one() -> None:
    def look_up(host: str, version: int) -> str:
        if version == 6:
            raise ValueError("an IPv6 address")
        return "192.0.2.80"

    assert address_at(Place("gw", (6, 4)), look_up) == "192.0.2.80"
    with pytest.raises(ValueError, match="an IPv6 address"):
        address_at(Place("gw", (6,)), look_up)
    with pytest.raises(ValueError, match="one of the listeners"):
        address_at(Place("gw", ()), look_up)
