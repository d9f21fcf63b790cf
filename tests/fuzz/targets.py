"""The targets of fuzzing by name, their corpus, and how one input is run.

`corpus/<target>/` holds few and small inputs: starting points, and every input that was ever a finding. They are
replayed as ordinary tests.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.fuzz.readers import clean_body, read_digest, read_message, read_number, read_value
from tests.fuzz.streams import read_stream
from tests.fuzz.world import play

CORPUS: Final = Path(__file__).parent / "corpus"
MESSAGES: Final = Path(__file__).parents[1] / "corpus"
SLOWEST: Final = 5.0  # s of processor time for one input, a hundred times what the worst one takes


@dataclass(frozen=True)
class Target:
    """What is run, how long an input may be, and its part of the time when all targets share it."""

    name: str
    run: Callable[[bytes], str]
    longest: int
    share: int
    messages: bool = False  # the corpus of SIP messages is a starting point as well

    def corpus(self) -> list[Path]:
        """The files to start from, in order."""
        found = sorted((CORPUS / self.name).iterdir())
        if self.messages:
            found += sorted(path for path in MESSAGES.rglob("*") if path.suffix in (".sip", ".dat"))
        return found


TARGETS: Final = {
    target.name: target
    for target in (
        Target("message", read_message, 65535, 3, True),
        Target("address", read_value, 4096, 2),
        Target("sdp", clean_body, 16384, 2),
        Target("numbers", read_number, 256, 1),
        Target("digest", read_digest, 4096, 1),
        Target("framing", read_stream, 4096, 1),
        Target("engine", play, 32768, 4),
    )
}


class SlowInputError(AssertionError):
    """One input took far too long."""


def run_once(target: Target, data: bytes) -> tuple[str, float]:
    """Run one input; returns its trait and the processor time that it took. Raises whatever is a finding."""
    begun = time.process_time()
    trait = target.run(data)
    took = time.process_time() - begun
    if took > SLOWEST:
        raise SlowInputError(f"{len(data)} bytes took {took:.1f} s")
    return trait, took
