"""The house rules that a machine can check: a breach is a red test, not a remark in a review."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("sip", "policy", "b2bua", "runtime")
LINES = 250
LONGER = {"proxy/b2bua/engine.py": 350, "proxy/sip/transaction.py": 350}
FUNCTION_LINES = 60
EMPTY_NAMES = {"utils", "util", "helpers", "helper", "manager", "common", "base", "misc", "shared", "core"}
UNREASONED = re.compile(
    r"# noqa(?!: [A-Z0-9]+(, ?[A-Z0-9]+)* - \S)"
    r"|# type: ignore(?!\[[a-z-]+(, ?[a-z-]+)*\]  # \S)"
    r"|# pragma: no cover(?! - \S)"
)  # fmt: skip
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b|\bnot implemented\b|NotImplementedError")


def sources(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


def modules() -> list[Path]:
    """Every module of the four packages, without their `__init__`."""
    return [path for package in PACKAGES for path in sources(f"proxy/{package}") if path.stem != "__init__"]


def named(paths: list[Path]) -> list[str]:
    return [path.relative_to(ROOT).as_posix() for path in paths]


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def run(*command: str) -> str:
    """What the command printed if it failed, else nothing."""
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=580)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def test_imports_go_one_way_and_nothing_below_runtime_does_io() -> None:
    assert run(str(Path(sys.executable).with_name("lint-imports")), "--no-cache") == ""


def test_types_are_strict() -> None:
    assert run(sys.executable, "-m", "mypy", "proxy", "tests") == ""


def test_lint_is_clean() -> None:
    assert run(sys.executable, "-m", "ruff", "check", ".") == ""


def test_format_is_kept() -> None:
    assert run(sys.executable, "-m", "ruff", "format", "--check", ".") == ""


@pytest.mark.parametrize("module", modules(), ids=named(modules()))
def test_every_module_has_its_test(module: Path) -> None:
    mirror = ROOT / "tests" / module.relative_to(ROOT / "proxy").parent / f"test_{module.name}"
    assert mirror.is_file()


@pytest.mark.parametrize("module", sources("proxy"), ids=named(sources("proxy")))
def test_files_and_functions_stay_short(module: Path) -> None:
    name = module.relative_to(ROOT).as_posix()
    assert len(module.read_text(encoding="utf-8").splitlines()) <= LONGER.get(name, LINES)
    for function in functions(module):
        assert (function.end_lineno or 0) - function.lineno < FUNCTION_LINES, f"{name}: {function.name}"


@pytest.mark.parametrize("module", sources("proxy"), ids=named(sources("proxy")))
def test_every_file_and_public_function_says_what_it_is(module: Path) -> None:
    tree = ast.parse(module.read_text(encoding="utf-8"))
    assert ast.get_docstring(tree)
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            assert ast.get_docstring(node), node.name


@pytest.mark.parametrize("folder", ["proxy", "tests", "sipp-scenarios", "config"])
def test_no_file_is_named_for_nothing(folder: str) -> None:
    assert [str(path) for path in (ROOT / folder).rglob("*") if path.stem.lower() in EMPTY_NAMES] == []


@pytest.mark.parametrize("folder", ["proxy", "tests", "sipp-scenarios"])
def test_every_override_says_why(folder: str) -> None:
    found = []
    for path in sources(folder):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if UNREASONED.search(line) and path != Path(__file__):
                found.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()}")
    assert found == []


@pytest.mark.parametrize(
    ("line", "reasoned"),
    [
        ("x()  # noqa: S101 - the reason", True),
        ("x()  # noqa: S101, S102 - the reason", True),
        ("x()  # noqa: S101", False),
        ("x()  # noqa", False),
        ("x()  # type: ignore[arg-type]  # the reason", True),
        ("x()  # type: ignore[arg-type]", False),
        ("x()  # type: ignore", False),
        ("x()  # pragma: no cover", False),
        ("x()  # pragma: no cover - the reason", True),
    ],
)
def test_an_override_without_a_reason_is_recognised(line: str, reasoned: bool) -> None:
    assert (UNREASONED.search(line) is None) is reasoned


@pytest.mark.parametrize("folder", ["proxy", "tests", "sipp-scenarios", "config"])
def test_nothing_is_left_for_later(folder: str) -> None:
    found = []
    for path in (ROOT / folder).rglob("*"):
        if path.suffix in {".py", ".toml", ".md", ".xml", ".yml", ".yaml"} and path != Path(__file__):
            for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
                if UNFINISHED.search(line):
                    found.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()}")
    assert found == []
