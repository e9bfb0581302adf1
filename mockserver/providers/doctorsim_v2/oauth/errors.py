"""What RFC 6749, 7591 and their kin refuse with: bodies of `error` and `error_description`."""

from mockserver.domain.mistakes import Mistake


class OAuthError(Mistake):
    """`code` is the RFC's word. `basic`: the client tried the Authorization header, so the answer asks for it."""

    def __init__(
        self,
        code: str = "invalid_request",
        description: str = "the request is not valid",
        *,
        status: int = 400,
        basic: bool = False,
    ) -> None:
        super().__init__(f"{code}: {description}")
        self.code = code
        self.description = description
        self.status = status
        self.basic = basic
