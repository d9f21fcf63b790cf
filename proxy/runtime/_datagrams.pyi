from collections.abc import Callable

from proxy.sip.hop import Hop
from proxy.sip.wire import Send

def receive(
    descriptor: int, most: int, hops: dict[bytes, Hop], met: Callable[[str, int], Hop]
) -> list[tuple[bytes, Hop]]: ...
def send(descriptor: int, order: Send) -> bool | None: ...
