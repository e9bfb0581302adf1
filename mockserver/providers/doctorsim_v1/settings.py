"""doctorSIM v1's numbers, names and addresses, documented or assumed, and the settings that tests can change.

Elsewhere are only the life cycle of an order (`scenarios/doctorsim_v1/quick.yaml`, which names the settings below), the
shapes and bounds of requests (`schemas/doctorsim_v1/`), and tables of facts (networks, devices, services, reports).
"""

from datetime import UTC, datetime
from typing import Final

from mockserver.domain.money import Currency
from mockserver.http.cors import Cors
from mockserver.http.replies import Limit
from mockserver.sandbox.settings import Setting

NAME: Final = "doctorsim_v1"

# -- where it is ---------------------------------------------------------------------------------------

#: Documented.
API_HOST: Final = "api.doctorsim.com"
WEB_HOST: Final = "www.doctorsim.com"
#: The apex of the domain (assumed to lead to the website).
OTHER_HOSTS: Final = ("doctorsim.com",)
#: The path of the reports on WEB_HOST (documented).
REPORTS: Final = "/imei_report"
#: The URL of a picture, from the number of a host and a name (documented).
IMAGES: Final = "https://img{}.doctorsim.com/img/term/{}.png"
#: Hosts of pictures on the page that differ from what the device's number gives, by name (documented).
IMAGE_HOSTS: Final = {"iphone_x": 2}

#: Assumed: nothing says which pages may call the API.
CORS: Final = Cors(NAME, (f"https://{WEB_HOST}",))

# -- money ---------------------------------------------------------------------------------------------

#: Prices are numbers with at most two decimals (documented, by its examples).
CREDITS: Final = Currency("credits", 2)
#: The balance of a new account (assumed).
NEW_BALANCE: Final = "1000"

# -- limits --------------------------------------------------------------------------------------------

#: All methods are counted together (documented).
LIMIT: Final = Limit(500, bucket="all")
#: How many open and how many pending orders are searched for a duplicate, newest first (assumed).
MOST_RUNNING: Final = 1_000
#: How many answers of /tools, and lists of tools, a sandbox keeps (assumed).
MOST_TOOLS_KEPT: Final = 1_000

# -- ids and credentials -------------------------------------------------------------------------------

#: The headers of a credential, as Python servers read them: in small letters (documented).
KEY_HEADER: Final = "dsim_key"
SECRET_HEADER: Final = "dsim_secret"
#: Keys and secrets of accounts that a test opens (assumed).
CREDENTIAL_LENGTH: Final = 32
CREDENTIAL_ALPHABET: Final = "abcdefghijklmnopqrstuvwxyz0123456789"

#: Tickets have seven digits (documented: 1509403). The start of the span in which the first one lies, the width of that
#: span, and the most that one ticket is above the one before (assumed).
FIRST_TICKET: Final = 1_500_000
TICKET_SPAN: Final = 400_000
TICKET_STEP: Final = 3

#: Digits of an IMEI (GSMA TS.06).
IMEI_LENGTH: Final = 15

# -- instructions: the longest that a test may push, in characters (assumed) ---------------------------

LONGEST_CODE: Final = 64
LONGEST_TEXT: Final = 10_000

# -- catalogue -----------------------------------------------------------------------------------------

#: The id of a brand that is only in the list of all devices (observed).
DUMMY_BRAND: Final = "0"
#: Brands without a description: 1, 6, 15 and 29 (documented), 22 and 32 (assumed).
BRANDS_WITHOUT_TEXT: Final = frozenset({"1", "6", "15", "22", "29", "32"})
#: One pair of device and network in so many has no service (assumed).
UNSERVED_ONE_IN: Final = 12
#: The first id of services whose real id is not known (assumed).
FIRST_TOOL_ID: Final = 500_000

# -- IMEI reports: assumed -----------------------------------------------------------------------------

#: One phone in so many is blacklisted.
REPORTED_ONE_IN: Final = 8
#: One report in so many has to be paid for.
PAID_ONE_IN: Final = 16
#: The most entries of a report's history, the earliest moment of the newest entry, and in how many days it falls.
MOST_HISTORY: Final = 10
EARLIEST_REPORT: Final = datetime(2014, 1, 1, tzinfo=UTC)
REPORT_DAYS: Final = 3_650
#: Least and most seconds from one entry of the history to the next.
HISTORY_GAP: Final = (86_400, 90 * 86_400)
#: Letters or digits in each half of a report's address (documented form).
REPORT_NAME_LENGTH: Final = 12

# -- invented customers: assumed -----------------------------------------------------------------------

#: How many of a hundred customers of a sandbox pair use a documented test IMEI (`scenarios/.../quick.yaml`).
TEST_PERCENT: Final = 20
TEST_IMEIS: Final = ("123456789876543", "355710060480006")
#: How many of a hundred customers cancel their order, and how many hurry it.
CANCEL_PERCENT: Final = 15
HURRY_PERCENT: Final = 15
#: The least and the most seconds until they do so, mostly while the order is not finished yet.
MINDS_CHANGE_AFTER: Final = (12, 90)

# -- what tests can change -----------------------------------------------------------------------------

SETTINGS: Final = (
    Setting(
        "doctorsim_v1.authenticate",
        "methods",
        "choice",
        "where a bad credential answers 401: at the methods (methods), or at unknown paths and wrong methods, too,"
        " before their 404 and 405 (every_call, one way to read the page)",
        ("methods", "every_call"),
    ),
    Setting(
        "doctorsim_v1.limit_status",
        429,
        "choice",
        "the status of too many requests: the page's table says 429, its introduction 409",
        (429, 409),
    ),
    Setting("doctorsim_v1.require_https", False, "boolean", "refuse calls over plain HTTP, as the real API does"),
    Setting(
        "doctorsim_v1.process_after",
        "10s",
        "duration",
        "how long an order stays open before it is pending, where no rule says otherwise (assumed)",
    ),
    Setting(
        "doctorsim_v1.ready_after",
        "50s",
        "duration",
        "how long an order is pending before its outcome, where no rule says otherwise (assumed)",
    ),
    Setting(
        "doctorsim_v1.cancel_window",
        "10m",
        "duration",
        "how long after its creation an order can be canceled, unless it is done earlier: under the default"
        " scenario it is done after a minute, under guaranteed-times it takes as long as its tool says",
    ),
    Setting(
        "doctorsim_v1.duplicate_imei",
        "accept",
        "choice",
        "whether create_order accepts an IMEI for which an order of the same service is open or pending (accept,"
        " assumed), or answers 400 as unlock panels do (refuse); it compares the account's newest"
        f" {MOST_RUNNING:,} open and {MOST_RUNNING:,} pending orders",
        ("accept", "refuse"),
    ),
    Setting(
        "doctorsim_v1.paid_checks",
        "some",
        "choice",
        "which IMEI checks of recognised phones ask for payment instead of giving a free report: those of some (one"
        " phone in sixteen, assumed), of all or of none; the documented test IMEIs answer as documented",
        ("some", "all", "none"),
    ),
    Setting(
        "doctorsim_v1.report_url",
        "mock",
        "choice",
        "where url_report leads: to this server (mock), or to the original's address (original)",
        ("mock", "original"),
    ),
    CORS.setting,
)
