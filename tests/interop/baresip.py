"""baresip as a telephone that answers by itself; its trace holds each message."""

from __future__ import annotations

import re
import signal
import subprocess
import time
from pathlib import Path
from typing import Self

from stage import GONE_WITHIN, HOST, READY_WITHIN, Program, StageError

_CONFIG = """\
sip_listen {host}:{port}
{certificate}
call_max_calls 4
rtp_ports 10000-15999
audio_player aubridge,a
audio_source aubridge,b
audio_alert aubridge,c
module_path {modules}
module stdio.so
module g711.so
module aubridge.so
module_app account.so
module_app menu.so
"""
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


class Baresip(Program):
    """A baresip on `port`; over TLS it listens one port above, with `certificate`, and believes `authority`."""

    def __init__(self, folder: Path, port: int, transport: str, certificate: Path | None = None) -> None:
        home = folder / "baresip"
        home.mkdir()
        modules = sorted(Path("/usr/lib").glob("**/baresip/modules/account.so"))
        if not modules:
            raise StageError("the modules of baresip are missing (Debian: baresip)")
        config = _CONFIG.format(
            host=HOST, port=port, modules=modules[0].parent,
            certificate=f"sip_certificate {certificate}" if certificate else "",
        )  # fmt: skip
        (home / "config").write_text(config, encoding="utf-8")
        account = (
            f"<sip:+33155660001@{HOST}:{port};transport={transport}>;regint=0;answermode=auto;audio_codecs=PCMA,PCMU\n"
        )
        (home / "accounts").write_text(account, encoding="utf-8")
        (home / "contacts").write_text("", encoding="utf-8")
        super().__init__(["baresip", "-f", str(home), "-s", "-v", "-t", "60"], folder / "baresip.log")

    def __enter__(self) -> Self:
        # its standard input must be a pipe: it polls it
        with self.log.open("wb") as out:
            self._process = subprocess.Popen(
                self.command, stdin=subprocess.PIPE, stdout=out, stderr=out, cwd=self.folder
            )
        end = time.monotonic() + READY_WITHIN
        while "baresip is ready" not in self.output():
            if self.process.poll() is not None or time.monotonic() > end:
                self.stop()
                raise StageError(f"baresip did not start:\n{self.output()}")
            time.sleep(0.05)
        return self

    def stop(self, with_signal: signal.Signals = signal.SIGTERM) -> int:
        """Ask it to end, and let go of the pipe."""
        if self.process.stdin is not None:
            self.process.stdin.close()
        return super().stop(with_signal)

    def heard(self) -> str:
        """Its output without colours: what it did, and each message."""
        return _COLOUR.sub("", self.output())

    def closed(self) -> bool:
        """Whether a call of it has ended within a few seconds."""
        end = time.monotonic() + GONE_WITHIN
        while time.monotonic() < end:
            if "session closed" in self.heard():
                return True
            time.sleep(0.05)
        return False
