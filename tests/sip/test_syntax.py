"""The words of SIP: compact forms, spellings, phrases and the token grammar."""

from __future__ import annotations

import pytest

from proxy.sip.syntax import (
    COMPACT,
    KNOWN,
    METHODS,
    OUTSIDE_URI,
    PHRASES,
    SINGLE,
    SPELLING,
    decimal,
    is_token,
    phrase,
    same_names,
)


def test_compact_forms_are_those_of_the_rfcs() -> None:
    rfc3261 = {
        b"c": b"content-type", b"e": b"content-encoding", b"f": b"from", b"i": b"call-id", b"k": b"supported",
        b"l": b"content-length", b"m": b"contact", b"s": b"subject", b"t": b"to", b"v": b"via",
    }  # fmt: skip
    assert rfc3261.items() <= COMPACT.items()
    assert COMPACT[b"x"] == b"session-expires"  # RFC 4028
    assert COMPACT[b"r"] == b"refer-to"  # RFC 3515
    assert COMPACT[b"o"] == b"event"  # RFC 6665


def test_known_names_lead_to_their_lower_long_form() -> None:
    assert KNOWN[b"Via"] == KNOWN[b"via"] == KNOWN[b"VIA"] == KNOWN[b"v"] == KNOWN[b"V"] == b"via"
    assert KNOWN[b"Call-Id"] == b"call-id"
    assert KNOWN[b"Cseq"] == b"cseq"
    for written, name in KNOWN.items():
        assert name == name.lower()
        assert written.lower() in (name, *COMPACT)


def test_every_spelling_comes_back_to_its_name() -> None:
    for lower, spelled in SPELLING.items():
        assert spelled.lower() == lower
        assert KNOWN[spelled] == lower


def test_single_headers_are_known() -> None:
    assert set(KNOWN.values()) >= SINGLE
    assert b"via" not in SINGLE
    assert b"contact" not in SINGLE


def test_methods_are_tokens() -> None:
    for raw, name in METHODS.items():
        assert raw.decode() == name
        assert is_token(raw)


@pytest.mark.parametrize(
    ("status", "text"),
    [(200, b"OK"), (487, b"Request Terminated"), (608, b"Rejected"), (199, b"Early Dialog Terminated"),
     (150, b"Session Progress"), (299, b"OK"), (399, b"Multiple Choices"), (499, b"Bad Request"),
     (599, b"Server Internal Error"), (699, b"Decline")],
)  # fmt: skip
def test_phrase(status: int, text: bytes) -> None:
    assert phrase(status) == text


def test_every_status_has_a_phrase() -> None:
    assert all(phrase(status) for status in range(100, 700))
    assert all(100 <= status <= 699 for status in PHRASES)


@pytest.mark.parametrize("text", [b"INVITE", b"a", b"-.!%*_+`'~", b"x" * 5000])
def test_tokens(text: bytes) -> None:
    assert is_token(text)


@pytest.mark.parametrize(
    "text", [b"", b"a b", b"a/b", b"a:b", b'"a"', b"a\x00", b"\xe9", b"a\n", b"(a)", b"a;b", b"a@b"]
)
def test_no_tokens(text: bytes) -> None:
    assert not is_token(text)


def test_what_never_stands_in_a_uri() -> None:
    for byte in range(256):
        legal = byte > 0x20 and byte != 0x7F and byte not in b'"<>'
        assert (byte not in OUTSIDE_URI) == legal


def test_names_are_the_objects_that_the_parser_files_under() -> None:
    names = same_names(frozenset((bytes(bytearray(b"contact")), b"x-own")))
    assert names == {b"contact", b"x-own"}
    (contact,) = [name for name in names if name == b"contact"]
    assert any(contact is name for name in SPELLING)


@pytest.mark.parametrize("number", [0, 7, 2047, 2048, 2**31 - 1])
def test_a_number_in_digits(number: int) -> None:
    assert decimal(number) == str(number).encode()
