"""HidSim's numbers, names and addresses, documented or assumed, and the settings that tests can change.

Elsewhere are only the life cycle of an operation (`scenarios/hidsim/quick.yaml`, which names the settings below), the
shapes and bounds of requests (`schemas/hidsim/`), and tables of facts (services, languages, magic products).
"""

from datetime import timedelta
from typing import Final

from mockserver.domain.money import Currency
from mockserver.http.cors import Cors
from mockserver.http.replies import Limit
from mockserver.sandbox.settings import Setting

# -- where it is --------------------------------------------------------------------------------------

#: Assumed: the page leaves the address to `$API_URL`.
HOST: Final = "api.hidsim.com"
#: Its website (assumed).
OTHER_HOSTS: Final = ("hidsim.com", "www.hidsim.com")

#: The header with how many rows a list has in all, which web pages may read (assumed).
TOTAL_HEADER: Final = "X-Total-Count"

#: Assumed: nothing says which pages may call the API.
CORS: Final = Cors("hidsim", tuple(f"https://{host}" for host in OTHER_HOSTS), exposes=(TOTAL_HEADER,))

#: The first parts of paths whose answers are not to be cached (assumed).
UNCACHED: Final = ("auth", "operations", "transactions")

# -- money --------------------------------------------------------------------------------------------

#: Ten-thousandths of a dollar: at most four decimals (assumed).
USD: Final = Currency("USD", 4)

#: The balance of a new account (assumed).
NEW_BALANCE: Final = "25"

# -- limits -------------------------------------------------------------------------------------------

#: Purchases have a window of their own; everything else shares one (assumed).
PURCHASE_LIMIT: Final = Limit(10, timedelta(minutes=1), bucket="purchase")
CALL_LIMIT: Final = Limit(60, timedelta(minutes=1), bucket="calls")

#: Failed logins of one identifier in a window, after which none is tried (assumed).
MOST_FAILURES: Final = 20
FAILURES_WINDOW: Final = timedelta(minutes=15)

#: The least that `Retry-After` says when a request comes too early (assumed).
SHORTEST_WAIT: Final = timedelta(seconds=1)

# -- ids and credentials ------------------------------------------------------------------------------

#: The first four bytes of an id count seconds since 1970, so that ids sort by age: catalogue in March 2025, operations
#: from January 2026 on (assumed).
CATALOGUE_AGE: Final = "67c2d0b0"
FIRST_OPERATION: Final = 0x69580000
CATALOGUE_MOMENT: Final = "2025-03-01T09:00:00.000Z"

#: Passwords of accounts that a test opens (assumed).
PASSWORD_ALPHABET: Final = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789"
PASSWORD_LENGTH: Final = 20

#: How many tokens with a good signature a sandbox remembers, and the longest token that is read (assumed).
MOST_TOKENS: Final = 2_000
LONGEST_TOKEN: Final = 4_096

# -- messages: the longest that a test may push, in characters (assumed) ------------------------------

LONGEST_CODE: Final = 32
LONGEST_TEXT: Final = 1_000
LONGEST_SENDER: Final = 32
#: Digits of a telephone number.
FEWEST_DIGITS: Final = 6
MOST_DIGITS: Final = 15

# -- catalogue ----------------------------------------------------------------------------------------

#: A service has several prices in every country where it is sold (the page speaks of products in the plural; how many
#: is assumed).
FEWEST_TIERS: Final = 2
#: What the dearer product of a test service costs, in cents, and how many there are of what is not about stock
#: (assumed).
DEARER_TEST_PRICE: Final = 95
TEST_STOCK: Final = 10_000

# -- lists --------------------------------------------------------------------------------------------

#: How many values a filter takes, however they are written: each is compared with each row (assumed).
MOST_FILTER_VALUES: Final = 500

# -- invented customers: assumed ----------------------------------------------------------------------

#: How many of a hundred customers buy in Testland, whose products decide the outcome.
TESTLAND_PERCENT: Final = 20
#: How many of a hundred close the operation when no SMS has come, and after how many seconds (least and most).
IMPATIENT_PERCENT: Final = 50
PATIENCE: Final = (125, 900)
#: How many of a hundred want another SMS, and after how many seconds (least and most).
GREEDY_PERCENT: Final = 10
GREED_AFTER: Final = (20, 200)

# -- what tests can change ----------------------------------------------------------------------------

SETTINGS: Final = (
    CORS.setting,
    Setting(
        "hidsim.profile",
        "all",
        "choice",
        "all: eighteen endpoints, /docs and /redoc; answers of those that no page names carry X-Mock-Assumed;"
        " documented: only the twelve that the page names",
        ("all", "documented"),
    ),
    Setting(
        "hidsim.list_envelope",
        "data",
        "choice",
        "data: {data, total, limit, skip}; array: a bare list; docs: {docs, totalDocs, limit, page, totalPages};"
        " results: {results, total, limit, skip}; X-Total-Count always (not documented)",
        ("data", "array", "docs", "results"),
    ),
    Setting(
        "hidsim.error_envelope",
        "boom",
        "choice",
        "boom: {statusCode, error, message, ...}; message: {code, message}; ok: {ok: false, msg} (not documented)",
        ("boom", "message", "ok"),
    ),
    Setting(
        "hidsim.state_field",
        "both",
        "choice",
        "the field that holds the state of an operation (the page names the states, not the field)",
        ("both", "state", "status"),
    ),
    Setting(
        "hidsim.number_plus",
        True,
        "boolean",
        "whether telephone numbers begin with + (not documented)",
    ),
    Setting(
        "hidsim.purchase_status",
        201,
        "choice",
        "the HTTP status of a purchase (not documented)",
        (201, 200),
    ),
    Setting(
        "hidsim.number_after",
        "2s",
        "duration",
        "how long after a purchase the number comes, where no rule says otherwise (assumed)",
    ),
    Setting(
        "hidsim.no_number_after",
        "5s",
        "duration",
        "how long after a purchase an operation for which there is no number says so (assumed)",
    ),
    Setting(
        "hidsim.give_up_after",
        "60s",
        "duration",
        "how long after a purchase an operation that is still creating is refunded (assumed)",
    ),
    Setting(
        "hidsim.sms_after",
        "15s",
        "duration",
        "how long after the number the SMS arrives, where no rule says otherwise (assumed)",
    ),
    Setting(
        "hidsim.further_sms_within",
        "300s",
        "duration",
        "how long after the last SMS a further one can be asked for and arrives (assumed)",
    ),
    Setting(
        "hidsim.further_sms_after",
        "5s",
        "duration",
        "how long after a refetch the further SMS arrives (assumed)",
    ),
    Setting(
        "hidsim.close_after",
        "120s",
        "duration",
        "how old a pending operation must be before it can be closed; earlier it is 425 (the span is not documented)",
    ),
    Setting(
        "hidsim.expire_after",
        "20m",
        "duration",
        "how long after its purchase an operation stops waiting for an SMS; holds for operations bought from now on"
        " (not documented)",
    ),
    Setting(
        "hidsim.token_lifetime",
        "24h",
        "duration",
        "how long tokens signed from now on are valid, on the sandbox's clock (not documented)",
    ),
    Setting(
        "hidsim.extra_fields",
        False,
        "boolean",
        "whether every object has a member `undocumented`, to prove that a client takes what it does not know"
        " (the page: extra fields may appear)",
    ),
)
