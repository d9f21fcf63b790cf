"""From one input to the next: seeded changes that know what SIP is made of.

Blind bytes seldom pass the first line of a message. So most changes here move what is there (lines, pieces between
separators, numbers) or put in words that mean something to one of the grammars; a few are blind. The same seed and the
same corpus give the same inputs.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from random import Random
from typing import Final

LARGEST: Final = 65535
WORDS: Final = (
    b'"', b"\\", b'\\"', b"<", b">", b"<>", b";", b",", b"=", b":", b"@", b"%", b"%2", b"%00", b"%0d%0a", b"%2B", b"[", b"]",
    b"[::1]", b"[2001:db8::10:5070]", b"[::ffff:192.0.2.1]", b"?", b"&", b" ", b"\t", b"\r\n", b"\r\n ", b"\r\n\r\n", b"\n", b"\r",
    b"\x00", b"\x7f", b"\xb2", b"\xff", b"\xc3\xa9", b"\xe2\x80\x8b", b"sip:", b"sips:", b"tel:", b"urn:service:sos", b"mailto:",
    b"SIP/2.0", b"sip/2.0", b"SIP/3.0", b"SIP / 2.0 / UDP ", b"SIP/2.0/TCP ", b";tag=", b";rport", b";received=", b";branch=z9hG4bK",
    b";lr", b";maddr=255.255.255.255", b";ttl=1", b";transport=tcp", b";user=phone", b";phone-context=+33", b";isub=1", b"(0)",
    b"+33", b"0033", b"+33612345678", b"0145001234", b"+262", b"+590", b"112", b"3949", b"118", b"anonymous",
    b"INVITE", b"ACK", b"BYE", b"CANCEL", b"OPTIONS", b"PRACK", b"UPDATE", b"INFO", b"MESSAGE", b"REFER", b"REGISTER", b"X",
    b"100rel", b"timer", b"precondition", b"100", b"180", b"183", b"199", b"200", b"302", b"401", b"407", b"408", b"486", b"491", b"503",
    b"607", b"699", b"Via: ", b"v: ", b"From: ", b"To: ", b"Call-ID: ", b"CSeq: ", b"Contact: ", b"m: ", b"Route: ", b"Record-Route: ",
    b"Content-Length: 0", b"Content-Length: 99999", b"l: 1", b"Content-Type: multipart/mixed;boundary=x", b"Content-Encoding: gzip",
    b"Max-Forwards: 0", b"Require: ", b"Proxy-Require: ", b"Supported: ", b"Session-Expires: 90;refresher=uac", b"Min-SE: 90",
    b"RSeq: 1", b"RAck: 1 1 INVITE", b"Reason: Q.850;cause=16", b"Retry-After: 1", b"Replaces: ", b"P-Asserted-Identity: ",
    b"Privacy: id", b"Timestamp: ", b"Expires: 0", b"Authorization: Digest ", b'Digest realm="edge"', b'nonce="', b'qop="auth,auth-int"',
    b"algorithm=SHA-256-sess", b"algorithm=MD5", b"nc=00000001", b"stale=true", b'opaque=""', b"application/sdp", b"v=0\r\n", b"m=audio 0 RTP/AVP 8\r\n",
    b"a=sendonly\r\n", b"c=IN IP4 0.0.0.0\r\n", b"o=- 1 1 IN IP4 10.1.0.9\r\n", b"s=-\r\n", b"--x\r\n", b"--x--\r\n",
)  # fmt: skip
NUMBERS: Final = (
    b"0", b"1", b"-1", b"00", b"255", b"256", b"65535", b"65536", b"2147483647", b"2147483648", b"4294967295", b"4294967296",
    b"9" * 20, b"0" * 30 + b"1", b"1e3", b"\xb2", b"+1", b"0x10", b"1.5", b"",
)  # fmt: skip
ORDERS: Final = (
    b"%% a\n",
    b"%% b\n",
    b"%% x\n",
    b"%% A\n",
    b"%% B\n",
    b"%% t 1\n",
    b"%% t 33\n",
    b"%% t 700\n",
    b"%% d\n",
    b"%% s\n",
)
_NUMBER: Final = re.compile(rb"\d+")
_PIECES: Final = re.compile(rb"([\r\n;,=<>\":@ ]+)")


class Mutator:
    """Changes inputs; everything that it draws comes from its seed."""

    def __init__(self, seed: int) -> None:
        self.random: Final = Random(seed)
        self._ways: Final[list[Callable[[bytes, Sequence[bytes]], bytes]]] = [
            self._word, self._word, self._number, self._number, self._drop, self._double, self._lines, self._lines,
            self._pieces, self._pieces, self._cross, self._byte, self._repeat, self._case, self._section,
        ]  # fmt: skip

    def change(self, data: bytes, corpus: Sequence[bytes], longest: int = LARGEST) -> bytes:
        """`data` after one to six changes; `corpus` is what it may be crossed with."""
        count = 1 + min(int(self.random.expovariate(0.7)), 5)
        for _ in range(count):
            data = self.random.choice(self._ways)(data, corpus)
        return data[:longest]

    def _span(self, data: bytes, most: int) -> tuple[int, int]:
        start = self.random.randint(0, len(data))
        return start, min(len(data), start + self.random.randint(0, most))

    def _word(self, data: bytes, corpus: Sequence[bytes]) -> bytes:
        start, end = self._span(data, 8 if self.random.random() < 0.5 else 0)
        return data[:start] + self.random.choice(WORDS) + data[end:]

    def _number(self, data: bytes, corpus: Sequence[bytes]) -> bytes:
        found = list(_NUMBER.finditer(data))
        if not found:
            return data + self.random.choice(NUMBERS)
        at = self.random.choice(found)
        if self.random.random() < 0.5 and len(at[0]) < 18:
            new = b"%d" % max(0, int(at[0]) + self.random.choice((-1, 1, 10, 1000)))
        else:
            new = self.random.choice(NUMBERS)
        return data[: at.start()] + new + data[at.end() :]

    def _drop(self, data: bytes, corpus: Sequence[bytes]) -> bytes:
        start, end = self._span(data, 30)
        return data[:start] + data[end:]

    def _double(self, data: bytes, corpus: Sequence[bytes]) -> bytes:
        start, end = self._span(data, 60)
        return data[:end] + data[start:end] + data[end:]

    def _lines(self, data: bytes, corpus: Sequence[bytes]) -> bytes:
        """Drop, double, move, fold or replace one line."""
        lines = data.split(b"\r\n")
        at = self.random.randrange(len(lines))
        way = self.random.randrange(6)
        if way == 0:
            del lines[at]
        elif way == 1:
            lines.insert(self.random.randrange(len(lines) + 1), lines[at])
        elif way == 2:
            lines.insert(self.random.randrange(len(lines)), lines.pop(at))
        elif way == 3:
            cut = self.random.randint(0, len(lines[at]))
            lines[at : at + 1] = [lines[at][:cut], b" " + lines[at][cut:]]
        elif way == 4:
            other = self.random.choice(corpus).split(b"\r\n") if corpus else lines
            lines[at] = self.random.choice(other)
        else:
            other = self.random.choice(corpus).split(b"\r\n") if corpus else lines
            lines.insert(at, self.random.choice(other))
        return b"\r\n".join(lines)

    def _pieces(self, data: bytes, corpus: Sequence[bytes]) -> bytes:
        """Swap, drop, double or replace what stands between two separators."""
        pieces = _PIECES.split(data[:4096])
        tail = data[4096:]
        one, other = self.random.randrange(len(pieces)), self.random.randrange(len(pieces))
        way = self.random.randrange(4)
        if way == 0:
            pieces[one], pieces[other] = pieces[other], pieces[one]
        elif way == 1:
            pieces[one] = b""
        elif way == 2:
            pieces[one] += pieces[other]
        else:
            pieces[one] = self.random.choice(WORDS)
        return b"".join(pieces) + tail

    def _cross(self, data: bytes, corpus: Sequence[bytes]) -> bytes:
        other = self.random.choice(corpus) if corpus else data
        return data[: self.random.randint(0, len(data))] + other[self.random.randint(0, len(other)) :]

    def _byte(self, data: bytes, corpus: Sequence[bytes]) -> bytes:
        at = self.random.randint(0, len(data))
        return data[:at] + bytes((self.random.randrange(256),)) + data[at + self.random.randint(0, 1) :]

    def _repeat(self, data: bytes, corpus: Sequence[bytes]) -> bytes:
        """One word many times, seldom very many times."""
        at = self.random.randint(0, len(data))
        times = self.random.choice((2, 3, 10, 100, 100, 300) if self.random.random() < 0.97 else (3000, 20000))
        return data[:at] + self.random.choice(WORDS) * times + data[at:]

    def _case(self, data: bytes, corpus: Sequence[bytes]) -> bytes:
        start, end = self._span(data, 20)
        return data[:start] + data[start:end].swapcase() + data[end:]

    def _section(self, data: bytes, corpus: Sequence[bytes]) -> bytes:
        """Scripts: move a section, or take one of another script. Other inputs: as `_cross`."""
        if b"%% " not in data:
            return self._cross(data, corpus)
        parts = re.split(rb"(?=%% )", data)
        way = self.random.randrange(4)
        if way == 0:
            parts.insert(self.random.randrange(len(parts)), parts.pop(self.random.randrange(len(parts))))
        elif way == 1:
            parts.insert(self.random.randrange(len(parts) + 1), self.random.choice(parts))
        elif way == 2:
            parts.insert(self.random.randrange(len(parts) + 1), self.random.choice(ORDERS))
        else:
            others = re.split(rb"(?=%% )", self.random.choice(corpus)) if corpus else parts
            parts.insert(self.random.randrange(len(parts) + 1), self.random.choice(others))
        return b"".join(parts)
