"""What is kept of the wire, and how much."""

from __future__ import annotations

import os
import socket
import struct
import time

import pytest
from stage import HOST, free_port

from tests.chaos.capture import Capture, Datagram, datagram
from tests.chaos.ground import until

IP = bytes([0x45, *[0] * 8, 17, *[0] * 10])


def packet(source: int, target: int, data: bytes) -> bytes:
    return IP + struct.pack("!HHHH", source, target, 8 + len(data), 0) + data


def test_a_packet_is_a_datagram_with_its_ports() -> None:
    found = datagram(packet(5070, 5060, b"INVITE"), 3.5)
    assert found == Datagram(3.5, 5070, 5060, b"INVITE")
    for wrong in (b"", IP, IP[:9] + b"\x06" + IP[10:] + bytes(20)):
        assert datagram(wrong, 1.0) is None


def test_its_call_id_is_found() -> None:
    assert Datagram(0.0, 1, 2, b"BYE sip:x SIP/2.0\r\nCall-ID: a@b\r\n\r\n").call_id == b"a@b"
    assert Datagram(0.0, 1, 2, b"BYE sip:x SIP/2.0\r\ni:a\r\n\r\n").call_id == b"a"
    assert Datagram(0.0, 1, 2, b"\r\n\r\n").call_id == b""


def test_only_those_of_the_ports_are_kept_and_only_the_newest() -> None:
    capture = Capture([5060], most=100)
    for number in range(10):
        capture.keep(Datagram(10.0 - number, 5060, number, bytes(30)))
        capture.keep(Datagram(float(number), 5080, 5090, bytes(30)))
    capture.keep(None)
    assert [one.target for one in capture.kept()] == [9, 8, 7]


@pytest.mark.skipif(os.geteuid() != 0, reason="packets may only be read by root")
def test_the_wire_is_read() -> None:
    port = free_port()
    with Capture([port]) as capture, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        begun = time.time()
        sender.sendto(b"one", (HOST, free_port()))
        sender.sendto(b"two", (HOST, port))
        assert until(lambda: bool(capture.kept()), 5.0)
    (found,) = capture.kept()
    assert (found.data, found.target) == (b"two", port)
    assert begun - 0.1 < found.at < time.time() + 0.1


def test_who_may_not_read_is_told_and_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(*_: object) -> socket.socket:
        raise PermissionError

    monkeypatch.setattr(socket, "socket", forbidden)
    with Capture([5060]) as capture:
        assert "root" in capture.missing
        assert capture.kept() == []
