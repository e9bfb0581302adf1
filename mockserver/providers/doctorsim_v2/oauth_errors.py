"""The errors of RFC 6749, RFC 7591 and their kin, whose bodies have `error` and `error_description`."""

from typing import ClassVar

from mockserver.domain.errors import ApiError


class OAuthError(ApiError):
    """An error of OAuth; `code` is the RFC's word, `usual` the description where there is no better one.

    `basic`: whether the answer asks for Basic in its WWW-Authenticate header.
    """

    code: ClassVar[str] = "invalid_request"
    status: ClassVar[int] = 400
    usual: ClassVar[str] = "the request is not valid"
    basic = False

    def __init__(self, description: str | None = None) -> None:
        self.description = description or self.usual
        super().__init__(f"{self.code}: {self.description}")


class InvalidRequest(OAuthError):
    """A parameter is missing, comes twice, or cannot be read."""


class InvalidClient(OAuthError):
    """The client is unknown or failed to authenticate. `basic`: whether it tried the Authorization header."""

    code = "invalid_client"
    status = 401
    usual = "the client's secret is wrong"

    def __init__(self, description: str | None = None, *, basic: bool = True) -> None:
        super().__init__(description)
        self.basic = basic


class InvalidGrant(OAuthError):
    """A code, verifier or refresh token that is not valid, has expired, was used before, or is another client's."""

    code = "invalid_grant"
    usual = "the code is not valid"


class InvalidScope(OAuthError):
    """The scope is more than the client or the grant has, or does not exist."""

    code = "invalid_scope"
    usual = "scope names something that was not granted"


class InvalidTarget(OAuthError):
    """The request names another resource than this API (RFC 8707)."""

    code = "invalid_target"
    usual = "resource must be the address of the API"


class UnauthorizedClient(OAuthError):
    """The client did not register for this grant."""

    code = "unauthorized_client"
    usual = "the client is not registered for this grant"


class UnsupportedGrantType(OAuthError):
    """The server does not support this grant type."""

    code = "unsupported_grant_type"
    usual = "grant_type is none of this server's"


class UnsupportedResponseType(OAuthError):
    """The response type is not `code`."""

    code = "unsupported_response_type"
    usual = "response_type must be code"


class AccessDenied(OAuthError):
    """The account, or the person at the consent page, denied the request."""

    code = "access_denied"
    usual = "the request was denied"


class InvalidClientMetadata(OAuthError):
    """A registration has metadata that are not valid (RFC 7591)."""

    code = "invalid_client_metadata"
    usual = "the body must be a JSON object"


class InvalidRedirectUri(OAuthError):
    """A registration has a redirect URI that is not allowed (RFC 7591)."""

    code = "invalid_redirect_uri"
    usual = "a redirect URI must be a URI"
