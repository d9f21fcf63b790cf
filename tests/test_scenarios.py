"""Every SIPp case through a running proxy, and proof that a wrong call would be noticed."""

from __future__ import annotations

import dataclasses
import os
import shutil
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import demo
import pytest
from cases import CASES, Case
from messages import Message, digits_of, leaks, read_trace
from run import main, play
from stage import HOST, StageError, environment, free_port, is_held, until_listening
from ways import WAYS

SCENARIOS = Path(__file__).parents[1] / "sipp-scenarios"
sipp = pytest.mark.skipif(
    shutil.which("sipp") is None and not os.environ.get("CI"), reason="needs SIPp (Debian: sip-tester)"
)


def has_version_six() -> bool:
    """Whether this machine can be reached over IPv6."""
    with suppress(OSError), socket.socket(socket.AF_INET6) as tried:
        tried.bind(("::1", 0))
        return True
    return False


@sipp
@pytest.mark.sipp
@pytest.mark.parametrize("case", CASES.values(), ids=list(CASES))
def test_case(case: Case) -> None:
    assert play(case).problems == ()


@sipp
@pytest.mark.sipp
@pytest.mark.parametrize("transport", [way for way in WAYS if way != "udp"])
@pytest.mark.parametrize("case", ["npv_rewrite", "bye_b", "cancel_crossing", "prack_183"])
def test_other_transports(case: str, transport: str) -> None:
    if ":" in WAYS[transport].host and not has_version_six():
        pytest.skip("this machine has no IPv6")
    assert play(CASES[case], transport).problems == ()


@sipp
@pytest.mark.sipp
@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"shown": "+33162000099"}, "expected +33162000099"),
        ({"uas": "silent"}, "the carrier received 1 calls, expected 0"),
        ({"uas": "withheld"}, "Failed regexp match"),
        ({"uac": "refused", "rule": "cli.mobile"}, "while expecting '403'"),
        ({"uac": "series", "ends": ("frequency.consumer",)}, "ended as answered, expected frequency"),
    ],
)
def test_a_call_that_goes_wrong_is_noticed(
    change: dict[str, str], complaint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stage.HEARD_WITHIN", 5.0)  # who waits here waits in vain
    monkeypatch.setattr("run.CARRIER_ENDS_WITHIN", 5.0)
    monkeypatch.setattr("stage.Program.gone_within", 4.0)  # the proxy waits for the end of a call that will not come
    case = dataclasses.replace(CASES["npv_rewrite"], name="goes_wrong", **change)  # type: ignore[arg-type]  # every changed field is a text
    assert complaint in "\n".join(play(case, logs=tmp_path).problems)
    assert (tmp_path / "goes_wrong" / "proxy.log").is_file()


def test_who_listens_is_seen_and_who_does_not_is_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stage.READY_WITHIN", 0.05)
    port = free_port()
    with socket.socket() as stream:
        stream.bind((HOST, port))
        with pytest.raises(StageError, match=f"nobody listens on port {port}"):
            until_listening(port)
        until_listening(port, lambda: True)  # nobody will any more
        stream.listen()
        until_listening(port)
    assert not is_held(port)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams:
        datagrams.bind((HOST, port))
        until_listening(port)


@sipp
@pytest.mark.sipp
def test_a_command_that_fails_is_noticed(tmp_path: Path) -> None:
    case = dataclasses.replace(CASES["consent_given"], before=("consents add 1 --customer nobody --reference form",))
    (problem,) = play(case, logs=tmp_path).problems
    assert "`npv-proxy consents add 1" in problem
    assert "the id of a customer" in problem


@sipp
@pytest.mark.sipp
def test_the_demonstration_shows_what_was_seen(tmp_path: Path) -> None:
    calls, first_line = demo.play(tmp_path)
    assert "build" in first_line
    ends = [
        ((call.customer.split()[0], call.rule), (call.shown.split("\n")[0], call.answer.split()[0])) for call in calls
    ]
    found = dict(ends)
    silent = "the telephone does not ring"
    assert len(calls) == len(demo.CALLS) + len(demo.THEN)
    assert found[("acme", "presentation.default")] == ("+33162000001", "200")
    assert found[("acme", "hours.consumer")] == (silent, "480")
    assert found[("acme", "cli.mobile")] == (silent, "403")
    assert found[("nonumber", "presentation.withheld")] == ("Numéro inconnu", "200")
    assert found[("acme", "destination.emergency")] == ("+33142685300", "200")
    assert [end[0][1] for end in ends if end[1] == (silent, "480")] == ["hours.consumer", "frequency.consumer"]
    assert [call.answer.split()[0] for call in calls if demo.UNWILLING in call.called] == ["607", "403"]
    assert found[("acme", "refusal.consumer")] == found[("acme", "consent.consumer")] == (silent, "403")
    assert calls[-1].answer == "200 OK"
    told = {}
    for command in demo.next_commands(tmp_path, calls):
        words = [sys.executable, "-m", "proxy", *command.split()]
        done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60, env=environment())
        assert done.returncode == 0, (command, done.stdout, done.stderr)
        told[" ".join(command.split()[:2])] = done.stdout
    assert "4 sur 4 en 30 jours" in told[f"explain {[call for call in calls if call.answer[:3] == '480'][-1].decision}"]
    assert f"{len(calls)} decisions, 0 would change" in told["replay --config"]
    assert "consent.consumer" in told["replay --as-of"]
    assert " decisions, " in told["audit number"]


def test_every_flow_is_played_and_every_case_has_its_flow() -> None:
    played = {f"{case.uac}_uac.xml" for case in CASES.values()} | {f"{case.uas}_uas.xml" for case in CASES.values()}
    assert played | {"demo_uac.xml", "demo_uas.xml"} == {path.name for path in SCENARIOS.glob("*.xml")}


@pytest.mark.parametrize(
    "written",
    [
        "<sip:+33612345678@h>",
        "<sip:0612345678@h>",
        "<sip:0033612345678@h>",
        "<sip:+33(0)612345678@h>",
        "<tel:+33-6-12-34-56-78>",
        "<sip:%2B33612345678@h>",
        "<sip:06.12.34.56.78@h>",
        "<sip:06%2012%2034%2056%2078@h>",
    ],
)
def test_a_number_is_found_in_every_writing(written: str) -> None:
    message = Message(received=True, text=f"INVITE sip:15@h SIP/2.0\nDiversion: {written}\n")
    assert digits_of(written) == "612345678"
    assert leaks([message], {"612345678"}, set()) == ["`612345678` is in `INVITE sip:15@h SIP/2.0`"]


def test_what_we_sent_ourselves_is_no_leak() -> None:
    assert leaks([Message(received=False, text="BYE sip:0612345678@h SIP/2.0\n")], {"612345678"}, {"sip"}) == []


def test_a_trace_is_read_message_by_message(tmp_path: Path) -> None:
    path = tmp_path / "trace"
    rule = "-" * 47
    path.write_text(
        f"{rule} 2026-11-22 09:17:53.386230\nUDP message received [36] bytes :\n\n"
        "BYE sip:x@h SIP/2.0\nCSeq: 2 BYE\n\n\n"
        f"{rule} 2026-11-22 09:17:53.387610\nUDP message sent (30 bytes):\n\n"
        "SIP/2.0 200 OK\nCSeq: 2 BYE\n\n",
        encoding="utf-8",
    )
    request, response = read_trace(path)
    assert (request.received, request.method, request.status) == (True, "BYE", 0)
    assert (response.received, response.method, response.status) == (False, "BYE", 200)
    assert request.header("cseq") == "2 BYE"
    assert read_trace(tmp_path / "none") == []
    path.write_text("", encoding="utf-8")
    assert read_trace(path) == []


def test_the_cases_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--list"]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == list(CASES)


def test_an_unknown_case_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["no_such_case"])
    assert "no case `no_such_case`" in capsys.readouterr().err
