"""The telephones of other people as programs beside the test, and what they tell."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path
from typing import Any, Self

from stage import Program, StageError

from tests.interop.conftest import STRANGERS

HERE = Path(__file__).parent
READY_WITHIN = 60.0
_COMPLAINT = re.compile(r"^.*(?:[Ss]yntax error|Error processing|Dropping|Unhandled|Exception).*$", re.MULTILINE)


class Phone(Program):
    """One of the `*_phone.py` beside this file; it says `ready` when it can be called."""

    def __init__(self, kind: str, name: str, folder: Path, *options: str) -> None:
        super().__init__([STRANGERS, str(HERE / f"{kind}_phone.py"), *options], folder / f"{name}.out")

    def __enter__(self) -> Self:
        super().__enter__()
        end = time.monotonic() + READY_WITHIN
        while "ready\n" not in self.output():
            if self.process.poll() is not None or time.monotonic() > end:
                self.stop()
                raise StageError(f"{self.command[1]} did not start:\n{self.output()}")
            time.sleep(0.05)
        return self

    def story(self, within: float) -> dict[str, Any]:
        """What it tells in the end. Raises StageError when it came to no end."""
        code = self.wait(within)
        last = self.output().rstrip().rpartition("\n")[2]
        if code != 0 or not last.startswith("{"):
            raise StageError(f"{self.command[1]} ended with {code}:\n{self.output()[-2000:]}")
        return dict(json.loads(last))


class Pjsip(Phone):
    """A telephone of pjsip, whose log holds each message and each complaint of its parser."""

    def __init__(self, name: str, folder: Path, role: str, port: int, *options: str) -> None:
        self.messages = folder / f"{name}.log"
        super().__init__("pjsip", name, folder, role, str(port), "--log", str(self.messages), *options)

    def heard(self) -> str:
        """Its log."""
        return self.messages.read_text(encoding="utf-8", errors="replace")

    def complaints(self) -> list[str]:
        """What its parser or its dialogs could not take."""
        return _COMPLAINT.findall(self.heard())
