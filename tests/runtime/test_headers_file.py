"""headers.toml is read, checked, and cannot let an identity through."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from proxy.b2bua.header_policy import IN_DIALOG, RESPONSE, SET_UP, HeaderPolicy
from proxy.runtime.headers_file import headers_digest, load_headers, spelled
from proxy.runtime.mistakes import ConfigErrors
from proxy.runtime.toml_source import ConfigError

SHIPPED = Path(__file__).parents[2] / "config" / "headers.toml"


def changed(folder: Path, *changes: tuple[str, str]) -> Path:
    text = SHIPPED.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    path = folder / "headers.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_shipped_file_holds_the_allow_list() -> None:
    found = load_headers(SHIPPED)
    assert found.to_carrier[SET_UP] == {
        b"allow", b"supported", b"require", b"accept", b"accept-encoding", b"accept-language", b"content-type",
        b"content-disposition", b"content-language", b"content-encoding", b"mime-version", b"session-expires",
        b"min-se", b"rseq", b"rack", b"reason", b"date", b"p-early-media", b"alert-info", b"expires", b"recv-info",
        b"info-package",
    }  # fmt: skip
    assert set(found.to_carrier) == {found.to_carrier[SET_UP]}
    assert set(found.to_platform) == {found.to_carrier[SET_UP] | {b"retry-after", b"unsupported"}}
    assert {b"p-asserted-identity", b"privacy", b"geolocation"} <= found.unchanged


def test_a_row_may_be_narrowed(tmp_path: Path) -> None:
    row = '[[cross]]\nheaders = ["X-Trace", "k"]\nto = ["carrier"]\nin = ["in_dialog", "response"]\n\n[unchanged]'
    found = load_headers(changed(tmp_path, ("[unchanged]", row)))
    crossed = [b"x-trace" in names for names in (*found.to_carrier, *found.to_platform)]
    assert crossed == [False, True, True, False, False, False]
    assert b"supported" in found.to_carrier[IN_DIALOG]


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ('"Alert-Info"', '"Alert-Info", "Remote-Party-ID"', "Alert-Info", "cannot show who calls, seen `Remote-Party-ID`"),
        ('"Alert-Info"', '"f"', '"f"', "cannot show who calls, seen `f`"),
        ('"Alert-Info"', '"subject"', '"subject"', "cannot show who calls, seen `subject`"),
        ('"Alert-Info"', '"X Y"', '"X Y"', "expected names of headers, seen `X Y`"),
        ('to = ["platform"]', 'to = ["callee"]', "callee", "`carrier`, `platform`, seen `callee`"),
        ('to = ["platform"]', 'in = ["ack"]', "ack", "`set_up`, `in_dialog`, `response`, seen `ack`"),
        ('to = ["platform"]', 'only = 1', "only", "unknown key `only`"),
        ('"Geolocation-Routing", "Priority",', '"Contact",', "headers = [", "cannot show who calls, seen `Contact`"),
        ('"Via", "From"', '"Via"', "headers = [", "also `From`, seen a list without"),
        ('"Via", "From"', '"Via", "From", "X-Other"', "headers = [", "that this proxy builds, seen `x-other`"),
        ('"Subject", "Organization"', '"Organization"', "headers = [", "also `Subject`, seen a list without"),
        ('"RSeq", ', "", "", "`RSeq` in both directions and all messages"),
        ("[dropped]", "[kept]", "", "expected also"),
        ("[unchanged]", "[unknown]\n[unchanged]", "[unknown]", "unknown key `unknown`"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_line(tmp_path: Path, old: str, new: str, line: str, message: str) -> None:
    path = changed(tmp_path, (old, new))
    with pytest.raises(ConfigError, match=re.escape(message)) as caught:
        load_headers(path)
    mistake = next(
        one for one in getattr(caught.value, "mistakes", (caught.value,)) if message in str(one)
    )  # fmt: skip
    assert line in path.read_text(encoding="utf-8").splitlines()[mistake.line - 1]
    assert mistake.file == str(path)


def test_a_name_that_the_operator_drops_cannot_cross(tmp_path: Path) -> None:
    path = changed(tmp_path, ('"Service-Route"', '"Service-Route", "Date"'))
    with pytest.raises(ConfigError, match="seen `Date`"):
        load_headers(path)


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    path = changed(tmp_path, ('"Alert-Info"', '"Identity"'), ('"Via", "From"', '"Via"'))
    with pytest.raises(ConfigErrors) as caught:
        load_headers(path)
    assert len(caught.value.mistakes) == 2


def test_the_digest_tells_policies_apart() -> None:
    shipped = load_headers(SHIPPED)
    assert headers_digest(shipped) == headers_digest(load_headers(SHIPPED))
    assert headers_digest(shipped) != headers_digest(HeaderPolicy())
    moved = HeaderPolicy(shipped.to_platform, shipped.to_carrier, shipped.unchanged, shipped.dropped)
    assert headers_digest(shipped) != headers_digest(moved)


def test_names_are_spelled_as_usual() -> None:
    assert (spelled(b"rseq"), spelled(b"x-own")) == ("RSeq", "x-own")
    assert RESPONSE == 2
