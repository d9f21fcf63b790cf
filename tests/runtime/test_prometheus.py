"""Dashboard and alerts against a real Prometheus that scrapes a proxy while SIPp plays calls through it.

Every expression of every panel must answer with a figure, every alert must load, evaluate and rest on series that
exist. Without calls: the files are well formed, and promtool plays the alerts.
"""

from __future__ import annotations

import dataclasses
import itertools
import json
import math
import os
import re
import shutil
import socket
import subprocess
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, Final

import pytest
from cases import CASES, OPEN, Case
from stage import HERE, HOST, Program, Proxy, Sipp, free_port, write_config
from ways import WAYS

CONFIG: Final = Path(__file__).parents[2] / "config"
PROMETHEUS: Final = CONFIG / "prometheus"
BOARD: Final[dict[str, Any]] = json.loads((CONFIG / "grafana/dashboards/npv-proxy.json").read_text(encoding="utf-8"))
TRAFFIC: Final = Path(__file__).parent / "traffic"
IDENTITY: Final = "P-Asserted-Identity: <sip:+33142685300@vms.example.net>"
PLAIN: Final = dataclasses.replace(CASES["npv_rewrite"], identity=IDENTITY)
CALLS: Final = (
    PLAIN,
    dataclasses.replace(PLAIN, name="repaired", called="+33590470001"),
    dataclasses.replace(PLAIN, name="failing", uac=f"{TRAFFIC}/failing", uas=f"{TRAFFIC}/failing"),
    *(
        dataclasses.replace(CASES[name], identity=IDENTITY)
        for name in ("withheld", "mobile_from", "overseas_closed", "overseas_open", "busy", "carrier_silent")
    ),
)
ROUNDS: Final = 2
PATIENCE: Final = 60.0
needed = pytest.mark.skipif(
    not os.environ.get("CI") and not all(map(shutil.which, ("prometheus", "promtool", "sipp"))),
    reason="needs Prometheus and SIPp (Debian: prometheus, sip-tester)",
)


def panels() -> list[dict[str, Any]]:
    return [panel for panel in BOARD["panels"] if panel["type"] != "row"]


def expressions() -> list[tuple[str, str]]:
    """(`panel refId`, expression) of every target."""
    return [
        (f"{panel['title']} {target['refId']}", target["expr"]) for panel in panels() for target in panel["targets"]
    ]


def alerts() -> list[tuple[str, str]]:
    """(name, expression) of every alert, read as Prometheus reads them: the file is plain enough for a pattern."""
    text = (PROMETHEUS / "alerts.yml").read_text(encoding="utf-8")
    found = re.findall(r"- alert: (\w+)\n +expr: (\|\n(?: {10,}.*\n)+|.*\n)", text)
    return [(name, " ".join(expr.removeprefix("|").split())) for name, expr in found]


def selectors(expr: str) -> list[str]:
    """The series that an expression reads, each with its matchers."""
    return re.findall(r"\b(?:npv_\w+|up|process_\w+)\b(?:\{[^}]*\})?", expr)


def filled(expr: str) -> str:
    """The expression as Grafana would send it for a test of some seconds, which may be minutes on a slow machine."""
    for variable, value in (("$__rate_interval", "1h"), ("$__range", "1h"), ("$instance", ".*"), ("$carrier", ".*")):
        expr = expr.replace(variable, value)
    return expr.replace("[15m]", "[1h]").replace("offset 1w", "offset 1s")


# -- the files alone -------------------------------------------------------------


def test_the_dashboard_can_be_provisioned_as_it_is() -> None:
    assert (BOARD["uid"], "id" in BOARD) == ("npv-proxy", False)
    variables = {one["name"]: one for one in BOARD["templating"]["list"]}
    assert list(variables) == ["datasource", "instance", "carrier"]
    assert variables["datasource"]["type"] == "datasource"
    for panel in panels():
        for holder in (panel, *panel["targets"]):
            assert holder["datasource"] == {"type": "prometheus", "uid": "${datasource}"}, panel["title"]


def test_panels_and_targets_have_names_of_their_own() -> None:
    ids = [panel["id"] for panel in BOARD["panels"]]
    titles = [panel["title"] for panel in panels()]
    assert len(set(ids)) == len(ids)
    assert len(set(titles)) == len(titles)
    for panel in panels():
        references = [target["refId"] for target in panel["targets"]]
        assert references
        assert len(set(references)) == len(references), panel["title"]
        assert panel["description"].endswith("."), panel["title"]


def test_no_panel_lies_over_another_or_beside_the_page() -> None:
    for panel in BOARD["panels"]:
        place = panel["gridPos"]
        assert place["x"] >= 0
        assert place["x"] + place["w"] <= 24, panel["title"]
    for one, other in itertools.combinations(BOARD["panels"], 2):
        a, b = one["gridPos"], other["gridPos"]
        apart = (
            a["x"] + a["w"] <= b["x"]
            or b["x"] + b["w"] <= a["x"]
            or a["y"] + a["h"] <= b["y"]
            or b["y"] + b["h"] <= a["y"]
        )
        assert apart, f"{one['title']} over {other['title']}"


def test_every_alert_says_how_bad_it_is_and_is_played() -> None:
    text = (PROMETHEUS / "alerts.yml").read_text(encoding="utf-8")
    played = (PROMETHEUS / "alerts_test.yml").read_text(encoding="utf-8")
    names = [name for name, _ in alerts()]
    assert len(names) == text.count("- alert:")
    assert text.count("severity: ") == text.count("summary: ") == text.count("description: ") == len(names)
    for name in names:
        assert re.search(rf"alertname: {name}\n +exp_alerts:\n", played), name


@needed
@pytest.mark.tool
@pytest.mark.parametrize(
    "command",
    [["check", "config", "prometheus.yml"], ["check", "rules", "alerts.yml"], ["test", "rules", "alerts_test.yml"]],
)
def test_promtool_agrees(command: list[str]) -> None:
    done = subprocess.run(["promtool", *command], cwd=PROMETHEUS, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


# -- with calls ------------------------------------------------------------------


class Watched:
    """A proxy with calls on both sides and a Prometheus that scrapes it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ports = {name: free_port() for name in ("sip", "admin", "carrier", "platform", "prometheus")}
        self.config = write_config(
            folder, self.ports, {"timers.t1_ms": 50}, WAYS["udp"].listen(self.ports["sip"]), "", HOST
        )
        self.proxy = Proxy(self.config, self.ports["admin"], OPEN, folder)
        self.prometheus = Program(self._prometheus(), folder / "prometheus.log")

    def _prometheus(self) -> list[str]:
        shipped = (PROMETHEUS / "prometheus.yml").read_text(encoding="utf-8")
        assert "127.0.0.1:9460" in shipped
        scrape = shipped.replace("127.0.0.1:9460", f"{HOST}:{self.ports['admin']}").replace(
            "interval: 5s", "interval: 1s"
        )
        (self.folder / "prometheus.yml").write_text(scrape, encoding="utf-8")
        shutil.copy(PROMETHEUS / "alerts.yml", self.folder)
        return [
            "prometheus",
            f"--config.file={self.folder}/prometheus.yml",
            f"--storage.tsdb.path={self.folder}/tsdb",
            f"--web.listen-address={HOST}:{self.ports['prometheus']}",
            "--log.level=warn",
        ]

    def ask(self, path: str, **parameters: str) -> Any:  # Any: JSON of Prometheus, of another shape for each page
        url = f"http://{HOST}:{self.ports['prometheus']}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
        with urllib.request.urlopen(url, timeout=PATIENCE) as answer:
            told = json.load(answer)
        assert told["status"] == "success", told
        return told["data"]

    def values(self, expr: str) -> list[float]:
        return [float(series["value"][1]) for series in self.ask("query", query=expr)["result"]]

    def until(self, expr: str, value: float) -> None:
        """Wait until Prometheus has scraped that value."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            try:
                if value in self.values(expr):
                    return
            except OSError:
                pass
            time.sleep(0.2)
        raise AssertionError(f"{expr} never was {value}\n{self.prometheus.output()}\n{self.proxy.output()}")

    def play(self, number: int, case: Case) -> None:
        folder = self.folder / str(number)
        folder.mkdir()
        load = ["-t", "u1", "-m", "1"]
        target = f"{HOST}:{self.ports['sip']}"
        platform = Sipp(
            HERE / f"{case.uac}_uac.xml", "platform", self.ports["platform"], case.rows(), folder, *load, target
        )
        carrier = Sipp(HERE / f"{case.uas}_uas.xml", "carrier", self.ports["carrier"], [(case.shown,)], folder, *load)
        with ExitStack() as stack:
            if case.reaching:
                stack.enter_context(carrier)
            stack.enter_context(platform)
            assert platform.wait(PATIENCE) == 0, f"{case.name}: {platform.complaint()}"

    def disturb(self) -> None:
        """What no platform sends: noise, an ACK of no call, an INVITE of no customer's platform."""
        stray = f"ACK sip:1@{HOST} SIP/2.0\r\nVia: SIP/2.0/UDP {HOST};branch=z9hG4bKstray\r\nFrom: <sip:a@b>;tag=1\r\n"
        stray += "To: <sip:1@b>;tag=2\r\nCall-ID: stray\r\nCSeq: 1 ACK\r\nContent-Length: 0\r\n\r\n"
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            for datagram in (b"\x00\xff noise", stray.encode()):
                sender.sendto(datagram, (HOST, self.ports["sip"]))

    def reload(self, spoil: str) -> int:
        """The status of a reload with `spoil` behind the file."""
        right = self.config.read_text(encoding="utf-8")
        self.config.write_text(right + spoil, encoding="utf-8")
        connection = HTTPConnection(HOST, self.ports["admin"], timeout=PATIENCE)
        connection.request("POST", "/reload")
        status = connection.getresponse().status
        connection.close()
        self.config.write_text(right, encoding="utf-8")
        return status


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    """Two rounds of the same calls, each seen by a scrape, so that every rate is one."""
    world = Watched(tmp_path_factory.mktemp("watched"))
    with world.proxy, world.prometheus:
        world.until('up{job="npv-proxy"}', 1)
        for played in range(1, ROUNDS + 1):
            for number, case in enumerate(CALLS):
                world.play(played * 100 + number, case)
            world.disturb()
            assert (world.reload(""), world.reload("\n[nonsense]\n")) == (200, 422)
            world.until('npv_config_reloads_total{outcome="refused"}', played)
        yield world


@needed
@pytest.mark.tool
@pytest.mark.sipp
@pytest.mark.parametrize(("name", "expr"), expressions(), ids=[name for name, _ in expressions()])
def test_every_panel_shows_a_figure(watched: Watched, name: str, expr: str) -> None:
    values = watched.values(filled(expr))
    assert values, filled(expr)
    assert not all(map(math.isnan, values)), filled(expr)


@needed
@pytest.mark.tool
@pytest.mark.sipp
@pytest.mark.parametrize(("name", "expr"), alerts(), ids=[name for name, _ in alerts()])
def test_every_alert_rests_on_series_that_exist(watched: Watched, name: str, expr: str) -> None:
    watched.ask("query", query=expr)
    assert selectors(expr)
    for selector in selectors(expr):
        assert watched.values(selector), selector


@needed
@pytest.mark.tool
@pytest.mark.sipp
def test_prometheus_evaluates_every_alert(watched: Watched) -> None:
    for name in ("NpvReloadRefused", "NpvProxyRestarted"):
        watched.until(f'max_over_time(ALERTS{{alertname="{name}",alertstate="firing"}}[1h])', 1)
    rules = [rule for group in watched.ask("rules")["groups"] for rule in group["rules"]]
    assert sorted(rule["name"] for rule in rules) == sorted(name for name, _ in alerts())
    assert [rule["name"] for rule in rules if rule["health"] == "err"] == []
    firing = {rule["name"] for rule in rules if rule["state"] == "firing"}
    assert {"NpvProxyDown", "NpvFaults", "NpvRecordsDropped", "NpvConfigDiffers"}.isdisjoint(firing)


@needed
@pytest.mark.tool
@pytest.mark.sipp
@pytest.mark.parametrize(
    ("selector", "count"),
    [
        ('npv_decisions_total{verdict="refused",rule="cli.mobile"}', ROUNDS),
        ('npv_decisions_total{verdict="refused",rule="hours.consumer"}', ROUNDS),
        ('sum(npv_decisions_total{verdict="withheld"})', ROUNDS),
        ('sum(npv_decisions_total{verdict="npv"})', ROUNDS * 6),
        ('npv_calls_ended_total{carrier="carrier-1",status_class="5xx"}', ROUNDS),
        ('npv_sip_responses_total{leg="a",direction="out",method="INVITE",code="403"}', ROUNDS),
        ("npv_calls_started_total", ROUNDS * 7),
        ('sum(npv_store_operations_total{operation="ask",outcome="answered"})', ROUNDS),
        ("npv_faults_total", 0),
        ("npv_records_dropped_total", 0),
    ],
)
def test_each_call_is_counted_once(watched: Watched, selector: str, count: int) -> None:
    assert watched.values(selector) == [count]


@needed
@pytest.mark.tool
@pytest.mark.sipp
def test_no_label_holds_a_number_that_was_called_or_presented(watched: Watched) -> None:
    names = [one for one in watched.ask("label/__name__/values") if one.startswith("npv_")]
    told = json.dumps(watched.ask("series", **{"match[]": '{__name__=~"npv_.*"}'}))
    assert len(names) > 25
    for digits in ("142685300", "612345678", "155660001", "162000001"):
        assert digits not in told


@needed
@pytest.mark.tool
@pytest.mark.sipp
def test_the_journal_holds_every_decision_and_masks_whom_was_called(watched: Watched) -> None:
    watched.until("npv_records_written_total", ROUNDS * (len(CALLS) + 7))
    text = (watched.folder / "records.jsonl").read_text(encoding="utf-8")
    lines = [json.loads(line) for line in text.splitlines()]
    assert sum(line["record"] == "decision" for line in lines) == ROUNDS * len(CALLS)
    assert "155660001" not in text
