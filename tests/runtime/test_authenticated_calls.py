"""Platforms that prove who they are and carriers that ask us, through real sockets, and where the secrets do not go."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from stage import HOST, free_port

from proxy.runtime.app import App
from proxy.runtime.clock import FixedClock
from proxy.runtime.configuration import load_configuration
from tests.b2bua.digest_peer import authorization, is_right, with_line
from tests.b2bua.test_challenges import ask
from tests.ladder import ANSWER, EPOCH, Callee, Seen
from tests.runtime.certificates import Authority
from tests.runtime.ends import PATIENCE, Ends, Site, site_in

WORD = "correct horse"
DIGEST = 'auth = { kind = "digest", realm = "edge.example.net", users = ["vms-1=env:NPV_TEST_WORD"] }'
CERTIFICATE = 'auth = { kind = "certificate", names = ["platform.example.net"] }'
LOGIN = 'login = { user = "edge", secret = "env:NPV_TEST_WORD" }'


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    monkeypatch.setenv("NPV_TEST_WORD", WORD)
    return site_in(tmp_path)


@asynccontextmanager
async def running(site: Site) -> AsyncIterator[tuple[App, Ends]]:
    app, ends = App(load_configuration(site.config), FixedClock(EPOCH, running=True)), Ends(site)
    try:
        await app.start()
        yield app, ends
    finally:
        ends.close()
        await app.stop()


async def test_both_sides_ask_and_are_answered_and_no_text_holds_the_word(site: Site) -> None:
    site.change("trunks.toml", 'sources = ["127.0.0.1"]', DIGEST)
    site.change("trunks.toml", 'numbers = "e164"', LOGIN)
    async with running(site) as (app, ends):
        caller = ends.caller()
        ends.a.send(caller.invite())
        asked = await ends.a.take("401 INVITE")
        ends.a.send(caller.ack_failure(asked))
        caller.cseq += 1
        request = caller.invite()
        ends.a.send(with_line(request, authorization(asked, request, word=WORD)))
        await ends.a.take("100 INVITE")
        first = await ends.b.take("INVITE")
        ends.b.send(ask(first))
        await ends.b.take("ACK")
        second = await ends.b.take("INVITE")
        assert is_right(second, WORD)
        callee = Callee(second, "btag1")
        callee.contact = f"sip:gateway@{HOST}:{ends.b.port}"
        ends.b.send(callee.reply(200, body=ANSWER))
        caller.learn(await ends.a.take("200 INVITE"))
        ends.a.send(caller.ack())
        await ends.b.take("ACK")
        await ends.hang_up(caller, callee)
        texts = f"{app.engine.fabric.topology!r} {app.configuration!r}"
    assert "vms-1" in texts
    kept = [path.read_bytes() for path in site.folder.rglob("*") if path.is_file()]
    assert len(kept) > 5
    assert not any(WORD.encode() in data for data in (*kept, texts.encode()))
    assert any(b"env:NPV_TEST_WORD" in data for data in kept)


async def test_wrong_words_are_refused_and_the_word_is_read_anew_by_a_reload(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.change("trunks.toml", 'sources = ["127.0.0.1"]', DIGEST)
    async with running(site) as (app, ends):
        for word, status in (("wrong", 403), (WORD, 100)):
            caller = ends.caller()
            ends.a.send(caller.invite())
            asked = await ends.a.take("401 INVITE")
            request = caller.invite()
            ends.a.send(with_line(request, authorization(asked, request, word=word)))
            await ends.a.take(f"{status} INVITE")
        monkeypatch.setenv("NPV_TEST_WORD", "wrong")
        await app.reload()
        caller = ends.caller()
        ends.a.send(caller.invite())
        asked = await ends.a.take("401 INVITE")
        request = caller.invite()
        ends.a.send(with_line(request, authorization(asked, request, word="wrong")))
        await ends.a.take("100 INVITE")


class Secured:
    """A platform that comes over TLS."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def ask(self, data: bytes) -> Seen:
        """The first answer to this request."""
        self.writer.write(data.replace(b"SIP/2.0/UDP", b"SIP/2.0/TLS"))
        return Seen("a", await asyncio.wait_for(self.reader.readuntil(b"\r\n\r\n"), PATIENCE), 0.0)


async def test_a_certificate_is_as_good_as_an_address_and_none_is_not(site: Site, tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    port = free_port()
    here, there = authority.certificate("edge.example.net"), authority.certificate("platform.example.net")
    site.change("trunks.toml", 'sources = ["127.0.0.1"]', CERTIFICATE)
    text = site.config.read_text(encoding="utf-8")
    udp = text[text.index("[listen]") : text.index("[admin]")]
    listeners = (
        f'[[listen]]\naddress = "{HOST}:{site.sip}"\n\n[[listen]]\ntransport = "tls"\naddress = "{HOST}:{port}"\n'
        f'certificate = "{here}"\nclient_ca = "{authority.file}"\n\n'
    )
    site.change("proxy.toml", udp, listeners)
    async with running(site) as (app, ends):
        statuses = []
        for shown in (there, None, here):
            context = ssl.create_default_context(cafile=str(authority.file))
            if shown is not None:
                context.load_cert_chain(shown)
            platform = Secured(
                *await asyncio.open_connection(HOST, port, ssl=context, server_hostname="edge.example.net")
            )
            statuses.append((await platform.ask(ends.caller().invite())).message.status)
            platform.writer.close()
        assert statuses == [100, 403, 403]
        await ends.refused(ends.caller(), 403)
        assert app.engine.counters.dropped["unknown source"] == 3
        await ends.b.take("INVITE")
