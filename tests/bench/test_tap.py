"""What the tap takes for an INVITE, and what its filter lets through."""

from __future__ import annotations

import os
import socket
import struct
import time

import pytest
from stage import HOST, free_port

from tests.bench.tap import Tap, called, invites_to

IP = bytes([0x45, *[0] * 8, 17, *[0] * 10])


def packet(port: int, payload: bytes) -> bytes:
    return IP + struct.pack("!HHHH", 5070, port, 8 + len(payload), 0) + payload


@pytest.mark.parametrize("uri", [b"sip:+33612345678@h", b"sip:33612345678@h;user=phone", b"sips:33612345678@h"])
def test_the_called_number_is_the_name_of_a_call(uri: bytes) -> None:
    assert called(packet(5060, b"INVITE " + uri + b" SIP/2.0\r\n")) == (5060, b"33612345678")


@pytest.mark.parametrize("payload", [b"ACK sip:1@h SIP/2.0", b"INVITE sip:anna@h SIP/2.0", b""])
def test_anything_else_is_none(payload: bytes) -> None:
    assert called(packet(5060, payload)) is None


def verdict(program: bytes, data: bytes, kind: int) -> int:
    """What that filter returns: the few instructions that ours is made of."""
    steps = list(struct.iter_unpack("HBBI", program))
    a = x = at = 0
    while True:
        code, yes, no, value = steps[at]
        at += 1
        if code == 0x06:
            return int(value)
        if code == 0x15:
            at += yes if a == value else no
        elif code == 0xB1:
            x = (data[value] & 15) * 4
        else:
            size = {0x30: 1, 0x48: 2, 0x40: 4}[code]
            start = value + (x if code in (0x48, 0x40) else 0)
            if value >= 0xFFFF_F000:
                a = kind
            elif start + size > len(data):
                return 0
            else:
                a = int.from_bytes(data[start : start + size], "big")


@pytest.mark.parametrize(
    ("data", "kind", "kept"),
    [
        (packet(5060, b"INVITE sip:1@h"), 0, True),
        (packet(5080, b"INVITE sip:1@h"), 0, True),
        (packet(5070, b"INVITE sip:1@h"), 0, False),
        (packet(5060, b"ACK sip:1@h"), 0, False),
        (packet(5060, b"INVITE sip:1@h"), 4, False),
        (packet(5060, b"IN"), 0, False),
        (packet(5060, b"INVITE sip:1@h").replace(bytes([17]), bytes([6]), 1), 0, False),
    ],
)
def test_the_filter_keeps_invites_to_the_two_ports(data: bytes, kind: int, kept: bool) -> None:
    assert (verdict(invites_to(5060, 5080), data, kind) > 0) is kept


@pytest.mark.skipif(os.geteuid() != 0, reason="packets may be read by root only")
def test_datagrams_on_loopback_are_seen_in_both_directions() -> None:
    port, next_port = free_port(), free_port()
    sent: list[bytes] = []
    in_order: list[bytes] = []
    end = time.monotonic() + 60
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender, Tap(port, next_port) as tap:
        # the kernel begins with its time stamps a little after it was asked for them
        while not in_order and time.monotonic() < end:
            sent.append(b"336%08d" % len(sent))
            for place in (port, next_port):
                sender.sendto(b"INVITE sip:+%b@h SIP/2.0\r\n" % sent[-1], (HOST, place))
                sender.sendto(b"BYE sip:+33700000002@h SIP/2.0\r\n", (HOST, place))
            while sent[-1] not in tap.left and time.monotonic() < end:
                time.sleep(0.01)
            in_order = [one for one in sent if tap.came[one] < tap.left[one]]
    assert in_order == sent[-1:]
    assert set(tap.came) == set(tap.left) == set(sent)
