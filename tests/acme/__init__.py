"""Acme Numbers, an invented provider that lives outside the package, like a provider of another distribution."""

from mockserver.domain.errors import MissingCredential, UnknownCredential
from mockserver.http.credentials import bearer_account
from mockserver.http.provider import Mount, Provider
from tests.acme import endpoints, errors
from tests.acme.rules import CANCEL_AFTER, RULES

PROVIDER = Provider(
    name="acme",
    title="Acme Numbers API",
    mounts=(Mount("api.acme.example", "/v1"),),
    endpoints=endpoints.ENDPOINTS,
    identify=bearer_account,
    mistakes=errors.MISTAKES,
    wrap=errors.wrap,
    refuse=errors.refuse,
    failure_schema="acme/error",
    rules=RULES,
    settings=(CANCEL_AFTER,),
    webhooks={"order.completed": "acme/order-completed.webhook"},
    common_mistakes=(MissingCredential, UnknownCredential),
)
