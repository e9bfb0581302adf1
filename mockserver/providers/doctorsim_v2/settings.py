"""Every number, name and address that doctorSIM v2 was documented or assumed to have, and what tests can change.

Elsewhere are only the life cycle of an order (`scenarios/doctorsim_v2/quick.yaml`), the shapes and bounds of requests
(`schemas/doctorsim_v2/`), and tables of facts (carriers, currencies, scopes). What OAuth needs besides is below the
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
#: Where the vendor has its pictures; nobody serves them here (observed).
PICTURES: Final = f"https://{WWW_HOST}/img"
#: Where gift cards are redeemed: nobody's (RFC 2606; assumed).
REDEEM: Final = "https://redeem.example.com"

# -- money ---------------------------------------------------------------------------------------------

#: Balances and prices are euros and cents (documented).
EUR: Final = Currency("EUR", 2)
#: What an SMS to the recipient costs, in cents (assumed).
SMS_CENTS: Final = 99

# -- limits --------------------------------------------------------------------------------------------

#: Calls a minute (documented), counted over all endpoints of an account.
RATE_TIERS: Final[Mapping[str, Limit]] = {
    name: Limit(calls, timedelta(minutes=1), bucket="api")
    for name, calls in (("Free", 50), ("Pro", 500), ("Enterprise", 5_000))
}
#: The tier of an account that names none (assumed), and the one that strangers are told of (assumed).
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

#: What keys allow, by their `scope` (documented).
READ_ONLY: Final = frozenset({"orders:read", "balance:read", "webhooks:read"})
READ_WRITE: Final = READ_ONLY | {"orders:write", "webhooks:write"}
#: Keys that begin so are production's (documented).
PRODUCTION_PREFIX: Final = "live_"
#: Secrets are this and so many hexadecimal digits (the vendor's form, the length is assumed).
SECRET_PREFIX: Final = "sk_"
SECRET_LENGTH: Final = 32

# -- orders --------------------------------------------------------------------------------------------

#: Production ids count up from within this span (the vendor's).
FIRST_PRODUCTION_ID: Final = 4_000_000
PRODUCTION_ID_SPAN: Final = 1_000_000
#: A redemption code is so many letters and digits that are not mistaken for each other, in groups (assumed).
REDEMPTION_CODE_LENGTH: Final = 16
REDEMPTION_CODE_GROUP: Final = 4
REDEMPTION_CODE_ALPHABET: Final = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
#: The longest that a test may give (assumed).
LONGEST_CODE: Final = 64

#: How long the answer to an `Idempotency-Key` is kept, and the longest key (the vendor's).
IDEMPOTENCY_LIVES: Final = timedelta(hours=24)
LONGEST_IDEMPOTENCY_KEY: Final = 128
#: How many answers a sandbox keeps; beyond, the oldest are forgotten before their day is over (assumed).
MOST_KEPT: Final = 10_000

#: Bytes of a price token's signature, and the longest token that is looked at (assumed).
PRICE_TOKEN_SIGNATURE: Final = 16
LONGEST_PRICE_TOKEN: Final = 200

# -- webhooks ------------------------------------------------------------------------------------------

#: How many an account may have (documented).
MOST_WEBHOOKS: Final = 5
#: The event of a fulfilled order: on the reference page, and in the vendor's agent documents.
FULFILLED: Final = "order.fulfilled"
COMPLETED: Final = "order.completed"
#: Documented.
EVENTS: Final = ("order.created", FULFILLED, "order.failed")
#: After each try the pause before the next (assumed).
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
#: Secrets are this and so many hexadecimal digits (the vendor's form, the length is assumed).
WEBHOOK_SECRET_PREFIX: Final = "whsec_"
WEBHOOK_SECRET_LENGTH: Final = 40
#: Endings of names that no public zone has; a name without a dot is a neighbour's, as among containers (assumed).
LOCAL_ENDINGS: Final = (".localhost", ".local", ".internal", ".lan", ".test", ".home.arpa")

# -- catalogue: every figure is assumed ----------------------------------------------------------------

#: Ids of service types are added to these, and of gift card brands.
FIRST_CHILD_ID: Final = 10_000_000
FIRST_BRAND_ID: Final = 2_000_000
#: Price points in euro cents; data plans are (GB, days, cents), bundles (minutes, GB, days, cents).
AIRTIME_CENTS: Final = (300, 500, 1000, 1500, 2000, 3000, 5000)
DATA_PLANS: Final = ((1, 7, 400), (3, 15, 800), (5, 30, 1200), (10, 30, 1900), (20, 30, 2900))
BUNDLE_PLANS: Final = ((100, 2, 7, 600), (300, 5, 15, 1100), (1000, 10, 30, 2100))
CARD_CENTS: Final = (1000, 1500, 2500, 5000, 10000)
#: Of a hundred operators so many sell data, and so many sell bundles.
DATA_PERCENT: Final = 60
BUNDLE_PERCENT: Final = 35
#: The fee in cents: the least, the step between the three there are, and the percent of the price that is added.
LEAST_FEE_CENTS: Final = 29
FEE_STEP_CENTS: Final = 20
FEE_PERCENT: Final = 3

# -- invented customers: assumed -----------------------------------------------------------------------

#: Where phones are topped up.
CUSTOMERS_COUNTRIES: Final = ("ES", "MX", "US", "GB", "FR", "DE", "IT", "CO", "AR", "PE", "MA", "PH")
#: Of a hundred so many buy a gift card, and so many have an SMS sent.
CARD_PERCENT: Final = 20
SMS_PERCENT: Final = 15
#: Ends of numbers that decide how an order goes (`quick.yaml`), and of how many in a hundred.
MAGIC_ENDINGS: Final = (("0000", 5), ("0001", 8), ("0002", 5), ("0003", 4), ("0004", 2))
#: The most expensive thing that anybody buys, in euros.
MOST_EXPENSIVE: Final = 60
#: How many numbers are tried until one is the operator's.
NUMBERS_TRIED: Final = 8

# -- OAuth ---------------------------------------------------------------------------------------------

#: Whose tokens a client gets that names no account: the first of `quick.yaml` (assumed).
DEFAULT_ACCOUNT: Final = "test_demo"
#: The vendor publishes its id; redirects and the ports that they may have are assumed.
PUBLIC_CLIENT: Final = "cli_e97f6079db704bcc0a0c39b8"
#: How long a code may wait (the vendor's), and how long it is known that it was used (assumed).
CODE_LIVES: Final = timedelta(seconds=60)
USED_CODE_LIVES: Final = timedelta(days=1)
#: How many of each a sandbox has (assumed).
MOST_CODES: Final = 1_000
#: How long a refresh token may wait (the vendor's).
REFRESH_LIVES: Final = timedelta(days=30)
#: How many grants a sandbox has; beyond that the one goes whose tokens end first (assumed).
MOST_GRANTS: Final = 5_000
#: Of how many rotated refresh tokens a grant knows that they were its own, so that it falls when one comes back
#: (assumed).
MOST_RETIRED_TOKENS: Final = 100
#: How many refresh tokens of one grant are good at the same time (assumed).
MOST_LIVE: Final = 10
#: How many access tokens are revoked one by one before the grant falls whole (assumed).
MOST_REVOKED: Final = 1_000
#: How many clients a sandbox has at most, how many bytes the metadata of one, how many redirect URIs, and how long one
#: of them is (assumed).
MOST_CLIENTS: Final = 1_000
MOST_METADATA: Final = 8_192
MOST_REDIRECTS: Final = 20
LONGEST_REDIRECT: Final = 2_000
#: After how long a client is forgotten that was not used, where room is needed (assumed).
UNUSED_CLIENT_LIVES: Final = timedelta(days=90)
#: How many keys that sign no more are kept for their tokens (assumed).
MOST_RETIRED_KEYS: Final = 10
#: Bits of a signing key: a mock's, quick to make (assumed).
KEY_BITS: Final = 1024
#: How many parameters a request has at most, and how long nonces and tokens are (assumed).
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
    Setting("doctorsim_v2.token_ttl", "15m", "duration", "how long a price token is taken"),
    Setting("doctorsim_v2.access_token_lifetime", "1h", "duration", "how long an OAuth access token is taken"),
    Setting(
        "doctorsim_v2.refresh_grace",
        "0s",
        "duration",
        "how long a refresh token that was used is still taken, for clients that refresh twice at once; after that"
        " its return ends all tokens of the grant",
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
