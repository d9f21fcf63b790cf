"""Build hook: compile `sip`, `policy`, `b2bua` and what is named of `runtime` with mypyc, and the reading and writing of
datagrams and the entries of the ahead log from C, where a C compiler and the Python headers are present.

Where they are not, the wheel is built from source and says so: the same proxy, at about half the speed. Options are
those of hatch-mypyc, whose hook does the work. `HATCH_BUILD_NO_HOOKS=true` builds from source on purpose.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sysconfig
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hatch_mypyc.plugin import MypycBuildHook
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SOURCES = (Path("proxy", "runtime", "datagrams.c"), Path("proxy", "runtime", "ahead.c"))
CLOSED = "-fvisibility=hidden -fno-semantic-interposition -fno-plt"  # nobody else calls, or replaces, our functions


class MypycWherePossible(MypycBuildHook):  # type: ignore[misc]  # hatch-mypyc ships no types
    """hatch-mypyc's hook, which stands back when nothing here can compile."""

    compiled = False
    made: tempfile.TemporaryDirectory[str] | None = None

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # Any: hatchling's own shape
        """Compile, unless this is an editable install or the means are missing."""
        missing = what_is_missing()
        if missing:
            self.app.display_warning(f"{missing}: the proxy is built from source, at about half the speed")
        elif version != "editable":
            with environment("CFLAGS", CLOSED):
                super().initialize(version, build_data)
            self.compiled = True
            self.made = tempfile.TemporaryDirectory()
            for source in SOURCES:
                built = compiled(Path(self.root, source), Path(self.made.name))
                build_data["force_include"][str(built)] = str(source.with_name(built.name))

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:  # Any: as above
        """Leave the tree as it was: an extension module beside its source would be imported instead of it."""
        if self.compiled:
            self.clean([version])
        if self.made is not None:
            self.made.cleanup()


@contextmanager
def environment(name: str, more: str) -> Iterator[None]:
    """With these words behind those of an environment variable."""
    before = os.environ.get(name)
    os.environ[name] = f"{before or ''} {more}".strip()
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before


def what_is_missing() -> str:
    """What keeps this machine from compiling; empty when nothing does."""
    if shutil.which("cc") is None:
        return "no C compiler"
    include = Path(sysconfig.get_path("include"))
    return "" if (include / "Python.h").is_file() else f"no Python.h in {include}"


def compiled(source: Path, folder: Path) -> Path:
    """The extension module of this source, in that folder. Raises CalledProcessError."""
    built = folder / f"_{source.stem}{sysconfig.get_config_var('EXT_SUFFIX')}"
    include = sysconfig.get_path("include")
    command = ["cc", "-O2", "-shared", "-fPIC", "-Wl,-s", f"-I{include}", "-o", str(built), str(source)]
    subprocess.run(command, check=True)  # noqa: S603 - our own words and the paths of this build
    return built


def get_build_hook() -> type[BuildHookInterface[Any]]:  # Any: the builder's configuration, not ours
    """What hatchling asks this file for."""
    return MypycWherePossible
