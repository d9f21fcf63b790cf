"""Overload control between neighbours (RFC 7339): what a client offers in its Via, and what the server writes there.

A client that can send less puts `oc` and the algorithms it knows into its topmost Via; a server answers in the same
place how many per cent of its requests it had better not send, for how long, and a number that only grows. We know the
algorithm that everybody has to know, `loss`.
"""

from __future__ import annotations

from typing import Final, final

from proxy.sip.address import split_semicolons
from proxy.sip.message import ParseError

OFFER: Final = b';oc;oc-algo="loss"'
VALID: Final = 0.5  # s, where nothing is said (RFC 7339 4.3)
LONGEST: Final = 3600.0  # s that we believe
_CONTROL: Final = frozenset((b"oc", b"oc-algo", b"oc-validity", b"oc-seq"))


@final
class Feedback:
    """What a server said: `loss` is a part from 0 to 1, `valid` seconds (0: it is over), `sequence` grows."""

    __slots__ = ("loss", "valid", "sequence")

    def __init__(self, loss: float, valid: float, sequence: float) -> None:
        self.loss: Final = loss
        self.valid: Final = valid
        self.sequence: Final = sequence


def offers_loss(algorithms: bytes) -> bool:
    """Does this value of `oc-algo` name `loss`?"""
    return b"loss" in [one.strip().lower() for one in algorithms.strip(b'" \t').split(b",")]


def answered_offer(via: bytes, loss: float, valid: float, epoch: float) -> bytes:
    """A Via that made the offer, with our answer at its end: `loss` as above, for `valid` seconds; `epoch` counts."""
    kept = [piece for piece in split_semicolons(via) if piece.partition(b"=")[0].strip().lower() not in _CONTROL]
    kept.append(b"oc=%d" % round(100 * loss))
    kept.append(b'oc-algo="loss"')
    kept.append(b"oc-validity=%d" % round(1000 * valid))
    kept.append(b"oc-seq=%d.%03d" % (int(epoch), int(epoch * 1000) % 1000))
    return b";".join(kept)


def read_feedback(via: bytes) -> Feedback | None:
    """What our own Via says when it comes back; None when there is nothing that we understand."""
    if b";oc=" not in via:
        return None
    try:
        pieces = split_semicolons(via)
    except ParseError:
        return None
    found: dict[bytes, bytes] = {}
    for piece in pieces[1:]:
        name, _, value = piece.partition(b"=")
        found[name.strip().lower()] = value.strip()
    loss, valid = found.get(b"oc", b""), found.get(b"oc-validity", b"")
    known = not valid or (valid.isdigit() and len(valid) <= 9)
    if (
        not loss.isdigit()
        or len(loss) > 3
        or int(loss) > 100
        or not known
        or not offers_loss(found.get(b"oc-algo", b""))
    ):
        return None
    seconds = int(valid) / 1000.0 if valid else VALID
    return Feedback(int(loss) / 100.0, min(seconds, LONGEST), _sequence(found.get(b"oc-seq", b"")))


def _sequence(value: bytes) -> float:
    """`oc-seq` as a number, 0 for none."""
    whole, _, part = value.partition(b".")
    if not whole.isdigit() or not part.isdigit() or len(whole) > 12 or len(part) > 5:
        return 0.0
    return int(whole) + int(part) / 10.0 ** len(part)
