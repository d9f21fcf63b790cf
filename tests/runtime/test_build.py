"""Version and build kind as `version`, `/version` and `npv_build_info` show them."""

from __future__ import annotations

import importlib
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import pytest

import proxy
from proxy.runtime import build

ROOT = Path(__file__).parents[2]


def test_the_source_tree_states_its_version(tmp_path: Path) -> None:
    pyproject = tmp_path / "pyproject.toml"
    pyproject.write_text('[project]\nversion = "4.5.6"\n', encoding="utf-8")
    assert build.source_version(pyproject) == "4.5.6"


def test_a_tree_without_a_version_is_unknown(tmp_path: Path) -> None:
    pyproject = tmp_path / "pyproject.toml"
    assert build.source_version(pyproject) == "unknown"
    pyproject.write_text("[project]\n", encoding="utf-8")
    assert build.source_version(pyproject) == "unknown"


def test_the_installed_version_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metadata, "version", {"npv-proxy": "7.8.9"}.__getitem__)
    assert build.version() == "7.8.9"


def test_without_an_installation_the_tree_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> str:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "version", absent)
    assert build.version() == build.source_version(Path(proxy.__file__).parents[1] / "pyproject.toml")


@pytest.mark.parametrize(
    ("file", "kind"),
    [("proxy/b2bua/counters.py", "source"), ("proxy/b2bua/counters.cpython-311-x86_64.so", "compiled")],
)
def test_an_extension_module_means_compiled(file: str, kind: str) -> None:
    assert build.kind_of(file) == kind


def patterns() -> list[str]:
    """What the build hook is to compile, as `pyproject.toml` names it."""
    stated = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return list(stated["tool"]["hatch"]["build"]["targets"]["wheel"]["hooks"]["custom"]["include"])


def to_be_compiled() -> list[str]:
    """The same as modules."""
    found = [
        path.relative_to(ROOT) for pattern in patterns() for path in sorted(ROOT.glob(pattern.replace("**", "**/*.py")))
    ]
    return [".".join(path.with_suffix("").parts) for path in found if path.name != "__init__.py"]


def test_all_that_is_to_be_compiled_is_what_the_copy_says_to_be() -> None:
    names = to_be_compiled()
    assert {"proxy.sip.parse", "proxy.runtime.ids", "proxy.runtime.store.attempts"} <= set(names)
    files = {name: importlib.import_module(name).__file__ for name in names}
    assert {name: build.kind_of(file or "") for name, file in files.items()} == dict.fromkeys(names, build.kind())


def test_nothing_that_is_named_is_missing() -> None:
    assert [pattern for pattern in patterns() if not any(ROOT.glob(pattern))] == []


@pytest.mark.skipif(not sys.flags.safe_path, reason="without PYTHONSAFEPATH the source beside the tests is meant")
def test_with_a_safe_path_the_installed_copy_is_under_test() -> None:
    assert Path(proxy.__file__).parent != Path(__file__).parents[2] / "proxy"
