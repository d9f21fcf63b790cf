"""From a number as somebody wrote it to its bare digits.

Only spelling lives here: escapes, separators, parameters, `+` and `phone-context` (RFC 3966 5.1).
What the digits mean is the matter of `numbers.py`. Nothing is guessed: a text that is not a number
in one of the forms listed in `bare_digits` gives None.
"""

from __future__ import annotations

from typing import Final

SEPARATORS: Final = "-. /\t\u00a0\u202f"
MAX_TEXT: Final = 128
LONGEST_E164: Final = 15


def plain_digits(text: str) -> bool:
    """Whether the text is one or more ASCII digits and nothing else."""
    return text.isascii() and text.isdigit()


def too_long(canonical: str) -> bool:
    """More than the fifteen digits of E.164."""
    return len(canonical) - canonical.startswith("+") > LONGEST_E164


def unescape(text: str) -> str | None:
    """Percent-escapes resolved (RFC 3986 2.1); None when one is broken or hides a non-ASCII byte."""
    parts = text.split("%")
    out = parts[0]
    for part in parts[1:]:
        try:
            value = int(part[:2], 16) if len(part) >= 2 and part[:2].isalnum() else 128
        except ValueError:
            return None
        if value > 127:
            return None
        out += chr(value) + part[2:]
    return out


def context_of(parameters: str) -> str:
    """The digits of `phone-context=+...`, or an empty string when there is none or it is a domain."""
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "phone-context":
            value = value.strip()
            digits = value[1:] if value.startswith("+") else ""
            for separator in "-.()":
                digits = digits.replace(separator, "")
            return digits if plain_digits(digits) else ""
    return ""


def bare_digits(text: str) -> str | None:
    """`+` and digits, or digits alone; parameters, separators, `(0)` and escapes are gone.

    A local number with a global phone-context gets that context in front.
    """
    if len(text) > MAX_TEXT:
        return None
    if "%" in text:
        unescaped = unescape(text)
        if unescaped is None:
            return None
        text = unescaped
    subscriber, _, parameters = text.partition(";")
    subscriber = subscriber.partition(":")[0].partition(",")[0].strip().replace("(0)", "")
    for separator in SEPARATORS:
        subscriber = subscriber.replace(separator, "")
    subscriber = subscriber.replace("(", "").replace(")", "")
    plus = subscriber.startswith("+")
    digits = subscriber[1:] if plus else subscriber
    if not plain_digits(digits):
        return None
    if plus:
        return subscriber
    context = context_of(parameters) if parameters else ""
    if not context or digits.startswith("00"):
        return digits
    return "+" + context + digits
