"""`trunks test`: the running proxy sends OPTIONS itself, and the command prints what each gateway answers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from proxy.runtime.app import App
from proxy.runtime.clock import FixedClock
from proxy.runtime.configuration import load_configuration
from proxy.runtime.trunk_test import ask_gateways
from tests.ladder import EPOCH, reply
from tests.runtime.ends import Ends, Site, site_in


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return site_in(tmp_path)


@pytest.fixture
def ends(site: Site) -> Iterator[Ends]:
    made = Ends(site)
    yield made
    made.close()


@pytest.fixture
async def app(site: Site) -> AsyncIterator[App]:
    app = App(load_configuration(site.config), FixedClock(EPOCH, running=True))
    await app.start()
    yield app
    await app.stop()


@pytest.mark.usefixtures("app")
@pytest.mark.parametrize(("status", "serves", "code"), [(200, "yes", 0), (503, "no", 1)])
async def test_each_gateway_answers_for_itself(
    site: Site, ends: Ends, capsys: pytest.CaptureFixture[str], status: int, serves: str, code: int
) -> None:
    asking = asyncio.get_running_loop().run_in_executor(None, ask_gateways, site.config, "carrier-1", "")
    question = await ends.b.take("OPTIONS")
    ends.b.send(reply(question, status))
    assert await asking == code
    head, line = capsys.readouterr().out.splitlines()
    assert head.split("\t") == ["carrier", "gateway", "answer", "seconds", "takes calls"]
    cells = line.split("\t")
    assert [cells[at] for at in (0, 1, 2, 4)] == ["carrier-1", f"127.0.0.1:{site.carrier} udp", str(status), serves]


@pytest.mark.usefixtures("app")
async def test_a_carrier_that_there_is_not_is_said(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    code = await asyncio.get_running_loop().run_in_executor(None, ask_gateways, site.config, "carrier-9", "")
    assert code == 1
    assert "expected the name of a carrier with an address, seen `carrier-9`" in capsys.readouterr().err


def test_a_proxy_that_does_not_run_is_said(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    assert ask_gateways(site.config, "carrier-1", "") == 1
    assert f"no proxy answered on 127.0.0.1:{site.admin}: " in capsys.readouterr().err
