"""All dialogs of one engine: how a request inside a call finds its pair of dialogs (RFC 3261 12.2.2).

Our tags are ours alone, so a pair is filed under the tag that we gave either dialog, and Call-ID and the peer's tag are
compared with what it holds: no key is made of all three. Early dialogs of a forked INVITE share our tag on the B leg;
the second one and those after it stand apart, under all three.
"""

from __future__ import annotations

from typing import Final, final

from proxy.b2bua.legs import Fork, dialog_key
from proxy.sip.dialog import Dialog


@final
class Dialogs:
    """Pairs of dialogs by what a request names."""

    __slots__ = ("by_tag", "apart")

    def __init__(self) -> None:
        self.by_tag: Final[dict[bytes, Fork]] = {}
        self.apart: Final[dict[bytes, Fork]] = {}

    def __len__(self) -> int:
        return len(self.by_tag) + len(self.apart)

    def find(self, call_id: bytes, local_tag: bytes, remote_tag: bytes) -> Fork | None:
        """The pair of the dialog that has these, ours as `local_tag`."""
        fork = self.by_tag.get(local_tag)
        if fork is not None:
            dialog = fork.a if fork.a.local_tag == local_tag else fork.b
            if dialog.remote_tag == remote_tag and dialog.call_id == call_id:
                return fork
        return self.apart.get(dialog_key(call_id, local_tag, remote_tag)) if self.apart else None

    def add(self, fork: Fork) -> None:
        """Let requests of both legs find this pair."""
        self._add(fork.a, fork)
        self._add(fork.b, fork)

    def remove(self, fork: Fork) -> None:
        """Let none find it any more."""
        self._remove(fork.a, fork)
        self._remove(fork.b, fork)

    def _add(self, dialog: Dialog, fork: Fork) -> None:
        if self.by_tag.setdefault(dialog.local_tag, fork) is not fork:
            self.apart[dialog_key(dialog.call_id, dialog.local_tag, dialog.remote_tag)] = fork

    def _remove(self, dialog: Dialog, fork: Fork) -> None:
        if self.by_tag.get(dialog.local_tag) is fork:
            del self.by_tag[dialog.local_tag]
        elif self.apart:
            key = dialog_key(dialog.call_id, dialog.local_tag, dialog.remote_tag)
            if self.apart.get(key) is fork:
                del self.apart[key]
