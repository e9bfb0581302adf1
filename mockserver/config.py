"""The settings of a server process: one table, read from flags and environment variables.

A flag wins over its variable, the variable over the default. An empty variable counts as not set.
"""

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal

from mockserver.domain.moments import parse_moment, parse_span

#: In the state of an application's lifespan: the addresses and ports that the process listens on.
LISTENING = "mockserver.listening"

#: In the same state: an asyncio.Event that is set while the server accepts its last requests before it stops.
DRAINING = "mockserver.draining"

#: In the same state: an asyncio.Event that is set once the process is to end, which ends a start that takes long.
STOPPING = "mockserver.stopping"

_HOST_NAME = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*\.?")
_TRUE = frozenset({"1", "true", "yes", "on"})
_FALSE = frozenset({"0", "false", "no", "off"})
_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST = datetime(9000, 1, 1, tzinfo=UTC)
_LONGEST_SEED = 1_000
_TTL_BEYOND_LOOPBACK = timedelta(hours=24)

#: Defaults that others than this table need too; each stands here alone.
DEFAULT_PORT = 7460
DEFAULT_URL = f"http://127.0.0.1:{DEFAULT_PORT}"
DEFAULT_SEED = "mockserver"
JOURNAL_SIZE = 5_000
MOST_LOG_BYTES = 256 * 1024 * 1024
#: How many orders of the past a sandbox begins with at most, and over how many days they are spread.
MOST_PAST_ORDERS = 10_000
PAST_DAYS = 90


class BadSetting(ValueError):
    """A setting that cannot be; the message names the flag or the variable, the rule and the value."""


@dataclass(frozen=True, slots=True)
class ClockChoice:
    """How the clocks of new sandboxes run; `rate` (0 to a million) is sandbox seconds per real second, 0 for frozen."""

    mode: Literal["real", "frozen", "scaled"] = "real"
    rate: Decimal = Decimal(1)

    def __str__(self) -> str:
        return f"scaled:{self.rate}" if self.mode == "scaled" else self.mode


REAL = ClockChoice()


@dataclass(frozen=True, slots=True)
class Option:
    """How one setting is given.

    `read` turns one text into a value or raises ValueError with the rule and the value. `separator`
    stands between the values of a repeatable setting in its variable. A `switch` is a flag without a value.
    The variable of a `number` is ignored when it holds a URL, which orchestrators put there of their own accord.
    """

    read: Callable[[str], Any]
    metavar: str
    help: str
    separator: str | None = None
    switch: bool = False
    number: bool = False


def _whole(low: int, high: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        stripped = text.strip()
        if not (stripped.isascii() and stripped.isdecimal() and len(stripped) < 12 and low <= int(stripped) <= high):
            raise ValueError(f"must be a whole number from {low} to {high}: {text!r}")
        return int(stripped)

    return read


def _choice(*choices: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in choices:
            raise ValueError(f"must be one of {', '.join(choices)}: {text!r}")
        return text

    return read


def _switch(text: str) -> bool:
    if text.lower() not in _TRUE | _FALSE:
        raise ValueError(f"must be 1 or 0 (or true, false, yes, no, on, off): {text!r}")
    return text.lower() in _TRUE


def _host(text: str) -> str:
    """A host name or an address; an IPv6 address may stand in brackets."""
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


def _clock(text: str) -> ClockChoice:
    mode, _, rate = text.partition(":")
    if text == "real":
        return REAL
    if text == "frozen":
        return ClockChoice("frozen", Decimal(0))
    if mode == "scaled" and re.fullmatch(r"[0-9]{1,7}(\.[0-9]{1,6})?", rate) and 0 < Decimal(rate) <= 1_000_000:
        return ClockChoice("scaled", Decimal(rate))
    raise ValueError(f"must be real, frozen or scaled:N with N above 0 and at most 1000000: {text!r}")


def _start(text: str) -> datetime:
    moment = parse_moment(text)
    if not _EARLIEST <= moment < _LATEST:
        raise ValueError(f"must be a moment from 1970 to 8999: {text!r}")
    return moment


def _seed(text: str) -> int | str:
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


def _token(text: str) -> str:
    # The value stays out of the message: it is a secret.
    if not re.fullmatch(r"[\x21-\x7e]{1,200}", text):
        raise ValueError("must be 1 to 200 printable ASCII characters without spaces (value not shown)")
    return text


def _directory(text: str) -> Path:
    path = Path(text)
    try:
        found = path.is_dir() and os.access(path, os.R_OK | os.X_OK)
    except ValueError:
        found = False
    if not text or not found:
        raise ValueError(f"must be a directory that exists and can be read: {text!r}")
    return path


def _state_file(text: str) -> Path:
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


def _ca_directory(text: str) -> Path:
    # It is made at first need, so that only what can be no path at all is refused here.
    if not text or "\0" in text:
        raise ValueError(f"must be a directory: {text!r}")
    return Path(text)


def _tls_name(text: str) -> str:
    name = _host(text)
    if _is_address(name):
        import ipaddress

        return str(ipaddress.ip_address(name.partition("%")[0]))
    return name.rstrip(".")


def _certificates(text: str) -> Path:
    """A file of certificates in PEM, as OpenSSL reads them."""
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


_TOKEN_HELP = (
    "The token that the control API takes. Whoever may list the processes of this machine sees a flag: rather set "
    "the variable."
)


def _ttl(text: str) -> timedelta | Literal["off"]:
    if text == "off":
        return "off"
    span = parse_span(text)
    if not span:
        raise ValueError(f"must be a duration above 0, or off: {text!r}")
    return span


def _public_url(text: str) -> str:
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


def _sandbox_name(text: str) -> str:
    if not re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,63}", text):
        raise ValueError(f"must be 1 to 64 of a-z, 0-9, - and _, and not begin with a sign: {text!r}")
    return text


def _span(text: str) -> timedelta:
    return parse_span(text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All settings, checked. Each field is a row of the table: its flag and its variable follow from its name."""

    host: Annotated[
        str,
        Option(
            _host,
            "HOST",
            "Address to listen on (localhost: both 127.0.0.1 and ::1; :: and 0.0.0.0: all). Beyond loopback the "
            "control API asks for a token.",
        ),
    ] = "localhost"
    port: Annotated[int, Option(_whole(0, 65_535), "PORT", "Port to listen on; 0 chooses a free one.", number=True)] = (
        DEFAULT_PORT
    )
    clock: Annotated[
        ClockChoice, Option(_clock, "MODE", "real, frozen, or scaled:N for N sandbox seconds in each real second.")
    ] = REAL
    start: Annotated[
        datetime | None,
        Option(_start, "MOMENT", "Where clocks start, such as 2026-01-31T12:00:00Z; else the present moment."),
    ] = None
    seed: Annotated[
        int | str, Option(_seed, "SEED", "What ids, prices and chances are cast from: a text or a number.")
    ] = DEFAULT_SEED
    scenarios: Annotated[
        tuple[Path, ...],
        Option(_directory, "DIR", "A directory of scenario files (*.yaml) of your own.", separator=os.pathsep),
    ] = ()
    state: Annotated[Path | None, Option(_state_file, "FILE", "A snapshot to start from, clock and seed included.")] = (
        None
    )
    populate: Annotated[
        int | None,
        Option(
            _whole(1, MOST_PAST_ORDERS),
            "ORDERS",
            f"Let invented customers place so many orders in the {PAST_DAYS} days before the start; not where --state"
            " restores.",
        ),
    ] = None
    save_on_exit: Annotated[
        bool, Option(_switch, "", "Write the snapshot of --state anew when the server stops.", switch=True)
    ] = False
    watch: Annotated[
        bool, Option(_switch, "", "Take up what changes in the scenario directories while serving.", switch=True)
    ] = False
    rate_limits: Annotated[
        Literal["documented", "off"],
        Option(_choice("documented", "off"), "WHICH", "The providers' rate limits: documented or off."),
    ] = "documented"
    log_format: Annotated[
        Literal["human", "json"], Option(_choice("human", "json"), "FORMAT", "Banner and log lines: human or json.")
    ] = "human"
    token: Annotated[str | None, Option(_token, "TOKEN", _TOKEN_HELP)] = field(default=None, repr=False)
    webhook_hosts: Annotated[
        tuple[str, ...],
        Option(
            _host,
            "HOST",
            "A host that webhooks may go to besides private ones and loopback, which has to be listed too where the "
            "server listens beyond it.",
            separator=",",
        ),
    ] = ()
    webhook_ca: Annotated[
        tuple[Path, ...],
        Option(
            _certificates,
            "FILE",
            "A file of certificates (PEM) that vouch for https receivers of webhooks, beside the system's roots.",
            separator=os.pathsep,
        ),
    ] = ()
    ca_dir: Annotated[
        Path | None,
        Option(
            _ca_directory, "DIR", "Where the local CA lies, made at first need; else in the user's state directory."
        ),
    ] = None
    tls_name: Annotated[
        tuple[str, ...],
        Option(
            _tls_name,
            "NAME",
            "A host name or address that the server's certificate holds besides those of the emulated APIs and of this"
            " machine.",
            separator=",",
        ),
    ] = ()
    max_sandboxes: Annotated[
        int,
        Option(
            _whole(1, 1_000_000),
            "COUNT",
            "How many sandboxes may exist beside the default one; beyond, expired and then unused ones go.",
            number=True,
        ),
    ] = 1000
    unknown_sandbox: Annotated[
        Literal["create", "refuse"],
        Option(
            _choice("create", "refuse"), "HOW", "Requests to a sandbox that nobody made: create it, or refuse (404)."
        ),
    ] = "create"
    sandbox_ttl: Annotated[
        timedelta | Literal["off"] | None,
        Option(
            _ttl,
            "DURATION",
            "How long a sandbox stays without use that was made without `expires`: such as 30m, or off;"
            " by default off on loopback and 24h beyond.",
        ),
    ] = None
    journal_size: Annotated[
        int, Option(_whole(1, 10_000_000), "COUNT", "How many requests the journal of a sandbox keeps.", number=True)
    ] = JOURNAL_SIZE
    max_log_bytes: Annotated[
        int,
        Option(
            _whole(65_536, 99_999_999_999),
            "BYTES",
            "How much the journals and inboxes of all sandboxes keep together; beyond, the oldest of the fullest goes.",
        ),
    ] = MOST_LOG_BYTES
    tls: Annotated[
        Literal["on", "off"],
        Option(_choice("on", "off"), "WHICH", "Serve TLS and be a proxy for the emulated hosts, on the same port."),
    ] = "on"
    tls_port: Annotated[
        int | None,
        Option(_whole(1, 65_535), "PORT", "One more port to listen on, such as 443 in a container.", number=True),
    ] = None
    passthrough: Annotated[
        bool,
        Option(
            _switch,
            "",
            "As a proxy send requests for other hosts on, instead of refusing them; on loopback only.",
            switch=True,
        ),
    ] = False
    trust_forwarded: Annotated[
        Literal["private", "off"],
        Option(
            _choice("private", "off"),
            "WHOM",
            "Whose Forwarded and X-Forwarded-* headers change the URLs in answers: peers with loopback and private "
            "addresses (private), or nobody's (off).",
        ),
    ] = "private"
    public_url: Annotated[
        str | None, Option(_public_url, "URL", "The URL that answers name this server by, whatever clients call it.")
    ] = None
    sandbox: Annotated[
        str, Option(_sandbox_name, "NAME", "The sandbox of requests that name none; by default the one named default.")
    ] = "default"
    drain: Annotated[
        timedelta | None,
        Option(
            _span,
            "DURATION",
            "After SIGTERM go on accepting requests for so long, while /_mock/ready says 503; such as 10s.",
        ),
    ] = None
    quiet: Annotated[bool, Option(_switch, "", "Print no banner.", switch=True)] = False

    @property
    def sandbox_lifetime(self) -> timedelta | None:
        """How long a sandbox stays without use where its maker did not say; None for ever."""
        if self.sandbox_ttl is None:
            return None if is_loopback(self.host) else _TTL_BEYOND_LOOPBACK
        return None if self.sandbox_ttl == "off" else self.sandbox_ttl


def table() -> tuple[tuple[str, Option, Any], ...]:
    """The rows: name, how it is given, default."""
    hints = Settings.__annotations__
    return tuple((row.name, hints[row.name].__metadata__[0], row.default) for row in fields(Settings))


def flag_of(name: str) -> str:
    """`rate_limits` -> `--rate-limits`."""
    return "--" + name.replace("_", "-")


def variable_of(name: str) -> str:
    """`rate_limits` -> `MOCKSERVER_RATE_LIMITS`."""
    return "MOCKSERVER_" + name.upper()


def load(flags: Mapping[str, Any], environment: Mapping[str, str]) -> Settings:
    """Settings from flags (name -> text, texts when repeatable, or True) over variables over defaults.

    None, False and an empty sequence are flags not given. Raises BadSetting for the first value that cannot be.
    """
    values: dict[str, Any] = {}
    for name, option, _ in table():
        given = flags.get(name)
        text = environment.get(variable_of(name))
        if given:
            values[name] = _read(flag_of(name), option, given)
        elif given == "":
            raise BadSetting(f"{flag_of(name)}: needs a value: ''")
        elif text and not _is_injected(option, text):
            texts = [part for part in text.split(option.separator) if part] if option.separator else text
            values[name] = _read(variable_of(name), option, texts)
    settings = Settings(**values)
    if settings.passthrough and not is_loopback(settings.host):
        raise BadSetting(f"--passthrough: only where the server listens on loopback, not on {settings.host!r}")
    if settings.passthrough and settings.tls == "off":
        raise BadSetting("--passthrough: not with --tls off, which makes the server no proxy")
    return settings


def ignored(environment: Mapping[str, str]) -> list[str]:
    """The variables that `load` passes over: Kubernetes and docker's links set MOCKSERVER_PORT=tcp://10.0.0.1:7460."""
    return [
        variable_of(name) for name, option, _ in table() if _is_injected(option, environment.get(variable_of(name), ""))
    ]


def _is_injected(option: Option, text: str) -> bool:
    return option.number and "://" in text


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach what listens on `host`; names other than localhost are not trusted."""
    import ipaddress

    if host.rstrip(".") == "localhost":
        return True
    return _is_address(host) and ipaddress.ip_address(host).is_loopback


def _read(label: str, option: Option, given: Any) -> Any:
    try:
        if option.switch and given is True:
            return True
        if option.separator is None:
            return option.read(given)
        return tuple(dict.fromkeys(option.read(text) for text in given))
    except ValueError as error:
        raise BadSetting(f"{label}: {error}") from None
