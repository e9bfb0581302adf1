"""Codes are found in texts as a provider would find them."""

# ruff: noqa: RUF001

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.catalogue.codes import find_code, without_separators


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Your code is 1234", "1234"),
        ("12345678", "12345678"),
        ("Use 0042 to sign in.", "0042"),
        ("123-456 is your WhatsApp code", "123456"),
        ("Your Instagram code: 123 456. Don't share it.", "123456"),
        ("Code 1234 5678", "12345678"),
        ("Code 12-3456", "123456"),
        ("Your code: 123\u2011456", "123456"),
        ("Your code: 123\u00a0456", "123456"),
        ("G-123456 is your Google verification code.", "123456"),
        ("FB-12345 is your Facebook confirmation code", "12345"),
        ("<#> 123456 is your code\nFA+9qCX9VSu", "123456"),
        ("#123456 is your code", "123456"),
        ("@example.com #747723", "747723"),
        ("(4321)", "4321"),
        ("Code:9876.", "9876"),
        ("Ваш код 88442", "88442"),
        ("【WhatsApp】验证码123456，请勿泄露给他人。", "123456"),
        ("認証コードは123456です。", "123456"),
        ("인증번호는 123456입니다.", "123456"),
        ("رمز التحقق: ١٢٣٤٥٦", "123456"),
        ("Your code is 123456. It is valid for 10 minutes.", "123456"),
        ("123456 10 minutes left", "123456"),
        ("On 2026-01-31 at 12:30 your code was 5566", "5566"),
        ("Call +44 20 7946 0958. Code 1357", "1357"),
        ("1111 or 2222, whichever comes first", "1111"),
    ],
)
def test_a_code_is_found_in_a_text(text: str, code: str) -> None:
    assert find_code(text) == code


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Welcome to WhatsApp!",
        "Hello there 9",
        "Valid for 10 minutes, 123 tries",
        "123456789",
        "Call +447700900123",
        "Call +1 212 555 0123",
        "On 2026-01-31",
        "On 31.01.2026",
        "At 10:4500",
        "12.5000 USD",
        "1,000,0000",
        "https://example.com/12345",
        "Order AB1234",
        "1234th time",
        "FA9q1234VSu",
        "12-34-56",
        "G-42",
    ],
)
def test_what_is_no_code_is_not_taken_for_one(text: str) -> None:
    assert find_code(text) is None


@given(st.text(string.digits, min_size=4, max_size=8), st.integers(1, 7), st.sampled_from(["", " ", "-"]))
def test_whatever_digits_a_code_has_it_is_found_as_it_is(code: str, place: int, separator: str) -> None:
    place = min(place, len(code) - 1)
    if separator == " ":
        place = len(code) // 2
    written = f"{code[:place]}{separator}{code[place:]}"
    for text in (written, f"Code: {written}.", f"G-{code} is it", f"Код {written}!"):
        assert find_code(text) == code


@given(st.text(max_size=200) | st.text(string.digits + " -.+:/G", max_size=200))
def test_a_code_is_four_to_eight_digits_of_the_text_in_their_order(text: str) -> None:
    code = find_code(text)
    if code is not None:
        assert 4 <= len(code) <= 8
        assert set(code) <= set(string.digits)
        digits = "".join(str(int(sign)) for sign in text if sign.isdecimal())
        assert code in digits


@pytest.mark.parametrize(("given", "plain"), [("12-34 56", "123456"), ("G-42", "G42"), ("1.2\u20113", "123")])
def test_separators_are_dropped_from_a_given_code(given: str, plain: str) -> None:
    assert without_separators(given) == plain
