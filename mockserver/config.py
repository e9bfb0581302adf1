"""The settings of a server process: one table, read from flags and environment variables.

A flag wins over its variable, the variable over the default. An empty variable counts as not set.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

from mockserver import config_readers as readers
from mockserver.config_readers import REAL
from mockserver.config_readers import ClockChoice as ClockChoice
from mockserver.config_readers import is_loopback as is_loopback

#: In the state of an application's lifespan: the addresses and ports that the process listens on.
LISTENING = "mockserver.listening"

#: In the same state: an asyncio.Event that is set while the server accepts its last requests before it stops.
DRAINING = "mockserver.draining"

#: In the same state: an asyncio.Event that is set once the process is to end, which ends a start that takes long.
STOPPING = "mockserver.stopping"

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
    """A setting has a value that breaks a rule; the message names the flag or the variable, the rule and the value."""


@dataclass(frozen=True, slots=True)
class Option:
    """The flag and the variable of one setting: how their text is read, and what the help says.

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


_TOKEN_HELP = (
    "The token that calls of the control API must send. Prefer the variable: everybody who can list the processes of "
    "this machine can read the flag."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All settings, checked. Each field is a row of the table; `flag_of` and `variable_of` derive its other names."""

    host: Annotated[
        str,
        Option(
            readers.host,
            "HOST",
            "Address to listen on (localhost: both 127.0.0.1 and ::1; :: and 0.0.0.0: all). Beyond loopback the "
            "control API asks for a token.",
        ),
    ] = "localhost"
    port: Annotated[
        int, Option(readers.whole_number(0, 65_535), "PORT", "Port to listen on; 0 chooses a free one.", number=True)
    ] = DEFAULT_PORT
    clock: Annotated[
        ClockChoice,
        Option(readers.clock, "MODE", "real, frozen, or scaled:N for N sandbox seconds in each real second."),
    ] = REAL
    start: Annotated[
        datetime | None,
        Option(
            readers.start,
            "MOMENT",
            "Where clocks start, such as 2026-01-31T12:00:00Z; by default at the present moment.",
        ),
    ] = None
    seed: Annotated[
        int | str, Option(readers.seed, "SEED", "What ids, prices and chances are cast from: a text or a number.")
    ] = DEFAULT_SEED
    scenarios: Annotated[
        tuple[Path, ...],
        Option(readers.directory, "DIR", "A directory of scenario files (*.yaml) of your own.", separator=os.pathsep),
    ] = ()
    state: Annotated[
        Path | None,
        Option(
            readers.state_file,
            "FILE",
            "A file with a snapshot of the default sandbox to start from; it sets clock and seed, too.",
        ),
    ] = None
    populate: Annotated[
        int | None,
        Option(
            readers.whole_number(1, MOST_PAST_ORDERS),
            "ORDERS",
            f"Begin with this many orders, which invented customers placed in the {PAST_DAYS} days before the start. "
            "Without effect where --state restores a snapshot.",
        ),
    ] = None
    save_on_exit: Annotated[
        bool, Option(readers.switch, "", "When the server stops, write a snapshot to the file of --state.", switch=True)
    ] = False
    watch: Annotated[bool, Option(readers.switch, "", "Load scenario files again when they change.", switch=True)] = (
        False
    )
    rate_limits: Annotated[
        Literal["documented", "off"],
        Option(readers.choice("documented", "off"), "WHICH", "The providers' rate limits: documented or off."),
    ] = "documented"
    log_format: Annotated[
        Literal["human", "json"],
        Option(readers.choice("human", "json"), "FORMAT", "Banner and log lines: human or json."),
    ] = "human"
    access_log: Annotated[
        Literal["human", "json", "off"] | None,
        Option(
            readers.choice("human", "json", "off"),
            "FORMAT",
            "A line for each emulated request on stderr: human, json or off; by default human on a terminal, else off.",
        ),
    ] = None
    token: Annotated[str | None, Option(readers.token, "TOKEN", _TOKEN_HELP)] = field(default=None, repr=False)
    webhook_hosts: Annotated[
        tuple[str, ...],
        Option(
            readers.host,
            "HOST",
            "A host that webhooks may go to, besides private and loopback addresses. A server that listens beyond "
            "loopback must list loopback, too.",
            separator=",",
        ),
    ] = ()
    webhook_ca: Annotated[
        tuple[Path, ...],
        Option(
            readers.certificates,
            "FILE",
            "A file of certificates (PEM) that vouch for https receivers of webhooks, beside the system's roots.",
            separator=os.pathsep,
        ),
    ] = ()
    ca_dir: Annotated[
        Path | None,
        Option(
            readers.ca_directory,
            "DIR",
            "The directory of the local CA, which is made when it is first needed; by default in the user's state "
            "directory.",
        ),
    ] = None
    tls_name: Annotated[
        tuple[str, ...],
        Option(
            readers.tls_name,
            "NAME",
            "A host name or address that the server's certificate holds besides those of the emulated APIs and of this"
            " machine.",
            separator=",",
        ),
    ] = ()
    max_sandboxes: Annotated[
        int,
        Option(
            readers.whole_number(1, 1_000_000),
            "COUNT",
            "How many sandboxes may exist beside the default one. To make room for one more, expired sandboxes "
            "are deleted first, then unused ones.",
            number=True,
        ),
    ] = 1000
    unknown_sandbox: Annotated[
        Literal["create", "refuse"],
        Option(
            readers.choice("create", "refuse"),
            "HOW",
            "What happens at a request to a sandbox that does not exist: create makes it, refuse answers 404.",
        ),
    ] = "create"
    sandbox_ttl: Annotated[
        timedelta | Literal["off"] | None,
        Option(
            readers.lifetime,
            "DURATION",
            "After how long without use a sandbox is deleted that was made without `expires`, such as 30m; off: never. "
            "The default is off on loopback and 24h beyond.",
        ),
    ] = None
    journal_size: Annotated[
        int,
        Option(
            readers.whole_number(1, 10_000_000),
            "COUNT",
            "How many requests the journal of a sandbox keeps.",
            number=True,
        ),
    ] = JOURNAL_SIZE
    max_log_bytes: Annotated[
        int,
        Option(
            readers.whole_number(65_536, 99_999_999_999),
            "BYTES",
            "How much the journals and inboxes of all sandboxes keep together. Beyond it, the fullest one forgets its "
            "oldest entries.",
        ),
    ] = MOST_LOG_BYTES
    tls: Annotated[
        Literal["on", "off"],
        Option(
            readers.choice("on", "off"), "WHICH", "Serve TLS and be a proxy for the emulated hosts, on the same port."
        ),
    ] = "on"
    tls_port: Annotated[
        int | None,
        Option(
            readers.whole_number(1, 65_535),
            "PORT",
            "One more port to listen on, such as 443 in a container.",
            number=True,
        ),
    ] = None
    passthrough: Annotated[
        bool,
        Option(
            readers.switch,
            "",
            "As a proxy send requests for other hosts on, instead of refusing them; on loopback only.",
            switch=True,
        ),
    ] = False
    trust_forwarded: Annotated[
        Literal["private", "off"],
        Option(
            readers.choice("private", "off"),
            "WHOM",
            "Whose Forwarded and X-Forwarded-* headers change the URLs in answers: peers with loopback and private "
            "addresses (private), or nobody's (off).",
        ),
    ] = "private"
    public_url: Annotated[
        str | None,
        Option(readers.public_url, "URL", "The URL of this server that answers contain, whatever URL clients call."),
    ] = None
    sandbox: Annotated[
        str,
        Option(
            readers.sandbox_name,
            "NAME",
            "The sandbox that answers requests which name none; by default the one named default.",
        ),
    ] = "default"
    drain: Annotated[
        timedelta | None,
        Option(
            readers.span,
            "DURATION",
            "After SIGTERM go on accepting requests for this long, such as 10s, while /_mock/ready answers 503.",
        ),
    ] = None
    quiet: Annotated[bool, Option(readers.switch, "", "Print no banner.", switch=True)] = False

    @property
    def sandbox_lifetime(self) -> timedelta | None:
        """How long a sandbox stays without use where its maker did not say; None for ever."""
        if self.sandbox_ttl is None:
            return None if is_loopback(self.host) else _TTL_BEYOND_LOOPBACK
        return None if self.sandbox_ttl == "off" else self.sandbox_ttl


def table() -> tuple[tuple[str, Option, Any], ...]:
    """Return the rows: name of the setting, its option, its default."""
    hints = Settings.__annotations__
    return tuple((row.name, hints[row.name].__metadata__[0], row.default) for row in fields(Settings))


def flag_of(name: str) -> str:
    """Return the flag of a setting: `rate_limits` -> `--rate-limits`."""
    return "--" + name.replace("_", "-")


def variable_of(name: str) -> str:
    """Return the variable of a setting: `rate_limits` -> `MOCKSERVER_RATE_LIMITS`."""
    return "MOCKSERVER_" + name.upper()


def load(flags: Mapping[str, Any], environment: Mapping[str, str]) -> Settings:
    """Return the settings: flags (name -> text, texts when repeatable, or True) over variables over defaults.

    None, False and an empty sequence stand for flags that are absent. Raises BadSetting for the first value that
    breaks a rule.
    """
    values: dict[str, Any] = {}
    for name, option, _ in table():
        flag = flags.get(name)
        text = environment.get(variable_of(name))
        if flag:
            values[name] = _read(flag_of(name), option, flag)
        elif flag == "":
            raise BadSetting(f"{flag_of(name)}: needs a value: ''")
        elif text and not _is_injected(option, text):
            texts = [part for part in text.split(option.separator) if part] if option.separator else text
            values[name] = _read(variable_of(name), option, texts)
    settings = Settings(**values)
    if settings.passthrough and not is_loopback(settings.host):
        raise BadSetting(f"--passthrough: only where the server listens on loopback, not on {settings.host!r}")
    if settings.tls_port is not None and settings.tls == "off":
        raise BadSetting("--tls-port: not with --tls off, which leaves plain HTTP on --port alone")
    if settings.tls_port is not None and settings.tls_port == settings.port:
        raise BadSetting(f"--tls-port: not the number of --port: {settings.tls_port}")
    if settings.passthrough and settings.tls == "off":
        raise BadSetting("--passthrough: not with --tls off, which makes the server no proxy")
    return settings


def ignored(environment: Mapping[str, str]) -> list[str]:
    """Return the variables that `load` passes over, such as Kubernetes' MOCKSERVER_PORT=tcp://10.0.0.1:7460."""
    return [
        variable_of(name) for name, option, _ in table() if _is_injected(option, environment.get(variable_of(name), ""))
    ]


def _is_injected(option: Option, text: str) -> bool:
    return option.number and "://" in text


def _read(label: str, option: Option, value: Any) -> Any:
    try:
        if option.switch and value is True:
            return True
        if option.separator is None:
            return option.read(value)
        return tuple(dict.fromkeys(option.read(text) for text in value))
    except ValueError as error:
        raise BadSetting(f"{label}: {error}") from None
