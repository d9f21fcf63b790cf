"""Keys of a node that differ from the shipped ones, and what is read of its records."""

from __future__ import annotations

import tomllib
from pathlib import Path

from tests.bench.edge import Edge, lines_of, with_keys

TEXT = '[node]\nname = "edge-1"\n\n[store]\nkind = "embedded"\npath = "a"\n\n[limits]\nmax_calls = 0\n'


def test_keys_are_replaced_added_and_get_their_table() -> None:
    changed = with_keys(
        TEXT, {"store.kind": '"redis"', "store.urls": '["u"]', "limits.max_calls": "7", "timers.t1_ms": "100"}
    )
    assert tomllib.loads(changed) == {
        "node": {"name": "edge-1"},
        "store": {"kind": "redis", "urls": ["u"], "path": "a"},
        "limits": {"max_calls": 7},
        "timers": {"t1_ms": 100},
    }


def test_records_are_counted_by_the_call_of_the_platform(tmp_path: Path) -> None:
    edge = Edge(tmp_path, {})
    (tmp_path / "var").mkdir()
    lines = [
        b'{"record":"begin"}', b'{"record":"decision","id":"d1","call_id":"c1"}', b'{"record":"decision","id":"d2","call_id":"c2"}',
        b'{"record":"call","decision":"d1","a_call_id":"c1"}', b'{"record":"call","decision":"d1","a_call_id":"c1"}',
    ]  # fmt: skip
    (tmp_path / "var" / "records.jsonl").write_bytes(b"\n".join(lines[:3]) + b"\n")
    (tmp_path / "var" / "records.jsonl.20261123T100000.000000Z").write_bytes(b"\n".join(lines[3:]) + b'\n{"record":"ca')
    written = edge.written()
    assert written.decided == {"c1": 1, "c2": 1}
    assert written.ended == {"c1": 2}
    assert written.others == {"begin": 1}
    assert written.twice() == 1


def test_half_a_line_is_none(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    path.write_bytes(b"{}\n{")
    assert list(lines_of([path])) == [b"{}\n"]
