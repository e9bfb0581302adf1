"""The variables that lead an unmodified client to the server. Pure functions of their arguments."""

import os
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

#: The module that Node loads first; it lies beside this one in every installation.
PRELOAD = Path(__file__).with_name("preload.cjs")
TRUST_STORE_PASSWORD = "changeit"

_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_PORTS = {"http": 80, "https": 443}
#: Words of JAVA_TOOL_OPTIONS, as the Java virtual machine splits it.
_JAVA_WORDS = re.compile(r"""(?:[^\s"']|"[^"]*"|'[^']*')+""")
#: The hosts that Java by default reaches without a proxy, as Java writes them.
_JAVA_DIRECT = ("localhost", "127.*", "[::1]")
#: The properties that `_java_properties` yields.
_JAVA_NAMES = (
    "https.proxyHost",
    "https.proxyPort",
    "http.nonProxyHosts",
    "javax.net.ssl.trustStore",
    "javax.net.ssl.trustStoreType",
    "javax.net.ssl.trustStorePassword",
)
#: A variable that nobody but `variables` sets.
_MARK = "MOCKSERVER_EMULATED_HOSTS"


@dataclass(frozen=True, slots=True)
class ClientFiles:
    """The files that vouch for a server: the certificate of its CA alone, and with the system's roots in three forms.

    `bundle` is PEM. `php` is a directory with an ini file. `trust_store` is PKCS#12, None where it cannot be made.
    """

    certificate: Path
    bundle: Path
    php: Path
    trust_store: Path | None


def variables(
    url: str,
    sandbox: str | None,
    files: ClientFiles,
    environment: Mapping[str, str],
    *,
    hosts: Collection[str],
    proxy_http: bool = False,
) -> dict[str, str]:
    """Return the variables for clients of the server at `url`, merged with those of `environment`.

    The table in docs/reach.md lists them all, and a test compares both; `withdrawn` takes them back.

    `hosts` are those that the server emulates. Without a sandbox clients use the one of paths that name none. With
    `proxy_http` all plain `http://` calls go through the server, too.
    """
    place = urlsplit(url)
    host, port = place.hostname or "", place.port or _PORTS[place.scheme]
    authority = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    proxy = f"http://{sandbox}:x@{authority}" if sandbox else f"http://{authority}"
    direct = _direct_hosts(environment, hosts)
    result = {
        "MOCKSERVER_URL": f"{place.scheme}://{authority}",
        "MOCKSERVER_CA": str(files.certificate),
        "MOCKSERVER_EMULATED_HOSTS": ",".join(sorted(hosts)),
        "HTTPS_PROXY": proxy,
        "https_proxy": proxy,
        "NO_PROXY": ",".join(direct),
        "no_proxy": ",".join(direct),
        "SSL_CERT_FILE": str(files.bundle),
        "REQUESTS_CA_BUNDLE": str(files.bundle),
        "CURL_CA_BUNDLE": str(files.bundle),
        "NODE_EXTRA_CA_CERTS": str(files.certificate),
        "NODE_USE_ENV_PROXY": "1",
        "NODE_OPTIONS": _node_options(environment.get("NODE_OPTIONS", "")),
        "PHP_INI_SCAN_DIR": _php_directories(environment.get("PHP_INI_SCAN_DIR", ""), files.php),
        "JAVA_TOOL_OPTIONS": _java_options(
            environment.get("JAVA_TOOL_OPTIONS", ""), _java_properties(host, port, direct, files.trust_store)
        ),
    }
    if sandbox:
        result["MOCKSERVER_SANDBOX"] = sandbox
    if proxy_http:
        result |= {"HTTP_PROXY": proxy, "http_proxy": proxy}
    return result


def withdrawn(environment: Mapping[str, str]) -> dict[str, str | None]:
    """Return what takes the variables back from an environment that has them; None stands for a variable to remove.

    A variable that has another value by now is left alone. What another value replaced is not known any more.
    """
    if _MARK not in environment:
        return {}
    own = _Own(environment)
    left = {
        **dict.fromkeys(("MOCKSERVER_URL", "MOCKSERVER_SANDBOX", "MOCKSERVER_CA", _MARK)),
        **{name: own.without_proxy(name) for name in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy")},
        **{name: own.without_default(name, ",".join(_LOOPBACK)) for name in ("NO_PROXY", "no_proxy")},
        **{
            name: own.without_file(name)
            for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")
        },
        "NODE_USE_ENV_PROXY": own.without_default("NODE_USE_ENV_PROXY", "1"),
        "NODE_OPTIONS": own.value("NODE_OPTIONS").replace(_preload_option(), "").strip() or None,
        "PHP_INI_SCAN_DIR": own.without_directory(),
        "JAVA_TOOL_OPTIONS": " ".join(_java_words_but(own.value("JAVA_TOOL_OPTIONS"), _JAVA_NAMES)) or None,
    }
    return {name: value for name, value in left.items() if environment.get(name, value) != value}


def has_variables(environment: Mapping[str, str]) -> bool:
    """Return whether an environment has variables of `variables`."""
    return _MARK in environment


def earlier_sandbox(environment: Mapping[str, str]) -> bool:
    """Return whether MOCKSERVER_SANDBOX is there because variables of `variables` are."""
    name = environment.get("MOCKSERVER_SANDBOX")
    return bool(name) and _MARK in environment and urlsplit(environment.get("HTTPS_PROXY", "")).username == name


class _Own:
    """Tells values of `variables` in an environment from those of others."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self._files = Path(environment.get("MOCKSERVER_CA", "")).parent
        self._server = urlsplit(environment.get("MOCKSERVER_URL", "")).netloc

    def value(self, name: str) -> str:
        return self._environment.get(name, "")

    def without_default(self, name: str, usual: str) -> str | None:
        return None if self.value(name) == usual else self.value(name)

    def without_proxy(self, name: str) -> str | None:
        return None if urlsplit(self.value(name)).netloc.rpartition("@")[2] == self._server else self.value(name)

    def without_file(self, name: str) -> str | None:
        return None if Path(self.value(name)).parent == self._files else self.value(name)

    def without_directory(self) -> str | None:
        others = [path for path in self.value("PHP_INI_SCAN_DIR").split(os.pathsep) if Path(path).parent != self._files]
        return os.pathsep.join(others) or None


def _direct_hosts(environment: Mapping[str, str], hosts: Collection[str]) -> list[str]:
    """Return the hosts that clients reach without the proxy: those of the environment that hide no emulated host."""
    listed = (entry for name in ("NO_PROXY", "no_proxy") for entry in re.split(r"[,\s]+", environment.get(name, "")))
    harmless = (entry for entry in listed if entry and not any(_hides(entry, host) for host in hosts))
    return list(dict.fromkeys((*harmless, *_LOOPBACK)))


def _hides(entry: str, host: str) -> bool:
    """Return whether a client that has `entry` in NO_PROXY reaches `host` without the proxy.

    Some clients compare whole labels, some the ends of the texts, so that `sim.com` hides `daisysim.com` from them.
    """
    bare = re.sub(r":[0-9]+$", "", entry.lower()).lstrip("*.").rstrip(".")
    return host.endswith(bare)


def _node_options(present: str) -> str:
    """Add the preload to NODE_OPTIONS, in the quotes that Node understands there."""
    option = _preload_option()
    present = " ".join(present.split("\n")).strip()
    return present if option in present else f"{present} {option}".strip()


def _preload_option() -> str:
    quoted = str(PRELOAD).replace("\\", "\\\\").replace('"', '\\"')
    return f'--require "{quoted}"'


def _php_directories(present: str, ours: Path) -> str:
    """Add our directory to those that PHP scans; an empty one stands for PHP's own."""
    others = [path for path in present.split(os.pathsep) if path != str(ours)] if present else [""]
    return os.pathsep.join((*others, str(ours)))


def _java_properties(
    host: str, port: int, direct: Iterable[str], trust_store: Path | None
) -> Iterator[tuple[str, str]]:
    yield "https.proxyHost", host
    yield "https.proxyPort", str(port)
    # The property has no counterpart of its own for https.
    yield "http.nonProxyHosts", "|".join(dict.fromkeys((*_JAVA_DIRECT, *_java_hosts(direct))))
    if trust_store is not None:
        yield "javax.net.ssl.trustStore", str(trust_store)
        yield "javax.net.ssl.trustStoreType", "PKCS12"
        yield "javax.net.ssl.trustStorePassword", TRUST_STORE_PASSWORD


def _java_hosts(direct: Iterable[str]) -> Iterator[str]:
    """Yield the hosts as Java's patterns, which know no networks; a host name means its subdomains, too."""
    for entry in direct:
        bare = re.sub(r":[0-9]+$", "", entry) if entry.count(":") == 1 else entry
        bare = bare.removeprefix("*").removeprefix(".")
        if entry in _LOOPBACK or not re.fullmatch(r"[A-Za-z0-9._-]+", bare):
            continue
        yield bare
        if not re.fullmatch(r"[0-9.]+", bare):
            yield f"*.{bare}"


def _java_options(present: str, properties: Iterable[tuple[str, str]]) -> str:
    """Add system properties to JAVA_TOOL_OPTIONS, in place of those of the same names."""
    ours = dict(properties)
    return " ".join(
        (*_java_words_but(present, ours), *(_java_word(f"-D{name}={value}") for name, value in ours.items()))
    )


def _java_words_but(present: str, names: Collection[str]) -> list[str]:
    """Return the words of JAVA_TOOL_OPTIONS but those that set these properties."""
    return [word for word in _JAVA_WORDS.findall(present) if _property_in(word) not in names]


def _property_in(word: str) -> str:
    return word.strip("\"'").removeprefix("-D").partition("=")[0]


def _java_word(word: str) -> str:
    quote = "'" if '"' in word else '"'
    return f"{quote}{word}{quote}" if re.search(r"[\s\"']", word) else word
