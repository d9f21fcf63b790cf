"""What a newcomer meets first holds: README, Makefile, Dockerfile and .ci/run."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from stage import environment

from proxy.runtime import build

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    """The fenced blocks of that language in the README."""
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


def commands(first_word: str) -> list[list[str]]:
    """Words of each README command that begins with that word."""
    lines = "\n".join(blocks("sh")).splitlines()
    return [line.partition("#")[0].split() for line in lines if line.split()[:1] == [first_word]]


def proxy(*arguments: str, folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """Run a command of the build under test in that folder."""
    return subprocess.run(
        [sys.executable, "-m", "proxy", *arguments],
        cwd=folder, env=environment(), capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip


def test_the_build_under_test_is_the_one_asked_for() -> None:
    assert build.kind() == os.environ.get("NPV_BUILD", build.kind())


def test_the_two_commands_come_first() -> None:
    assert [words[:2] for words in commands("make")[:2]] == [["make", "demo"], ["make", "test"]]
    assert README.index("make demo") < README.index("## ")


@pytest.mark.parametrize("target", sorted({words[1] for words in commands("make")}))
def test_every_make_command_has_its_target(target: str) -> None:
    assert re.search(rf"^{target}:", MAKEFILE, re.MULTILINE)
    assert re.search(rf"^# make {target} ", MAKEFILE, re.MULTILINE)


@pytest.mark.parametrize("words", commands("npv-proxy"), ids=" ".join)
def test_every_proxy_command_is_one(words: list[str]) -> None:
    helped = proxy(words[1], "--help").stdout
    if " COMMAND [ARGS]" in helped:
        helped = proxy(*words[1:3], "--help").stdout
    assert helped
    for option in (word for word in words[2:] if word.startswith("--")):
        assert option in helped


def test_commands_on_the_store_do_what_they_say(tmp_path: Path) -> None:
    """In their order, on a store of their own."""
    shutil.copytree(ROOT / "config", tmp_path / "config")
    groups = {"customers", "numbers", "campaigns", "trunks", "refusals", "consents", "directory", "rules"}
    told: list[str] = []
    seen: set[str] = set()
    for words in commands("npv-proxy"):
        if words[1] in groups:
            done = proxy(*words[1:], folder=tmp_path)
            assert (done.returncode, done.stderr) == (0, ""), words
            told.append(done.stdout)
            seen.add(words[1])
    assert seen == groups
    assert (tmp_path / "var/store.db").is_file()
    assert "1 refusal recorded\n" in told
    assert "1 consent recorded\n" in told
    assert any("zoe" in line and "kyc.expires" in line for line in told)


def test_the_decision_shown_is_the_one_promised() -> None:
    (words,) = (words for words in commands("npv-proxy") if words[1] == "decide")
    assert "cli.mobile" in proxy(*words[1:]).stdout


@pytest.mark.parametrize("link", re.findall(r"\]\(([^)#]+)\)", README))
def test_links_resolve(link: str) -> None:
    assert link.startswith("https://") or (ROOT / link).exists()


def test_configuration_of_the_readme_is_accepted(tmp_path: Path) -> None:
    trunks, route, customers, store = blocks("toml")
    carrier = trunks[trunks.index("[[carrier]]") :]
    trunks += "".join(carrier.replace("operator-1", name) for name in ("operator-2", "spare")) + route
    own = (ROOT / "config/proxy.toml").read_text(encoding="utf-8")
    head = own
    files = {
        "numbering.toml": ROOT / "config/numbering.toml",
        "rules": ROOT / "config/rules",
        "headers.toml": ROOT / "config/headers.toml",
    }
    for name, path in files.items():
        head = head.replace(f'"{name}"', f'"{path}"')
    head = re.sub(r"^\[store\]\n(.+\n)*", store, head, flags=re.MULTILINE)
    assert store in head
    (tmp_path / "proxy.toml").write_text(head, encoding="utf-8")
    (tmp_path / "trunks.toml").write_text(trunks, encoding="utf-8")
    (tmp_path / "customers.toml").write_text(customers, encoding="utf-8")
    checked = proxy("check", "--config", str(tmp_path / "proxy.toml"))
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "broadcast-paris" in checked.stdout
    assert "operator-1 (priority 1, weight 60)" in checked.stdout


def test_rules_of_the_readme_are_those_that_refuse() -> None:
    """The table names each rule that can refuse or bypass, except those that are never enforced."""
    named = {name for name in re.findall(r"`([a-z]+\.[a-z0-9_]+)`", README) if not name.endswith(".toml")}
    for family, suffix in re.findall(r"`([a-z]+)\.[a-z0-9_]+`((?: `\.[a-z0-9_]+`)+)", README):
        named |= {f"{family}.{end}" for end in re.findall(r"\.([a-z0-9_]+)", suffix)}
    rows = [
        row
        for path in sorted((ROOT / "config/rules").glob("*.toml"))
        for row in tomllib.loads(path.read_text())["rule"]
    ]
    known = {row["id"] for row in rows}
    refusing = {row["id"] for row in rows if "verdict" in row and "enforce" in {row["mode"], row.get("strict")}}
    silent = {row["id"] for row in rows if row["mode"] == "off"}
    assert named <= known
    assert refusing - silent <= named


def test_dependencies_of_the_readme_are_those_of_the_package() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    listed = re.findall(r"^\| \[([a-z-]+)\]\(https://pypi.org", README, re.MULTILINE)
    assert listed == [re.split(r"[>=\[]", dependency)[0] for dependency in project["dependencies"]]
    for dependency in project["optional-dependencies"]["test"]:
        assert f"[{re.split(r'[>=]', dependency)[0]}]" in README


def test_the_image_runs_without_rights_and_can_be_told_to_stop() -> None:
    instructions = re.findall(r"^([A-Z]+) +(.*)$", DOCKERFILE, re.MULTILINE)
    by_name: dict[str, list[str]] = {}
    for name, rest in instructions:
        by_name.setdefault(name, []).append(rest)
    assert by_name["FROM"] == ["${BASE} AS build", "${BASE}"]
    assert by_name["ARG"] == ["BASE=python:3.11-slim-bookworm"]
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", by_name["USER"][-1])
    assert by_name["STOPSIGNAL"] == ["SIGTERM"]
    assert "/healthz" in DOCKERFILE[DOCKERFILE.index("HEALTHCHECK") :]


def test_the_image_copies_what_exists_and_opens_the_ports_of_the_configuration() -> None:
    for sources in re.findall(r"^COPY (?!--from)(.*) \S+$", DOCKERFILE, re.MULTILINE):
        assert all((ROOT / source).exists() for source in sources.split())
    settings = tomllib.loads((ROOT / "config/proxy.toml").read_text(encoding="utf-8"))
    sip, admin = settings["listen"]["udp"].rpartition(":")[2], settings["admin"]["listen"].rpartition(":")[2]
    assert re.search(rf"^EXPOSE {sip}/udp {admin}/tcp$", DOCKERFILE, re.MULTILINE)
    assert f":{admin}/healthz" in DOCKERFILE


def test_continuous_integration_runs_what_people_run() -> None:
    script = ROOT / ".ci/run"
    assert os.access(script, os.X_OK)
    assert "make test" in script.read_text(encoding="utf-8")
