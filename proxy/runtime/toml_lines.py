"""Where each key of a TOML text stands.

Scans a text that `tomllib` has accepted, so it may trust it: only brackets, quotes and comments are
told apart. Paths are tuples of names, with a number for the element of an array.
"""

from __future__ import annotations

Where = tuple[str | int, ...]


def key_lines(text: str) -> dict[Where, int]:
    """The line of every table, key and array element of a text that tomllib has accepted."""
    lines: dict[Where, int] = {}
    counts: dict[Where, int] = {}
    table: Where = ()
    open_key: Where = ()
    element = -1
    depth = 0
    quote = ""
    for number, line in enumerate(text.splitlines(), start=1):
        bare = line.strip()
        if depth == 0 and not quote:
            if not bare or bare.startswith("#"):
                continue
            if bare.startswith("["):
                table = header_path(bare, counts)
                lines.setdefault(table, number)
                continue
            open_key = (*table, *dotted(bare.partition("=")[0]))
            lines[open_key] = number
            element = -1
        if depth == 1 and not quote and bare.startswith("{"):
            element += 1
            lines[(*open_key, element)] = number
        depth, quote = brackets_after(line, depth, quote)
    return lines


def header_path(header: str, counts: dict[Where, int]) -> Where:
    """The path of a `[table]` or `[[table]]` header; arrays on the way stand for their last element."""
    array = header.startswith("[[")
    names = dotted(header.split("#")[0].strip().strip("[]"))
    path: Where = ()
    for position, name in enumerate(names):
        path = (*path, name)
        if array and position == len(names) - 1:
            counts[path] = counts.get(path, -1) + 1
        if path in counts:
            path = (*path, counts[path])
    return path


def dotted(text: str) -> tuple[str, ...]:
    """The parts of a dotted key, without quotes."""
    return tuple(part.strip().strip("\"'") for part in text.strip().split("."))


def brackets_after(line: str, depth: int, quote: str) -> tuple[int, str]:
    """Depth of brackets and the open quote, if any, at the end of a line."""
    position = 0
    while position < len(line):
        if quote:
            if line[position] == "\\" and quote[0] == '"':
                position += 1
            elif line.startswith(quote, position):
                position += len(quote) - 1
                quote = ""
        elif line[position] in "\"'":
            triple = line[position] * 3
            quote = triple if line.startswith(triple, position) else line[position]
            position += len(quote) - 1
        elif line[position] == "#":
            break
        elif line[position] in "[{":
            depth += 1
        elif line[position] in "]}":
            depth -= 1
        position += 1
    return depth, quote
