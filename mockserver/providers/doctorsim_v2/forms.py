"""The facts of orders and the rows of webhooks, stored answers, clients and grants, by which snapshots are checked."""

from collections.abc import Mapping
from typing import Annotated, Literal, NotRequired, TypedDict

import msgspec

from mockserver.domain.moments import LATEST, to_micros
from mockserver.domain.orders import Order
from mockserver.providers.doctorsim_v2.hooks import TABLE
from mockserver.sandbox.row_forms import RowForms, Tables

Url = Annotated[str, msgspec.Meta(pattern=r"^https?://[^\s/]")]
Named = Annotated[str, msgspec.Meta(min_length=1)]
Number = Annotated[int, msgspec.Meta(ge=0)]
Micros = Annotated[int, msgspec.Meta(ge=0, le=to_micros(LATEST))]


class Bought(TypedDict):
    """A top-up or a gift card: fulfilment adds the last three."""

    type: Literal["topup", "giftcard"]
    environment: Literal["sandbox", "production"]
    phone: str | None
    id_operator: int
    operator_name: str
    id_country: int
    country_name: str
    product_name: str
    amount: str
    amount_currency: str
    total_cost_eur: str
    sms_notification: bool
    sms_text: NotRequired[str | None]
    fulfilled_at: NotRequired[str]
    redemption_code: NotRequired[str]
    redemption_url: NotRequired[str]


class Webhook(TypedDict):
    """A webhook of an account."""

    id: Annotated[int, msgspec.Meta(ge=1)]
    url: Url
    events: list[Named]
    status: Literal["active", "inactive"]
    created_at: str


class Client(TypedDict):
    """A registered client; the texts that it says of itself are not listed."""

    client_id: str
    client_id_issued_at: Number
    token_endpoint_auth_method: str
    grant_types: list[str]
    response_types: list[str]
    redirect_uris: list[str]
    scope: NotRequired[str]
    secret_digest: NotRequired[str]
    mock_account: NotRequired[str]


class Code(TypedDict):
    """An authorization code, used or not."""

    client: str
    account: str
    scope: str
    challenge: str
    redirect_uri: str | None
    resource: str
    identity: NotRequired[dict[str, str] | None]
    grant: str
    expires: Micros
    used: bool


class Grant(TypedDict):
    """A grant with the digests of its refresh tokens."""

    id: str
    client: str
    account: str
    scope: str
    resource: str
    revoked: bool
    tokens: Number
    ends: NotRequired[Micros]
    refresh: str | None
    refresh_expires: Micros
    twins: NotRequired[list[tuple[str, Micros]]]
    retired: list[str]
    rotated: NotRequired[list[tuple[str, Micros]]]
    revoked_tokens: list[str]


class Ring(TypedDict):
    """The keys that sign tokens."""

    number: Number
    ends: Number
    retired: list[tuple[Number, Number]]


def _numbers(orders: list[Order], tables: Tables) -> Mapping[str, int]:
    return {"doctorsim_v2/webhook": max((row["id"] for row in tables.get(TABLE, {}).values()), default=0)}


FORMS = RowForms(
    facts={"order": Bought},
    tables={
        TABLE: Webhook,
        "doctorsim_v2 idempotency": tuple[Micros, Annotated[int, msgspec.Meta(ge=100, le=599)], str, str],
        "doctorsim_v2 clients": Client,
        "doctorsim_v2 codes": Code,
        "doctorsim_v2 used codes": Code,
        "doctorsim_v2 grants": Grant,
        "doctorsim_v2 keys": Ring,
    },
    numbers=_numbers,
)
