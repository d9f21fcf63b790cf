from __future__ import annotations

import io
import json
from typing import BinaryIO, cast

import pytest

from proxy.policy.edition import Edition
from proxy.runtime.decide_command import Decider
from proxy.runtime.decide_lines import FIELDS, decide_lines

OPEN = "2026-11-23T11:00:00+01:00"
FIELDS_OUT = ["id", "action", "status", "rule", "presentation", "number", "warnings", "next_opening", "territory"]
FIELDS_OUT.append("local_time")


class Drip:
    """A source that hands out a few bytes at a time, as a pipe may."""

    def __init__(self, data: bytes, size: int) -> None:
        self.data = data
        self.size = size

    def read(self, _: int) -> bytes:
        """The next few bytes."""
        taken, self.data = self.data[: self.size], self.data[self.size :]
        return taken


def run(edition: Edition, data: bytes, size: int = 0) -> tuple[int, list[dict[str, object]]]:
    sink = io.BytesIO()
    source = io.BytesIO(data) if size == 0 else cast("BinaryIO", Drip(data, size))
    code = decide_lines(Decider(edition, {}, lambda: 0.0), source, sink)
    return code, [json.loads(line) for line in sink.getvalue().splitlines()]


def line(**fields: object) -> bytes:
    return json.dumps({"at": OPEN, **fields}).encode() + b"\n"


def test_one_object_out_for_each_in_with_exactly_these_fields(edition: Edition) -> None:
    data = line(id="a", customer="acme", **{"from": "0162000001"}, to="0140000000")
    data += line(id=2, customer="nonumber", to="0140000000")
    code, found = run(edition, data)
    assert code == 0
    assert [list(one) for one in found] == [FIELDS_OUT, FIELDS_OUT]
    assert found[0] == {
        "id": "a",
        "action": "forward",
        "status": None,
        "rule": "presentation.presented",
        "presentation": "npv",
        "number": "+33162000001",
        "warnings": [],
        "next_opening": None,
        "territory": "METRO",
        "local_time": OPEN,
    }
    assert (found[1]["id"], found[1]["presentation"], found[1]["warnings"]) == (2, "withheld", ["display.mandatory"])


def test_null_is_not_stated(edition: Edition) -> None:
    names = ("from", "pai", "customer", "campaign", "purpose", "mode", "method", "trunk", "at", "attested", "id")
    _, found = run(edition, line(to="15", **dict.fromkeys(names)) + b'{"to":"15"}\n')
    assert found[0] == found[1]


@pytest.mark.parametrize("size", [1, 7, 64, 10_000])
def test_however_the_bytes_arrive(edition: Edition, size: int) -> None:
    data = b"".join(line(id=number, to="15") for number in range(5)) + b"\n  \n" + line(id=5, to="112").rstrip()
    code, found = run(edition, data, size)
    assert code == 0
    assert [one["id"] for one in found] == [0, 1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    ("bad", "id_", "error"),
    [
        (b'{"id":1,"customer":7,"to":"15"}', 1, "line 2, field `customer`: expected `str | null`, seen `int`"),
        (b'{"id":1,"custom":"x","to":"15"}', 1, "line 2, field `custom`: expected one of `to`, `from`, `pai`, "),
        (b'{"id":1}', 1, "line 2, field `to`: expected a text, seen nothing"),
        (b'{"id":1,"to":"15","pai":[1]}', 1, "line 2, field `pai`: expected `str`, seen `int`"),
        (b'{"id":1,"to":"15","at":"noon"}', 1, "line 2, field `at`: expected an instant with its offset"),
        (b'{"id":1,"to":"15","mode":"x"}', 1, "line 2, field `mode`: expected one of `broadcast`"),
        (b'{"id":1.5,"to":"15"}', None, "line 2, field `id`: expected `int | str | null`, seen `float`"),
        (b'{"id":1,"to":"15"', None, 'line 2, expected a JSON object, seen `{"id":1,"to":"15"`'),
        (b"[1]", None, "line 2, expected `object`, seen `array`"),
        (b'{"to":"\xff"}', None, "line 2, expected a JSON object, seen"),
        (b'{"to":"\\ud800"}', None, "line 2, expected a JSON object, seen"),
    ],
)
def test_a_bad_line_is_named_and_the_others_are_answered(
    edition: Edition, bad: bytes, id_: int | None, error: str
) -> None:
    code, found = run(edition, line(id=0, to="15") + bad + b"\n" + line(id=2, to="15"))
    assert code == 1
    assert (found[0]["id"], found[2]["id"]) == (0, 2)
    assert str(found[1]["error"]).startswith(error)
    assert found[1].get("id") == id_
    assert set(found[1]) <= {"id", "error"}


def test_the_field_names_are_those_of_the_options() -> None:
    assert set(FIELDS) == {"to", "from", "pai", "customer", "campaign", "purpose", "mode", "method", "trunk", "at"} | {
        "attested",
        "id",
    }


def test_nothing_in_nothing_out(edition: Edition) -> None:
    assert run(edition, b"") == (0, [])
