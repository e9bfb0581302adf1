"""Money is whole minor units; decimals are exact, and never floats."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockserver.domain.money import Currency, share

USD = Currency("USD", 4)
EUR = Currency("EUR", 2)
YEN = Currency("JPY", 0)
MINOR = st.integers(min_value=-(10**15), max_value=10**15)


@pytest.mark.parametrize(
    ("amount", "minor"),
    [("1.14", 11400), ("1.1400", 11400), ("0", 0), ("-0.0001", -1), (Decimal("100.00"), 1_000_000), (3, 30_000)],
)
def test_an_amount_becomes_whole_minor_units(amount: Decimal | str | int, minor: int) -> None:
    assert USD.minor(amount) == minor


@pytest.mark.parametrize("amount", ["0.00001", "1.23456", "1e-400000"])
def test_more_decimals_than_the_currency_has_are_refused(amount: str) -> None:
    with pytest.raises(ValueError, match=r"has more than 4 decimals"):
        USD.minor(amount)


@pytest.mark.parametrize(
    "amount", ["", "ten", "1,5", "NaN", "Infinity", "-Infinity", "1e400000", "1" * 30, "1e14", "0x10"]
)
def test_what_is_no_amount_is_refused_with_its_value(amount: str) -> None:
    with pytest.raises(ValueError, match="not an amount"):
        USD.minor(amount)
    with pytest.raises(ValueError, match="not an amount"):
        USD.rounded(amount)


@pytest.mark.parametrize(("amount", "minor"), [("0.00005", 1), ("0.000049", 0), ("1.23455", 12346), ("-0.00005", -1)])
def test_rounding_is_half_up_away_from_zero(amount: str, minor: int) -> None:
    assert USD.rounded(amount) == minor


@pytest.mark.parametrize(
    ("currency", "minor", "text"),
    [
        (USD, 11400, "1.1400"),
        (USD, 0, "0.0000"),
        (USD, -1, "-0.0001"),
        (USD, -10_001, "-1.0001"),
        (EUR, 25000, "250.00"),
        (EUR, 5, "0.05"),
        (YEN, -7, "-7"),
    ],
)
def test_a_text_has_all_decimals_and_its_sign(currency: Currency, minor: int, text: str) -> None:
    assert currency.text(minor) == text


@given(MINOR, st.sampled_from([USD, EUR, YEN]))
def test_text_and_decimal_read_back_as_the_same_amount(minor: int, currency: Currency) -> None:
    decimal = currency.decimal(minor)
    assert currency.text(minor) == f"{decimal:f}"
    if abs(decimal) < 10**13:
        assert currency.minor(currency.text(minor)) == minor
        assert currency.minor(decimal) == minor


@given(st.from_regex(r"[0-9]{1,25}(\.[0-9]{1,8})?", fullmatch=True))
def test_every_amount_that_is_taken_fits_in_64_bits(text: str) -> None:
    try:
        minor = USD.rounded(text)
    except ValueError:
        return
    assert abs(minor) < 2**63


@pytest.mark.parametrize(
    ("minor", "percent", "part"), [(11400, 10, 1140), (5, 10, 1), (4, 10, 0), (15, 10, 2), (10, 0, 0), (7, 100, 7)]
)
def test_a_share_is_rounded_half_up(minor: int, percent: int, part: int) -> None:
    assert share(minor, percent) == part


@given(st.integers(min_value=0, max_value=10**12), st.integers(min_value=0, max_value=100))
def test_a_share_is_never_more_than_half_a_unit_off(minor: int, percent: int) -> None:
    exact = Decimal(minor) * percent / 100
    assert Decimal("-0.5") < share(minor, percent) - exact <= Decimal("0.5")
