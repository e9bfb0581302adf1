"""Which names are those of secrets, told by their parts: `X-Vault-Token`, `user[password]`, `privateKey`."""

import re
from collections.abc import Container

#: A part of a name that makes it a secret's.
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
#: What is one only as the whole name, whatever stands between its words and with or without `X-` before them.
_WHOLE = frozenset({"access", "cardnumber", "private", "refresh"})
#: What makes it one wherever it stands, as in `accesstoken` and `apikey`.
_STEMS = (
    *("token", "secret", "passw", "passphrase", "credential", "cookie", "signature", "jwt"),
    *("apikey", "accesskey", "authkey", "privatekey", "secretkey", "sessionid", "authorization"),
)
#: A last part that says that the name is about a secret, and is none itself.
_ABOUT = frozenset(
    {
        *("alg", "algorithm", "at", "count", "endpoint", "expires", "expiry", "in", "length", "lifetime"),
        *("limit", "method", "methods", "name", "status", "supported", "type", "types", "uri", "url"),
    }
)
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
#: What every name of a secret holds in lower case, so that other data need not be looked at closely.
HINTS = (
    *("token", "secret", "pass", "auth", "key", "cookie", "session", "credential", "bearer", "jwt", "sig", "pin"),
    *("otp", "pw", "sid", "assertion", "verifier", "srf", "cv", "iban", "card", "access", "private", "refresh"),
)
#: How many names are remembered, and how long these may be.
_MOST_KNOWN, _LONGEST_KNOWN = 2_048, 64


#: Looks secret, and is not: the idempotency key of the IETF's draft, which tests look for, and a hint of OAuth's.
_VISIBLE = frozenset({"idempotency-key", "idempotency_key", "idempotencykey", "token_type_hint"})


class SecretNames(Container[str]):
    """The names of secrets: told by their parts, or given as `more`; never those of `visible`.

    Given ones are lower case. `name in names` takes any case.
    """

    __slots__ = ("_more", "_visible", "headers", "hints", "known")

    def __init__(self, more: frozenset[str] = frozenset(), visible: frozenset[str] = frozenset()) -> None:
        self._more = more
        self._visible = _VISIBLE | visible
        self.known: dict[str, bool] = {}
        """What was asked before; of bounded size."""
        self.headers = _Headers(self)
        """Whether a header of this lower-case name holds a secret."""
        self.hints = (*HINTS, *sorted(one for one in more if not any(hint in one for hint in HINTS)))
        """In lower case, one of them is in whatever holds the name of a secret."""

    def __contains__(self, name: object) -> bool:
        text = str(name)
        known = self.known.get(text)
        return self._told(text) if known is None else known

    def _told(self, name: str) -> bool:
        told = self._is_secret(name)
        if len(name) <= _LONGEST_KNOWN and len(self.known) < _MOST_KNOWN:
            self.known[name] = told
        return told

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
    """Remembers what was asked: most clients send the same headers with each request."""

    def __init__(self, names: SecretNames) -> None:
        super().__init__()
        self._names = names

    def __missing__(self, name: bytes) -> bool:
        told = name.decode("latin-1") in self._names
        if len(name) <= _LONGEST_KNOWN and len(self) < _MOST_KNOWN:
            self[name] = told
        return told


#: What is secret for everybody.
SECRET_NAMES = SecretNames()
