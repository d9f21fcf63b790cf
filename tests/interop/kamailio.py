"""Kamailio as proxy on both sides of ours, and as judge of every message that ours emits.

Here: starting it with kamailio.cfg, and reading its verdicts. What the judge looks for stands in the configuration.
"""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Mapping
from pathlib import Path

from stage import HOST, READY_WITHIN, Program, StageError

_ACCEPTED = re.compile(r"ACCEPTED (\S+) (\S+) (\d+)")
_REFUSED = re.compile(r"REFUSED .*?END OF REFUSED", re.DOTALL)


def modules_folder() -> str:
    """Where Debian keeps the modules on this machine."""
    found = sorted(Path("/usr/lib").glob("*/kamailio/modules"))
    if not found:
        raise StageError("the modules of Kamailio are missing (Debian: kamailio)")
    return str(found[0])


class Kamailio(Program):
    """One Kamailio with an edge on each side; `ports` names proxy, platform_edge, carrier_edge, platform and carrier.

    `own_100`: the platform's INVITE is answered 100 by Kamailio itself, as proxies do.
    """

    def __init__(self, folder: Path, ports: Mapping[str, int], own_100: bool = True) -> None:
        text = (Path(__file__).parent / "kamailio.cfg").read_text(encoding="utf-8")
        names: dict[str, object] = {name.upper(): port for name, port in ports.items()}
        for name, value in {**names, "MODULES": modules_folder(), "OWN_100": int(own_100)}.items():
            text = text.replace(f"@{name}@", str(value))
        config = folder / "kamailio.cfg"
        config.write_text(text, encoding="utf-8")
        self._edge = ports["platform_edge"]
        runs = folder / "kamailio-run"
        runs.mkdir()
        command = ["kamailio", "-DD", "-E", "-f", str(config), "-P", str(runs / "pid"), "-Y", str(runs)]
        super().__init__([*command, "-m", "64", "-M", "8"], folder / "kamailio.log")

    def __enter__(self) -> Kamailio:
        super().__enter__()
        end = time.monotonic() + READY_WITHIN
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.bind((HOST, 0))
            probe.settimeout(0.1)
            while time.monotonic() < end and self.process.poll() is None:
                if self._answers(probe):
                    return self
        self.stop()
        raise StageError(f"Kamailio did not start:\n{self.output()[-2000:]}")

    def _answers(self, probe: socket.socket) -> bool:
        """Whether a request that may not be forwarded any more is answered."""
        here = f"{HOST}:{probe.getsockname()[1]}"
        probe.sendto(
            f"OPTIONS sip:{HOST} SIP/2.0\r\nVia: SIP/2.0/UDP {here};branch=z9hG4bKready\r\nMax-Forwards: 0\r\n"
            f"From: <sip:ready@{here}>;tag=1\r\nTo: <sip:{HOST}>\r\nCall-ID: ready@{here}\r\nCSeq: 1 OPTIONS\r\n"
            "Content-Length: 0\r\n\r\n".encode(),
            (HOST, self._edge),
        )
        try:
            return probe.recv(2048).startswith(b"SIP/2.0 ")
        except OSError:
            return False

    def refused(self) -> list[str]:
        """Each message that the judge refused, with the reason before it."""
        return _REFUSED.findall(self.output())

    def accepted(self) -> set[tuple[str, int]]:
        """Method and status (0 for a request) of the messages that the judge found right."""
        found = _ACCEPTED.findall(self.output())
        return {(method, int(status) if status.isdigit() else 0) for method, status, _ in found}
