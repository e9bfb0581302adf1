"""The member `error.next_step`: the best thing that a client can do after an error, in a sentence of ours."""

from collections.abc import Mapping
from dataclasses import replace

from mockserver.domain.errors import (
    AccountRefused,
    AccountRevoked,
    ApiError,
    InsufficientBalance,
    Invalid,
    InvalidPrice,
    MethodNotAllowed,
    MissingCredential,
    NotFound,
    OutOfStock,
    PayloadTooLarge,
    ProviderError,
    RateLimited,
    UnknownCredential,
    UnknownRoute,
)
from mockserver.http.call import Call
from mockserver.http.provider import Worder
from mockserver.http.replies import ErrorResponse
from mockserver.providers.doctorsim_v2.errors import (
    AddressNotAllowed,
    AllowlistRequired,
    CarrierNotFound,
    InsufficientScope,
    InvalidToken,
    OperatorNotFound,
    WebhookLimitReached,
    WebhookNotFound,
    WrongSecret,
)
from mockserver.providers.doctorsim_v2.oauth_errors import OAuthError
from mockserver.providers.doctorsim_v2.settings import PROFILE
from mockserver.providers.doctorsim_v2.tokens import InvalidPriceToken

FIELD = "next_step"

#: Looked up along the error's class line (MRO), as error responses are.
NEXT_STEPS: Mapping[type[ApiError], str] = {
    MissingCredential: "Send `Authorization: Bearer api_id:api_secret`, or an OAuth access token as the Bearer value.",
    UnknownCredential: "Check the api_id, or create an API key in the account.",
    WrongSecret: "Send the secret that was shown when the key was created, or create another key.",
    InvalidToken: "Refresh the access token, or authorize again.",
    AccountRevoked: "Stop using this key, and ask its owner for another one.",
    AccountRefused: "Ask the owner of the account to have API access switched on.",
    InsufficientScope: "Use a read-write key, or an access token with the scope that the message names.",
    AllowlistRequired: "Put the address in client_ip on the key's allow-list, then send the call again.",
    AddressNotAllowed: "Put the address in client_ip on the key's allow-list, or call from one that is on it.",
    RateLimited: "Wait as many seconds as Retry-After says, then send the call again.",
    InsufficientBalance: "Add credits to the account, then send the same order again.",
    InvalidPriceToken: "Load the rates again, and order with a fresh token.",
    InvalidPrice: "Load the rates again, and order with a fresh token.",
    Invalid: "Correct the fields that error.details names, then send the call again.",
    PayloadTooLarge: "Send a smaller body.",
    CarrierNotFound: "Ask which operator the number has, or let the customer choose from the operators of its country.",
    OperatorNotFound: "Take an id from the operators of a country, or from a search of its products.",
    WebhookNotFound: "List the webhooks to see which ids there are.",
    NotFound: "Check the order id and the account that placed it, or list the orders.",
    UnknownRoute: "Check the path and the base URL against the API reference.",
    MethodNotAllowed: "Use one of the methods that the Allow header names.",
    WebhookLimitReached: "Delete a webhook, or change one of the five.",
    OutOfStock: "Choose another product, or try again later.",
    ProviderError: "Try again after a pause; send an order with the Idempotency-Key that it had.",
    ApiError: "Try again after a pause; send an order with the Idempotency-Key that it had.",
}


def with_next_steps(
    responses: Mapping[type[ApiError], ErrorResponse | Worder],
) -> dict[type[ApiError], ErrorResponse | Worder]:
    """Return the same error responses with `next_step` beside code and message.

    Those of OAuth stay as they are: their body is the RFC's.
    """
    return {
        kind: response if issubclass(kind, OAuthError) else _extended(response, _step_of(kind))
        for kind, response in responses.items()
    }


def reword(call: Call, response: ErrorResponse) -> ErrorResponse:
    """Remove `next_step` under the profile `documented`: the reference page has no such member."""
    if FIELD not in response.extra or call.state.settings.values[PROFILE] != "documented":
        return response
    return replace(response, extra={name: value for name, value in response.extra.items() if name != FIELD})


def _step_of(kind: type[ApiError]) -> str:
    return next(NEXT_STEPS[base] for base in kind.__mro__ if base in NEXT_STEPS)


def _extended(response_of: ErrorResponse | Worder, step: str) -> ErrorResponse | Worder:
    if isinstance(response_of, ErrorResponse):
        return replace(response_of, extra={**response_of.extra, FIELD: step})

    def worder(error: ApiError) -> ErrorResponse:
        response = response_of(error)
        return replace(response, extra={**response.extra, FIELD: step})

    return worder
