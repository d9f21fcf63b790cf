"""Real Redis servers for the tests: single, a cluster of three masters, and Sentinel; on free loopback ports."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Final

import redis
from stage import free_port

PATIENCE: Final = 40.0
NEVER: Final = "60000"
"""In ms: a server that others do not hear from for a while is on a busy machine, and not dead."""


class RedisServer:
    """One redis-server process in a folder of its own."""

    def __init__(self, folder: Path, *options: str, port: int = 0, program: str = "redis-server") -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.port = port or free_port()
        self.program = program
        self.options = options
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> RedisServer:
        command = [self.program, *self.options[:1]] if self.program == "redis-sentinel" else [self.program]
        rest = self.options[1:] if self.program == "redis-sentinel" else self.options
        place = ["--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self.folder), "--daemonize", "no"]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen([*command, *place, *rest], stdout=log, stderr=log)
        until(self._is_up, f"{self.program} on port {self.port}")
        return self

    def _is_up(self) -> bool:
        """Whether it answers; one that has ended tells why at once."""
        if self.process is not None and self.process.poll() is not None:
            raise AssertionError(f"{self.program} ended at start:\n{(self.folder / 'log').read_text(encoding='utf-8')}")
        return self.answers()

    def answers(self) -> bool:
        try:
            with self.client() as client:
                return bool(client.ping())
        except redis.RedisError:
            return False

    def client(self) -> redis.Redis:
        return redis.Redis(port=self.port, socket_timeout=PATIENCE)

    def send(self, number: signal.Signals) -> None:
        assert self.process is not None
        os.kill(self.process.pid, number)

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None


def until(holds: Callable[[], Any], what: str) -> None:
    """Wait for it, a bounded time."""
    end = time.monotonic() + PATIENCE
    while not holds():
        if time.monotonic() > end:
            raise AssertionError(f"no {what} within {PATIENCE:.0f} s")
        time.sleep(0.02)


def cluster(folder: Path) -> list[RedisServer]:
    """Three masters that share the slots."""
    options = ("--save", "", "--cluster-enabled", "yes", "--cluster-node-timeout", NEVER)
    buses = [free_port() for _ in range(3)]
    nodes = [
        RedisServer(folder / str(number), *options, "--cluster-port", str(bus)).start()
        for number, bus in enumerate(buses)
    ]
    spans = [(0, 5460), (5461, 10_922), (10_923, 16_383)]
    for node, (first, last) in zip(nodes, spans, strict=True):
        with node.client() as client:
            client.execute_command("CLUSTER", "ADDSLOTSRANGE", first, last)
            client.execute_command("CLUSTER", "MEET", "127.0.0.1", nodes[0].port, buses[0])
    for node in nodes:
        until(partial(is_whole, node), "cluster that is whole")
    return nodes


def is_whole(node: RedisServer) -> bool:
    with node.client() as client:
        told = str(client.execute_command("CLUSTER", "INFO"))
    return "cluster_state:ok" in told and "cluster_known_nodes:3" in told


def watch_closely(sentinel: RedisServer, service: str) -> None:
    """From now on a master that is silent for half a second is dead."""
    with sentinel.client() as client:
        client.execute_command("SENTINEL", "SET", service, "down-after-milliseconds", "500")


def sentinel_of(folder: Path, master: RedisServer, service: str) -> RedisServer:
    """One Sentinel that watches the master."""
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    file = folder / "sentinel.conf"
    file.write_text(
        f"sentinel monitor {service} 127.0.0.1 {master.port} 1\nsentinel down-after-milliseconds {service} {NEVER}\n"
        f"sentinel failover-timeout {service} 2000\n",
        encoding="ascii",
    )
    return RedisServer(folder, str(file), port=port, program="redis-sentinel").start()
