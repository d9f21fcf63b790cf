"""What a worker has of its own: listeners, files of records, its number in the settings."""

from __future__ import annotations

from pathlib import Path

from proxy.runtime.addresses import Endpoint
from proxy.runtime.clock import FixedClock
from proxy.runtime.configuration import load_configuration
from proxy.runtime.handover import Sorter, pair
from proxy.runtime.settings import Settings, load_settings
from proxy.runtime.transports import Transports
from proxy.runtime.worker_place import (
    Files,
    Place,
    file_of,
    files_beside,
    handover_in,
    is_shared,
    place_of,
    settings_of,
)
from tests.runtime.ends import site_in
from tests.runtime.sockets import EPOCH, Machine, Recorder

TEXT = """
[node]
workers = 3
[records]
path = "var/records.jsonl"
prospecting_path = "var/prospecting.jsonl"
[[listen]]
name = "own"
address = "127.0.0.1:5060"
advertise = "192.0.2.1:5060"
worker_ports = 5070
[[listen]]
name = "one"
address = "127.0.0.1:5061"
[[listen]]
name = "tcp"
transport = "tcp"
address = "127.0.0.1:5060"
"""


def settings(tmp_path: Path, number: int) -> Settings:
    path = tmp_path / "proxy.toml"
    path.write_text(TEXT, encoding="utf-8")
    return settings_of(load_settings(path), number)


def test_a_worker_is_a_node_with_its_own_ports_behind_the_shared_ones(tmp_path: Path) -> None:
    found = settings(tmp_path, 2)
    assert [(one.name, one.address, one.advertise) for one in found.listen] == [
        ("own", Endpoint("127.0.0.1", 5060), Endpoint("192.0.2.1", 5060)),
        ("one", Endpoint("127.0.0.1", 5061), Endpoint("127.0.0.1", 5061)),
        ("tcp", Endpoint("127.0.0.1", 5060), Endpoint("127.0.0.1", 5060)),
        ("own", Endpoint("127.0.0.1", 5072), Endpoint("192.0.2.1", 5072)),
    ]
    shown = found.topology.listeners
    assert [(one.way_out, one.mark) for one in shown] == [(3, ""), (-1, "w02"), (-1, "w02"), (-1, "w02")]
    assert [is_shared(one) for one in found.listen] == [True, True, False, False]
    assert (found.worker, found.workers, found.admin) == (2, 3, None)


def test_each_worker_writes_files_of_its_own(tmp_path: Path) -> None:
    first, third = (settings(tmp_path, number).records.targets for number in (0, 2))
    assert [Path(one).name for one in (first.path, first.prospecting)] == ["records.jsonl", "prospecting.jsonl"]
    assert [Path(one).name for one in (third.path, third.prospecting)] == ["records.w02.jsonl", "prospecting.w02.jsonl"]
    assert third.audit == ""


def test_the_files_of_all_workers_are_found_also_of_those_that_there_are_no_more(tmp_path: Path) -> None:
    base = tmp_path / "records.jsonl"
    for name in (
        "records.w03.jsonl",
        "records.w01-20261122T101627.123456Z.jsonl",
        "records.x.jsonl",
        "other.w01.jsonl",
    ):
        (tmp_path / name).touch()
    assert [path.name for path in files_beside(base)] == ["records.jsonl", "records.w01.jsonl", "records.w03.jsonl"]
    assert file_of(str(base), 3) == str(tmp_path / "records.w03.jsonl")


def test_a_place_comes_back_as_it_was_written() -> None:
    place = Place(7, 9, Files(3, 2, 4, (5, 6), (7, 8, 9)))
    assert place_of(place.text()) == place
    assert place.mark == b"w07"


def test_the_configuration_of_a_worker_is_loaded_like_any_other(tmp_path: Path) -> None:
    whole = load_configuration(site_in(tmp_path).config)
    own = Place(0, 1, Files(0, 0, 0, (), ())).own(whole)
    assert (own.digest, own.edition, own.settings.admin) == (whole.digest, whole.edition, None)


async def test_only_shared_addresses_are_sorted(tmp_path: Path) -> None:
    ends = [pair() for _ in range(3)]
    files = Files(-1, -1, ends[2][0].detach(), tuple(write.detach() for _, write in ends), ())
    transports = Transports(Machine(), FixedClock(EPOCH), Recorder())
    handover, feed, _ = handover_in(Place(2, 3, files), transports)
    found = [feed(one) for one in settings(tmp_path, 2).listen]
    assert [isinstance(one, Sorter) for one in found] == [True, True, False, False]
    handover.close()
    for read, _ in ends[:2]:
        read.close()
