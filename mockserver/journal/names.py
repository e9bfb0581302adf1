"""The names of secrets, recognised by their parts: `X-Vault-Token`, `user[password]`, `privateKey`."""

import re
from collections.abc import Container

#: Words that make a name the name of a secret.
_PARTS = frozenset(
    {
        "assertion",
        "auth",
        "authentication",
        "authorization",
        "bearer",
        "cookie",
        "cookies",
        "credential",
        "credentials",
        "csrf",
        "cvc",
        "cvv",
        "iban",
        "jwt",
        "key",
        "keys",
        "otp",
        "pass",
        "passcode",
        "passphrase",
        "passwd",
        "password",
        "passwords",
        "pin",
        "pw",
        "pwd",
        "secret",
        "secrets",
        "session",
        "sid",
        "sig",
        "sign",
        "signature",
        "signatures",
        "token",
        "tokens",
        "verifier",
        "xsrf",
    }
)
#: Names of secrets only as whole names, whatever stands between their words, with or without `X-` before them.
_WHOLE = frozenset({"access", "cardnumber", "private", "refresh"})
#: Texts that make a name the name of a secret anywhere in it, as in `accesstoken` and `apikey`.
_STEMS = (
    *("token", "secret", "passw", "passphrase", "credential", "cookie", "signature", "jwt"),
    *("apikey", "accesskey", "authkey", "privatekey", "secretkey", "sessionid", "authorization"),
)
#: Last words of names that are about a secret and not its own, such as `token_type`.
_ABOUT = frozenset(
    {
        *("alg", "algorithm", "at", "count", "endpoint", "expires", "expiry", "in", "length", "lifetime"),
        *("limit", "method", "methods", "name", "status", "supported", "type", "types", "uri", "url"),
    }
)
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
#: Every name of a secret contains one of these in lower case; data without them needs no closer search.
HINTS = (
    *("token", "secret", "pass", "auth", "key", "cookie", "session", "credential", "bearer", "jwt", "sig", "pin"),
    *("otp", "pw", "sid", "assertion", "verifier", "srf", "cv", "iban", "card", "access", "private", "refresh"),
)
#: How many names are remembered, and how long these may be.
_MOST_KNOWN, _LONGEST_KNOWN = 2_048, 64


#: Names that only look like those of secrets: the idempotency key of the IETF's draft, which tests look for, and a hint
#: of OAuth's.
_VISIBLE = frozenset({"idempotency-key", "idempotency_key", "idempotencykey", "token_type_hint"})


class SecretNames(Container[str]):
    """The names of secrets: those with such parts, and those of `more`; never those of `visible`.

    `more` and `visible` are in lower case; `name in names` takes any case.

    >>> "X-Vault-Token" in SECRET_NAMES, "token_type" in SECRET_NAMES
    (True, False)
    """

    __slots__ = ("_more", "_visible", "headers", "hints", "known")

    def __init__(self, more: frozenset[str] = frozenset(), visible: frozenset[str] = frozenset()) -> None:
        self._more = more
        self._visible = _VISIBLE | visible
        self.known: dict[str, bool] = {}
        """Earlier results by name; of bounded size."""
        self.headers = _Headers(self)
        """Whether a header of this lower-case name holds a secret."""
        self.hints = (*HINTS, *sorted(name for name in more if not any(hint in name for hint in HINTS)))
        """Every text with the name of a secret contains one of these in lower case."""

    def __contains__(self, name: object) -> bool:
        text = str(name)
        remembered = self.known.get(text)
        return self._judge(text) if remembered is None else remembered

    def _judge(self, name: str) -> bool:
        is_secret = self._is_secret(name)
        if len(name) <= _LONGEST_KNOWN and len(self.known) < _MOST_KNOWN:
            self.known[name] = is_secret
        return is_secret

    def _is_secret(self, name: str) -> bool:
        lowered = name.lower()
        if lowered in self._visible:
            return False
        if lowered in self._more:
            return True
        words = [word.lower() for word in _WORD.findall(name)]
        if not words or words[-1] in _ABOUT:
            return False
        if "".join(words).removeprefix("x") in _WHOLE:
            return True
        return any(word in _PARTS for word in words) or any(stem in lowered for stem in _STEMS)


class _Headers(dict[bytes, bool]):
    """Results by header name, for lower-case names: most clients send the same headers with each request."""

    def __init__(self, names: SecretNames) -> None:
        super().__init__()
        self._names = names

    def __missing__(self, name: bytes) -> bool:
        is_secret = name.decode("latin-1") in self._names
        if len(name) <= _LONGEST_KNOWN and len(self) < _MOST_KNOWN:
            self[name] = is_secret
        return is_secret


#: The names of secrets of every provider.
SECRET_NAMES = SecretNames()
