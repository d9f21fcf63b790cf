"""Who takes part in a comparison: the proxy, Kamailio and Sippy's B2BUA, each with 1,000 accounts and the same work to do.

The work: of a known source, no mobile number as caller, an open hour, the account looked up and its attempt counted; From
and P-Asserted-Identity become the account's number, X-Account goes no further. The proxy does it with the rules, numbering
plan, headers and limits of `config/` as they are, and with all else that they ask for, on an embedded store.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import re
import shutil
import subprocess
import sys
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from stage import HOST, ROOT, free_port

from proxy.runtime import build

HERE = Path(__file__).parent
ACCOUNTS = 1000
OPEN = "2026-11-23T11:00:00+01:00"
"""A Monday morning, at which the proxy's clock stands still: a comparison is made at any hour."""
WORKS_AT_MOST = 100
"""Calls per second at which even the slowest is asked for something it can do."""


@dataclass(frozen=True)
class Site:
    """Where a contender lives: its folder, its port and that of the carrier."""

    folder: Path
    port: int
    carrier_port: int


class Contender(ABC):
    """An element that takes calls on one UDP port and places them at the carrier."""

    def __init__(self, name: str, most: int = 0) -> None:
        self.name = name
        self.most = most
        """The highest rate it is asked for where all are compared at one; 0: any."""

    @abstractmethod
    def missing(self) -> str:
        """Why it cannot take part, or nothing."""

    @abstractmethod
    def version(self) -> str:
        """What it is, for the record."""

    @abstractmethod
    def command(self, site: Site) -> list[str]:
        """Write its files into the folder; the command that serves there."""

    def takes(self, rate: int) -> bool:
        """Whether it is compared at that rate."""
        return not self.most or rate <= self.most


def account(number: int) -> str:
    """Its name."""
    return f"cust{number:04}"


def npv(number: int) -> str:
    """The number that the account may show."""
    return f"+331625{10_000 + number}"


def accounts_csv() -> str:
    """For SIPp: account, a number that is replaced, a mobile number that is refused."""
    rows = [f"{account(n)};+331425{n:05};+336125{n:05};\n" for n in range(ACCOUNTS)]
    return "SEQUENTIAL\n" + "".join(rows)


def called_csv(turn: int) -> str:
    """For SIPp: another called number for each call, and others in the next turns, so that nobody is called twice.

    All are mobile numbers of metropolitan France, where it is the hour of the proxy's clock: 06 10 to 06 29.
    """
    return f"SEQUENTIAL,PRINTF=1000000,PRINTFOFFSET={10_000_000 + turn % 20 * 1_000_000}\n+336%08d;\n"


def customers_toml() -> str:
    """The accounts as customers that prospect consumers, so that every rule has something to look at."""
    return "\n".join(
        f"""\
[[customer]]
id = "{account(n)}"
name = "Customer {n}"
siren = "000{n:06}"
status = "active"
purpose = "prospecting_consumer"
mode = "broadcast"
default_npv = "{npv(n)}"
match_zone = false
consent = {{ basis = "attested", reference = "bench/{n}", given = 2026-09-01 }}
kyc = {{ status = "verified", evidence = "bench/{n}", verified_on = 2026-01-12, expires = 2028-01-12 }}
[[customer.number]]
number = "{npv(n)}"
since = 2023-02-01
callback_target = "sip:bench@edge.example.net"
"""
        for n in range(ACCOUNTS)
    )


def proxy_toml(site: Site, admin: int) -> str:
    """The shipped `proxy.toml` with ports and paths of its own."""
    text = (ROOT / "config" / "proxy.toml").read_text(encoding="utf-8")
    changed = {
        "udp": f"{HOST}:{site.port}",
        "listen": f"{HOST}:{admin}",
        "numbering": str(ROOT / "config" / "numbering.toml"),
        "rules": str(ROOT / "config" / "rules"),
        "headers": str(ROOT / "config" / "headers.toml"),
    }
    for key, value in changed.items():
        text, replaced = re.subn(rf'^{key} = ".*"', f'{key} = "{value}"', text, flags=re.MULTILINE)
        if replaced != 1:
            raise ValueError(f"{key} stands {replaced} times in config/proxy.toml")
    return text


def trunks_toml(site: Site) -> str:
    """The shipped trunks with the port of the carrier."""
    text = (ROOT / "config" / "trunks.toml").read_text(encoding="utf-8")
    return re.sub(r'^address = ".*"', f'address = "{HOST}:{site.carrier_port}"', text, flags=re.MULTILINE)


class Proxy(Contender):
    """The copy of the proxy that this interpreter imports, compiled or not, as it is shipped."""

    def missing(self) -> str:
        """It is there."""
        return ""

    def version(self) -> str:
        """Its version and build."""
        return f"npv-proxy {build.version()} ({build.kind()})"

    def command(self, site: Site) -> list[str]:
        """`npv-proxy run` in the folder."""
        (site.folder / "customers.toml").write_text(customers_toml(), encoding="utf-8")
        (site.folder / "trunks.toml").write_text(trunks_toml(site), encoding="utf-8")
        config = site.folder / "proxy.toml"
        config.write_text(proxy_toml(site, free_port()), encoding="utf-8")
        return [sys.executable, "-m", "proxy", "run", "--config", str(config), "--fixed-clock", OPEN]


class Kamailio(Contender):
    """Kamailio with one child and the allocator without debugging (the packaged default costs twice as much)."""

    def __init__(self, name: str, defines: Sequence[str]) -> None:
        super().__init__(name)
        self._defines = defines

    def missing(self) -> str:
        """Where Debian's package is not installed."""
        return "" if shutil.which("kamailio") else "not installed (Debian: kamailio)"

    def version(self) -> str:
        """Version and what is switched on."""
        said = subprocess.run(["kamailio", "-v"], capture_output=True, text=True, check=False).stdout
        found = re.search(r"version: kamailio (\S+)", said)
        return " ".join([f"Kamailio {found[1] if found else '?'}, allocator fm", *self._defines])

    def command(self, site: Site) -> list[str]:
        """In the foreground, with its files in the folder."""
        text = (HERE / "kamailio_edge.cfg").read_text(encoding="utf-8")
        config = site.folder / "kamailio.cfg"
        config.write_text(text.replace("@CARRIER@", f"{HOST}:{site.carrier_port}"), encoding="utf-8")
        return [
            "kamailio", "-DD", "-E", "-f", str(config), "-P", str(site.folder / "pid"), "-Y", str(site.folder),
            "-m", "1024", "-M", "16", "-n", "1", "-x", "fm", "-l", f"udp:{HOST}:{site.port}",
            *[word for define in self._defines for word in ("-A", define)],
        ]  # fmt: skip


class Sippy(Contender):
    """Sippy's B2BUA, in Python as ours is."""

    def missing(self) -> str:
        """Where the package is not installed."""
        return "" if importlib.util.find_spec("sippy") else "not installed (PyPI: sippy)"

    def version(self) -> str:
        """Version of the package."""
        return f"sippy {importlib.metadata.version('sippy')}"

    def command(self, site: Site) -> list[str]:
        """`sippy_edge.py` beside this file."""
        return [sys.executable, str(HERE / "sippy_edge.py"), HOST, str(site.port), str(site.carrier_port)]


BASE = "kamailio"
"""The one that others are measured against."""


def contenders(names: Sequence[str]) -> list[Contender]:
    """Those of these names, all when none is given. Raises ValueError for a name that nobody has."""
    everybody: list[Contender] = [
        Proxy("proxy"),
        Kamailio(BASE, ["WITH_HIDING"]),
        Kamailio("kamailio-plain", []),
        Sippy("sippy", WORKS_AT_MOST),
    ]
    unknown = set(names) - {one.name for one in everybody}
    if unknown:
        raise ValueError(f"no contender is called {', '.join(sorted(unknown))}")
    return [one for one in everybody if not names or one.name in names]
