"""The coverage guided search of one target with atheris: `python -m tests.fuzz.guided TARGET [libFuzzer options]`.

Runs on the source build, whose branches can be followed. Half of the changes are those of `mutation`, which know SIP;
the others are libFuzzer's. `explore` starts it and reads what it prints.
"""

from __future__ import annotations

import importlib
import random
import sys
from typing import Any


def main(name: str, options: list[str]) -> None:
    """Search until libFuzzer ends the process."""
    atheris: Any = importlib.import_module("atheris")  # Any: it has no types
    with atheris.instrument_imports(include=["proxy.sip", "proxy.b2bua", "proxy.policy"]):
        targets = importlib.import_module("tests.fuzz.targets")
    mutation = importlib.import_module("tests.fuzz.mutation")
    target = targets.TARGETS[name]
    corpus = [path.read_bytes() for path in target.corpus()]
    mutator = mutation.Mutator(1)

    def change(data: bytes, longest: int, seed: int) -> bytes:
        if seed % 2:
            mutator.random.seed(seed)
            changed: bytes = mutator.change(bytes(data), corpus, longest)
            return changed
        return bytes(atheris.Mutate(data, longest))

    def run(data: bytes) -> None:
        targets.run_once(target, data)

    random.seed(0)
    atheris.Setup([sys.argv[0], *options], run, custom_mutator=change)
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
