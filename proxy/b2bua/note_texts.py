"""Pieces of notes that are texts: a dialog, what must not cross, what could hold a line end, and a row of them read back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from proxy.b2bua.extract import NO_SECRETS, Secrets
from proxy.sip.dialog import Dialog

if TYPE_CHECKING:
    from mypy_extensions import i64


def put_dialog(texts: list[bytes], dialog: Dialog) -> None:
    """Our half of a dialog; its Call-ID stands with the texts of the record, our tag at the end of `local`."""
    texts.append(dialog.local)
    texts.append(dialog.remote)
    texts.append(dialog.remote_tag)
    texts.append(dialog.target)
    texts.append(b", ".join(dialog.routes) if dialog.routes else b"")
    texts.append(dialog.hop.text())


def put_secrets(texts: list[bytes], secrets: Secrets) -> None:
    """What must not cross, one text for each kind."""
    if secrets is NO_SECRETS:
        texts += _NO_SECRETS
        return
    texts.append(b"\t".join(secrets.digits))
    if is_plain(b"".join([*secrets.texts, *secrets.hosts])):
        texts.append(b"\t".join(secrets.texts))
        texts.append(b"\t".join(secrets.hosts))
    else:
        texts.append(b"\t".join([escaped(text) for text in secrets.texts]))
        texts.append(b"\t".join([escaped(host) for host in secrets.hosts]))


_NO_SECRETS: Final = (b"", b"", b"")
_PERCENT: Final = 0x25
_SPACE: Final = 0x20


def is_plain(text: bytes) -> bool:
    """Whether nothing stands there that could have to be escaped."""
    at: i64 = 0
    end: i64 = len(text)
    while at < end:
        byte: i64 = text[at]
        if byte == _PERCENT or byte < _SPACE:
            return False
        at += 1
    return True


def safe(text: str) -> str:
    """A text as `escaped` writes it."""
    if text.isprintable() and "%" not in text:
        return text
    return escaped(text.encode("utf-8")).decode("utf-8")


def escaped(text: bytes) -> bytes:
    """A text without line ends and tabs."""
    return text.replace(b"%", b"%25").replace(b"\n", b"%0A").replace(b"\t", b"%09").replace(b"\r", b"%0D")


def unescaped(text: bytes) -> bytes:
    """The text that `escaped` was given."""
    return text.replace(b"%0D", b"\r").replace(b"%09", b"\t").replace(b"%0A", b"\n").replace(b"%25", b"%")


def parted(data: bytes, at: int, count: int, size: int) -> tuple[list[bytes], bytes]:
    """`count` texts from `at` on, and the `size` bytes behind them. Raises ValueError."""
    texts = data[at:].split(b"\n", count)
    if len(texts) != count + 1 or len(texts[count]) != size:
        raise ValueError("its texts are not as many as they should be")
    return texts, texts[count]
