"""CSV as an operator writes it: the first line names the columns, commas or semicolons part them, blank lines say nothing.

What is wrong with the first line is raised, what is wrong with another one stays with it, so that a caller can tell it
with everything else.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from proxy.runtime.mistakes import Mistakes
from proxy.runtime.toml_source import ConfigError, seen


class Row(NamedTuple):
    """One line: where it stands and what each column says, or why it cannot be read."""

    line: int
    cells: Mapping[str, str]
    mistake: ConfigError | None


def csv_text(path: Path) -> str:
    """The text of a file, with or without a byte order mark. Raises ConfigError."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ConfigError(str(path), 0, "", "a readable file", f"`{(error.strerror or 'an error').lower()}`") from error
    except UnicodeDecodeError as error:
        raise ConfigError(str(path), 0, "", "UTF-8 text", f"byte {error.start} that is not") from error


def csv_rows(file: str, text: str, columns: Sequence[str]) -> Iterator[Row]:
    """The lines below the first, which names some of `columns`. Raises ConfigError for a column it does not know."""
    head = text.partition("\n")[0]
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=";" if head.count(";") > head.count(",") else ",")
    names = [name.strip() for name in next(lines, [])]
    mistakes = Mistakes()
    for name in names:
        if name not in columns or names.count(name) > 1:
            expected = "each column once, of " + ", ".join(f"`{known}`" for known in columns)
            mistakes.add(ConfigError(file, 1, name, expected, seen(name)))
    mistakes.raise_any()
    for cells in lines:
        if not any(cell.strip() for cell in cells):
            continue
        line = lines.line_num
        if len(cells) == len(names):
            yield Row(line, {name: cell.strip() for name, cell in zip(names, cells, strict=True)}, None)
        else:
            yield Row(line, {}, ConfigError(file, line, "", f"{len(names)} columns", str(len(cells))))
