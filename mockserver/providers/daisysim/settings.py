"""DaisySIM's numbers, names and addresses, documented, observed or assumed, and the settings that tests can change.

Elsewhere are only the life cycle of an activation (`scenarios/daisysim/quick.yaml`, which names the settings below),
the shapes and bounds of requests (`schemas/daisysim/`), and tables of facts (countries, services).
"""

from typing import Final

from mockserver.domain.money import Currency
from mockserver.http.cors import Cors
from mockserver.http.replies import Limit
from mockserver.sandbox.settings import Setting

# -- where it is --------------------------------------------------------------------------------------

#: Documented.
HOST: Final = "daisysim.com"
#: Its website (assumed).
OTHER_HOSTS: Final = ("www.daisysim.com",)
PREFIX: Final = "/api/v1/virtual"

#: Assumed: nothing says which pages may call the API.
CORS: Final = Cors("daisysim", (f"https://{HOST}",))

# -- money --------------------------------------------------------------------------------------------

#: Wallets and prices are kept in ten-thousandths of a dollar: the API has at most 4 decimals (documented).
USD: Final = Currency("USD", 4)

#: (name, percent, total spent from which on it applies, in minor units). Silver and Gold's threshold are
#: documented, the rest is assumed.
LOYALTY_TIERS: Final = (
    ("Bronze", 0, 0),
    ("Silver", 10, USD.minor(25)),
    ("Gold", 15, USD.minor(100)),
    ("Platinum", 20, USD.minor(500)),
)

# -- limits -------------------------------------------------------------------------------------------

#: Calls in a minute, each operation by itself (documented); the others have no limit.
PRICES_LIMIT: Final = Limit(30)
PURCHASE_LIMIT: Final = Limit(10)
CHECK_LIMIT: Final = Limit(60)
CANCEL_LIMIT: Final = Limit(10)

# -- ids and credentials ------------------------------------------------------------------------------

#: Activation ids have nine digits (documented). The start of the span in which the first one lies, the width of that
#: span, and the most that one id is above the id before it (assumed).
FIRST_ACTIVATION_ID: Final = 100_000_000
ACTIVATION_ID_SPAN: Final = 400_000_000
ACTIVATION_ID_STEP: Final = 7

#: A key is the prefix and KEY_LENGTH letters and digits (observed).
KEY_PREFIX: Final = "DA_"
KEY_LENGTH: Final = 40
KEY_ALPHABET: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

# -- the life of an activation ------------------------------------------------------------------------

#: Events of which no source says what follows from them (assumed): answers that rest on one say so.
ASSUMED_EVENTS: Final = frozenset({"expire"})

# -- messages and the webhook -------------------------------------------------------------------------

#: Digits of an invented code, and the longest code and text that a test may push, in characters (assumed).
CODE_DIGITS: Final = 6
LONGEST_CODE: Final = 32
LONGEST_TEXT: Final = 1_000

#: Assumed.
WEBHOOK_USER_AGENT: Final = "DaisySIM-Webhook/1.0"

# -- catalogue: every figure is assumed ---------------------------------------------------------------

#: The fewest services that a country sells.
FEWEST_SERVICES: Final = 40

#: The least and the greatest price of a first tier before it drifts; five tiers then stay within 0.05 .. 8 dollars.
PRICE_FLOOR: Final = 600
PRICE_CEILING: Final = 19_000

#: Testland's first tier never costs less than 0.20 dollars, more than a nearly empty account can pay.
TESTLAND_PRICE_FLOOR: Final = 2_200

#: Percent by which a draw moves a price, up or down.
PRICE_DRIFT: Final = 8

#: Percent from one tier to the next. A tier that drifted down stays above one that drifted up, also when both are
#: rounded to lanes (`tiers.py`): 600 * (1.22 * 0.92 - 1.08) > 16.
PRICE_STEPS: Final = (122, 140)

# -- invented customers: assumed ----------------------------------------------------------------------

#: How many of a hundred customers buy in Testland, whose services decide the outcome, and how many label their order.
TESTLAND_PERCENT: Final = 12
LABEL_PERCENT: Final = 30
#: How many of a hundred give up when no code has come, and after how many seconds (least and most) they look.
IMPATIENT_PERCENT: Final = 50
PATIENCE: Final = (65, 900)
#: The price of the most expensive number that a customer buys, in minor units.
MOST_EXPENSIVE: Final = USD.minor(8)

# -- what tests can change ----------------------------------------------------------------------------

SETTINGS: Final = (
    Setting(
        "daisysim.sms_after",
        "8s",
        "duration",
        "how long after a purchase the code arrives, where no rule says otherwise (assumed)",
    ),
    Setting(
        "daisysim.expire_after",
        "20m",
        "duration",
        "how long after its purchase an activation without a code expires, in the way that daisysim.expiry says; holds"
        " for activations bought from now on (documented)",
    ),
    Setting(
        "daisysim.cancel_after",
        "60s",
        "duration",
        "how old an activation must be before it can be cancelled (60 s documented, other sources say 120 or 180)",
    ),
    Setting(
        "daisysim.expiry",
        "refund",
        "choice",
        "what happens after daisysim.expire_after without a code: the refund comes by itself (refund, assumed), or the"
        " number waits until a cancel refunds it (wait_for_cancel, as documents of a sister product say)",
        ("refund", "wait_for_cancel"),
    ),
    # Observed.
    Setting("daisysim.price_ttl", "300s", "duration", "how long live prices stay before they are drawn anew"),
    CORS.setting,
)
