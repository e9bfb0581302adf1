"""HidSim's services, whose sign-up codes its numbers receive, with the form of each one's codes. All is assumed."""

from typing import NamedTuple

from mockserver.catalogue.data_files import once, read_csv


class ServiceSeed(NamedTuple):
    """A service on sale.

    `shape` is the form of a code in its messages: `d` stands for a digit, `A` for a capital letter or digit, anything
    else for itself; what stands before `|` is shown, but is no part of the code. `price` is in cents, for its cheapest
    number in an average country. `share` is the percentage of countries where it is sold.
    """

    code: str
    name: str
    category: str
    sender: str
    shape: str
    price: int
    share: int

    @property
    def slug(self) -> str:
        """The name in lower case, words joined by hyphens."""
        letters = "".join(letter if letter.isalnum() else " " for letter in self.name.lower())
        return "-".join(letters.split())


@once
def services() -> tuple[ServiceSeed, ...]:
    """Return every service on sale but the test services."""
    return read_csv(__file__, "services.csv", ServiceSeed)


#: The countries where HidSim has numbers, besides Testland.
_SOLD_IN = (
    "AE AL AM AR AT AU AZ BA BD BE BG BH BO BR BY CA CH CI CL CM CN CO CR CY CZ DE DK DO DZ EC EE EG ES ET FI FR GB "
    "GE GH GR GT HK HN HR HU ID IE IL IN IQ IR IT JM JO JP KE KG KH KR KW KZ LA LB LK LT LU LV MA MD ME MK MM MN MO "
    "MX MY NG NI NL NO NP NZ OM PA PE PH PK PL PT PY QA RO RS RU RW SA SE SG SI SK SN TH TJ TN TR TW TZ UA UG US UY "
    "UZ VE VN ZA ZM ZW"
)
SOLD_IN = tuple(_SOLD_IN.split())
