"""Texts in notes come back as they were."""

from __future__ import annotations

import pytest

from proxy.b2bua.extract import NO_SECRETS, Secrets
from proxy.b2bua.note_reading import dialog_of, secrets_of
from proxy.b2bua.note_texts import escaped, is_plain, parted, put_dialog, put_secrets, safe, unescaped
from proxy.sip.dialog import Dialog
from proxy.sip.hop import UDP, Hop


def test_what_is_escaped_has_no_line_ends() -> None:
    for text in (b"", b"plain", b"a\nb\tc\rd%0Ae%25", b"%%0A\n"):
        assert not set(b"\n\t\r") & set(escaped(text))
        assert unescaped(escaped(text)) == text


def test_a_text_is_left_alone_where_nothing_is_to_be_escaped() -> None:
    for text in ("", "plain", "+33612345678", "J\u00e9r\u00f4me", "a b", "100%", "a\nb", "a\tb", "a\rb", "a\u2028b"):
        data = text.encode("utf-8")
        assert safe(text).encode("utf-8") == escaped(data)
        assert is_plain(data) is (escaped(data) == data)


def test_secrets_keep_whatever_bytes_a_name_has() -> None:
    for secrets in (NO_SECRETS, Secrets((b"612345678", b"1"), (b"a\nb\tc", b"d%0A"), (b"h.example",))):
        texts: list[bytes] = []
        put_secrets(texts, secrets)
        read = secrets_of(texts)
        assert (read.digits, read.texts, read.hosts) == (secrets.digits, secrets.texts, secrets.hosts)


def test_a_dialog_keeps_its_routes_and_our_tag() -> None:
    hop = Hop(UDP, "192.0.2.1", 5060)
    kept = Dialog(b"c1", b'"A;tag=x" <sip:a@h>;tag=t1', b"t1", b"<sip:b@h>", b"", hop)
    kept.target, kept.routes = b"sip:b@192.0.2.1", (b"<sip:p1;lr>", b'"Doe, J" <sip:p2,x@h;lr>')
    texts: list[bytes] = []
    put_dialog(texts, kept)
    read = dialog_of(b"c1", texts, 4, -1)
    assert (read.local_tag, read.remote_tag, read.routes, read.target) == (b"t1", b"", kept.routes, kept.target)
    assert (read.local, read.remote, read.local_cseq, read.remote_cseq) == (kept.local, kept.remote, 4, -1)


def test_texts_must_be_as_many_and_the_rest_as_long_as_the_note_says() -> None:
    assert parted(b"..a\nb\nrest", 2, 2, 4) == ([b"a", b"b", b"rest"], b"rest")
    for count, size in ((3, 4), (2, 5), (1, 4)):
        with pytest.raises(ValueError, match="as many"):
            parted(b"..a\nb\nrest", 2, count, size)
