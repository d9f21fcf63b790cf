"""Questions and answers between the supervisor and one worker, over a pair of Unix sockets.

A frame is its length and a MessagePack list: number, kind, content. Either side may ask; an answer has the number of its
question. Whoever reads the end of the stream knows that the other is gone.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Mapping
from struct import Struct
from typing import Any, Final, final

import msgspec

from proxy.runtime.tasks import Tasks

LENGTH: Final = Struct(">I")
ASKED: Final = 0
ANSWERED: Final = 1
REFUSED: Final = 2
Content = Any  # what MessagePack carries: None, bool, int, float, str, bytes, lists and maps of these
Answer = Callable[[Content], Awaitable[Content]]


class Gone(Exception):
    """The other side is there no more, or does not answer in time."""


class Refused(Exception):
    """The other side says why it will not."""


def control_pair() -> tuple[socket.socket, socket.socket]:
    """The two ends."""
    near, far = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    for end in (near, far):
        end.setblocking(False)
    return near, far


@final
class Channel:
    """One end. `answers` are called by their names; one that raises Refused is answered with its text."""

    def __init__(self, answers: Mapping[str, Answer], tasks: Tasks) -> None:
        self._answers: Final = answers
        self._tasks: Final = tasks
        self._open: Final[dict[int, asyncio.Future[Content]]] = {}
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._last = 0

    async def open(self, end: socket.socket) -> None:
        """Take the socket; from now on it may be asked, and `follow` must run."""
        self._reader, self._writer = await asyncio.open_unix_connection(sock=end)

    async def follow(self) -> None:
        """Read until the other side is gone, then close."""
        reader, writer = self._reader, self._writer
        if reader is None or writer is None:
            return
        try:
            while True:
                (length,) = LENGTH.unpack(await reader.readexactly(LENGTH.size))
                self._heard(*msgspec.msgpack.decode(await reader.readexactly(length)))
        except (asyncio.IncompleteReadError, OSError):
            pass
        finally:
            writer.close()
            self._writer = None
            for waiting in self._open.values():
                if not waiting.done():
                    waiting.set_exception(Gone("it has ended"))
            self._open.clear()

    async def ask(self, what: str, content: Content = None, patience: float = 60.0) -> Content:
        """The answer, within so many seconds. Raises Gone or Refused."""
        self._last += 1
        number = self._last
        waiting: asyncio.Future[Content] = asyncio.get_running_loop().create_future()
        self._open[number] = waiting
        self._send(number, ASKED, [what, content])
        try:
            return await asyncio.wait_for(waiting, patience)
        except TimeoutError:
            raise Gone(f"no answer in {patience:g} s") from None
        finally:
            self._open.pop(number, None)

    def _send(self, number: int, kind: int, content: Content) -> None:
        if self._writer is None:
            raise Gone("it has ended")
        frame = msgspec.msgpack.encode([number, kind, content])
        self._writer.write(LENGTH.pack(len(frame)) + frame)

    def _heard(self, number: int, kind: int, content: Content) -> None:
        if kind == ASKED:
            self._tasks.spawn(self._answer(number, *content), f"answer to {content[0]}")
            return
        waiting = self._open.get(number)
        if waiting is None or waiting.done():
            return
        if kind == ANSWERED:
            waiting.set_result(content)
        else:
            waiting.set_exception(Refused(content))

    async def _answer(self, number: int, what: str, content: Content) -> None:
        try:
            kind, said = ANSWERED, await self._answers[what](content)
        except Refused as refusal:
            kind, said = REFUSED, str(refusal)
        if self._writer is not None:
            self._send(number, kind, said)
