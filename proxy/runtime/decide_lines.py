"""Many calls decided as JSON lines: one object in, one object out, in the same order.

A line that cannot be read is answered with what is wrong with it, and the loop goes on. Decoder,
encoder and buffer are reused and input is read in large pieces, for this must keep up with the replay
of a whole day.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import BinaryIO, Final

import msgspec

from proxy.runtime.decide_command import Answer, BadRequest, Decider, Request, one_of

CHUNK: Final = 1 << 20
QUOTED: Final = 40
FIELDS: Final = tuple(field.encode_name for field in msgspec.structs.fields(Request))


class Failure(msgspec.Struct, omit_defaults=True):
    """One line that could not be read."""

    error: str
    id: str | int | None = None


class Identified(msgspec.Struct):
    """As much of a bad line as its answer needs."""

    id: str | int | None = None


def decide_lines(decider: Decider, source: BinaryIO, sink: BinaryIO) -> int:
    """Answers every line of `source` with one line on `sink`; the exit code is 1 if any could not be read.

    What has arrived is answered before more is waited for, so a program may ask and wait for the answer.
    """
    read: Callable[[int], bytes] = getattr(source, "read1", source.read)
    answers = Answers(decider)
    number = 0
    rest = b""
    while chunk := read(CHUNK):
        lines = (rest + chunk).split(b"\n")
        rest = lines.pop()
        for line in lines:
            number += 1
            answers.add(number, line)
        sink.write(answers.take())
        sink.flush()
    answers.add(number + 1, rest)
    sink.write(answers.take())
    sink.flush()
    return 1 if answers.failed else 0


class Answers:
    """The answers to the lines added since they were last taken."""

    def __init__(self, decider: Decider) -> None:
        self.failed = False
        self._decider: Final = decider
        self._decode: Final = msgspec.json.Decoder(Request).decode
        self._encode_into: Final = msgspec.json.Encoder().encode_into
        self._buffer = bytearray()

    def add(self, number: int, line: bytes) -> None:
        """Answers one line; an empty one has no answer."""
        if not line.strip():
            return
        try:
            request = self._decode(line)
            answer: Answer | Failure = self._decider.answer(request, self._decider.facts(request))
        except (msgspec.MsgspecError, BadRequest, UnicodeDecodeError) as error:
            self.failed = True
            answer = failure_of(number, line, error)
        self._encode_into(answer, self._buffer, -1)
        self._buffer += b"\n"

    def take(self) -> bytes:
        """The answers so far, each with its end of line."""
        taken = bytes(self._buffer)
        self._buffer.clear()
        return taken


def failure_of(number: int, line: bytes, error: Exception) -> Failure:
    """The answer to a bad line: its id if it can be read, and what is wrong with it."""
    known = None
    try:
        known = msgspec.json.decode(line, type=Identified).id
    except (msgspec.MsgspecError, UnicodeDecodeError):
        known = None
    return Failure(f"line {number}, {reason_of(error, line)}", known)


def reason_of(error: Exception, line: bytes) -> str:
    """Field, expected and seen of an error."""
    if isinstance(error, BadRequest):
        return str(error)
    if not isinstance(error, msgspec.ValidationError):
        shown = line[:QUOTED].decode("utf-8", "replace")
        return f"expected a JSON object, seen `{shown}`"
    text, _, path = str(error).partition(" - at `$")
    field = path.strip("`.").partition("[")[0]
    if "unknown field" in text:
        return str(BadRequest(text.rpartition("field ")[2].strip("`"), one_of(FIELDS), "an unknown field"))
    if "missing required field" in text:
        return str(BadRequest(text.rpartition("field ")[2].strip("`"), "a text", "nothing"))
    expected, _, seen_text = text.removeprefix("Expected ").partition(", got ")
    return str(BadRequest(field, expected, seen_text or "another shape"))
