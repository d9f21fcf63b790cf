"""Weekly opening hours: half-open windows of local minutes, and their intersection.

A week is seven tuples of `(from, to)` minutes, Monday first. Windows never cross midnight; the
loader refuses one that does. Days, holidays and clocks are not known here.
"""

from __future__ import annotations

from typing import Final

Windows = tuple[tuple[int, int], ...]
Week = tuple[Windows, Windows, Windows, Windows, Windows, Windows, Windows]

DAY_MINUTES: Final = 1440
WHOLE_DAY: Final[Windows] = ((0, DAY_MINUTES),)
CLOSED: Final[Windows] = ()


def is_open(windows: Windows, minute: int) -> bool:
    """Whether the minute lies in one of the windows; `from` is inside, `to` is not."""
    for window in windows:  # noqa: SIM110 - a generator per call costs more than the loop
        if window[0] <= minute < window[1]:
            return True
    return False


def intersect(left: Windows, right: Windows) -> Windows:
    """The minutes open in both, in order."""
    if left == WHOLE_DAY:
        return right
    both: list[tuple[int, int]] = []
    for one in left:
        for other in right:
            start = max(one[0], other[0])
            end = min(one[1], other[1])
            if start < end:
                both.append((start, end))
    both.sort()
    return tuple(both)


def written(windows: Windows) -> str:
    """`10:00-13:00 14:00-20:00`, or `closed`."""
    if not windows:
        return "closed"
    return " ".join(f"{start // 60:02d}:{start % 60:02d}-{end // 60:02d}:{end % 60:02d}" for start, end in windows)
