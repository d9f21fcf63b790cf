"""The operator's door: a small HTTP server on the loop that also carries SIP.

Nothing here is on the way of a call. `/metrics` copies the counters on the loop and renders them in a thread;
`/reload` reads the files in a thread. `POST /reload` changes what callees see, so it is answered only to this machine,
and never to a page in somebody's browser (a browser adds `Origin`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from ipaddress import ip_address
from typing import Final, Protocol, final

from aiohttp import web

from proxy.runtime import build
from proxy.runtime.metric_samples import Snapshot
from proxy.runtime.metrics_text import CONTENT_TYPE, OURSELVES, Metrics
from proxy.runtime.toml_source import ConfigError


class Prober(Protocol):
    """Who can ask the gateways of a carrier; `node_topology.NodeTopology` is one."""

    async def asked(self, carrier: str) -> list[dict[str, str]]:
        """What each gateway answers to OPTIONS, a row for each; none for a carrier that there is not."""
        ...


class Node(Protocol):
    """The running node as the operator sees it; `app.App` is one, and `supervisor.Supervisor`."""

    @property
    def ready(self) -> bool: ...
    @property
    def draining(self) -> bool: ...
    @property
    def digest(self) -> str: ...
    @property
    def topology(self) -> Prober: ...
    async def reload(self) -> str:
        """Load all files anew and swap; the new digest. Raises ConfigError and keeps the old state."""
        ...

    async def taken(self) -> Snapshot:
        """Every metric as it stands."""
        ...

    def process_ids(self) -> Iterable[int | str]:
        """The processes of the node, as in /proc."""
        return OURSELVES


@final
class Admin:
    """The started server; `port` is the one really bound, also when 0 was asked for."""

    def __init__(self, runner: web.AppRunner, port: int) -> None:
        self._runner: Final = runner
        self.port: Final = port

    async def stop(self) -> None:
        """Close the listening socket and every connection."""
        await self._runner.cleanup()


async def start_admin(host: str, port: int, node: Node) -> Admin:
    """Listen on `host`:`port`. Raises OSError when the address cannot be bound."""
    runner = web.AppRunner(application(node), access_log=None, handle_signals=False, shutdown_timeout=1.0)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
    except OSError:
        await runner.cleanup()
        raise
    return Admin(runner, int(runner.addresses[0][1]))


def application(node: Node) -> web.Application:
    """The routes."""
    doors = Doors(node)
    app = web.Application()
    app.router.add_get("/metrics", doors.metrics)
    app.router.add_get("/healthz", doors.health)
    app.router.add_get("/readyz", doors.readiness)
    app.router.add_get("/version", doors.version)
    app.router.add_post("/reload", doors.reload)
    app.router.add_post("/carriers/test", doors.test)
    return app


@final
class Doors:
    """One handler for each route."""

    def __init__(self, node: Node) -> None:
        self._node: Final = node
        self._metrics: Final = Metrics(node.process_ids)

    async def metrics(self, request: web.Request) -> web.Response:
        """The Prometheus exposition."""
        taken = await self._node.taken()
        body = await asyncio.get_running_loop().run_in_executor(None, self._metrics.render, taken)
        return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE})

    async def health(self, request: web.Request) -> web.Response:
        """200 as long as the loop turns: restart me when this fails."""
        return web.Response(text="ok\n")

    async def readiness(self, request: web.Request) -> web.Response:
        """200 when new calls are welcome; 503 before the start and while draining: send me no calls."""
        if self._node.draining:
            return web.Response(status=503, text="draining\n")
        if not self._node.ready:
            return web.Response(status=503, text="starting\n")
        return web.Response(text="ready\n")

    async def version(self, request: web.Request) -> web.Response:
        """Which build runs, with which configuration."""
        return answer(200, {"version": build.version(), "build": build.kind(), "config": self._node.digest})

    async def reload(self, request: web.Request) -> web.Response:
        """Swap to what the files say now; 422 with the mistakes when they are wrong, and nothing has changed."""
        if not is_local(request):
            return answer(403, {"outcome": "refused", "error": "reload is answered to this machine only"})
        try:
            digest = await self._node.reload()
        except ConfigError as mistake:
            return answer(422, {"outcome": "refused", "error": str(mistake)})
        return answer(200, {"outcome": "applied", "config": digest})

    async def test(self, request: web.Request) -> web.Response:
        """OPTIONS to each gateway of the carrier `name`; 404 for one that there is not."""
        if not is_local(request):
            return answer(403, {"error": "a test is answered to this machine only"})
        name = request.query.get("name", "")
        rows = await self._node.topology.asked(name)
        if not rows:
            return answer(404, {"error": f"expected the name of a carrier with an address, seen `{name}`"})
        return answer(200, {"gateways": rows})


def answer(status: int, fields: Mapping[str, object]) -> web.Response:
    """A JSON response."""
    return web.json_response(dict(fields), status=status)


def is_local(request: web.Request) -> bool:
    """True for a program on this machine; false for another machine and for a page in a browser."""
    try:
        loopback = ip_address(request.remote or "").is_loopback
    except ValueError:
        return False
    return loopback and "Origin" not in request.headers
