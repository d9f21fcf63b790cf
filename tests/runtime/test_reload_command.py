"""`reload`: what it asks the running proxy, and how it tells the answer."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
import typer

from proxy.runtime.reload_command import reload
from proxy.runtime.toml_source import ConfigError


class Proxy(BaseHTTPRequestHandler):
    """A proxy that gives one answer."""

    status = 200
    body = b'{"outcome": "applied", "config": "c0ffee"}'

    def do_POST(self) -> None:
        if self.path != "/reload":
            self.send_error(404)
            return
        self.send_response(self.status)
        self.end_headers()
        self.wfile.write(self.body)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def port(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    server = HTTPServer(("127.0.0.1", 0), Proxy)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


def written(folder: Path, listen: str) -> Path:
    path = folder / "proxy.toml"
    path.write_text(f'[admin]\nlisten = "{listen}"\n[broken]\nelsewhere = 1\n', encoding="utf-8")
    return path


def test_applied(port: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert reload(written(tmp_path, f"127.0.0.1:{port}"), "") == 0
    assert capsys.readouterr().out == "applied: configuration c0ffee\n"


def test_every_address_of_the_machine_is_asked_on_loopback(port: int, tmp_path: Path) -> None:
    assert reload(written(tmp_path, f"0.0.0.0:{port}"), "") == 0


def test_the_admin_option_wins(port: int, tmp_path: Path) -> None:
    assert reload(written(tmp_path, "127.0.0.1:1"), f"127.0.0.1:{port}") == 0


def test_refused(
    port: int, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Proxy, "status", 422)
    monkeypatch.setattr(Proxy, "body", b'{"outcome": "refused", "error": "a.toml:3: key `x`: expected y, seen z"}')
    assert reload(written(tmp_path, f"127.0.0.1:{port}"), "") == 1
    told = capsys.readouterr().err
    assert "a.toml:3: key `x`: expected y, seen z" in told
    assert "goes on with the files it had" in told


def test_an_answer_that_is_none(
    port: int, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Proxy, "body", b"<html>")
    assert reload(written(tmp_path, f"127.0.0.1:{port}"), "") == 1
    assert "no proxy answered" in capsys.readouterr().err


def test_nobody_answers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert reload(written(tmp_path, "127.0.0.1:1"), "") == 1
    assert "no proxy answered on 127.0.0.1:1" in capsys.readouterr().err


def test_without_an_admin_port_the_signal_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert reload(written(tmp_path, ""), "") == 1
    assert "SIGHUP" in capsys.readouterr().err


def test_an_unreadable_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="a readable file"):
        reload(tmp_path / "proxy.toml", "")


def test_an_admin_option_that_is_no_address(tmp_path: Path) -> None:
    with pytest.raises(typer.BadParameter, match="expected `address:port`, seen `here`"):
        reload(tmp_path / "proxy.toml", "here")
