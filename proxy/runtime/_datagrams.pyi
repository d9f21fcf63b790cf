from collections.abc import Callable

from proxy.sip.hop import Hop
from proxy.sip.wire import Send

def receive(
    descriptor: int, hops: dict[bytes, Hop], met: Callable[[str, int], Hop], remembered: int, most: int
) -> list[tuple[bytes, Hop]]: ...
def send(descriptor: int, otherwise: Callable[[Send], None], order: Send) -> None: ...
