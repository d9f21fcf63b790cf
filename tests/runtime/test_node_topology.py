"""Names of carriers: followed by a real name server, kept when it fails, and never in the way of a directory."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from proxy.b2bua.engine import Engine
from proxy.b2bua.gateways import Place
from proxy.b2bua.probing import Probes
from proxy.b2bua.trunks import Listener, Topology
from proxy.policy.edition import Edition
from proxy.runtime import node_topology, resolver
from proxy.runtime.clock import FixedClock
from proxy.runtime.dns_query import DnsQuery
from proxy.runtime.node_topology import NodeTopology, placed, wanted
from proxy.runtime.settings import Settings, load_settings
from proxy.runtime.tasks import Tasks
from proxy.runtime.toml_source import TomlSource
from proxy.runtime.trunk_settings import Trunks, load_trunks
from tests.ladder import CountedIds, Ticks
from tests.runtime.ends import until
from tests.runtime.name_server import NameServer, name_server
from tests.runtime.store.directory_shelf import PEERS, numbering

NAMED = PEERS.replace("198.51.100.1:5070", "gw.example.net")
SRV = ("_sip._udp.gw.example.net", "SRV")


def trunks(text: str) -> Trunks:
    return load_trunks(TomlSource("trunks.toml", text), numbering(), [])


class Node:
    """A topology that asks the name server of the test."""

    def __init__(self, settings: Settings, server: NameServer, edition: Edition) -> None:
        self.used: list[Topology] = []
        self.led: list[tuple[str, list[tuple[str, str, int]]]] = []
        self.said: list[str] = []
        self.moves: list[None] = []  # how often the timer was looked at
        self.engine = Engine(settings.topology, edition, CountedIds(), Ticks())
        self.server = server
        self.ask = DnsQuery([server.address])
        self.tasks = Tasks(self.said.append)
        self.topology = NodeTopology(
            settings, self.tasks, self, FixedClock(0.0), lambda: self.moves.append(None), self.said.append, self.ask
        )

    @property
    def probes(self) -> Probes:
        return self.engine.probes

    def use_topology(self, topology: Topology, now: float) -> None:
        self.engine.use_topology(topology, now)
        self.used.append(topology)

    def use_places(self, carrier: str, places: list[Place], now: float) -> None:
        self.led.append((carrier, [(one.transport, one.host, one.port) for one in places]))


@pytest.fixture
def settings(tmp_path: Path) -> Callable[[str], Settings]:
    def load(text: str) -> Settings:
        path = tmp_path / "proxy.toml"
        path.write_text(text, encoding="utf-8")
        return load_settings(path)

    return load


@pytest.fixture
async def node(
    settings: Callable[[str], Settings], edition: Edition, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Node]:
    monkeypatch.setattr(node_topology, "AGAIN", 0.01)
    monkeypatch.setattr(resolver, "SHORTEST", 0.01)
    async with name_server() as server:
        server.ttl = 0
        server.zone = {("gw.example.net", "A"): ["192.0.2.80"]}
        made = Node(settings("[timers]\nt1_ms = 100\n[limits]\nmax_calls = 5\n"), server, edition)
        yield made
        await made.tasks.cancel()
        await made.ask.close()


async def test_trunks_and_node_make_a_topology(node: Node) -> None:
    node.topology.use_trunks(trunks(PEERS))
    (topology,) = node.used
    assert [one.name for one in topology.platforms] == ["vms"]
    (carrier,) = topology.carriers
    assert (carrier.host, carrier.port, carrier.t1, carrier.t2) == ("198.51.100.1", 5070, 0.1, 4.0)
    assert (topology.listeners[0].host, topology.limits.max_calls) == ("127.0.0.1", 5)
    await node.topology.settled()
    assert (node.server.asked, node.said) == ([], [])


@pytest.mark.parametrize(
    ("own", "timers"),
    [
        ("", (0.1, 4.0, 5.0)),
        ("t1_ms = 800", (0.8, 4.0, 5.0)),
        ("t1_ms = 6000", (6.0, 6.0, 5.0)),  # T2 is never less than T1
        ("t1_ms = 50\nt2_ms = 300\nt4_ms = 400", (0.05, 0.3, 0.4)),
    ],
)
async def test_a_carriers_timers_are_its_own_or_the_nodes(
    node: Node, own: str, timers: tuple[float, float, float]
) -> None:
    node.topology.use_trunks(trunks(PEERS + own))
    (topology,) = node.used
    (carrier,) = topology.carriers
    assert (carrier.t1, carrier.t2, carrier.t4) == timers
    assert topology.timers == (0.1, 4.0, 5.0)


async def test_platforms_that_are_called_back_are_followed_like_carriers(node: Node) -> None:
    node.server.zone["pbx.acme.example", "A"] = ["192.0.2.90"]
    named = PEERS.replace("[[platform]]\n", '[[platform]]\naddress = "pbx.acme.example"\n', 1)
    node.topology.use_trunks(trunks(named))
    (topology,) = node.used
    (callee,) = topology.call_backs
    assert (callee.name, callee.host, callee.address, callee.platform) == ("vms", "", "pbx.acme.example", True)
    assert (callee.t1, topology.callees) == (0.1, (*topology.carriers, callee))
    await node.topology.settled()
    assert node.led == [("vms", [("udp", "192.0.2.90", 5060)])]


async def test_a_platform_that_no_listener_reaches_is_told(node: Node) -> None:
    beyond = PEERS.replace("[[platform]]\n", '[[platform]]\naddress = "[2001:db8::9]:5060"\n', 1)
    node.topology.use_trunks(trunks(beyond))
    assert "the platform vms at 2001:db8::9" in node.said[0]


async def test_the_same_trunks_again_build_nothing(node: Node) -> None:
    for text in (PEERS, PEERS, PEERS.replace("vms", "crm")):
        node.topology.use_trunks(trunks(text))
    assert [one.platforms[0].name for one in node.used] == ["vms", "crm"]


async def test_other_settings_build_anew(node: Node, settings: Callable[[str], Settings]) -> None:
    node.topology.use_trunks(trunks(PEERS))
    node.topology.use_settings(settings("[limits]\nmax_calls = 9\n"))
    assert [one.limits.max_calls for one in node.used] == [5, 9]
    assert node.used[1].carriers[0].t1 == 0.5


async def test_a_name_leads_to_the_places_of_its_srv_records(node: Node) -> None:
    node.server.zone[SRV] = ["10 1 5071 gw.example.net.", "20 1 5072 spare.example.net."]
    node.server.zone["spare.example.net", "A"] = ["192.0.2.81"]
    node.topology.use_trunks(trunks(NAMED))
    assert (node.used[0].carriers[0].host, node.used[0].carriers[0].address) == ("", "gw.example.net")
    await node.topology.settled()
    assert node.led[0][1] == [("udp", "192.0.2.80", 5071), ("udp", "192.0.2.81", 5072)]
    assert (node.said, len(node.moves)) == ([], len(node.used) + len(node.led))


async def test_a_name_is_asked_again_when_its_time_is_over(node: Node) -> None:
    node.topology.use_trunks(trunks(NAMED))
    await node.topology.settled()
    assert node.led[0][1] == [("udp", "192.0.2.80", 5060)]
    node.server.zone["gw.example.net", "A"] = ["192.0.2.90"]
    await until(lambda: node.led[-1][1] == [("udp", "192.0.2.90", 5060)])


async def test_a_name_that_fails_is_said_once_and_keeps_what_it_led_to(node: Node) -> None:
    node.topology.use_trunks(trunks(NAMED))
    await node.topology.settled()
    node.server.failing = True
    await until(lambda: node.said)
    before = len(node.server.asked)
    await until(lambda: len(node.server.asked) > before + 3)
    assert len(node.said) == 1
    assert node.said[0].startswith("the carrier c1 at gw.example.net: SRV of _sip._udp.gw.example.net: ")
    assert node.said[0].endswith("; what was known of it stays")
    node.server.failing = False
    node.server.zone["gw.example.net", "A"] = ["192.0.2.91"]
    await until(lambda: node.led[-1][1] == [("udp", "192.0.2.91", 5060)])


async def test_a_name_without_an_address_is_said(node: Node) -> None:
    node.server.zone = {("other.example.net", "A"): ["192.0.2.1"]}
    node.topology.use_trunks(trunks(NAMED))
    await node.topology.settled()
    assert node.led == []
    assert node.said[0].startswith("the carrier c1 at gw.example.net: no address that a listener reaches")


async def test_a_carrier_that_is_gone_is_asked_for_no_more(node: Node) -> None:
    node.topology.use_trunks(trunks(NAMED))
    await node.topology.settled()
    node.topology.use_trunks(trunks(PEERS))
    node.server.asked.clear()
    await node.topology.settled()
    assert (node.server.asked, node.said) == ([], [])


async def test_an_address_that_no_listener_reaches_is_said(node: Node) -> None:
    node.topology.use_trunks(trunks(PEERS.replace("198.51.100.1", "[2001:db8::1]")))
    assert node.said == ["no listener reaches the carrier c1 at 2001:db8::1 over udp: it gets no call"]


async def test_a_name_server_that_is_silent_holds_a_start_up_for_its_patience_only(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(node_topology, "PATIENCE", 0.05)
    node.server.silent = True
    node.topology.use_trunks(trunks(NAMED))
    await node.topology.settled()
    assert node.led == []
    assert len(node.used) == 1


async def test_a_carrier_that_does_not_answer_a_test_is_told_so(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(node_topology, "TEST_PATIENCE", 0.05)
    node.topology.use_trunks(trunks(PEERS))
    assert await node.topology.asked("c1") == [
        {"carrier": "c1", "gateway": "", "answer": "none yet", "seconds": "", "serves": "no"}
    ]
    assert await node.topology.asked("c9") == []


def test_a_question_names_the_versions_and_transports_of_the_listeners_that_suit() -> None:
    (carrier,) = trunks(PEERS).carriers
    four = Listener("192.0.2.1", 5060)
    six = Listener("2001:db8::1", 5060, name="six", version=6)
    topology = Topology((six, four, four), (), ())
    assert wanted(topology, carrier).versions == (6, 4)
    assert wanted(topology, replace(carrier, listener="six")).versions == (6,)
    assert wanted(topology, replace(carrier, transport="tcp")).versions == ()
    assert wanted(topology, replace(carrier, transport="auto")).transports == ("udp",)


def test_a_name_keeps_its_writing_for_request_uris() -> None:
    (carrier,) = trunks(PEERS).carriers
    assert placed(carrier) is carrier
    named = placed(replace(carrier, host="gw.example.net", port=0))
    assert (named.host, named.address) == ("", "gw.example.net")
    assert placed(replace(carrier, host="gw.example.net", port=5070)).address == "gw.example.net:5070"
