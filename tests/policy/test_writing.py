from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.policy.writing import bare_digits, context_of, plain_digits, unescape


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("0612345678", "0612345678"),
        ("+33612345678", "+33612345678"),
        ("+33 6 12 34 56 78", "+33612345678"),
        ("+33-6.12/34(56)78", "+33612345678"),
        ("+33(0)6 12 34 56 78", "+33612345678"),
        ("06\u202f12\u00a034 56 78", "0612345678"),
        ("%2B33612345678", "+33612345678"),
        ("%2b33612345678", "+33612345678"),
        ("%30612345678", "0612345678"),
        ("+33612345678;isub=42", "+33612345678"),
        ("+33612345678;postd=pp22", "+33612345678"),
        ("+33612345678;ext=12", "+33612345678"),
        ("+33612345678;npdi;rn=+33999", "+33612345678"),
        ("+33612345678;cpc=ordinary;oli=0", "+33612345678"),
        ("+33612345678:secret", "+33612345678"),
        ("612345678;phone-context=+33", "+33612345678"),
        ("612345678;Phone-Context=+3-3", "+33612345678"),
        ("612345678;phone-context=example.com", "612345678"),
        ("0033612345678;phone-context=+33", "0033612345678"),
        (" 15 ", "15"),
    ],
)
def test_bare_digits(text: str, digits: str) -> None:
    assert bare_digits(text) == digits


@pytest.mark.parametrize(
    "text",
    [
        "",
        "+",
        "anonymous",
        "06 12 AB",
        "#31#0612345678",
        "*31*06",
        "٠٦١٢٣٤٥٦٧٨",
        "²34",
        "%C3%A9",
        "%2",
        "%zz",
        "%+1",
        "1" * 200,
        "++33",
    ],
)
def test_no_number(text: str) -> None:
    assert bare_digits(text) is None


@given(st.text())
def test_whatever_is_written_the_answer_is_digits_or_none(text: str) -> None:
    digits = bare_digits(text)
    assert digits is None or plain_digits(digits.removeprefix("+"))


def test_unescape_leaves_the_rest_alone() -> None:
    assert unescape("a%20b%41") == "a bA"
    assert unescape("100%") is None


def test_context_is_only_global_digits() -> None:
    assert context_of("isub=1;phone-context=+33") == "33"
    assert context_of("phone-context=33") == ""
    assert context_of("isub=1") == ""
