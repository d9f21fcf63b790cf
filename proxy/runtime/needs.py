"""What the process takes of the system: an address, a file; and the operator's mistake when it cannot be had."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from proxy.runtime.addresses import Endpoint
from proxy.runtime.settings import Settings
from proxy.runtime.toml_source import ConfigError, read_toml, seen
from proxy.sip.hop import TRANSPORTS

FREE: Final = "a free address of this machine"
UNUSED: Final = "a folder that can be written, and that no other process uses"


@contextmanager
def needed(path: Path, where: tuple[str | int, ...], expected: str, value: str) -> Iterator[None]:
    """Within: an error of the system becomes the mistake of the key that asks for the impossible."""
    try:
        yield
    except OSError as error:
        reason = os.strerror(error.errno).lower() if error.errno else str(error)
        line, key = read_toml(path).line(where), ".".join(str(part) for part in where if isinstance(part, str))
        raise ConfigError(str(path), line, key, expected, f"{seen(value)} ({reason})") from None


def shown(address: Endpoint) -> str:
    """`address` as it is written in the file."""
    return f"[{address.host}]:{address.port}" if ":" in address.host else f"{address.host}:{address.port}"


def listening(settings: Settings) -> str:
    """Where SIP is received."""
    return ", ".join(f"{TRANSPORTS[one.transport]} {shown(one.address)}" for one in settings.listen)


def say(text: str) -> None:
    """One line for the operator on standard error."""
    sys.stderr.write(f"npv-proxy: {text}\n")
    sys.stderr.flush()
