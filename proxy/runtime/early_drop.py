"""What the kernel throws away for us: new calls of a flood, before they cost a system call.

Reading a datagram costs a tenth of what its refusal costs, but of a flood even that is too much. So the socket gets a
classic BPF filter (`SO_ATTACH_FILTER`, no privilege needed) that drops a part, at random, of the INVITEs of some hosts.
It drops nothing else: the request line must call, by a sip URI, a number that is too long for an emergency number, and
a request inside a dialog is addressed to our Contact, which has no number. All workers that share a socket share its
filter; whoever measures overload renews it, and a filter that nobody renews is taken away by whoever starts to read.
"""

from __future__ import annotations

import socket
from collections.abc import Mapping
from ipaddress import ip_address
from typing import Final, final

from proxy.runtime.socket_program import CODE, JUMP, JUMP_EQUAL, LOAD_BYTE, LOAD_WORD, RETURN, attached, word

SO_ATTACH_FILTER: Final = 26
SO_DETACH_FILTER: Final = 27
SO_MEMINFO: Final = 55
MOST_HOSTS: Final = 32
PAYLOAD: Final = 8  # a filter of a UDP socket sees the UDP header first
SHORTEST: Final = PAYLOAD + 40
NETWORK: Final = -0x100000  # SKF_NET_OFF
RANDOM: Final = -0x1000 + 56  # SKF_AD_OFF + SKF_AD_RANDOM
LOAD_HALF: Final = 0x28
LENGTH: Final = 0x80  # BPF_LD | BPF_W | BPF_LEN
AND: Final = 0x54
LEAST: Final = 0x35  # BPF_JMP | BPF_JGE | BPF_K
ALL: Final = 0xFFFFFFFF
URI: Final = PAYLOAD + 11  # the first character of the user, behind `INVITE sip:`

Step = tuple[int, int, str, str]
"""Operation, operand, and the marks to go to when a comparison holds and when it does not; an empty one goes on."""


def program(hosts: Mapping[str, float], family: int) -> list[bytes]:
    """The filter for these hosts of one address family, by the part that it drops of each; empty when there is none."""
    version = 6 if family == socket.AF_INET6 else 4
    wanted = [(ip_address(host), part) for host, part in hosts.items() if ip_address(host).version == version]
    if not wanted:
        return []
    steps: list[tuple[str, Step]] = [("", (LENGTH, 0, "", "")), ("", (LEAST, SHORTEST, "", "pass"))]
    steps += _match(LOAD_WORD, PAYLOAD, b"INVI", "pass")
    steps += _match(LOAD_WORD, PAYLOAD + 4, b"TE s", "pass")
    steps += [("", (LOAD_WORD, PAYLOAD + 8, "", "")), ("", (AND, 0xFFFFFF00, "", ""))]
    steps += [("", (JUMP_EQUAL, word(b"ip:\0"), "", "pass"))]
    steps += [("", (LOAD_HALF, URI, "", "")), ("", (JUMP_EQUAL, word(b"00"), "pass", ""))]
    steps += [
        ("", (LOAD_BYTE, URI, "", "")),
        ("", (JUMP_EQUAL, ord("+"), "digits", "")),
        *_digit(),
        ("digits", (LENGTH, 0, "", "")),
    ]
    for place in range(URI + 1, URI + 10):
        steps += [("", (LOAD_BYTE, place, "", "")), *_digit()]
    steps += [("", (JUMP, 1, "", "")), ("pass", (RETURN, ALL, "", ""))]
    for number, (address, part) in enumerate(wanted[:MOST_HOSTS]):
        after = f"after {number}"
        offset = NETWORK + (8 if version == 6 else 12)
        packed = address.packed
        for at in range(0, len(packed), 4):
            steps += _match(LOAD_WORD, offset + at, packed[at : at + 4], after)
        steps += [("", (LOAD_WORD, RANDOM, "", "")), ("", (LEAST, min(int(part * ALL), ALL), after, ""))]
        steps += [("", (RETURN, 0, "", "")), (after, (LENGTH, 0, "", ""))]
    return _assembled([*steps, ("", (RETURN, ALL, "", ""))])


def _match(load: int, offset: int, wanted: bytes, otherwise: str) -> list[tuple[str, Step]]:
    return [("", (load, offset, "", "")), ("", (JUMP_EQUAL, word(wanted), "", otherwise))]


def _digit() -> list[tuple[str, Step]]:
    """Pass whatever is no digit."""
    return [("", (LEAST, ord("0"), "", "pass")), ("", (LEAST, ord("9") + 1, "pass", ""))]


def _assembled(steps: list[tuple[str, Step]]) -> list[bytes]:
    """Instructions as the kernel wants them: a mark becomes the number of steps to pass over."""
    at = {mark: number for number, (mark, _) in enumerate(steps) if mark}
    code = []
    for number, (_, (operation, operand, yes, no)) in enumerate(steps):
        over = [at[mark] - number - 1 if mark else 0 for mark in (yes, no)]
        code.append(CODE.pack(operation, *over, operand & ALL))
    return code


@final
class EarlyDrop:
    """The filter of one socket. `works` is False where the kernel has no such filters."""

    __slots__ = ("works", "_socket", "_held")

    def __init__(self, bound: socket.socket) -> None:
        self._socket: Final = bound
        self._held = False
        self.works = self._attach([_NOTHING]) and self._detach()

    def use(self, hosts: Mapping[str, float]) -> None:
        """Drop these parts of what these hosts begin, from now on; of nobody's when there is none."""
        code = program(hosts, self._socket.family) if hosts and self.works else []
        if code:
            self._held = self._attach(code)
        elif self._held:
            self._held = not self._detach()

    def _attach(self, code: list[bytes]) -> bool:
        return attached(self._socket, SO_ATTACH_FILTER, b"".join(code))

    def _detach(self) -> bool:
        try:
            self._socket.setsockopt(socket.SOL_SOCKET, SO_DETACH_FILTER, 0)
        except OSError:
            return False
        return True


_NOTHING: Final = CODE.pack(RETURN, 0, 0, ALL)
