"""Every message of RFC 4475 and RFC 5118, sent to a running proxy: what it answers, forwards or drops.

The messages are files in `tests/corpus/torture`, what must happen to each stands in `torture.toml`. Their Vias name
hosts that are not ours and no rport, so over UDP an answer goes to the address that the message came from and to the
port of its Via (RFC 3261 18.2.2): the platform of this test has an address of its own and listens on all those ports.

Over TCP answers come back on the connection. A row says where a stream makes a difference: a message whose length cannot
be known ends its connection (`ends`), one that never gets whole is waited for (`waits`), and what stands behind a message
is the next message (`next`).

After each message comes an OPTIONS of our own. What is answered before it was caused by the message, and a message that
is to be dropped was seen before: nothing here waits for time to pass.
"""

from __future__ import annotations

import random
import select
import socket
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from stage import HOST, Proxy

from tests.ladder import Seen, reply
from tests.runtime.ends import OPEN, Site, site_in

CORPUS = Path(__file__).parents[1] / "corpus"
# Any: a TOML table holds values of several types
ROWS: list[dict[str, Any]] = tomllib.loads((CORPUS / "torture.toml").read_text(encoding="utf-8"))["message"]
PORTS = (5060, 5050, 6050, 19823)  # where the Vias of the messages want their answers
PATIENCE = 30.0
NO_RULES = ("07-destination", "10-cli", "15-origin", "20-hours", "22-consent", "24-refusal", "26-frequency")
OWN_NUMBER = "+33162000001"  # what the callee is shown instead of the caller
NAMES = [row["file"] for row in ROWS]


def own_address() -> str:
    """A loopback address on which nobody has these ports."""
    while True:
        host = f"127.{random.randint(1, 250)}.{random.randint(1, 250)}.{random.randint(2, 250)}"
        try:
            for opened in [udp_on(host, port) for port in PORTS]:
                opened.close()
        except OSError:
            continue
        return host


def udp_on(host: str, port: int) -> socket.socket:
    opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    opened.bind((host, port))
    return opened


def site_for(folder: Path, host: str) -> Site:
    """A proxy whose one platform is at `host`, and whose rules let any number be called and shown."""
    site = site_in(folder)
    site.change("trunks.toml", 'sources = ["127.0.0.1"]', f'sources = ["{host}"]')
    site.change("trunks.toml", 'customer_header = "X-Account"', 'customer = "acme"')
    listeners = (
        f'[[listen]]\naddress = "{HOST}:{site.sip}"\n\n[[listen]]\ntransport = "tcp"\naddress = "{HOST}:{site.sip}"'
    )
    site.change("proxy.toml", f'[listen]\nudp = "{HOST}:{site.sip}"', listeners)
    for rules in NO_RULES:
        path = folder / "rules" / f"{rules}.toml"
        path.write_text(path.read_text(encoding="utf-8").replace('mode = "enforce"', 'mode = "off"'), encoding="utf-8")
    return site


class Ends:
    """The platform over UDP, and the carrier."""

    def __init__(self, host: str, site: Site, streams: bool) -> None:
        self.streams = streams
        self.sockets = [udp_on(host, port) for port in PORTS]
        self.carrier = udp_on(HOST, site.carrier)
        self.port = site.carrier
        self.proxy = (HOST, site.sip)
        self.host = host
        self.asked = 0
        self.seen: set[bytes] = set()

    def send(self, data: bytes) -> None:
        self.sockets[0].sendto(data, self.proxy)

    def receive(self) -> list[Seen]:
        """What came in on any socket; waits for something."""
        ready, _, _ = select.select([*self.sockets, self.carrier], [], [], PATIENCE)
        assert ready, "nothing came"
        return self.fresh(ready)

    def fresh(self, ready: list[socket.socket]) -> list[Seen]:
        """The next of each; who is slow is sent copies of what he has, which are nothing new."""
        found = []
        for one in ready:
            data = one.recv(65535)
            if data not in self.seen:
                self.seen.add(data)
                found.append(Seen("b" if one is self.carrier else "a", data, 0.0))
        return found

    def play(self, data: bytes, call_id: str) -> list[Seen]:
        """Send a message and see all that it causes; what reaches the carrier is turned down there."""
        self.waiting()  # copies of what belongs to the message before this one
        self.seen = {one for one in self.seen if not one.startswith(b"SIP/2.0 ")}  # two may be answered alike
        self.send(data)
        caused = self.until_answered(call_id)
        for seen in caused:
            if seen.side == "b" and seen.message.method != b"ACK":
                self.carrier.sendto(reply(seen, 486, tag="b1"), self.proxy)
                caused = [*caused, *self.until_final(seen, call_id)]
        return caused

    def until_answered(self, call_id: str) -> list[Seen]:
        """All that left the proxy before the answer to a question of our own: what is of this call, or the carrier's."""
        self.asked += 1
        own = f"probe-{self.asked}-{time.monotonic_ns()}"
        self.send(question(own))
        caused: list[Seen] = []
        answered = False
        while not answered:
            for seen in [*self.receive(), *self.waiting()]:
                if seen.header("call-id") == own:
                    answered = True
                elif seen.side == "b" or seen.header("call-id") in (call_id, ""):
                    caused.append(seen)
        return caused

    def waiting(self) -> list[Seen]:
        """What is there already: whatever left the proxy before the answer that we just saw."""
        found = []
        while ready := select.select([*self.sockets, self.carrier], [], [], 0)[0]:
            found += self.fresh(ready)
        return found

    def until_final(self, forwarded: Seen, call_id: str) -> list[Seen]:
        """The platform's answers up to the final one; a 100 may leave behind what goes to other places."""
        method = forwarded.message.method
        answers: list[Seen] = []
        while not (answers and answers[-1].message.status == 486 and answers[-1].message.method == method):
            answers += [seen for seen in self.receive() if seen.side == "a" and seen.header("call-id") in (call_id, "")]
        return answers

    def forwarded(self) -> list[Seen]:
        """What the carrier got of what was sent before; each is turned down there, and seen to be."""
        self.asked += 1
        self.send(question(f"probe-{self.asked}-{time.monotonic_ns()}"))
        found: list[Seen] = []
        answered = False
        while not answered:
            for seen in [*self.receive(), *self.waiting()]:
                answered = answered or seen.side == "a"
                if seen.side == "b" and seen.message.method != b"ACK":
                    found.append(seen)
                    self.carrier.sendto(reply(seen, 486, tag="b1"), self.proxy)
        return found

    def close(self) -> None:
        for one in (*self.sockets, self.carrier):
            one.close()


def question(call_id: str) -> bytes:
    """An OPTIONS that is always answered 200."""
    lines = ("OPTIONS sip:edge.example.net SIP/2.0", f"Via: SIP/2.0/UDP 192.0.2.1;rport;branch=z9hG4bK{call_id}",
             "Max-Forwards: 70", f"From: <sip:probe@example.net>;tag={call_id}", "To: <sip:edge.example.net>",
             f"Call-ID: {call_id}", "CSeq: 1 OPTIONS", "Content-Length: 0", "", "")  # fmt: skip
    return "\r\n".join(lines).encode()


@pytest.fixture(scope="module", params=["udp", "tcp"])
def ends(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ends]:
    """A proxy process with its platform and carrier; one for each transport, to which no message is a repeated one."""
    folder = tmp_path_factory.mktemp("torture")
    host = own_address()
    site = site_for(folder, host)
    with Proxy(site.config, site.admin, OPEN, folder):
        both = Ends(host, site, request.param == "tcp")
        yield both
        both.close()


def call_id_of(data: bytes) -> str:
    for line in data.partition(b"\r\n\r\n")[0].split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.strip().lower() in (b"call-id", b"i"):
            return value.strip().decode("latin-1")
    return ""


class Stream:
    """One connection of the platform."""

    def __init__(self, ends: Ends) -> None:
        self.socket = socket.create_connection(ends.proxy, PATIENCE, (ends.host, 0))
        self.rest = b""

    def until(self, call_id: str) -> list[Seen]:
        """The answers up to a final one of this call, or up to the end of the stream."""
        found: list[Seen] = []
        while not (found and found[-1].header("call-id") == call_id and found[-1].message.status >= 200):
            head, blank, rest = self.rest.partition(b"\r\n\r\n")
            if blank:
                found.append(Seen("a", head + blank, 0.0))  # none of these answers has a body
                self.rest = rest
                continue
            data = self.socket.recv(65535)
            if not data:
                break
            self.rest += data
        return found

    def until_provisional(self) -> list[Seen]:
        """The 100, which comes before the request goes on."""
        while b"\r\n\r\n" not in self.rest:
            self.rest += self.socket.recv(65535)
        head, blank, self.rest = self.rest.partition(b"\r\n\r\n")
        return [Seen("a", head + blank, 0.0)]

    def is_over(self) -> bool:
        """Has the proxy closed it, with nothing more to say?"""
        return self.rest == b"" and self.socket.recv(65535) == b""


@pytest.mark.parametrize("row", ROWS, ids=NAMES)
def test_what_becomes_of_a_message(row: dict[str, Any], ends: Ends) -> None:
    data = (CORPUS / "torture" / row["file"]).read_bytes()
    if ends.streams:
        play_over_tcp(row, data, ends)
    else:
        check(row, data, ends.play(data, call_id_of(data)))


def play_over_tcp(row: dict[str, Any], data: bytes, ends: Ends) -> None:
    """Send it on a connection of its own, and see what comes back on it."""
    way = row.get("tcp", "")
    stream = Stream(ends)
    stream.socket.sendall(data)
    if way == "waits":
        assert ends.forwarded() == []
    elif way == "ends":
        assert [seen.message.status for seen in stream.until("no call")] == [400]
        assert stream.is_over()
    elif "forwarded" in row:
        answers = [] if row["forwarded"].startswith("MESSAGE") else stream.until_provisional()
        found = ends.forwarded()
        end = time.monotonic() + PATIENCE
        while not found:  # a text has no 100 that says that it was read before the question over UDP
            assert time.monotonic() < end
            found = ends.forwarded()
        (seen,) = found
        answers += stream.until(call_id_of(data))
        check(row, data, [seen, *answers])
    else:
        own = f"after-{time.monotonic_ns()}"
        if way != "next":
            stream.socket.sendall(question(own).replace(b"/UDP", b"/TCP"))
            answers = stream.until(own)[:-1]
        else:
            answers = stream.until(call_id_of(data))
            assert [seen.start for seen in ends.forwarded()] == [
                f"INVITE {row['behind']}@{HOST}:{ends.port};user=phone SIP/2.0"
            ]
        check(row, data, answers)
    stream.socket.close()


def check(row: dict[str, Any], data: bytes, caused: list[Seen]) -> None:
    """What became of a message is what its row says, and nothing else."""
    forwarded = [seen for seen in caused if seen.side == "b" and seen.message.method != b"ACK"]
    answers = [seen.message.status for seen in caused if seen.side == "a"]
    if "answer" in row:
        assert answers == ([row["answer"]] if row["answer"] else [])
        assert forwarded == []
        return
    (seen,) = forwarded
    assert seen.start.startswith(row["forwarded"] + "@")
    assert answers == ([100, 486] if seen.message.method == b"INVITE" else [486])
    assert f"sip:{OWN_NUMBER}@edge.example.net" in seen.header("from")
    assert seen.header("max-forwards") == str(hops_of(data) - 1)
    shown = seen.data.partition(b"\r\n")[2].lower() if row["file"] == "escruri.dat" else seen.data.lower()
    assert [text for text in row["absent"] if text.encode().lower() in shown] == []
    body = data.partition(b"\r\n\r\n")[2]
    if row.get("kept"):
        assert seen.body == body
    else:
        assert described(seen.body) == described(body)


def hops_of(data: bytes) -> int:
    for line in data.partition(b"\r\n\r\n")[0].split(b"\r\n"):
        if line.lower().startswith(b"max-forwards"):
            return int(line.partition(b":")[2])
    return 70


def described(body: bytes) -> list[bytes]:
    """SDP without what names its owner."""
    return [line for line in body.split(b"\r\n") if line[:2] not in (b"o=", b"s=")]


def test_every_file_has_its_row_and_every_row_its_file() -> None:
    assert sorted(NAMES) == sorted(path.name for path in (CORPUS / "torture").iterdir())
    assert len([row for row in ROWS if row["like"].startswith("RFC 4475")]) == 49
    assert len([row for row in ROWS if row["like"].startswith("RFC 5118")]) == 12


def test_what_the_rfcs_give_in_bytes_came_through_version_control() -> None:
    torture = CORPUS / "torture"
    assert b"BEL:\\\x07 NUL:\\\x00 DEL:\\\x7f" in (torture / "intmeth.dat").read_bytes()
    assert "= 2**3 * 5**2 \u043d\u043e".encode() in (torture / "unreason.dat").read_bytes()
    signed = (torture / "mpart01.dat").read_bytes().partition(b"octet-stream")[2].partition(b"\r\n\r\n")[2]
    assert signed.startswith(bytes.fromhex("30820152"))  # a DER sequence of 338 bytes
    assert signed[4 + 0x152 :] == b"\r\n--7a9cbec02ceef655--\r\n"
