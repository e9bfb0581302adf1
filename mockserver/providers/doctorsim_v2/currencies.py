"""What a recipient's money is worth: rounded rates of our own, fixed, so that prices never move by themselves."""

from collections.abc import Mapping

#: Local units for one euro, in hundredths.
PER_EURO: Mapping[str, int] = {
    "EUR": 100, "USD": 110, "GBP": 85, "MXN": 2000, "BRL": 600, "ARS": 100_000, "COP": 450_000, "CLP": 100_000,
    "PEN": 400, "DOP": 6_500, "CUP": 2_640, "GTQ": 850, "HNL": 2_700, "NIO": 4_000, "CRC": 56_000, "BOB": 760,
    "INR": 9_500, "PKR": 30_000, "BDT": 13_000, "NPR": 15_000, "LKR": 32_000, "PHP": 6_300, "IDR": 1_750_000,
    "THB": 3_800, "VND": 2_750_000, "CNY": 780, "JPY": 17_000, "KRW": 155_000, "AUD": 170, "CAD": 150, "CHF": 95,
    "SEK": 1_100, "NOK": 1_150, "DKK": 750, "PLN": 430, "CZK": 2_500, "HUF": 39_000, "RON": 500, "UAH": 4_500,
    "RUB": 10_000, "TRY": 3_800, "MAD": 1_080, "DZD": 14_500, "TND": 340, "EGP": 5_400, "NGN": 170_000, "GHS": 1_600,
    "KES": 14_200, "ZAR": 2_000, "XOF": 65_600, "XAF": 65_600, "SAR": 410, "AED": 400, "JMD": 17_200, "HTG": 14_400,
}  # fmt: skip

_COUNTRIES: Mapping[str, str] = {
    "EUR": "AD AT AX BE BL CY DE EE ES FI FR GF GP GR HR IE IT LT LU LV MC ME MF MQ MT NL PM PT RE SI SK SM VA XK YT",
    "GBP": "GB GG IM JE",
    "MXN": "MX", "BRL": "BR", "ARS": "AR", "COP": "CO", "CLP": "CL", "PEN": "PE", "DOP": "DO", "CUP": "CU",
    "GTQ": "GT", "HNL": "HN", "NIO": "NI", "CRC": "CR", "BOB": "BO", "INR": "IN BT", "PKR": "PK", "BDT": "BD",
    "NPR": "NP", "LKR": "LK", "PHP": "PH", "IDR": "ID", "THB": "TH", "VND": "VN", "CNY": "CN", "JPY": "JP",
    "KRW": "KR", "AUD": "AU CC CX KI NF NR TV", "CAD": "CA", "CHF": "CH LI", "SEK": "SE", "NOK": "NO SJ",
    "DKK": "DK FO GL", "PLN": "PL", "CZK": "CZ", "HUF": "HU", "RON": "RO", "UAH": "UA", "RUB": "RU", "TRY": "TR",
    "MAD": "MA EH", "DZD": "DZ", "TND": "TN", "EGP": "EG", "NGN": "NG", "GHS": "GH", "KES": "KE", "ZAR": "ZA",
    "XOF": "BF BJ CI GW ML NE SN TG", "XAF": "CF CG CM GA GQ TD", "SAR": "SA", "AED": "AE", "JMD": "JM", "HTG": "HT",
}  # fmt: skip

_BY_COUNTRY = {iso2: code for code, places in _COUNTRIES.items() for iso2 in places.split()}


def currency_of(iso2: str) -> str:
    """The currency that a country's products are priced in; US dollars where the table has none."""
    return _BY_COUNTRY.get(iso2, "USD")


def local_amount(cents: int, currency: str) -> int:
    """About that many euro cents as a round sum of the currency, in hundredths of it."""
    exact = cents * PER_EURO[currency] // 100
    step = 100
    while exact >= step * 40:
        step *= 5 if str(step)[0] == "1" else 2
    return max(step, (exact + step // 2) // step * step)


def euro_cents(amount: int, currency: str) -> int:
    """What an amount in hundredths of the currency is worth, rounded up to the cent."""
    return -(-amount * 100 // PER_EURO[currency])


def dollar_cents(cents: int) -> int:
    """Euro cents in US cents, rounded up."""
    return -(-cents * PER_EURO["USD"] // 100)
