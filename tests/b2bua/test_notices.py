"""What of a NOTIFY may cross: its event, its state, and a status line."""

from __future__ import annotations

import pytest

from proxy.b2bua.notices import notice_of, progress
from proxy.sip.message import Message
from proxy.sip.parse import parse
from tests.ladder import Caller

FRAGMENT = "Content-Type: message/sipfrag"


def notify(*extra: str, body: bytes = b"") -> Message:
    return parse(Caller().request("NOTIFY", extra=list(extra), body=body))


@pytest.mark.parametrize(
    ("stated", "crossed", "last"),
    [
        ("active", "active", False),
        ("Active;Expires=60", "active;expires=60", False),
        ("pending;expires=x;retry-after=5", "pending", False),
        ("terminated;reason=noresource", "terminated;reason=noresource", True),
        ("terminated;reason=+33145001234", "terminated", True),
        ("nonsense", "active", False),
        ("", "active", False),
    ],
)
def test_a_state_crosses_with_what_is_known_of_it(stated: str, crossed: str, last: bool) -> None:
    notice = notice_of(notify("Event: refer", f"Subscription-State: {stated}"), 1, 2)
    assert notice is not None
    assert (notice.lines, notice.last) == ([b"Event: refer", f"Subscription-State: {crossed}".encode()], last)


def test_a_refer_is_named_by_its_number_on_each_leg() -> None:
    notice = notice_of(notify("o: REFER ; id=7"), 7, 41)
    assert notice is not None
    assert notice.lines[0] == b"Event: refer;id=41"
    assert notice_of(notify("o: refer;id=8"), 7, 41) is None
    assert notice_of(notify("o: dialog"), 7, 41) is None


@pytest.mark.parametrize(
    ("body", "crossed"),
    [
        (b"SIP/2.0 100 Trying\r\n", b"SIP/2.0 100 Trying\r\n"),
        (b"SIP/2.0 486 +33145001234", b"SIP/2.0 486 Busy Here\r\n"),
        (b"SIP/2.0 099 x", b""),
        (b"SIP/2.0 700 x", b""),
        (b"INVITE sip:x SIP/2.0", b""),
        (b"", b""),
    ],
)
def test_only_the_status_of_the_progress_crosses(body: bytes, crossed: bytes) -> None:
    assert progress(notify(FRAGMENT, body=body)) == crossed
    assert progress(notify("Content-Type: text/plain", body=body)) == b""
