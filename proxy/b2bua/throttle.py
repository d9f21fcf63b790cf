"""What a gateway asked us not to send: its part of new calls goes elsewhere, or nowhere (RFC 7339 5.10).

Which calls these are is no matter of chance: the part adds up, and whenever a whole call has come together it is that
one. Calls to emergency numbers are not held back.
"""

from __future__ import annotations

from typing import final

from proxy.sip.feedback import Feedback


@final
class Throttle:
    """What is in force for one gateway."""

    __slots__ = ("_loss", "_until", "_sequence", "_owed", "held_back")

    def __init__(self) -> None:
        self._loss = 0.0
        self._until = 0.0
        self._sequence = 0.0
        self._owed = 0.0
        self.held_back = 0
        """Calls that did not go there."""

    def heard(self, said: Feedback, now: float) -> None:
        """Take what came with an answer, unless something newer has come before (RFC 7339 4.4)."""
        if said.sequence and said.sequence <= self._sequence:
            return
        self._sequence = said.sequence
        self._loss, self._until = said.loss, now + said.valid

    def loss(self, now: float) -> float:
        """The part of new calls that is held back now, 0 to 1."""
        return self._loss if now < self._until else 0.0

    def blocks(self, now: float) -> bool:
        """Must the call that would go there now go elsewhere?"""
        loss = self.loss(now)
        if loss <= 0.0:
            return False
        self._owed += loss
        if self._owed < 1.0:
            return False
        self._owed -= 1.0
        self.held_back += 1
        return True
