"""Over which trunk a target is reached."""

from __future__ import annotations

from proxy.b2bua.back_ways import BackWays
from proxy.b2bua.trunks import CarrierTrunk, Route, RouteLeg
from tests.ladder import platform, topology

NAMED = CarrierTrunk("vms", "PBX.acme.example", 5070, "", platform=True)


def ways(**changes: object) -> BackWays:
    trunk = platform(customer="acme", customer_header="", callee=NAMED, **changes)
    return BackWays(topology(platform_trunk=trunk, routes=(Route("both", (RouteLeg("carrier-1"),)),)))


def test_a_host_is_that_of_an_address_in_any_writing() -> None:
    assert ways().to_host("sip:a@pbx.acme.example", "anybody") == "vms"


def test_another_host_leads_to_the_customers_own_trunk_or_nowhere() -> None:
    assert ways().to_host("sip:a@other.example", "acme") == "vms"
    assert ways().to_host("sip:a@other.example", "lodger") == ""


def test_of_two_trunks_at_one_host_the_customers_own_is_taken() -> None:
    first = platform(name="shared", callee=NAMED)
    second = platform(name="own", customer="acme", customer_header="", callee=NAMED)
    given = topology(platform_trunk=first)
    both = BackWays(type(given)(given.listeners, (first, second), given.carriers))
    assert both.to_host("sip:a@pbx.acme.example", "acme") == "own"
    assert both.to_host("sip:a@pbx.acme.example", "lodger") == "shared"


def test_further_hosts_lead_there_too() -> None:
    assert ways(callback_hosts=("Lodger.example",)).to_host("sip:a@lodger.example:5099", "lodger") == "vms"


def test_of_two_trunks_at_one_host_the_port_decides() -> None:
    first = platform(name="first", callee=CarrierTrunk("first", "192.0.2.1", 5070, "", platform=True))
    second = platform(name="second", callee=CarrierTrunk("second", "192.0.2.1", 5080, "", platform=True))
    given = topology(platform_trunk=first)
    both = BackWays(type(given)(given.listeners, (first, second), given.carriers))
    found = [both.to_host(f"sip:a@192.0.2.1{port}", "acme") for port in (":5070", ":5080", "")]
    assert found == ["first", "second", "first"]


def test_a_number_goes_by_the_customers_route_else_back_to_the_carrier() -> None:
    assert ways(carrier="", route="both").to_number("acme", "carrier-1") == "route:both"
    assert ways().to_number("acme", "carrier-2") == "carrier-1"
    assert ways().to_number("lodger", "carrier-2") == "carrier-2"


def test_this_node_is_known_by_its_listeners() -> None:
    assert ways().own == {"10.0.0.1:5060"}
