"""The node of config/conformance with pjsip at both ends: names cross unchanged, its timers end calls, numbers are refused."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from stage import HOST, ROOT, Proxy, free_port

from tests.interop.phones import Pjsip

EXAMPLE = ROOT / "config" / "conformance"
ALICE = "sip:alice_1_ipv4@127.0.0.1"


def example(folder: Path, sip: int, far: int, limits: str) -> Proxy:
    """The example with other ports and, where they are given, other limits."""
    admin = free_port()
    for name in ("proxy.toml", "trunks.toml", "customers.toml"):
        text = (EXAMPLE / name).read_text(encoding="utf-8")
        for shipped, here in (
            ("15060", str(sip)), ("15460", str(admin)), ("15062", str(far)), ('"../', f'"{ROOT}/config/'),
            ('"rules"', f'"{EXAMPLE}/rules"'),
        ):  # fmt: skip
            text = text.replace(shipped, here)
        if limits and name == "proxy.toml":
            text = text.partition("[limits]")[0] + "[limits]\n" + limits
        (folder / name).write_text(text, encoding="utf-8")
    return Proxy(folder / "proxy.toml", admin, "", folder)


class Played:
    """One call between names, or to `called`."""

    def __init__(
        self, folder: Path, caller: tuple[str, ...], callee: tuple[str, ...], called: str = "bob_1", limits: str = ""
    ) -> None:
        sip, far = free_port(), free_port()
        dial = ("--identity", ALICE, "--call", f"sip:{called}@{HOST}:{sip}")
        phone = Pjsip("callee", folder, "callee", far, *callee)
        dialer = Pjsip("caller", folder, "caller", free_port(), *dial, *caller)
        with example(folder, sip, far, limits) as proxy, phone, dialer:
            self.caller: dict[str, Any] = dialer.story(40.0)
            time.sleep(0.2)
            self.metrics = proxy.get("/metrics")[1]
            self.said = proxy.output()
        self.heard = phone.heard()
        self.complaints = dialer.complaints() + phone.complaints()


def test_names_cross_unchanged(tmp_path: Path) -> None:
    call = Played(tmp_path, ("--hangup",), ())
    assert call.caller["states"][-2:] == ["CONFIRMED", "DISCONNECTED"]
    assert call.complaints == []
    assert "INVITE sip:bob_1@127.0.0.1:" in call.heard
    assert "From: <sip:alice_1_ipv4@127.0.0.1>;tag=" in call.heard
    assert "X-Account" not in call.heard
    assert 'npv_decisions_total{rule="conformance.names",verdict="unchanged"} 1.0' in call.metrics
    assert "npv_conformance_trunks 1.0" in call.metrics
    assert "ATTENTION: 1 platform(s) with the profile conformance" in call.said


@pytest.mark.parametrize("status", ["501", "502", "503"])
def test_what_the_callee_answers_is_relayed(tmp_path: Path, status: str) -> None:
    call = Played(tmp_path, (), ("--answer", status, "--early"))
    assert call.caller["status"] == int(status)
    assert call.heard.count("\nINVITE sip:") == 1


@pytest.mark.parametrize("called", ["0612345678", "+33140000000", "15"])
def test_a_number_is_refused(tmp_path: Path, called: str) -> None:
    sip = free_port()
    dial = ("--identity", ALICE, "--call", f"sip:{called}@{HOST}:{sip}")
    dialer = Pjsip("caller", tmp_path, "caller", free_port(), *dial)
    with example(tmp_path, sip, free_port(), "") as proxy, dialer:
        assert dialer.story(40.0)["status"] == 403
        assert 'npv_decisions_total{rule="conformance.names",verdict="refused"} 1.0' in proxy.get("/metrics")[1]


@pytest.mark.parametrize("early", [(), ("--early",)])
def test_endless_ringing_is_ended(tmp_path: Path, early: tuple[str, ...]) -> None:
    call = Played(tmp_path, (), ("--ring", "15", *early), limits="answer_timeout = 2\n")
    assert call.caller["states"] == ["CALLING", "EARLY", "DISCONNECTED"]
    assert call.caller["status"] in (408, 480)


def test_an_endless_call_is_ended(tmp_path: Path) -> None:
    call = Played(tmp_path, (), (), limits="longest_call = 3\n")
    assert call.caller["states"][-2:] == ["CONFIRMED", "DISCONNECTED"]


def test_the_shipped_timers_suit_the_suites() -> None:
    text = (EXAMPLE / "proxy.toml").read_text(encoding="utf-8")
    limits = dict(
        line.split(" #")[0].split(" = ") for line in text.splitlines() if line.startswith(("answer", "longest"))
    )
    assert int(limits["answer_timeout"]) < 40
    assert int(limits["longest_call"]) < 120
