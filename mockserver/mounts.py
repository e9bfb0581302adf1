"""Where providers are served: by the host in front of a path, or by the Host header, and the prefix after it."""

from collections.abc import Collection, Sequence

from starlette.types import ASGIApp, Scope

from mockserver.http.provider import Provider
from mockserver.http.schemas import SchemaStore
from mockserver.http.service import Service

#: Who answers, the path in front of its own, and its own path.
Routed = tuple[ASGIApp, str, str]


class Mounts:
    """The services of all providers, by host and prefix."""

    def __init__(self, providers: Sequence[Provider], schemas: SchemaStore) -> None:
        self._hosts: dict[str, list[tuple[str, Service]]] = {}
        for provider in providers:
            service = Service(provider, schemas)
            served = [(mount, service) for mount in provider.mounts]
            served += [(annex.mount, Service(provider, schemas, annex)) for annex in provider.annexes]
            for mount, service in served:
                self._hosts.setdefault(mount.host, []).append((mount.prefix, service))
        for mounts in self._hosts.values():
            mounts.sort(key=lambda row: -len(row[0]))

    @property
    def hosts(self) -> Collection[str]:
        """The hosts at which something is served."""
        return self._hosts.keys()

    def route(self, path: str, scope: Scope) -> Routed | None:
        """Return who answers, the path in front of its own, and its own path; None where no host is known."""
        first, slash, rest = path[1:].partition("/")
        mounts = self._hosts.get(first.lower())
        if mounts is not None:
            service, prefix, own = _mounted(mounts, slash + rest)
            return service, f"/{first}{prefix}", own
        mounts = self._hosts.get(_host_of(scope))
        if mounts is None:
            return None
        return _mounted(mounts, path)


def well_known(path: str) -> str:
    """Return the path at which its host serves a well-known URI that was built for a base URL with a path.

    Other paths stay as they are.

    RFC 8414 and RFC 9728 put `/.well-known/NAME` in front of a path: of ours `/.well-known/NAME[/~SANDBOX]/HOST/REST`
    is `[/~SANDBOX]/HOST/.well-known/NAME/REST`.
    """
    if not path.startswith("/.well-known/"):
        return path
    name, slash, rest = path.removeprefix("/.well-known/").partition("/")
    sandbox = ""
    if rest.startswith("~"):
        sandbox, slash, rest = rest.partition("/")
        sandbox = f"/{sandbox}"
    host, more, inner = rest.partition("/")
    if "." in host:
        return f"{sandbox}/{host}/.well-known/{name}{more}{inner}"
    return f"{sandbox}/.well-known/{name}{slash}{rest}"


def _mounted(mounts: list[tuple[str, Service]], path: str) -> Routed:
    for prefix, service in mounts:
        if path.startswith(prefix) and (path.startswith(prefix + "/") or path == prefix or not prefix):
            return service, prefix, path[len(prefix) :] or "/"
    own = next((service for _, service in mounts if not service.is_annex), mounts[0][1])
    return own.elsewhere, "", path


def _host_of(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"host":
            text: str = value.decode("latin-1")
            return text.partition(":")[0].lower()
    return ""
