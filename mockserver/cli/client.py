"""A small client of a running server's control API, and the command-line options that say where the server is."""

import os
import re
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, NamedTuple

import click

from mockserver.cli.texts import begin_lower
from mockserver.config import DEFAULT_PORT, DEFAULT_URL

#: The status with which the control API refuses a missing or wrong token.
_NO_TOKEN = 401


class ControlClient(NamedTuple):
    """The control API at `base`, such as `http://127.0.0.1:7460/~worker3`, where `sandbox` is `worker3`."""

    base: str
    token: str | None
    sandbox: str | None = None

    def check_sandbox(self) -> None:
        """Raise ClickException where the sandbox does not exist, which other calls would make."""
        if self.sandbox is not None:
            self.ask("GET", f"/sandboxes/{self.sandbox}", needs="name")

    def ask(self, method: str, path: str, *, needs: str, content: Any = None, **body: Any) -> Any:
        """Send a call and return the JSON answer, an object that has the member `needs`; `body` are the JSON members.

        `content` is sent where the body is no object. With an empty `needs` the answer may be of any kind.

        Raises ClickException with the refusal of the server, or the failure of the network.
        """
        import json
        from http.client import HTTPException

        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        data = json.dumps(body if content is None else content).encode() if body or content is not None else None
        try:
            with open_call(self, method, path, headers=headers, timeout=60, data=data) as answer:
                document = json.load(answer)
            if needs and (not isinstance(document, dict) or needs not in document):
                raise ValueError(f"the answer has no {needs!r}")
        except (OSError, HTTPException, ValueError) as failure:
            raise click.ClickException(f"no mockserver answers at {self.base}: {_reason(failure)}") from None
        return document


class Unreachable(click.ClickException):
    """Nothing answers, or what answers is no server of ours."""


def open_call(
    client: ControlClient,
    method: str,
    path: str,
    *,
    headers: Mapping[str, str],
    timeout: float,
    data: bytes | None = None,
) -> Any:
    """Send a call and return the answer, whose body is not read yet.

    Raises ClickException with the refusal of the server, and Unreachable.
    """
    from http.client import HTTPException
    from urllib import error, request

    token = {"Authorization": f"Bearer {client.token}"} if client.token else {}
    # No proxy from the environment: the server is most often on this machine.
    opener = request.build_opener(request.ProxyHandler({}))
    try:
        call = request.Request(f"{client.base}/_mock{path}", data, {**headers, **token}, method=method)
        return opener.open(call, timeout=timeout)
    except error.HTTPError as refusal:
        raise click.ClickException(_refused(client, refusal)) from None
    except error.URLError as failure:
        raise Unreachable(f"no server answers at {client.base}: {_reason(failure.reason)}") from None
    except (OSError, HTTPException, ValueError) as failure:
        raise Unreachable(f"no mockserver answers at {client.base}: {_reason(failure)}") from None


def _refused(client: ControlClient, refusal: Any) -> str:
    if refusal.code == _NO_TOKEN:
        if client.token:
            return "the server refused: the token of --token or MOCKSERVER_TOKEN is wrong"
        return "the server refused: it needs its token: --token or MOCKSERVER_TOKEN"
    return f"the server refused: {_detail(refusal)}"


def client_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--url`, `--sandbox` and `--token` to a command, which gets a ControlClient as its argument `client`.

    A group and its commands take them alike; those of the command win.
    """

    @click.option("--url", metavar="URL", help=f"Where the server is. [MOCKSERVER_URL, default {DEFAULT_URL}]")
    @click.option("--sandbox", metavar="NAME", help="The sandbox. [MOCKSERVER_SANDBOX, else the default one]")
    @click.option("--token", metavar="TOKEN", help="The control token. [MOCKSERVER_TOKEN]")
    @click.pass_context
    @wraps(command)
    def connected(context: click.Context, /, *arguments: Any, **options: Any) -> Any:
        outer = context.parent.meta.get(_VALUES, {}) if context.parent is not None else {}
        values = {name: options.pop(name) or outer.get(name) for name in ("url", "sandbox", "token")}
        context.meta[_VALUES] = values
        if isinstance(context.command, click.Group) and context.invoked_subcommand is not None:
            return None
        sandbox = values["sandbox"] or os.environ.get("MOCKSERVER_SANDBOX") or None
        base = _base(values["url"] or default_url(os.environ), sandbox)
        client = ControlClient(base, values["token"] or os.environ.get("MOCKSERVER_TOKEN"), sandbox)
        return command(*arguments, client=client, **options)

    return connected


#: The key under which a click context keeps the values of these options.
_VALUES = "mockserver.client"


def default_url(environment: Mapping[str, str]) -> str:
    """Return the server's URL for a command without `--url`: `MOCKSERVER_URL`, else this machine.

    The port there is `MOCKSERVER_PORT`, else the default one. A value that is no port is ignored: orchestrators set
    `tcp://...` for a service of that name.
    """
    url = environment.get("MOCKSERVER_URL")
    if url:
        return url
    port = environment.get("MOCKSERVER_PORT", "")
    return f"http://127.0.0.1:{port if re.fullmatch('[0-9]{1,5}', port) else DEFAULT_PORT}"


def _reason(failure: object) -> str:
    text = failure.strerror if isinstance(failure, OSError) and failure.strerror else str(failure)
    return begin_lower(text)


def _detail(refusal: Any) -> str:
    """Return the detail of an RFC 9457 problem, else the status."""
    import json

    status = f"{refusal.code} {refusal.reason}"
    try:
        problem = json.loads(refusal.read())
        detail = problem.get("detail") or problem.get("title")
    except (OSError, ValueError, AttributeError):
        return status
    text = f"{detail} ({status})" if detail else status
    return f"{text}: give the token with --token or MOCKSERVER_TOKEN" if refusal.code == 401 else text


def checked_url(url: str) -> str:
    """Return the URL of a server without a slash at its end; raises UsageError for what is none."""
    if not re.fullmatch(r"https?://[^/?#\s]+/?", url, re.IGNORECASE):
        raise click.UsageError(f"--url and MOCKSERVER_URL are like {DEFAULT_URL}: {url!r}")
    return url.rstrip("/")


def _base(url: str, sandbox: str | None) -> str:
    url = checked_url(url)
    if sandbox is None:
        return url
    from mockserver.sandbox.names import RULE, is_name, name_from  # imports hashing, which other commands do not need

    if not is_name(sandbox):
        raise click.UsageError(f"--sandbox must be {RULE}: {sandbox!r} (did you mean {name_from(sandbox)!r}?)")
    return f"{url}/~{sandbox}"
