"""The messages of a load as they leave at the usual ports: what SIPp makes of the scenarios, for whoever wants them as bytes."""

from __future__ import annotations

import re

from stage import HERE

FOLDER = HERE / "load"
VALUES = {
    '[field0 file="called.csv"]': "+33610000000",
    '[field0 file="accounts.csv"]': "cust0000",
    '[field1 file="accounts.csv"]': "+33142500000",
    '[field2 file="accounts.csv"]': "+33612500000",
    "[local_ip]": "127.0.0.1",
    "[remote_ip]": "127.0.0.1",
    "[local_port]": "5070",
    "[remote_port]": "5060",
    "[branch]": "z9hG4bK-12345-1000-0",
    "[pid]": "12345",
    "[call_number]": "1000",
    "[auto_media_port]": "6000",
    "[call_id]": "1000-12345-uac@127.0.0.1",
}
_MESSAGE = re.compile(r"<!\[CDATA\[\n\n(.*?)\n\n    \]\]>", re.DOTALL)


def messages(name: str) -> list[bytes]:
    """Those of that scenario in their order; what repeats a header of another message stays as SIPp spells it."""
    found = []
    for block in _MESSAGE.findall((FOLDER / f"{name}.xml").read_text(encoding="utf-8")):
        text = "\r\n".join(line.strip() for line in block.splitlines()) + "\r\n"
        for field, value in VALUES.items():
            text = text.replace(field, value)
        body = text.partition("\r\n\r\n")[2]
        found.append(text.replace("[len]", str(len(body))).encode())
    return found
