"""doctorSIM v2's numbers, names and addresses, documented or assumed, and the settings that tests can change.

Elsewhere are only the life cycle of an order (`scenarios/doctorsim_v2/quick.yaml`), the shapes and bounds of requests
(`schemas/doctorsim_v2/`), and tables of facts (carriers, currencies, scopes). What only OAuth needs is below the
line "OAuth". "The vendor's" means stated by the vendor, though not on its reference page.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from mockserver.domain.money import Currency
from mockserver.http.cors import Cors
from mockserver.http.replies import Limit
from mockserver.sandbox.settings import Setting

NAME: Final = "doctorsim_v2"

# -- where it is ---------------------------------------------------------------------------------------

#: Documented.
API_HOST: Final = "api.doctorsim.com"
PREFIX: Final = "/v2"
#: The authorization server (documented).
WWW_HOST: Final = "www.doctorsim.com"
#: The apex of the domain (assumed to lead to the website).
OTHER_HOSTS: Final = ("doctorsim.com",)
#: The address of the vendor's pictures, which are not served here (observed).
PICTURES: Final = f"https://{WWW_HOST}/img"
#: The address where gift cards are redeemed, which belongs to nobody (RFC 2606; assumed).
REDEEM: Final = "https://redeem.example.com"

# -- money ---------------------------------------------------------------------------------------------

#: Balances and prices are euros and cents (documented).
EUR: Final = Currency("EUR", 2)
#: The price of an SMS to the recipient, in cents (assumed).
SMS_CENTS: Final = 99

# -- limits --------------------------------------------------------------------------------------------

#: Calls a minute (documented), counted over all endpoints of an account.
RATE_TIERS: Final[Mapping[str, Limit]] = {
    name: Limit(calls, timedelta(minutes=1), bucket="api")
    for name, calls in (("Free", 50), ("Pro", 500), ("Enterprise", 5_000))
}
#: The tier of an account that names none, and the one in the limit headers of calls without an account (assumed).
DEFAULT_TIER: Final = "Pro"
STRANGERS_TIER: Final = "Free"

#: How many calls there may be, how many are left (documented), and when the window ends, in seconds since
#: 1970 (assumed).
LIMIT_HEADER: Final = "X-RateLimit-Limit"
REMAINING_HEADER: Final = "X-RateLimit-Remaining"
RESET_HEADER: Final = "X-RateLimit-Reset"

#: The page's own Explorer calls the API from a browser (assumed: nothing says which pages may).
CORS: Final = Cors(
    NAME,
    (f"https://{WWW_HOST}",),
    exposes=(LIMIT_HEADER, REMAINING_HEADER, RESET_HEADER),
    default="documented",
)

# -- credentials ---------------------------------------------------------------------------------------

#: The scopes of keys whose `scope` is read, or read-write (documented).
READ_ONLY: Final = frozenset({"orders:read", "balance:read", "webhooks:read"})
READ_WRITE: Final = READ_ONLY | {"orders:write", "webhooks:write"}
#: Keys that begin so are production's (documented).
PRODUCTION_PREFIX: Final = "live_"
#: A secret is the prefix and SECRET_LENGTH hexadecimal digits (the vendor's form, the length is assumed).
SECRET_PREFIX: Final = "sk_"
SECRET_LENGTH: Final = 32

# -- orders --------------------------------------------------------------------------------------------

#: Production ids count up from within this span (the vendor's).
FIRST_PRODUCTION_ID: Final = 4_000_000
PRODUCTION_ID_SPAN: Final = 1_000_000
#: The length of a redemption code, of its groups, and its letters and digits, none of which look alike (assumed).
REDEMPTION_CODE_LENGTH: Final = 16
REDEMPTION_CODE_GROUP: Final = 4
REDEMPTION_CODE_ALPHABET: Final = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
#: The longest code that a test may push (assumed).
LONGEST_CODE: Final = 64

#: How long the answer to an `Idempotency-Key` is kept, and the longest key (the vendor's).
IDEMPOTENCY_LIVES: Final = timedelta(hours=24)
LONGEST_IDEMPOTENCY_KEY: Final = 128
#: How many answers a sandbox keeps; beyond that, the oldest are deleted before their day is over (assumed).
MOST_KEPT: Final = 10_000

#: Bytes of a price token's signature, and the longest token that is read (assumed).
PRICE_TOKEN_SIGNATURE: Final = 16
LONGEST_PRICE_TOKEN: Final = 200

# -- webhooks ------------------------------------------------------------------------------------------

#: How many webhooks an account may have (documented).
MOST_WEBHOOKS: Final = 5
#: The event of a fulfilled order: on the reference page, and in the vendor's agent documents.
FULFILLED: Final = "order.fulfilled"
COMPLETED: Final = "order.completed"
#: Documented.
EVENTS: Final = ("order.created", FULFILLED, "order.failed")
#: The pauses between one attempt and the next (assumed).
RETRY_PAUSES: Final = (
    timedelta(seconds=5),
    timedelta(seconds=30),
    timedelta(minutes=2),
    timedelta(minutes=10),
    timedelta(hours=1),
)
#: Assumed.
WEBHOOK_USER_AGENT: Final = "doctorSIM-Webhook/2.0"
#: Assumed: the vendor says only that payloads are signed with HMAC.
EVENT_HEADER: Final = "X-DoctorSIM-Event"
DELIVERY_HEADER: Final = "X-DoctorSIM-Delivery"
TIMESTAMP_HEADER: Final = "X-DoctorSIM-Timestamp"
SIGNATURE_HEADER: Final = "X-DoctorSIM-Signature"
#: A secret is the prefix and WEBHOOK_SECRET_LENGTH hexadecimal digits (the vendor's form, the length is assumed).
WEBHOOK_SECRET_PREFIX: Final = "whsec_"
WEBHOOK_SECRET_LENGTH: Final = 40
#: Endings of host names that no public zone has; names without a dot are private, too, as among containers (assumed).
LOCAL_ENDINGS: Final = (".localhost", ".local", ".internal", ".lan", ".test", ".home.arpa")

# -- catalogue: every figure is assumed ----------------------------------------------------------------

#: The numbers from which the ids of an operator's services and of gift card brands are counted.
FIRST_CHILD_ID: Final = 10_000_000
FIRST_BRAND_ID: Final = 2_000_000
#: Price points in euro cents; data plans are (GB, days, cents), bundles (minutes, GB, days, cents).
AIRTIME_CENTS: Final = (300, 500, 1000, 1500, 2000, 3000, 5000)
DATA_PLANS: Final = ((1, 7, 400), (3, 15, 800), (5, 30, 1200), (10, 30, 1900), (20, 30, 2900))
BUNDLE_PLANS: Final = ((100, 2, 7, 600), (300, 5, 15, 1100), (1000, 10, 30, 2100))
CARD_CENTS: Final = (1000, 1500, 2500, 5000, 10000)
#: How many of a hundred operators sell data, and how many sell bundles.
DATA_PERCENT: Final = 60
BUNDLE_PERCENT: Final = 35
#: The fee in cents: the least, the step between its three levels, and the percentage of the price that is added.
LEAST_FEE_CENTS: Final = 29
FEE_STEP_CENTS: Final = 20
FEE_PERCENT: Final = 3

# -- invented customers: assumed -----------------------------------------------------------------------

#: The countries where customers top up phones.
CUSTOMERS_COUNTRIES: Final = ("ES", "MX", "US", "GB", "FR", "DE", "IT", "CO", "AR", "PE", "MA", "PH")
#: How many of a hundred customers buy a gift card, and how many have an SMS sent.
CARD_PERCENT: Final = 20
SMS_PERCENT: Final = 15
#: Endings of numbers that decide the outcome of an order (`quick.yaml`), and how many of a hundred numbers have each.
MAGIC_ENDINGS: Final = (("0000", 5), ("0001", 8), ("0002", 5), ("0003", 4), ("0004", 2))
#: The price of the most expensive product that a customer buys, in euros.
MOST_EXPENSIVE: Final = 60
#: How many numbers are tried until one is valid and has an operator.
NUMBERS_TRIED: Final = 8

# -- OAuth ---------------------------------------------------------------------------------------------

#: The account for a client that names none: the first of `quick.yaml` (assumed).
DEFAULT_ACCOUNT: Final = "test_demo"
#: The id of the public client (the vendor's); its redirect URIs and their ports are assumed.
PUBLIC_CLIENT: Final = "cli_e97f6079db704bcc0a0c39b8"
#: How long a code lives (the vendor's), and how long a used code is remembered (assumed).
CODE_LIVES: Final = timedelta(seconds=60)
USED_CODE_LIVES: Final = timedelta(days=1)
#: How many codes, and how many used codes, a sandbox has at most (assumed).
MOST_CODES: Final = 1_000
#: How long a refresh token lives (the vendor's).
REFRESH_LIVES: Final = timedelta(days=30)
#: How many grants a sandbox has at most; beyond that, the one whose tokens end first is deleted (assumed).
MOST_GRANTS: Final = 5_000
#: How many rotated refresh tokens a grant remembers as its own, so that it is revoked when one comes back
#: (assumed).
MOST_RETIRED_TOKENS: Final = 100
#: How many refresh tokens of one grant are valid at the same time (assumed).
MOST_LIVE: Final = 10
#: How many access tokens are revoked one by one before the whole grant is revoked (assumed).
MOST_REVOKED: Final = 1_000
#: The most clients of a sandbox, bytes of a client's metadata, redirect URIs of a client, and characters of one URI
#: (assumed).
MOST_CLIENTS: Final = 1_000
MOST_METADATA: Final = 8_192
MOST_REDIRECTS: Final = 20
LONGEST_REDIRECT: Final = 2_000
#: After how long an unused client may be deleted, where room is needed (assumed).
UNUSED_CLIENT_LIVES: Final = timedelta(days=90)
#: How many retired keys are kept to verify their tokens (assumed).
MOST_RETIRED_KEYS: Final = 10
#: Bits of each prime of a signing key, which is a mock's and has to be made quickly (assumed).
KEY_BITS: Final = 1024
#: The most parameters of a request, and the most characters of a nonce and of a token (assumed).
MOST_PARAMETERS: Final = 100
LONGEST_NONCE: Final = 1_000
LONGEST_TOKEN: Final = 4_096

# -- what tests can change -----------------------------------------------------------------------------

#: The name of the setting that hides what the reference page does not name.
PROFILE: Final = "doctorsim_v2.profile"

SETTINGS: Final = (
    CORS.setting,
    Setting(
        PROFILE,
        "all",
        "choice",
        "documented: only the paths that the vendor's reference page names, and no error.next_step; all: also what"
        " it states elsewhere and what is assumed (status, order preview, /topup, /giftcards, revocation, ...)",
        ("all", "documented"),
    ),
    Setting(
        "doctorsim_v2.fulfilled_event",
        FULFILLED,
        "choice",
        "the name of the event of a fulfilled order; the page and the vendor's agent documents differ",
        (FULFILLED, COMPLETED),
    ),
    Setting(
        "doctorsim_v2.local_http_webhooks",
        True,
        "boolean",
        "whether webhooks may be http:// on loopback and private hosts",
    ),
    Setting(
        "doctorsim_v2.process_after",
        "2s",
        "duration",
        "how long an order is pending before it is processing, where no rule says otherwise (assumed)",
    ),
    Setting(
        "doctorsim_v2.settle_after",
        "10s",
        "duration",
        "how long after its creation an order has its outcome, where no rule says otherwise (assumed)",
    ),
    Setting("doctorsim_v2.token_ttl", "15m", "duration", "how long a price token is accepted"),
    Setting("doctorsim_v2.access_token_lifetime", "1h", "duration", "how long an OAuth access token is accepted"),
    Setting(
        "doctorsim_v2.refresh_grace",
        "0s",
        "duration",
        "how long a refresh token that was used is still accepted, for clients that refresh twice at once; after"
        " that, using it once more ends all tokens of the grant",
    ),
    Setting(
        "doctorsim_v2.token_clock",
        "sandbox",
        "choice",
        "the clock by which OAuth access tokens are issued and expire: the sandbox's, or real time, so that"
        " clients which check tokens themselves find them valid in a sandbox of another time",
        ("sandbox", "real"),
    ),
    Setting(
        "doctorsim_v2.private_schemes",
        False,
        "boolean",
        "whether OAuth redirect URIs may have an app's own scheme without a dot, such as cursor://",
    ),
    Setting(
        "doctorsim_v2.auto_approve",
        "",
        "text",
        "the account that approves every OAuth request without the consent page; empty shows the page",
    ),
)
