from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from proxy.policy.directory import Directory
from proxy.policy.edition import Edition
from proxy.runtime.edition_file import edition_with, load_edition
from proxy.runtime.toml_source import ConfigError

CONFIG = Path(__file__).parents[2] / "config"


def load(folder: Path) -> Edition:
    return load_edition(folder / "rules", folder / "numbering.toml", folder / "customers.toml")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the shipped files that may be changed."""
    shutil.copytree(CONFIG / "rules", tmp_path / "rules")
    for name in ("numbering.toml", "customers.toml"):
        shutil.copy(CONFIG / name, tmp_path / name)
    return tmp_path


def test_the_same_texts_give_the_same_revision(folder: Path, edition: Edition) -> None:
    assert load(folder).revision == edition.revision
    assert len(edition.revision) == 12


@pytest.mark.parametrize("name", ["rules/20-hours.toml", "numbering.toml", "customers.toml"])
def test_any_change_of_text_gives_another(folder: Path, edition: Edition, name: str) -> None:
    path = folder / name
    path.write_text(path.read_text(encoding="utf-8") + "\n# a remark\n", encoding="utf-8")
    assert load(folder).revision != edition.revision


def test_the_files_are_read_in_the_order_of_their_names(edition: Edition) -> None:
    files = [Path(rule.row.file).name for rule in edition.book.rules]
    assert files == sorted(files)
    assert edition.book.rules[0].id == "destination.emergency"
    assert edition.book.rules[-1].id == "presentation.withheld"


def test_a_folder_without_rules(folder: Path) -> None:
    shutil.rmtree(folder / "rules")
    with pytest.raises(ConfigError, match="expected a folder with"):
        load(folder)


def test_another_directory_leaves_the_law_as_it_is(edition: Edition) -> None:
    directory = Directory([], [], [])
    other = edition_with(edition, directory, 17)
    assert (other.plan, other.calendar, other.book) == (edition.plan, edition.calendar, edition.book)
    assert other.directory is other.reference.directory is directory
    assert other.revision == f"{edition.revision}.17"
    assert edition_with(other, directory, 18).revision == f"{edition.revision}.18"
