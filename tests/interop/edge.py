"""The proxy as strangers meet it: its configuration for one play, and what it wrote down.

The store is embedded and new, everything is on the loopback address, and the files lie in the folder of the play.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from stage import HERE, HOST, ROOT, Proxy, free_port

OPEN = "2026-11-23T11:00:00+01:00"
"""A Monday morning: inside the legal hours in metropolitan France."""
_PROXY_TOML = """\
[node]
name = "strangers"

[admin]
listen = "{host}:{admin}"

[files]
customers = "{customers}"
trunks = "{folder}/trunks.toml"
numbering = "{config}/numbering.toml"
rules = "{config}/rules"
headers = "{config}/headers.toml"

[records]
path = "{folder}/records.jsonl"

[store]
wait_ms = 4900

[limits]
decision_timeout_ms = 5000
queue_delay_ms = 0
{limits}

{listen}
"""
_TRUNKS_TOML = """\
[[platform]]
name = "vms"
sources = ["{source}"]
{naming}
carrier = "carrier-1"

[[carrier]]
name = "carrier-1"
address = "{host}:{carrier}"
domain = "edge.example.org"
{carrier_more}
"""
BY_HEADER = 'customer_header = "X-Account"\ncampaign_header = "X-Campaign"'
"""A platform that names the customer of each call."""


class Edge(Proxy):
    """A running proxy with the UDP port `sip`, whose carrier is at `carrier`.

    `listen` are more listeners, `naming` says how the platform names the customer, `carrier_more` and `limits` are further
    keys of theirs, all as TOML; it sends from `source`. The store is patient
    and a pause of the machine is no overload: several programs share it, and a slow disk is not the subject.
    """

    def __init__(
        self,
        folder: Path,
        sip: int,
        carrier: int,
        *,
        listen: str = "",
        naming: str = 'customer = "acme"',
        carrier_more: str = "",
        limits: str = "",
        clock: str = OPEN,
        source: str = HOST,
    ) -> None:
        admin = free_port()
        udp = f'[[listen]]\ntransport = "udp"\naddress = "{HOST}:{sip}"\n'
        values: Mapping[str, object] = {
            "host": HOST, "source": source, "admin": admin, "carrier": carrier, "listen": udp + listen, "naming": naming, "limits": limits,
            "carrier_more": carrier_more, "folder": folder, "config": ROOT / "config", "customers": HERE / "config" / "customers.toml",
        }  # fmt: skip
        self.config = folder / "proxy.toml"
        self.config.write_text(_PROXY_TOML.format(**values), encoding="utf-8")
        (folder / "trunks.toml").write_text(_TRUNKS_TOML.format(**values), encoding="utf-8")
        self.sip = sip
        self.records = folder / "records.jsonl"
        super().__init__(self.config, admin, clock, folder)

    def __enter__(self) -> Self:
        super().__enter__()
        return self

    def ended(self) -> list[str]:
        """Stop the proxy; what it says against itself: a bad exit code, defects in its records."""
        problems = []
        if (code := self.stop()) != 0:
            problems.append(f"the proxy ended with code {code}: {self.output()[-2000:]}")
        return problems + [f"a defect was recorded: {line['text']}" for line in self.recorded("fault")]

    def recorded(self, kind: str) -> list[dict[str, Any]]:
        """The records of that kind: decision, call or fault."""
        if not self.records.exists():
            return []
        lines = [json.loads(line) for line in self.records.read_text(encoding="utf-8").splitlines()]
        return [line for line in lines if line["record"] == kind]
