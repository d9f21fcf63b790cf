"""The parts of the runtime that are C beside their Python, also for tests on the sources."""

from __future__ import annotations

import importlib
import importlib.util
import shutil
import subprocess
import sysconfig
from pathlib import Path
from types import ModuleType

import pytest

RUNTIME = Path(__file__).parents[2] / "proxy" / "runtime"
WARNINGS = ("-Wall", "-Wextra", "-Werror", "-Wno-unused-parameter", "-Wno-missing-field-initializers")


def built_module(name: str, compiled: bool, folder: Path) -> ModuleType:
    """The extension module of `NAME.c`: that of the package where it is `compiled`, else one built in `folder`."""
    if compiled:
        return importlib.import_module(f"proxy.runtime._{name}")
    include = Path(sysconfig.get_path("include"))
    if shutil.which("cc") is None or not (include / "Python.h").is_file():
        pytest.skip("nothing can be compiled here")
    built = folder / f"_{name}{sysconfig.get_config_var('EXT_SUFFIX')}"
    command = ["cc", "-O2", *WARNINGS, "-shared", "-fPIC", f"-I{include}", "-o", str(built), str(RUNTIME / f"{name}.c")]
    subprocess.run(command, check=True)
    spec = importlib.util.spec_from_file_location(f"_{name}", built)
    assert spec is not None
    assert spec.loader is not None
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded
