"""Platforms and carriers: what a right table becomes, and what is refused with its line."""

from __future__ import annotations

import re

import pytest

from proxy.b2bua.trunks import CarrierTrunk, PlatformTrunk
from proxy.runtime.mistakes import ConfigErrors
from proxy.runtime.toml_source import ConfigError, TomlSource, read_toml
from proxy.runtime.trunk_settings import Trunks, load_trunks, read_carrier, read_platform, read_trunk
from tests.runtime.store.directory_shelf import CONFIG, numbering

PLATFORM = """\
[[platform]]
name = "vms"
sources = ["192.0.2.1"]
customer_header = "X-Account"
carrier = "carrier-1"
"""
CARRIER = """\
[[carrier]]
name = "carrier-1"
address = "198.51.100.1:5070"
domain = "edge.example.net"
"""


def platform(text: str) -> PlatformTrunk:
    return read_platform(TomlSource("trunks.toml", text).root.tables("platform")[0], numbering())


def carrier(text: str) -> CarrierTrunk:
    return read_carrier(TomlSource("trunks.toml", text).root.tables("carrier")[0])


def trunks(text: str) -> Trunks:
    return load_trunks(TomlSource("trunks.toml", text), numbering(), ["acme"])


def test_a_platform_with_defaults() -> None:
    found = platform(PLATFORM)
    assert (found.name, found.sources, found.carrier) == ("vms", ("192.0.2.1",), "carrier-1")
    assert (found.customer, found.customer_header, found.attested) == ("", "X-Account", False)
    assert (found.calls_per_second, found.most_calls) == (0.0, 0)
    facts = found.facts
    assert (facts.name, facts.origin, facts.emergency, facts.unopened) == ("vms", "national", "pass", "pass")
    assert (facts.allowed_classes, facts.profile) == (frozenset(), "law")


def test_a_platform_that_is_called_back() -> None:
    assert platform(PLATFORM).callee is None
    callee = platform(PLATFORM + 'address = "198.51.100.9"\n').callee
    assert callee is not None
    assert (callee.name, callee.host, callee.port, callee.transport, callee.domain) == (
        "vms", "198.51.100.9", 5060, "udp", "",
    )  # fmt: skip
    assert (callee.platform, callee.numbers, callee.user_phone) == (True, "e164", True)
    text = 'address = "pbx.acme.example"\ntransport = "tls"\nlistener = "tls"\nnumbers = "00"\nuser_phone = false\n'
    named = platform(PLATFORM + text + 'tls_ca = "ca.pem"\n').callee
    assert named is not None
    assert (named.host, named.port, named.listener, named.tls.ca) == ("pbx.acme.example", 0, "tls", "ca.pem")
    assert (named.numbers, named.user_phone) == ("00", False)
    shared = platform(PLATFORM + 'address = "198.51.100.9"\ncallback_hosts = ["acme.example", "192.0.2.9"]\n')
    assert shared.callback_hosts == ("acme.example", "192.0.2.9")


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ('callback_hosts = ["acme.example"]', "callback_hosts"),
        ('address = "198.51.100.9"\ncallback_hosts = ["no host"]', "callback_hosts"),
        ('transport = "tcp"', "transport"),
        ('address = "not a host"', "address"),
        ('address = "198.51.100.9"\ntransport = "auto"', "address"),
        ('address = "pbx.acme.example"\ntls_ca = "ca.pem"', "tls_ca"),
    ],
)
def test_what_is_wrong_with_where_calls_back_go(text: str, key: str) -> None:
    with pytest.raises(ConfigError, match=key):
        platform(f"{PLATFORM}{text}\n")


def test_a_platform_with_everything() -> None:
    found = platform(
        '[[platform]]\nname = "crm"\nsources = ["192.0.2.1:5060", "10.0.0.0/8"]\ncustomer = "acme"\n'
        'campaign_header = "X-Campaign"\npurpose_header = "X-Purpose"\nmode_header = "X-Mode"\ncarrier = "c"\n'
        'origin = "international"\nattested = true\nemergency = "refuse"\nunopened = "refuse"\n'
        'destinations = ["geo", "mobile"]\nprofile = "strict"\n'
        "calls_per_second = 20\nmost_calls = 300\n"
        'transfer = "decide"\n'
    )
    assert found.sources == ("192.0.2.1:5060", "10.0.0.0/8")
    assert (found.customer, found.customer_header) == ("acme", "")
    assert (found.campaign_header, found.purpose_header, found.mode_header) == ("X-Campaign", "X-Purpose", "X-Mode")
    facts = found.facts
    assert (facts.origin, facts.emergency, facts.unopened, facts.profile) == (
        "international", "refuse", "refuse", "strict",
    )  # fmt: skip
    assert facts.allowed_classes == {"geo", "mobile"}
    assert (found.attested, found.transfer) == (True, True)
    assert (found.calls_per_second, found.most_calls) == (20.0, 300)


SUITE = '[[platform]]\nname = "suite"\nsources = ["127.0.0.1"]\ncarrier = "c"\nprofile = "conformance"\n'


def test_a_trunk_for_test_suites_has_one_customer() -> None:
    assert platform(SUITE + 'customer = "suite"\n').facts.profile == "conformance"


@pytest.mark.parametrize(
    "naming",
    [
        'customer_header = "X-Account"',
        'customer = "suite"\ncampaign_header = "X-Campaign"',
        'customer = "suite"\npurpose_header = "X-Purpose"',
        'customer = "suite"\nmode_header = "X-Mode"',
    ],
)
def test_no_header_names_the_customer_of_a_test_suite(naming: str) -> None:
    with pytest.raises(ConfigError, match="`conformance` only with one `customer`"):
        platform(SUITE + naming + "\n")


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ('"vms"', '"VMS"', 2, "lower-case letters"),
        ('"vms"', "5", 2, "expected a text in quotes, seen `5`"),
        ('"192.0.2.1"', "", 3, "at least one IP address"),
        ('"192.0.2.1"', '"vms.example.net"', 3, "seen `vms.example.net`"),
        ('"X-Account"', '"From"', 4, "that SIP itself does not use"),
        ('"X-Account"', '"P-Asserted-Identity"', 4, "that SIP itself does not use"),
        ('"X-Account"', '"X Account"', 4, "that SIP itself does not use"),
        ('customer_header = "X-Account"\n', "", 1, "`customer` or `customer_header` to say who calls, seen neither"),
        ('"X-Account"', '"X-Account"\ncustomer = "acme"', 5, "seen both"),
        ('carrier = "carrier-1"\n', "", 1, "either `carrier` or `route` to say where its calls go, seen neither"),
        ('"carrier-1"', '"carrier-1"\norigin = "abroad"', 6, "one of `national`, `international`, seen `abroad`"),
        ('"carrier-1"', '"carrier-1"\ncolour = "red"', 6, "seen the unknown key `colour`"),
        ('"carrier-1"', '"carrier-1"\nattested = "yes"', 6, "`true` or `false`"),
        ('"carrier-1"', '"carrier-1"\ncalls_per_second = -1', 6, "a whole number, 0 for no bound, seen `-1`"),
        ('"carrier-1"', '"carrier-1"\nmost_calls = 2.5', 6, "a whole number, seen `2.5`"),
        ('"carrier-1"', '"carrier-1"\ndestinations = ["foreign", "landline"]', 6, "`foreign`"),
        ('"carrier-1"', '"carrier-1"\ndestinations = ["foreign", "landline"]', 6, "seen `landline`"),
    ],
)
def test_a_platform_that_is_wrong(old: str, new: str, line: int, message: str) -> None:
    assert old in PLATFORM
    with pytest.raises(ConfigError, match=rf"^trunks\.toml:{line}: .*{re.escape(message)}"):
        platform(PLATFORM.replace(old, new))


def test_a_carrier_with_defaults() -> None:
    found = carrier(CARRIER)
    assert found == CarrierTrunk("carrier-1", "198.51.100.1", 5070, "edge.example.net")


def test_a_carrier_with_everything() -> None:
    found = carrier(
        '[[carrier]]\nname = "c"\naddress = "[2001:db8::1]"\nnumbers = "00"\nuser_phone = false\n'
        'hidden = "unavailable"\nnetwork_number = "+33162000001"\ncross = ["X-Trace", "Priority"]\n'
        'drop = ["Alert-Info"]\n',
    )
    assert (found.host, found.port, found.domain) == ("2001:db8::1", 5060, "[2001:db8::1]")
    assert (found.numbers, found.user_phone, found.hidden) == ("00", False, "unavailable")
    assert (found.network_number, found.cross) == ("+33162000001", ("X-Trace", "Priority"))
    assert found.drop == ("Alert-Info",)


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ("198.51.100.1:5070", "198.51.100.1:99999", 3, "a port from 1 to 65535"),
        (
            "198.51.100.1:5070",
            "not a host",
            3,
            "`address:port`, `name:port`, or a name with SRV records, seen `not a host`",
        ),
        ("edge.example.net", "edge example", 4, "a host name or an IP address"),
        ('net"', 'net"\nnumbers = "short"', 5, "one of `e164`, `00`, `national`"),
        ('net"', 'net"\nhidden = "no"', 5, "one of `withheld`, `unavailable`"),
        ('net"', 'net"\nnetwork_number = "0162000001"', 5, "a number such as `+33162000001`"),
        ('net"', 'net"\ncross = ["Diversion"]', 5, "headers that cannot show who calls, seen `Diversion`"),
        ('net"', 'net"\ncross = ["s"]', 5, "headers that cannot show who calls, seen `s`"),
        ('net"', 'net"\ncross = ["X Y"]', 5, "names of headers, seen `X Y`"),
        ('net"', 'net"\ndrop = ["c"]', 5, "headers that a message can do without, seen `c`"),
    ],
)
def test_a_carrier_that_is_wrong(old: str, new: str, line: int, message: str) -> None:
    assert old in CARRIER
    with pytest.raises(ConfigError, match=rf"^trunks\.toml:{line}: .*{re.escape(message)}"):
        carrier(CARRIER.replace(old, new))


def test_a_name_of_a_carrier_stays_a_name() -> None:
    assert carrier(CARRIER.replace("198.51.100.1:5070", "gw.no-such-host.invalid")).host == "gw.no-such-host.invalid"


def test_the_word_before_a_table_says_which_it_is() -> None:
    table = TomlSource("trunks.toml", CARRIER).root.tables("carrier")[0]
    assert isinstance(read_trunk(table, "carrier", numbering()), CarrierTrunk)


def test_all_peers_in_the_order_of_the_file() -> None:
    found = trunks(
        PLATFORM
        + PLATFORM.replace("vms", "crm").replace("192.0.2.1", "192.0.2.2")
        + CARRIER
        + CARRIER.replace("carrier-1", "carrier-2")
    )
    assert [one.name for one in found.platforms] == ["vms", "crm"]
    assert [one.name for one in found.carriers] == ["carrier-1", "carrier-2"]


def test_trunks_are_equal_when_they_say_the_same() -> None:
    assert trunks(PLATFORM + CARRIER) == trunks(PLATFORM + CARRIER)
    assert trunks(PLATFORM + CARRIER) != trunks(PLATFORM + CARRIER + "user_phone = false\n")


def test_every_mistake_of_the_file_is_told() -> None:
    text = PLATFORM.replace("carrier-1", "x").replace("customer_header", "colour") + CARRIER + "hidden = 1\n[[phone]]\n"
    with pytest.raises(ConfigErrors) as caught:
        trunks(text)
    assert [(one.line, one.key) for one in caught.value.mistakes] == [(1, "customer"), (1, "phone"), (10, "hidden")]


def test_the_shipped_file_is_right() -> None:
    found = load_trunks(read_toml(CONFIG / "trunks.toml"), numbering(), [])
    assert [one.name for one in found.platforms] == ["vms"]


def test_an_unknown_customer_is_a_mistake() -> None:
    text = PLATFORM.replace("customer_header", "customer").replace("X-Account", "nobody") + CARRIER
    with pytest.raises(ConfigError, match=r"^trunks\.toml:4: key `customer`: .*seen `nobody`"):
        trunks(text)
    assert trunks(text.replace("nobody", "acme")).platforms[0].customer == "acme"
