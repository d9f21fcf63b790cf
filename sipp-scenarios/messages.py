"""What SIPp saw on the wire, and the search for what must not be seen.

Here: reading a SIPp message trace (-trace_msg) into messages, and finding the platform's number,
in any writing, or its words in the messages that the carrier received. No process is started here.

How a number is searched: percent escapes are undone, separators between two digits are taken out,
and the national digits without their leading zero are looked for. `+33 1 42 68 53 00`,
`0033142685300`, `+33(0)142685300` and `tel:+33-1-42-68-53-00` are then the same string.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

_FRAME = re.compile(r"^-{20,}[^\n]*\n(?:UDP|TCP) message (sent|received) [\[(](\d+)\]? bytes\)? ?:\n\n", re.MULTILINE)
_SEPARATORS = re.compile(r"(?<=\d)[ .()/_-]+(?=\d)")


@dataclass(frozen=True)
class Message:
    """One SIP message as SIPp wrote it down."""

    received: bool
    text: str

    @property
    def start_line(self) -> str:
        return self.text.split("\n", 1)[0].strip()

    @property
    def method(self) -> str:
        """The method of a request, the method of the CSeq of a response."""
        if self.start_line.startswith("SIP/2.0"):
            return self.header("CSeq").rpartition(" ")[2]
        return self.start_line.partition(" ")[0]

    @property
    def status(self) -> int:
        """Status of a response, 0 for a request."""
        return int(self.start_line.split(" ", 2)[1]) if self.start_line.startswith("SIP/2.0 ") else 0

    def header(self, name: str) -> str:
        """First value of that header, "" when there is none."""
        found = re.search(rf"^{re.escape(name)}[ \t]*:[ \t]*([^\r\n]*)", self.text, re.MULTILINE | re.IGNORECASE)
        return found.group(1).strip() if found else ""


def read_trace(path: Path) -> list[Message]:
    """Messages of a trace in wire order; none when SIPp wrote no trace."""
    if not path.exists():
        return []
    text = path.read_text(encoding="utf-8", errors="replace")
    frames = list(_FRAME.finditer(text))
    starts = [frame.start() for frame in frames] + [len(text)]
    return [
        Message(received=frame.group(1) == "received", text=text[frame.end() : end])
        for frame, end in zip(frames, starts[1:], strict=True)
    ]


def digits_of(identity: str) -> str:
    """National digits, without leading zero, of the number in a From or identity header; "" without number."""
    user = re.search(r"(?:sip|tel):([^@;>]*)", identity)
    digits = re.sub(r"\D", "", unquote(user.group(1)).replace("(0)", "")) if user else ""
    return re.sub(r"^(0033|33|0)", "", digits)


def leaks(messages: Sequence[Message], numbers: set[str], words: set[str]) -> list[str]:
    """Every number or word found in a received message, as one line each."""
    found = []
    for message in messages:
        if not message.received:
            continue
        plain = _SEPARATORS.sub("", unquote(message.text)).lower()
        for secret in sorted(numbers | words):
            if secret and secret.lower() in plain:
                found.append(f"`{secret}` is in `{message.start_line}`")
    return found
