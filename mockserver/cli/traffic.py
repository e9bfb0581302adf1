"""What came to a server from a command that was run: whether any request did, and which ones were refused."""

from collections.abc import Iterator, Mapping
from itertools import takewhile
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from mockserver.cli.client import ControlClient

if TYPE_CHECKING:
    from mockserver.reach.observed import ObservedApp, Refusal

#: How many refused requests are told at most, and how many requests of a sandbox are searched for them.
MOST_TOLD, _MOST_SEARCHED = 10, 200
#: In how many sandboxes of a server that runs already requests are looked for. Each look counts as a use of them.
_MOST_SANDBOXES = 50
_LONGEST_BODY = 160
_REFUSED = 400


class Traffic(Protocol):
    """The requests to emulated APIs since the command was started."""

    def silence(self) -> str | None:
        """Return what to tell where no request came, None where one did; raises ClickException."""
        ...

    def refused(self) -> Iterator[str]:
        """Yield a line for each of the last requests that were refused, oldest first; raises ClickException."""
        ...


class OwnTraffic(NamedTuple):
    """The requests to a server of this process. `sandbox` is the command's own."""

    app: "ObservedApp"
    url: str
    sandbox: str

    def silence(self) -> str | None:
        """See Traffic."""
        return None if self.app.requests else f"no request of the command came to an API of this server, {self.url}"

    def refused(self) -> Iterator[str]:
        """See Traffic."""
        for refusal in self.app.refusals:
            yield _line(_row(refusal), refusal.sandbox, own=self.sandbox)


class JournalTraffic:
    """The requests in the journals of a server that runs already, those before the command left out."""

    def __init__(self, url: str, control: ControlClient, sandbox: str | None) -> None:
        """Look at the journals as they are before the command; raises ClickException."""
        self._url, self._root = url, control
        self._own: str = sandbox or control.ask("GET", "", needs="sandbox")["sandbox"]
        names = self._names()
        followed = {self._own} | (names if len(names) <= _MOST_SANDBOXES else set())
        self._others = names - followed
        self._newest = {name: next((row["id"] for row in self._rows(name, 1)), None) for name in sorted(followed)}

    def silence(self) -> str | None:
        """See Traffic. A sandbox that is gone may have had a request."""
        if not self._newest.keys() <= self._names() | {self._own} or any(self._new(limit=1)):
            return None
        return f"the journals of {self._url} hold no request of the command"

    def refused(self) -> Iterator[str]:
        """See Traffic."""
        found = [(name, row) for name, row in self._new(limit=_MOST_SEARCHED) if row["status"] >= _REFUSED]
        found.sort(key=lambda pair: pair[1]["at"])
        for name, row in found[-MOST_TOLD:]:
            yield _line({**row, "body": row["response"]["body"]}, name, own=self._own)

    def _names(self) -> set[str]:
        return {row["name"] for row in self._root.ask("GET", "/sandboxes", needs="sandboxes")["sandboxes"]}

    def _rows(self, name: str, limit: int) -> list[dict[str, Any]]:
        control = self._root._replace(base=f"{self._root.base}/~{name}")
        rows: list[dict[str, Any]] = control.ask("GET", f"/requests?limit={limit}", needs="requests")["requests"]
        return rows

    def _new(self, *, limit: int) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield the new requests of each sandbox that is followed or was made since, oldest first."""
        made = sorted(self._names() - self._others - self._newest.keys())[:_MOST_SANDBOXES]
        for name in (*self._newest, *made):
            since = self._newest.get(name)
            rows = takewhile(lambda row, since=since: row["id"] != since, self._rows(name, limit))  # type: ignore[misc]
            yield from ((name, row) for row in reversed(list(rows)))


def _row(refusal: "Refusal") -> dict[str, Any]:
    names = ("id", "provider", "method", "path", "status", "mistake")
    body = refusal.entry.response_body.decode(errors="replace")
    return {**{name: getattr(refusal.entry, name) for name in names}, "body": body}


def _line(row: Mapping[str, Any], sandbox: str, *, own: str) -> str:
    """Return the line about a refused request; it names the sandbox unless that is the command's own."""
    where = "" if sandbox == own else f" in {sandbox},"
    mistake = f" {row['mistake']}" if row["mistake"] else ""
    body = " ".join(row["body"].split())
    short = body if len(body) <= _LONGEST_BODY else f"{body[: _LONGEST_BODY - 3]}..."
    request = f"{row['id']}{where} {row['provider']}: {row['method']} {row['path']}"
    return f"{request} -> {row['status']}{mistake} {short}".rstrip()
