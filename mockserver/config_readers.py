"""How the text of each setting is read: a reader returns the value, or raises ValueError with the rule and the text."""

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Literal

from mockserver.domain.moments import parse_moment, parse_span

_HOST_NAME = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*\.?")
_TRUE = frozenset({"1", "true", "yes", "on"})
_FALSE = frozenset({"0", "false", "no", "off"})
_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST = datetime(9000, 1, 1, tzinfo=UTC)
_LONGEST_SEED = 1_000


@dataclass(frozen=True, slots=True)
class ClockChoice:
    """How the clocks of new sandboxes run; `rate` (0 to a million) is sandbox seconds per real second, 0 for frozen."""

    mode: Literal["real", "frozen", "scaled"] = "real"
    rate: Decimal = Decimal(1)

    def __str__(self) -> str:
        return f"scaled:{self.rate}" if self.mode == "scaled" else self.mode


REAL = ClockChoice()


def whole_number(low: int, high: int) -> Callable[[str], int]:
    """Return a reader of whole numbers within these bounds."""

    def read(text: str) -> int:
        stripped = text.strip()
        if not (stripped.isascii() and stripped.isdecimal() and len(stripped) < 12 and low <= int(stripped) <= high):
            raise ValueError(f"must be a whole number from {low} to {high}: {text!r}")
        return int(stripped)

    return read


def choice(*choices: str) -> Callable[[str], str]:
    """Return a reader of one of these words."""

    def read(text: str) -> str:
        if text not in choices:
            raise ValueError(f"must be one of {', '.join(choices)}: {text!r}")
        return text

    return read


def switch(text: str) -> bool:
    """Read 1, true, yes or on, and their opposites."""
    if text.lower() not in _TRUE | _FALSE:
        raise ValueError(f"must be 1 or 0 (or true, false, yes, no, on, off): {text!r}")
    return text.lower() in _TRUE


def host(text: str) -> str:
    """Return the host name or address that a text holds; an IPv6 address may stand in brackets."""
    bare = text[1:-1] if text.startswith("[") and text.endswith("]") else text
    if _HOST_NAME.fullmatch(bare) or (":" in bare and _is_address(bare)):
        return bare.lower()
    raise ValueError(f"must be a host name or an IP address, without scheme and port: {text!r}")


def _is_address(text: str) -> bool:
    import ipaddress

    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def clock(text: str) -> ClockChoice:
    """Read real, frozen or scaled:N."""
    mode, _, rate = text.partition(":")
    if text == "real":
        return REAL
    if text == "frozen":
        return ClockChoice("frozen", Decimal(0))
    if mode == "scaled" and re.fullmatch(r"[0-9]{1,7}(\.[0-9]{1,6})?", rate) and 0 < Decimal(rate) <= 1_000_000:
        return ClockChoice("scaled", Decimal(rate))
    raise ValueError(f"must be real, frozen or scaled:N with N above 0 and at most 1000000: {text!r}")


def start(text: str) -> datetime:
    """Read a moment from 1970 to 8999."""
    moment = parse_moment(text)
    if not _EARLIEST <= moment < _LATEST:
        raise ValueError(f"must be a moment from 1970 to 8999: {text!r}")
    return moment


def seed(text: str) -> int | str:
    """Read a seed: a number of at most 15 digits, else a text."""
    # "007" and "7" are different texts, so only what an int writes back the same becomes one.
    # A longer number is the same seed as a text, which JSON keeps exactly.
    if re.fullmatch(r"0|-?[1-9][0-9]{0,14}", text):
        return int(text)
    if len(text) > _LONGEST_SEED:
        raise ValueError(f"must have at most {_LONGEST_SEED} characters: {len(text)}")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError(f"must be text in UTF-8: {text!r}") from None
    if not text:
        raise ValueError("must not be empty: ''")
    return text


def token(text: str) -> str:
    """Read a token, whose value no message shows."""
    # The value stays out of the message: it is a secret.
    if not re.fullmatch(r"[\x21-\x7e]{1,200}", text):
        raise ValueError("must be 1 to 200 printable ASCII characters without spaces (value not shown)")
    return text


def directory(text: str) -> Path:
    """Read the path of a directory that exists."""
    path = Path(text)
    try:
        is_usable = path.is_dir() and os.access(path, os.R_OK | os.X_OK)
    except ValueError:
        is_usable = False
    if not text or not is_usable:
        raise ValueError(f"must be a directory that exists and can be read: {text!r}")
    return path


def state_file(text: str) -> Path:
    """Read the path of a file that exists or can be made."""
    path = Path(text)
    try:
        # Where a link leads is where the file is written; one that is left over leads to itself.
        target = Path(os.path.realpath(path))
        possible = not path.is_dir() and target.parent.is_dir() and not target.is_symlink()
    except (ValueError, OSError):
        possible = False
    if not text or not possible:
        raise ValueError(f"must be a file in a directory that exists: {text!r}")
    return path


def lifetime(text: str) -> timedelta | Literal["off"]:
    """Read a duration above 0, or off."""
    if text == "off":
        return "off"
    span = parse_span(text)
    if not span:
        raise ValueError(f"must be a duration above 0, or off: {text!r}")
    return span


def is_loopback(host: str) -> bool:
    """Return whether only this machine can reach what listens on `host`; names other than localhost are not trusted."""
    import ipaddress

    if host.rstrip(".") == "localhost":
        return True
    return _is_address(host) and ipaddress.ip_address(host).is_loopback


def ca_directory(text: str) -> Path:
    """Read a directory, which need not exist."""
    # It is made at first need, so that only what can be no path at all is refused here.
    if not text or "\0" in text:
        raise ValueError(f"must be a directory: {text!r}")
    return Path(text)


def tls_name(text: str) -> str:
    """Read a host name or an address, in the form in which certificates hold it."""
    name = host(text)
    if _is_address(name):
        import ipaddress

        return str(ipaddress.ip_address(name.partition("%")[0]))
    return name.rstrip(".")


def certificates(text: str) -> Path:
    """Read the name of a file of certificates (PEM), as OpenSSL takes them."""
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context.load_verify_locations(cafile=text)
        if not context.cert_store_stats()["x509"]:
            raise ssl.SSLError("only lists of revoked certificates")
    except ssl.SSLError:
        raise ValueError(f"must be a file with certificates (PEM): {text!r}") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise ValueError(f"must be a file that can be read ({reason}): {text!r}") from None
    return Path(text)


def public_url(text: str) -> str:
    """Read a URL of scheme, host and path; returns it without a slash at its end."""
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(text)
        possible = parts.port is None or parts.port > 0
    except ValueError:
        possible = False
    if not possible or parts.scheme not in ("http", "https") or not _HOST_NAME.fullmatch(parts.hostname or ""):
        raise ValueError(f"must be a URL such as https://mock.example/base: {text!r}")
    if parts.query or parts.fragment or "@" in parts.netloc or not re.fullmatch(r"[\x21-\x7e]+", text):
        raise ValueError(f"must be a scheme, a host and a path, nothing else: {text!r}")
    return text.rstrip("/")


def sandbox_name(text: str) -> str:
    """Read the name of a sandbox."""
    if not re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,63}", text):
        raise ValueError(f"must be 1 to 64 of a-z, 0-9, - and _, beginning with a letter or a digit: {text!r}")
    return text


def span(text: str) -> timedelta:
    """Read a duration, such as 10s."""
    return parse_span(text)
