"""The other end of digest authentication, written from the RFCs with nothing of the proxy: it answers and it asks."""

from __future__ import annotations

import hashlib
import re

from tests.ladder import Seen

HASHES = {"MD5": hashlib.md5, "SHA-256": hashlib.sha256}


def fields(value: str) -> dict[str, str]:
    """The parameters of a challenge or of credentials."""
    return {name.lower(): quoted or bare for name, quoted, bare in re.findall(r'(\w+)=(?:"([^"]*)"|([^\s,"]+))', value)}


def proof(given: dict[str, str], word: str, method: str, user: str, realm: str) -> str:
    """The `response` that these fields ask for."""
    digest = HASHES[given.get("algorithm", "MD5")]

    def h(text: str) -> str:
        return digest(text.encode()).hexdigest()

    ha1, ha2 = h(f"{user}:{realm}:{word}"), h(f"{method}:{given['uri']}")
    if "qop" not in given:
        return h(f"{ha1}:{given['nonce']}:{ha2}")
    return h(f"{ha1}:{given['nonce']}:{given['nc']}:{given['cnonce']}:{given['qop']}:{ha2}")


def authorization(
    seen: Seen, request: bytes, *, user: str = "vms-1", word: str = "wonder", algorithm: str = "SHA-256", nc: int = 1,
    uri: str = "", nonce: str = "",
) -> str:  # fmt: skip
    """The Authorization line by which `request` answers the 401 `seen`."""
    asked = next(
        found
        for found in (fields(value) for value in seen.headers("www-authenticate"))
        if found.get("algorithm", "MD5") == algorithm
    )
    method, target, _ = request.split(b"\r\n")[0].decode().split(" ")
    given = {
        "nonce": nonce or asked["nonce"], "uri": uri or target, "algorithm": algorithm, "nc": f"{nc:08x}", "cnonce": "abc",
        "qop": "auth",
    }  # fmt: skip
    answer = proof(given, word, method, user, asked["realm"])
    return (
        f'Authorization: Digest username="{user}", realm="{asked["realm"]}", nonce="{given["nonce"]}", '
        f'uri="{given["uri"]}", response="{answer}", algorithm={algorithm}, cnonce="abc", qop=auth, nc={given["nc"]}'
    )


def with_line(request: bytes, line: str) -> bytes:
    """The request with one more header."""
    at = request.rfind(b"\r\nContent-Length:")
    return request[:at] + b"\r\n" + line.encode() + request[at:]


def is_right(seen: Seen, word: str, user: str = "edge") -> bool:
    """Do the credentials of this request, made for a carrier, hold?"""
    value = seen.header("authorization") or seen.header("proxy-authorization")
    given = fields(value)
    method = seen.start.split(" ")[0]
    return (
        given["username"] == user
        and given["uri"] == seen.start.split(" ")[1]
        and given["response"] == proof(given, word, method, user, given["realm"])
    )
